package server_test

import (
	"net/http"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
)

// What follows links to check them uses nothing up: HEAD changes nothing (RFC 9110
// section 9.2.1).
func TestHEAD_ChangesNothing(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		c := app.CreateApp(t, application.Application{Type: application.Traditional})
		b := app.Browser(t)
		step := func(target string, status int) string {
			t.Helper()
			before := app.Snapshot(t)
			if a := b.Do(http.MethodHead, target, ""); a.StatusCode != http.StatusNotFound || a.Header.Get("Location") != "" || len(a.Cookies()) > 0 {
				t.Errorf("HEAD %s: %d %v", target, a.StatusCode, a.Header)
			}
			before.Same(t, app.Snapshot(t))
			a := b.Do(http.MethodGet, target, "")
			if a.StatusCode != status {
				t.Fatalf("GET %s: %d %s", target, a.StatusCode, a.Text)
			}
			return strings.TrimPrefix(a.Header.Get("Location"), b.Endpoint)
		}
		if to := step(pushedURL(c, push(t, b, c).String("request_uri")), http.StatusSeeOther); !strings.HasPrefix(to, "/sign-in") {
			t.Fatalf("a request that was sent ahead leads to %s", to)
		}
		b.Prove("robin", apptest.Password)
		to := step(strings.TrimPrefix(b.Step("POST", "/submit", "").String("redirectTo"), b.Endpoint), http.StatusSeeOther)
		if to = step(to, http.StatusFound); !strings.HasPrefix(to, "/oidc/auth/") {
			t.Fatalf("consent leads to %s", to)
		}
		if to = step(to, http.StatusSeeOther); !strings.Contains(to, "code=") {
			t.Fatalf("back to %s", to)
		}
	})
}

// Below the issuer everything that leads nowhere is the protocol's to refuse.
func TestIssuer_KnowsItsRoutesAlone(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for _, call := range []string{
		"PROPFIND /auth", "TRACE /token", "PROPFIND /nowhere", "QUERY /jwks", "GET /nowhere", "GET /device/auth", "PUT /device/auth", "GET //auth", "GET /x/../token",
	} {
		method, path, _ := strings.Cut(call, " ")
		a := apptest.Do(t, app.Client(t), method, app.URL+"/oidc"+path, "")
		if a.StatusCode != 404 || a.Code() != "oidc.invalid_request" || a.String("error") != "invalid_request" ||
			a.String("error_description") != "unrecognized route or not allowed method ("+method+" on "+path+")" {
			t.Errorf("%s: %d %s", call, a.StatusCode, a.Text)
		}
	}
	for _, path := range []string{"//oidc/auth", "/api//status", "/x/../oidc/token"} {
		if a := apptest.Do(t, app.Client(t), "GET", app.URL+path, ""); a.StatusCode != 404 || strings.HasPrefix(a.Text, "{") {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
		}
	}
}
