package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// victim is a person with everything that an attacker's requests could touch:
// a session, an access token, a step-up, an account page, an open sign-in.
type victim struct {
	app     *apptest.App
	browser *apptest.Browser
	// csrf is the token of the account page's forms.
	csrf string
}

func newVictim(t *testing.T, app *apptest.App) *victim {
	t.Helper()
	app.CreateUser(t, "robin")
	c := app.CreateApp(t, application.Application{})
	v := &victim{app: app, browser: app.Browser(t)}
	v.browser.Header.Set("Authorization", "Bearer "+v.browser.AccountToken(c, "robin"))
	v.browser.StepUp()
	v.browser.Header.Set("logto-verification-id", v.browser.StepUpID())
	page := v.browser.Visit("/account/name")
	v.csrf = hidden(t, page, "token")
	v.browser.Authorize(c, "prompt", "login")
	v.browser.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
	return v
}

// hidden returns the value of a hidden field of a page.
func hidden(t *testing.T, page *apptest.Answer, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page.Text)
	if found == nil {
		t.Fatalf("%s: %d, no field %s in %.2000s", page.Request.URL, page.StatusCode, name, page.Text)
	}
	return found[1]
}

// leaks are what no answer may contain: traces, causes, statements.
var leaks = []string{
	"goroutine", "SQLSTATE", "SQL logic", "sqlite", "pgconn", "constraint failed", "violates",
	"INSERT INTO", "UPDATE ", "SELECT ", "panic", "runtime error", "nil pointer",
}

var sourceLine = regexp.MustCompile(`\.go:\d`)

// leakIn returns the first leak in a text, "" if there is none. One expression
// for all of them takes longer on a page than the page itself.
func leakIn(text string) string {
	for _, leak := range leaks {
		if strings.Contains(text, leak) {
			return leak
		}
	}
	return sourceLine.FindString(text)
}

// refused demands the answer that bad input gets: a 4xx that says nothing of
// the inside, as JSON where programs ask.
func refused(t *testing.T, what string, a *apptest.Answer, asJSON bool) {
	t.Helper()
	if a.StatusCode < 400 || a.StatusCode >= 500 {
		t.Errorf("%s: %d %.300s", what, a.StatusCode, a.Text)
	}
	quiet(t, what, a)
	if asJSON {
		var body struct{ Message string }
		if err := json.Unmarshal([]byte(a.Text), &body); err != nil || body.Message == "" {
			t.Errorf("%s: %d is no error body: %.300s", what, a.StatusCode, a.Text)
		}
	}
}

// quiet demands that an answer is no failure of ours and tells nothing.
func quiet(t *testing.T, what string, a *apptest.Answer) {
	t.Helper()
	if a.StatusCode >= 500 {
		t.Errorf("%s: %d %.300s", what, a.StatusCode, a.Text)
	}
	if found := leakIn(a.Text); found != "" && !strings.Contains(a.Header.Get("Content-Type"), "css") {
		t.Errorf("%s: the answer contains %q: %.500s", what, found, a.Text)
	}
}

// Attack 7: every operation of every table, with every kind of bad body.
func TestBadInput_TypedOperationsRefuseItAndChangeNothing(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		v := newVictim(t, app)
		tried, unchanged := 0, watching(t, app)
		for _, op := range documented(t, app) {
			if op.ofOperators {
				continue // its guard would answer; see the next test
			}
			for _, m := range op.mutants() {
				tried++
				a := v.browser.Do(op.method, m.path, m.body, "Content-Type", m.form())
				refused(t, op.method+" "+op.pattern+" with "+m.name, a, !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain"))
			}
			unchanged.after(op.method + " " + op.pattern)
		}
		unchanged.end()
		if tried < 500 {
			t.Errorf("only %d requests were tried: the generator sees too little", tried)
		}
	})
}

// What operators send is no better than what attackers do: no operation of the
// Management API fails or tells anything of the inside, and what refuses a
// request changes nothing.
func TestBadInput_OperatorsAreAnsweredToo(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		tried := 0
		// try reports whether every mutant was refused.
		try := func(op operation) bool {
			refusals := true
			for _, m := range op.mutants() {
				tried++
				a := o.Do(op.method, m.path, m.body, "Content-Type", m.form())
				quiet(t, op.method+" "+op.pattern+" with "+m.name, a)
				refusals = refusals && a.StatusCode >= 400
			}
			return refusals
		}
		reading, writing := []operation{}, []operation{}
		for _, op := range documented(t, app) {
			switch {
			case !op.ofOperators:
			case op.method == http.MethodGet:
				reading = append(reading, op)
			default:
				writing = append(writing, op)
			}
		}
		unchanged := watching(t, app)
		for _, op := range reading {
			try(op)
			unchanged.after(op.method + " " + op.pattern)
		}
		unchanged.end()
		before := app.Snapshot(t)
		for _, op := range writing {
			refusals, after := try(op), app.Snapshot(t)
			if refusals {
				before.Same(t, after)
			}
			before = after
		}
		if tried < 2000 {
			t.Errorf("only %d requests were tried: the generator sees too little", tried)
		}
	})
}

// operation is a documented route.
type operation struct {
	// ofOperators says that it belongs to the Management API.
	ofOperators bool

	method, pattern string
	params          []*openapi3.Parameter
	body            *openapi3.Schema // nil if it has none
	// takesFile says that the body is a form with a file.
	takesFile bool
}

// documented lists every typed operation with what it expects.
func documented(t *testing.T, app *apptest.App) []operation {
	t.Helper()
	var all []operation
	tables := app.Server.Tables()
	names := []string{}
	for _, table := range tables {
		if slices.Contains(names, table.Document) {
			continue
		}
		names = append(names, table.Document)
		raw, err := web.NewDocument(table.Document, "T", "1", false, tables...).Bytes(app.URL)
		if err != nil {
			t.Fatal(err)
		}
		document, err := openapi3.NewLoader().LoadFromData(raw)
		if err != nil {
			t.Fatal(err)
		}
		for pattern, item := range document.Paths.Map() {
			for method, o := range item.Operations() {
				op := operation{method: method, pattern: pattern, ofOperators: table.Document == "management"}
				for _, p := range o.Parameters {
					op.params = append(op.params, p.Value)
				}
				if o.RequestBody != nil {
					content := o.RequestBody.Value.Content
					if op.takesFile = content["multipart/form-data"] != nil; !op.takesFile {
						op.body = content["application/json"].Schema.Value
					}
				}
				all = append(all, op)
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.pattern+a.method, b.pattern+b.method) })
	return all
}

// A body of another type than JSON counts as none: what is required is missing.
func TestBadInput_OtherContentTypesAreNoBody(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	v := newVictim(t, app)
	unchanged := watching(t, app)
	for _, op := range documented(t, app) {
		if op.body == nil || len(op.body.Required) == 0 {
			continue
		}
		raw, _ := json.Marshal(example(op.body))
		for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ";;;"} {
			a := v.browser.Do(op.method, strings.ReplaceAll(op.pattern, "{verificationId}", "x"), string(raw), "Content-Type", contentType)
			refused(t, op.method+" "+op.pattern+" as "+contentType, a, true)
		}
		unchanged.after(op.method + " " + op.pattern)
	}
	unchanged.end()
}

// Attack 7: pages and protocol endpoints read forms and queries.
func TestBadInput_PagesAndProtocolEndpointsRefuseItAndChangeNothing(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		v := newVictim(t, app)
		bodies := map[string]string{
			"an empty form":         "",
			"torn escapes":          "identifier=%&password=%zz",
			"NUL":                   "identifier=a%00b&name=a%00b&password=a%00b&username=a%00b&client_id=a%00b&token=a%00b",
			"NUL behind the token":  "token=" + url.QueryEscape(v.csrf) + "&name=a%00b&username=a%00b&password=a%00b",
			"broken text":           "token=" + url.QueryEscape(v.csrf) + "&name=%ff&username=%ff&password=%ff",
			"repeated fields":       "client_id=a&client_id=b&identifier=a&identifier=b&grant_type=a&grant_type=b&token=a&token=b",
			"an oversized form":     "identifier=" + strings.Repeat("x", 1<<20),
			"too many fields":       strings.Repeat("a=b&", 50_000),
			"JSON":                  `{"client_id":["a"],"identifier":{"a":1},"token":null}`,
			"deep JSON":             strings.Repeat(`{"a":`, 10_000),
			"a foreign form's":      "token=AAAA&name=Mallory&username=mallory&password=" + apptest.Password,
			"a semicolon":           "a=b;c=d",
			"markup in every field": "identifier=%3Cscript%3E&client_id=%3Cscript%3E&grant_type=%3Cscript%3E&state=%3Cscript%3E",
		}
		queries := []string{
			"?a=%00", "?client_id=a&client_id=b", "?app_id=%00", "?app_id=%ff", "?token=%00", "?code=%00&state=%ff&iss=x", "?error=%3Cscript%3E",
			"?uid=" + strings.Repeat("x", 8000), "?%zz", "?ui_locales=%00%ff", "?locale=" + strings.Repeat("x", 3000), "?done=%00&about=%ff", "?preview&app_id=%ff",
			"?id=%00", "?return=//evil.example.net", "?id_token_hint=a.b.c&post_logout_redirect_uri=%00", "?client_id=demo-app&redirect_uri=%00",
		}
		// Opening the account pages begins a sign-in or a ceremony.
		begun := []string{"account_logins", "verification_records"}
		before := app.Snapshot(t, begun...)
		for _, table := range app.Server.Tables() {
			for _, rt := range table.Routes {
				if rt.OperationID != "" || rt.Method == http.MethodOptions {
					continue
				}
				path := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(rt.Pattern, "%00x")
				what := rt.Method + " " + rt.Pattern
				if rt.Method == http.MethodGet {
					for _, query := range queries {
						quiet(t, what+query, v.browser.Do(rt.Method, path+query, "", "Accept", "text/html"))
					}
					continue
				}
				for name, body := range bodies {
					if strings.HasSuffix(path, "/sign-out") && strings.Contains(body, v.csrf) {
						continue // nothing is wrong with it
					}
					quiet(t, what+" with "+name, v.browser.Do(rt.Method, path, body, "Accept", "text/html"))
				}
			}
		}
		before.Same(t, app.Snapshot(t, begun...))
	})
}

// Headers and cookies are input too.
func TestBadInput_HeadersAndCookies(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		newVictim(t, app)
		before := app.Snapshot(t, "account_logins", "interactions") // asking for a sign-in begins one
		values := []string{"\xff\xfe", strings.Repeat("x", 20_000), "%00", "{", "[[[[", "a\tb", `{"_legacy":{"a":1}}`, `%7B%22_legacy%22%3A%22a%00b%22%7D`, "'; --"}
		for _, path := range []string{"/api/my-account", "/api/experience/interaction", "/sign-in", "/account", "/demo-app", "/oidc/me", "/oidc/auth?client_id=demo-app", "/admin/setup"} {
			for _, value := range values {
				for _, name := range []string{"Authorization", "logto-verification-id", "Logto-App-Id", "Accept-Language", "User-Agent", "If-None-Match", "Origin", "Accept-Encoding"} {
					if name == "Authorization" {
						value = "Bearer " + value
					}
					quiet(t, path+" with "+name+": "+value[:min(20, len(value))], get(t, app.URL+path, name, value))
				}
				for _, cookie := range []string{"_session", "_session.sig", "_interaction", "_interaction_resume", "_logto", "_account_session", "_account_login", "_setup_admin", "_demo-app_session"} {
					quiet(t, path+" with cookie "+cookie, get(t, app.URL+path, "Cookie", cookie+"="+value+"; "+cookie+".sig="+value))
				}
			}
		}
		before.Same(t, app.Snapshot(t, "account_logins", "interactions"))
	})
}

// Ids of another tenant are as unknown as ids that nobody has.
func TestBadInput_IDsOfAnotherTenantAreUnknown(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		v := newVictim(t, app)
		theirs := signedInAtAdmin(t, app)
		before := app.Snapshot(t)
		for what, path := range map[string]string{
			"session": "/api/my-account/sessions/", "grant": "/api/my-account/grants/", "passkey": "/api/my-account/mfa-verifications/",
		} {
			foreignID := map[string]string{"session": theirs.session, "grant": theirs.grant, "passkey": theirs.passkey}[what]
			known := v.browser.Do(http.MethodDelete, path+foreignID, "")
			unknown := v.browser.Do(http.MethodDelete, path+"000000000000000000000", "")
			if known.StatusCode != unknown.StatusCode || known.Text != unknown.Text || known.StatusCode < 400 {
				t.Errorf("%s: %d %s, and for an unknown id %d %s", what, known.StatusCode, known.Text, unknown.StatusCode, unknown.Text)
			}
		}
		before.Same(t, app.Snapshot(t))
		if n := app.Count(t, tenant.Admin, "sessions", "uid = $2", theirs.session); n != 1 {
			t.Error("the other tenant's session is gone")
		}
	})
}
