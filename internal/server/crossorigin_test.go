package server_test

import (
	"net/http"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
)

// A browser names where a request comes from; one that came from elsewhere must
// not use the cookies of a person who is signed in here.
func TestCrossOrigin_PostsAreRefusedWhereCookiesCount(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	c := app.CreateApp(t, application.Application{})
	b := app.Browser(t)
	b.Authorize(c)
	before := app.Snapshot(t)
	for _, path := range []string{
		"/sign-in", "/register", "/sign-in/password", "/account/name", "/account/sign-out", "/demo-app/sign-out", "/admin/setup",
		"/api/experience", "/api/experience/submit", "/api/experience/verification/password", "/oidc/session/end/confirm",
	} {
		for _, headers := range [][]string{
			{"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"},
			{"Origin", foreign},
			{"Origin", "null"},
			{"Origin", strings.Replace(app.URL, "localhost", "localhost.evil.example.net", 1)},
			{"Origin", strings.Replace(app.URL, "http:", "https:", 1), "Sec-Fetch-Site", "cross-site"},
		} {
			for _, method := range []string{http.MethodPost, http.MethodPut} {
				a := b.Do(method, path, "a=b", headers...)
				if a.StatusCode != http.StatusForbidden {
					t.Errorf("%s %s with %q: %d %s", method, path, headers, a.StatusCode, a.Text)
				}
			}
		}
	}
	before.Same(t, app.Snapshot(t))
}

// With origins of their own, tenants are as foreign to each other as anybody.
func TestCrossOrigin_TenantsTrustTheirOwnOriginOnly(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.Apart())
	before := app.Snapshot(t)
	for at, other := range map[string]string{app.URL: app.AdminURL, app.AdminURL: app.URL} {
		for _, path := range []string{"/api/experience/submit", "/sign-in", "/account/name", "/oidc/session/end/confirm"} {
			for _, headers := range [][]string{{"Origin", other}, {"Origin", other, "Sec-Fetch-Site", "cross-site"}} {
				a := send(t, http.MethodPost, at+path, "a=b", headers...)
				if a.StatusCode != http.StatusForbidden || a.Code() != "request.cross_origin" {
					t.Errorf("%s%s with %q: %d %s", at, path, headers, a.StatusCode, a.Text)
				}
			}
		}
	}
	before.Same(t, app.Snapshot(t))
	for _, at := range []string{app.URL, app.AdminURL} {
		if own := send(t, http.MethodPost, at+"/sign-in", "a=b", "Origin", at); own.StatusCode == http.StatusForbidden {
			t.Errorf("%s from its own origin: %s", at, own.Text)
		}
	}
}

// Where operators have an origin of their own, it may manage the other tenant with
// their tokens, and nothing more: no cookies, no other API, no other origin.
func TestCrossOrigin_OperatorsManageFromTheirOrigin(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.Apart())
	allowed := func(a *apptest.Answer) string {
		if a.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s allows credentials", a.Request.URL)
		}
		return a.Header.Get("Access-Control-Allow-Origin")
	}
	preflight := func(at, path, origin string) *apptest.Answer {
		return send(t, http.MethodOptions, at+path, "", "Origin", origin,
			"Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "authorization,content-type")
	}
	for _, path := range []string{"/api/users", "/api/users/x", "/api/sign-in-exp", "/api/logs"} {
		if a := preflight(app.URL, path, app.AdminURL); a.StatusCode != http.StatusNoContent || allowed(a) != app.AdminURL {
			t.Errorf("preflight of %s: %d %v", path, a.StatusCode, a.Header)
		}
		if a := get(t, app.URL+path, "Origin", app.AdminURL); a.StatusCode != http.StatusUnauthorized || allowed(a) != app.AdminURL {
			t.Errorf("%s without a token: %d %v", path, a.StatusCode, a.Header)
		}
	}
	made := app.Operator(t).Do(http.MethodPost, "/api/users", `{}`, "Origin", app.AdminURL, "Sec-Fetch-Site", "cross-site")
	if made.StatusCode != http.StatusOK || allowed(made) != app.AdminURL {
		t.Errorf("with a token: %d %s", made.StatusCode, made.Text)
	}
	for _, c := range []struct{ at, path, origin string }{
		{app.URL, "/api/users", foreign}, {app.URL, "/api/users", "null"}, {app.AdminURL, "/api/users", app.URL},
		{app.URL, "/api/experience/submit", app.AdminURL}, {app.URL, "/api/interaction/consent", app.AdminURL},
		{app.URL, "/api/status", app.AdminURL}, {app.URL, "/api", app.AdminURL}, {app.URL, "/sign-in", app.AdminURL}, {app.URL, "/account", app.AdminURL},
	} {
		if got := allowed(preflight(c.at, c.path, c.origin)) + allowed(get(t, c.at+c.path, "Origin", c.origin)); got != "" {
			t.Errorf("%s%s is open to %s", c.at, c.path, got)
		}
	}
	together := apptest.Start(t)
	if got := allowed(preflight(together.URL, "/api/users", foreign)); got != "" {
		t.Errorf("on one origin it is open to %s", got)
	}
}

func TestCrossOrigin_OwnPagesPassAndProtocolEndpointsAreReachable(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	c := app.CreateApp(t, application.Application{})
	b := app.Browser(t)
	b.Authorize(c)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "same-origin", "Origin", app.URL}, {"Origin", app.URL}, {}} {
		if a := b.Do(http.MethodPut, "/api/experience", `{"interactionEvent":"SignIn"}`, headers...); a.StatusCode != http.StatusNoContent {
			t.Errorf("own page with %q: %d %s", headers, a.StatusCode, a.Text)
		}
	}
	// An application's form may begin a sign-in and end a session, its script may
	// redeem a code.
	query := strings.TrimPrefix(apptest.AuthorizeURL(c), "/oidc/auth?")
	for path, want := range map[string]int{
		"/oidc/auth":             http.StatusSeeOther,
		"/oidc/session/end":      http.StatusSeeOther,
		"/oidc/token":            http.StatusBadRequest,
		"/oidc/token/revocation": http.StatusOK,
		"/oidc/me":               http.StatusUnauthorized,
	} {
		body := "client_id=" + c.ID + "&token=x"
		if path == "/oidc/auth" {
			body = query
		}
		a := send(t, http.MethodPost, app.URL+path, body, "Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com")
		if a.StatusCode != want {
			t.Errorf("%s from an application: %d %s, want %d", path, a.StatusCode, a.Text, want)
		}
	}
}
