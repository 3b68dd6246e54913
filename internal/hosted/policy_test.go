package hosted

import (
	"strings"
	"testing"
)

func TestPolicy_ForbidsInlineScriptAndCarriesTheNonceOfTheStyle(t *testing.T) {
	t.Parallel()
	body, w := rendered(t, testSite, SignIn{Password: &Field{}})
	csp := w.Header().Get("Content-Security-Policy")
	directives := map[string]string{}
	for _, d := range strings.Split(csp, "; ") {
		name, value, _ := strings.Cut(d, " ")
		directives[name] = value
	}
	for name, want := range map[string]string{
		"default-src": "'none'", "script-src": "'self'", "base-uri": "'none'", "connect-src": "'self'",
		"form-action": "'self'", "frame-ancestors": "'self'",
	} {
		if directives[name] != want {
			t.Errorf("%s is %q, want %q", name, directives[name], want)
		}
	}
	_, nonce, _ := strings.Cut(directives["style-src"], "'nonce-")
	nonce = strings.TrimSuffix(nonce, "'")
	if len(nonce) < 20 || !strings.Contains(body, `<style nonce="`+nonce+`">:root{`) {
		t.Errorf("nonce %q is not that of the style", nonce)
	}
	_, again := rendered(t, testSite, SignIn{})
	if again.Header().Get("Content-Security-Policy") == csp {
		t.Error("two pages share a nonce")
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
	if got := w.Header().Get("X-Frame-Options"); got != "SAMEORIGIN" {
		t.Errorf("X-Frame-Options is %q", got)
	}
}

func TestPolicy_FormActionFollowsTheInteraction(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"https://app.example/callback?x=1": "'self' https://app.example",
		"http://localhost:4000/cb":         "'self' http://localhost:4000",
		"http://[::1]:4000/cb":             "'self' http:",
		"com.example.app:/callback":        "'self' com.example.app:",
		"MyApp://callback":                 "'self' myapp:",
		"":                                 "'self'",
		"/relative":                        "'self'",
		"javascript:alert(1)":              "'self'",
		"data:text/html,x":                 "'self'",
		"https://a.example;script-src":     "'self'",
		"https://a b/":                     "'self'",
		"https://user@app.example/":        "'self' https://app.example",
	} {
		csp := policy(Site{}, "n", []string{uri})
		if !strings.Contains(csp, "form-action "+want+"; ") {
			t.Errorf("%q: policy is %s, want form-action %s", uri, csp, want)
		}
	}
}

func TestPolicy_FrameAncestors(t *testing.T) {
	t.Parallel()
	_, w := rendered(t, Site{Name: "S", Lang: "en", FrameAncestors: []string{"https://admin.example"}}, SignedOut{})
	if csp := w.Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, "frame-ancestors 'self' https://admin.example") {
		t.Errorf("policy is %s", csp)
	}
	if got := w.Header().Get("X-Frame-Options"); got != "" {
		t.Errorf("X-Frame-Options %q contradicts the policy", got)
	}
}
