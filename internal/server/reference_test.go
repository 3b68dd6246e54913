package server

//go:generate go test . -run ^TestReference -update

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"signet/internal/platform/clock"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/platform/i18n"
	"signet/internal/platform/web"
)

var update = flag.Bool("update", false, "rewrite the generated reference pages")

// golden compares text with a committed file, or rewrites it with -update.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s is out of date: run make generate", path)
	}
}

func TestReference_Errors(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(errorsIntroduction, "'", "`"))
	statuses := map[string][]string{}
	for _, e := range errs.All() {
		if strings.HasPrefix(e.Code, "test.") {
			continue
		}
		statuses[e.Code] = append(statuses[e.Code], fmt.Sprint(e.Status))
	}
	codes := make([]string, 0, len(statuses))
	for code := range statuses {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", code, strings.Join(slices.Compact(statuses[code]), ", "), i18n.T("en", "errors."+code, nil))
	}
	golden(t, "../../docs/reference/errors.md", b.String())
}

// Every code has its own sentence in every language.
func TestErrors_HavePhrases(t *testing.T) {
	t.Parallel()
	for _, missing := range i18n.MissingErrors() {
		if !strings.Contains(missing, "test.") {
			t.Errorf("no phrase: %s", missing)
		}
	}
}

// In the introductions ' stands for the sign of code.
const (
	errorsIntroduction = `# Errors

Every error code that Signet answers with, its HTTP statuses and its English message. The APIs answer with 'code' and
'message', and 'data' or 'details' where there is more to say; the message is in the language of 'Accept-Language'.
The endpoints of OAuth and OpenID Connect answer with 'error' and 'error_description' too, where 'error' is the code
without 'oidc.'; a redirect URI gets these two, 'state' and 'iss'.

Generated from the code by 'make generate'.

| Code | Status | Message |
|-|-|-|
`
	routesIntroduction = `# Routes

Every operation that Signet serves, below the endpoint of each tenant, with what guards it. One that has a name is
described, with its input and its answers, in an OpenAPI document: '/api/.well-known/management.openapi.json',
'user.openapi.json' (the Account API) or 'experience.openapi.json' beside it. One that has none is a page, or an
endpoint of a protocol that says itself who may call it.

| Guard | Lets through |
|-|-|
| management token | a token of the Management API with the scope 'all': [get one](../how-to/use-the-management-api.md#get-a-token) |
| account token | an opaque access token of the person whose account it is |
| interaction | a browser that is signing in, by its cookies |
| member | only if the user or the application of the path is in the organization of the path |
| protected application, third-party application | only if the application of the path is one |

Generated from the route tables by 'make generate'.

| Method | Path | Guards | Operation |
|-|-|-|-|
`
)

func TestReference_Routes(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(routesIntroduction, "'", "`"))
	seen := map[string]bool{}
	var lines []string
	for _, table := range referenceTables(t) {
		for _, rt := range table.Routes {
			key := rt.Method + " " + rt.Pattern
			if seen[key] {
				t.Errorf("%s stands in two tables", key)
			}
			seen[key] = true
			lines = append(lines, fmt.Sprintf("| %s | `%s` | %s | %s |\n", rt.Method, rt.Pattern,
				strings.Join(rt.GuardNames(), ", "), rt.OperationID))
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(pathOf(a), pathOf(b)) })
	for _, line := range lines {
		b.WriteString(line)
	}
	golden(t, "../../docs/reference/routes.md", b.String())
}

func pathOf(line string) string {
	columns := strings.Split(line, "|")
	return columns[2] + columns[1]
}

// No two routes contradict each other; the router panics if they do.
func TestRoutes_Mount(t *testing.T) {
	t.Parallel()
	web.Mount(http.NewServeMux(), web.WriteError, referenceTables(t)...)
}

// referenceTables are the routes of a server that is never asked anything.
func referenceTables(t *testing.T) []web.Table {
	t.Helper()
	return build(Options{Pool: dbtest.SQLite(t), Clock: clock.System, Endpoint: &url.URL{}, AdminEndpoint: &url.URL{}}, nil, nil).tables()
}
