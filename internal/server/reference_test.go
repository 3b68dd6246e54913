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
	b.WriteString("# Errors\n\nEvery error code that Signet answers with, its HTTP statuses and its English message. ")
	b.WriteString("Generated from the code by `make generate`.\n\n| Code | Status | Message |\n|-|-|-|\n")
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

func TestReference_Routes(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Routes\n\nEvery operation that Signet serves, below each tenant's endpoint, with what guards it. ")
	b.WriteString("Generated from the route tables by `make generate`.\n\n| Method | Path | Guards | Operation |\n|-|-|-|-|\n")
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
