package server_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/server"
	"signet/internal/tenant"
)

const foreign = "https://evil.example.net"

// get sends a GET without cookies.
func get(t *testing.T, target string, headers ...string) *apptest.Answer {
	t.Helper()
	return send(t, http.MethodGet, target, "", headers...)
}

// send is apptest.Do with a client that keeps nothing and follows nothing.
func send(t *testing.T, method, target, body string, headers ...string) *apptest.Answer {
	t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return apptest.Do(t, client, method, target, body, headers...)
}

func TestStatus_TellsTheTenantToWhoKnowsTheKey(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for _, c := range []struct{ endpoint, key, want string }{
		{app.URL, "", ""},
		{app.URL, "wrong", ""},
		{app.URL, apptest.StatusKey, tenant.Default},
		{app.AdminURL, apptest.StatusKey, tenant.Admin},
	} {
		a := get(t, c.endpoint+"/api/status", "logto-status-api-key", c.key)
		if a.StatusCode != http.StatusNoContent || a.Header.Get("logto-tenant-id") != c.want {
			t.Errorf("%s with %q: %d, tenant %q, want %q", c.endpoint, c.key, a.StatusCode, a.Header.Get("logto-tenant-id"), c.want)
		}
	}
}

// Without a configured key an empty one must not open anything.
func TestStatus_WithoutAConfiguredKeyTellsNobody(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.With(func(o *server.Options) { o.StatusAPIKey = "" }))
	a := get(t, app.URL+"/api/status", "logto-status-api-key", "")
	if a.StatusCode != http.StatusNoContent || a.Header.Get("logto-tenant-id") != "" {
		t.Errorf("%d, tenant %q", a.StatusCode, a.Header.Get("logto-tenant-id"))
	}
}

func TestEndpoints_AreToldAtTheAdminTenant(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for path, want := range map[string]string{
		app.AdminURL + "/api/.well-known/endpoints/default": `{"user":"` + app.URL + `"}`,
		app.AdminURL + "/api/.well-known/endpoints/admin":   `{"user":"` + app.AdminURL + `"}`,
		app.AdminURL + "/api/.well-known/endpoints/nobody":  "entity.not_found",
		app.URL + "/api/.well-known/endpoints/default":      "entity.not_found",
	} {
		if a := get(t, path); a.Text != want && (a.StatusCode != http.StatusNotFound || a.Code() != want) {
			t.Errorf("%s: %d %s, want %s", path, a.StatusCode, a.Text, want)
		}
	}
}

var requestID = regexp.MustCompile(`^[0-9a-z]{16}$`)

func TestEveryAnswer_CarriesARequestIDAndSecurityHeaders(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	seen := map[string]bool{}
	for _, path := range []string{
		"/", "/sign-in", "/nowhere", "/api/nowhere", "/api/status", "/api/.well-known/sign-in-exp", "/oidc/jwks",
		"/oidc/nowhere", "/assets/nowhere.css", "/account", "/demo-app", "/admin/account",
	} {
		a := get(t, app.URL+path)
		id := a.Header.Get("Logto-Core-Request-Id")
		if !requestID.MatchString(id) || seen[id] {
			t.Errorf("%s: request id %q", path, id)
		}
		seen[id] = true
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff",
			"X-Frame-Options":        "SAMEORIGIN",
			"Referrer-Policy":        "strict-origin-when-cross-origin",
		} {
			if got := a.Header.Get(name); got != want && !(name == "X-Frame-Options" && got == "DENY") {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if a.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS over http", path)
		}
		if a.Header.Get("Server") != "" || a.Header.Get("X-Powered-By") != "" {
			t.Errorf("%s names its software", path)
		}
	}
}

// Behind a proxy that speaks TLS the endpoint's scheme decides.
func TestHTTPS_BringsHSTSAndSecureCookies(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.Behind("https://id.example.com"))
	c := app.CreateApp(t, application.Application{})
	a := get(t, "http://"+app.Address+apptest.AuthorizeURL(c), "X-Forwarded-Host", "id.example.com", "X-Forwarded-Proto", "https")
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("authorize: %d %s", a.StatusCode, a.Text)
	}
	if got := a.Header.Get("Strict-Transport-Security"); !strings.HasPrefix(got, "max-age=31536000") {
		t.Errorf("HSTS: %q", got)
	}
	if len(a.Cookies()) == 0 {
		t.Error("no cookies")
	}
	for _, cookie := range a.Cookies() {
		if !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %s: Secure %v, SameSite %v", cookie.Name, cookie.Secure, cookie.SameSite)
		}
		if !cookie.HttpOnly && !strings.HasPrefix(cookie.Name, "_logto") {
			t.Errorf("scripts can read %s", cookie.Name)
		}
	}
}

func TestCORS_ByContract(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for _, c := range []struct {
		path string
		open bool
	}{
		{"/api/my-account", true},
		{"/api/my-account/sessions", true},
		{"/api/verifications/password", true},
		{"/api/my-accounts", false},
		{"/api/experience/interaction", false},
		{"/api/.well-known/sign-in-exp", false},
		{"/api/status", false},
		{"/api/.well-known/user.openapi.json", false},
		{"/oidc/.well-known/openid-configuration", true},
		{"/oidc/jwks", true},
		{"/oidc/me", true},
		{"/oidc/token", true},
		{"/oidc/token/revocation", true},
		{"/sign-in", false},
		{"/account", false},
	} {
		preflight := send(t, http.MethodOptions, app.URL+c.path, "", "Origin", foreign,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
		real := get(t, app.URL+c.path, "Origin", foreign)
		for kind, a := range map[string]*apptest.Answer{"preflight": preflight, "request": real} {
			// Of the token endpoints only the preflight is open: the real request
			// is judged by its client.
			allowed := a.Header.Get("Access-Control-Allow-Origin")
			judged := kind == "request" && (strings.HasPrefix(c.path, "/oidc/token") || c.path == "/oidc/me")
			if !judged && (allowed == foreign) != c.open {
				t.Errorf("%s of %s: allowed origin %q, want open %v", kind, c.path, allowed, c.open)
			}
			if a.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s of %s allows credentials", kind, c.path)
			}
		}
		if c.open && (preflight.StatusCode != http.StatusNoContent ||
			!strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), "authorization")) {
			t.Errorf("preflight of %s: %d, headers %q", c.path, preflight.StatusCode, preflight.Header.Get("Access-Control-Allow-Headers"))
		}
	}
}

func TestAnswers_AreCompressedAndTagged(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for path, isLong := range map[string]bool{
		"/api/.well-known/sign-in-exp": true, "/api/.well-known/phrases": true, "/api/.well-known/account-center": false,
		"/api/.well-known/experience.openapi.json": true, "/oidc/jwks": false, "/oidc/.well-known/openid-configuration": true,
	} {
		plain := get(t, app.URL+path)
		tag := plain.Header.Get("ETag")
		if plain.StatusCode != http.StatusOK || !strings.HasPrefix(tag, `"`) {
			t.Errorf("%s: %d, ETag %q", path, plain.StatusCode, tag)
		}
		packed := get(t, app.URL+path, "Accept-Encoding", "gzip")
		isPacked := packed.Header.Get("Content-Encoding") == "gzip"
		if isPacked != isLong || isPacked && !strings.Contains(strings.Join(packed.Header.Values("Vary"), ","), "Accept-Encoding") {
			t.Fatalf("%s: encoding %q, Vary %q", path, packed.Header.Get("Content-Encoding"), packed.Header.Values("Vary"))
		}
		if isPacked {
			reader, err := gzip.NewReader(bytes.NewReader([]byte(packed.Text)))
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(reader); err != nil || string(body) != plain.Text {
				t.Errorf("%s differs when compressed: %v", path, err)
			}
		}
		for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, packed.Header.Get("ETag")} {
			for _, encoding := range []string{"", "gzip"} {
				a := get(t, app.URL+path, "If-None-Match", known, "Accept-Encoding", encoding)
				if a.StatusCode != http.StatusNotModified || a.Text != "" {
					t.Errorf("%s with If-None-Match %s: %d", path, known, a.StatusCode)
				}
			}
		}
		if a := get(t, app.URL+path, "If-None-Match", `"other"`); a.StatusCode != http.StatusOK {
			t.Errorf("%s with another tag: %d", path, a.StatusCode)
		}
	}
}

func TestBody_TooLargeIs413(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	c := app.CreateApp(t, application.Application{})
	b := app.Browser(t)
	b.Authorize(c)
	before := app.Snapshot(t)
	huge := strings.Repeat("x", 1<<20)
	for path, body := range map[string]string{
		"/api/experience":                       `{"interactionEvent":"` + huge + `"}`,
		"/api/experience/verification/password": `{"password":"` + huge + `"}`,
		"/oidc/token":                           "client_id=" + huge,
		"/oidc/auth":                            "client_id=" + huge,
		"/sign-in":                              "identifier=" + huge,
	} {
		method := http.MethodPost
		if path == "/api/experience" {
			method = http.MethodPut
		}
		if a := b.Do(method, path, body); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d %.200s", path, a.StatusCode, a.Text)
		}
	}
	before.Same(t, app.Snapshot(t))
}

// Attack 42: no host but the configured ones is served.
func TestUnknownHost_PagesRedirectAndAPIsAre421(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	at := "http://" + app.Address
	page := get(t, at+"/sign-in?x=1", "Accept", "text/html")
	if page.StatusCode != http.StatusTemporaryRedirect || page.Header.Get("Location") != app.URL+"/" {
		t.Errorf("page: %d to %q", page.StatusCode, page.Header.Get("Location"))
	}
	for _, path := range []string{"/api/status", "/oidc/.well-known/openid-configuration", "/oidc/auth?client_id=demo-app"} {
		if a := get(t, at+path, "Accept", "text/html"); a.StatusCode != http.StatusMisdirectedRequest || a.Code() != "request.unknown_host" {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
		}
	}
}

// Attack 42: whoever is no trusted proxy cannot name another host, scheme or
// prefix, and what a trusted proxy forwards never enters the issuer.
func TestForgedHost_NeverReachesTheIssuer(t *testing.T) {
	t.Parallel()
	direct, proxied := apptest.Start(t), apptest.Start(t, apptest.Behind("https://id.example.com"))
	forged := []string{
		"Forwarded", "host=evil.example.net;proto=https", "X-Forwarded-Host", "evil.example.net",
		"X-Forwarded-Proto", "https", "X-Forwarded-Prefix", "/evil", "X-Original-URL", "/admin", "X-Rewrite-URL", "/admin",
	}
	for _, path := range []string{"/oidc/.well-known/openid-configuration", "/api/.well-known/user.openapi.json"} {
		a := get(t, direct.URL+path, forged...)
		if a.StatusCode != http.StatusOK || strings.Contains(a.Text, "evil") || !strings.Contains(a.Text, direct.URL) {
			t.Errorf("%s: %d %.300s", path, a.StatusCode, a.Text)
		}
		if a := get(t, "http://"+proxied.Address+path, forged...); a.StatusCode != http.StatusMisdirectedRequest || strings.Contains(a.Text, "evil") {
			t.Errorf("%s behind a proxy: %d %.300s", path, a.StatusCode, a.Text)
		}
		a = get(t, "http://"+proxied.Address+path, "X-Forwarded-Host", "id.example.com", "X-Forwarded-Proto", "gopher")
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, `https://id.example.com`) || strings.Contains(a.Text, "gopher") {
			t.Errorf("%s with a strange scheme: %d %.300s", path, a.StatusCode, a.Text)
		}
	}
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for _, base := range []string{app.URL, app.AdminURL} {
		for path, want := range map[string]string{
			"/api/nowhere":             "404 text/plain; charset=utf-8",
			"/api":                     "404 text/plain; charset=utf-8",
			"/api/experience/nowhere":  "404 text/plain; charset=utf-8",
			"/assets/nowhere.css":      "404 text/plain; charset=utf-8",
			"/assets/a/b":              "404 text/plain; charset=utf-8",
			"/.well-known/nowhere":     "404 text/plain; charset=utf-8",
			"/nowhere":                 "404 text/html; charset=utf-8",
			"/account/nowhere":         "404 text/html; charset=utf-8",
			"/favicon.ico":             "404 text/html; charset=utf-8",
			"/oidc":                    "404 application/json; charset=utf-8",
			"/oidc/":                   "404 application/json; charset=utf-8",
			"/oidc/nowhere":            "404 application/json; charset=utf-8",
			"/oidc/token":              "404 application/json; charset=utf-8",
			"/sign-in/../nowhere":      "404 text/plain; charset=utf-8",
			"/oidc/%2e%2e/nowhere":     "404 application/json; charset=utf-8",
			"/account/%2e%2E/sign-in":  "404 text/plain; charset=utf-8",
			"/api/users/%2e%2e/roles":  "404 text/plain; charset=utf-8",
			"/x//y":                    "404 text/plain; charset=utf-8",
			"/a/%2e%2e%2fapi%2fstatus": "404 text/html; charset=utf-8",
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base, nil)
			if err != nil {
				t.Fatal(err)
			}
			at, err := url.Parse(base)
			if err != nil {
				t.Fatal(err)
			}
			req.URL.Opaque = "//" + at.Host + at.Path + path // as it stands
			a := roundTrip(t, req)
			if got := a.Status[:3] + " " + a.Header.Get("Content-Type"); got != want {
				t.Errorf("%s%s: %s, want %s", base, path, got, want)
			}
		}
	}
}

func roundTrip(t *testing.T, req *http.Request) *http.Response {
	t.Helper()
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res
}

func TestWrongMethod_Is405WithAllow(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for _, c := range []struct{ method, path, allow string }{
		{http.MethodDelete, "/api/my-account", "GET, HEAD, PATCH"},
		{http.MethodGet, "/api/experience", "PUT"},
		{http.MethodPost, "/api/experience", "PUT"},
		{http.MethodGet, "/api/experience/submit", "POST"},
		{http.MethodPut, "/api/status", "GET, HEAD"},
		{http.MethodGet, "/account/sign-out", "POST"},
		{http.MethodDelete, "/sign-in", "GET, HEAD, POST"},
	} {
		a := send(t, c.method, app.URL+c.path, "")
		if a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q, want %q", c.method, c.path, a.StatusCode, a.Header.Get("Allow"), c.allow)
		}
	}
}
