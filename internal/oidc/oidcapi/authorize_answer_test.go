package oidcapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"signet/internal/platform/db/dbtest"
)

func TestAuthorize_ResponseModes(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	b := s.browser()
	if got := b.authorized(alice, "response_mode", "fragment").String(); !strings.HasPrefix(got, redirect+"#code=") || strings.Contains(got, "?") {
		t.Errorf("fragment: %s", got)
	}
	if got := b.authorize("response_mode", "query").Header.Get("Location"); !strings.HasPrefix(got, redirect+"?code=") {
		t.Errorf("query: %s", got)
	}
	b.authorize("client_id", otherSPA, "redirect_uri", "https://other.example.com/cb?tenant=1")
	if got := b.follow("/consent?app_id=other-spa").Header.Get("Location"); !strings.HasPrefix(got, "https://other.example.com/cb?tenant=1&code=") {
		t.Errorf("a redirect URI with a query: %s", got)
	}
	if got := b.authorize("response_mode", "fragment", "prompt", "dance").Header.Get("Location"); !strings.HasPrefix(got, redirect+"#error=invalid_request&") {
		t.Errorf("an error by fragment: %s", got)
	}
}

// Attack 8: what the client sent comes back as text, never as markup.
func TestAuthorize_FormPostEscapesEverything(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	b := s.browser()
	b.authorized(alice)
	a := b.authorize("response_mode", "form_post", "state", `"><script>alert(1)</script>'&amp;`)
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "text/html; charset=utf-8" || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the page is %d %v", a.StatusCode, a.Header)
	}
	if n := strings.Count(a.body, "<script"); n != 1 || strings.Contains(a.body, "alert(1)</script>") {
		t.Errorf("the page has %d scripts:\n%s", n, a.body)
	}
	_, nonce, _ := strings.Cut(a.body, `<script nonce="`)
	nonce, _, _ = strings.Cut(nonce, `"`)
	policy := a.Header.Get("Content-Security-Policy")
	if len(nonce) < 20 || !strings.Contains(strings.ReplaceAll(policy, "&#43;", "+"), "script-src 'nonce-"+strings.ReplaceAll(nonce, "&#43;", "+")+"'") {
		t.Errorf("nonce %q, policy %q", nonce, policy)
	}
	for _, want := range []string{
		`<form method="post" action="` + redirect + `">`, `name="code" value="`, `name="iss" value="https://id.example.com/oidc"`,
		`name="state" value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;amp;"`, `<button type="submit">Continue</button>`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %s:\n%s", want, a.body)
		}
	}
	if again := b.authorize("response_mode", "form_post"); strings.Contains(again.body, nonce) {
		t.Error("two pages share a nonce")
	}
	if a := b.authorize("response_mode", "form_post", "prompt", "dance"); !strings.Contains(a.body, `name="error" value="invalid_request"`) {
		t.Errorf("an error by form:\n%s", a.body)
	}
}

func TestAuthorize_PostIsLikeGet(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	form := request("login_hint", "a@b.c")
	want := "/sign-in?app_id=spa&login_hint=a%40b.c"
	if a := s.browser().post("/oidc/auth", form); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != want {
		t.Errorf("a form: %d %s", a.StatusCode, a.Header.Get("Location"))
	}
	object := map[string]any{"max_age": 10}
	for name, values := range form {
		object[name] = values[0]
	}
	raw, err := json.Marshal(object)
	must(t, err)
	r := httptest.NewRequest(http.MethodPost, "/oidc/auth", strings.NewReader(string(raw)))
	r.Header.Set("Content-Type", "application/json")
	b := s.browser()
	if a := b.send(r); a.Header.Get("Location") != want {
		t.Errorf("JSON: %d %s %s", a.StatusCode, a.Header.Get("Location"), a.body)
	}
	if age := b.interaction(spa).Params.MaxAge; age == nil || *age != 10 {
		t.Errorf("max_age from JSON is %v", age)
	}
	for _, c := range []struct{ kind, body, want string }{
		{"application/json", "{", "400 oidc.invalid_request missing required parameter 'client_id'"},
		{"text/plain", "client_id=spa", "400 oidc.invalid_request only application/x-www-form-urlencoded content-type bodies are supported on POST /auth"},
		{"application/json", `{"client_id":{"a":1}}`, "400 oidc.invalid_request 'client_id' parameter must be a string"},
		{"application/x-www-form-urlencoded", "client_id=spa&x=" + strings.Repeat("x", 57<<10), "413 oidc.invalid_request request entity too large"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/oidc/auth", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		if got := s.browser().send(r).failure(t); got != c.want {
			t.Errorf("%s %.20s: %s", c.kind, c.body, got)
		}
	}
}

// Browsers keep SameSite=Lax cookies from a POST of another site; the session
// counts all the same.
func TestAuthorize_PostFromAnotherSiteFindsTheSession(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	b := s.browser()
	b.authorized(alice)
	r := httptest.NewRequest(http.MethodPost, "/oidc/auth", strings.NewReader(request().Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	a := s.browser().send(r) // without cookies
	target := a.Header.Get("Location")
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(target, "/oidc/auth?") {
		t.Fatalf("the POST is answered by %d %s", a.StatusCode, target)
	}
	if code := b.get(target).location(t).Query().Get("code"); code == "" {
		t.Error("the session did not count")
	}
}
