package conformance_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"signet/internal/apptest"
)

// Modules of the plan oidcc-config-certification-test-plan.
func TestConformance_Config(t *testing.T) {
	t.Parallel()
	p := prepare(t, apptest.Start(t), "")
	t.Run("oidcc-discovery-endpoint-verification", func(t *testing.T) { discovery(p.start(t)) })
}

// metadata is what the issuer says about itself.
func (r *run) metadata() map[string]any {
	r.Helper()
	a := r.browser.Do("GET", "/oidc/.well-known/openid-configuration", "")
	got := map[string]any{}
	if a.JSON(r, &got); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		r.Errorf("the metadata is a %d %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	return got
}

// discovery checks the metadata (OpenID Connect Discovery section 3). Endpoints
// are below the issuer, which in tests has no TLS.
func discovery(r *run) {
	got := r.metadata()
	if got["issuer"] != r.app.URL+"/oidc" {
		r.Errorf("the issuer is %v", got["issuer"])
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint", "revocation_endpoint"} {
		text, _ := got[name].(string)
		if u, err := url.Parse(text); err != nil || !strings.HasPrefix(text, r.app.URL+"/oidc/") || u.Fragment != "" {
			r.Errorf("%s is %v", name, got[name])
		}
	}
	for name, wanted := range map[string][]string{
		"response_types_supported":              {"code"},
		"response_modes_supported":              {"query", "form_post"},
		"subject_types_supported":               {"public"},
		"grant_types_supported":                 {"authorization_code", "refresh_token"},
		"id_token_signing_alg_values_supported": {"RS256"},
		"scopes_supported":                      {"openid", "profile", "email", "address", "phone", "offline_access"},
		"claims_supported":                      slices.Concat(claimsOf["openid"], claimsOf["profile"], claimsOf["email"], claimsOf["address"], claimsOf["phone"]),
		"token_endpoint_auth_methods_supported": {basic, post},
		"code_challenge_methods_supported":      {"S256"},
	} {
		for _, value := range wanted {
			if !slices.Contains(texts(got[name]), value) {
				r.Errorf("%s are %v, without %s", name, got[name], value)
			}
		}
		if slices.Contains(texts(got[name]), "none") && strings.HasSuffix(name, "_alg_values_supported") {
			r.Errorf("%s are %v", name, got[name])
		}
	}
	for name, want := range map[string]bool{
		"claims_parameter_supported": false, "request_parameter_supported": true, "request_uri_parameter_supported": false,
		"authorization_response_iss_parameter_supported": true,
	} {
		if got[name] != want {
			r.Errorf("%s is %v", name, got[name])
		}
	}
	publicKeys(r)
}

// publicKeys checks the key set (RFC 7517): keys to verify with, each with a name
// of its own, and nothing that signs.
func publicKeys(r *run) {
	set := r.keys()
	names := map[string]bool{}
	algorithms := []string{}
	for _, key := range set.Keys {
		if !key.IsPublic() || !key.Valid() || key.KeyID == "" || names[key.KeyID] || key.Use != "sig" {
			r.Errorf("the key %q: public %v, valid %v, use %q", key.KeyID, key.IsPublic(), key.Valid(), key.Use)
		}
		names[key.KeyID] = true
		algorithms = append(algorithms, key.Algorithm)
	}
	if !slices.Contains(algorithms, "RS256") {
		r.Errorf("the keys are for %v", algorithms)
	}
	raw := struct{ Keys []map[string]any }{}
	r.browser.Do("GET", "/oidc/jwks", "").JSON(r, &raw)
	for _, key := range raw.Keys {
		for _, secret := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, ok := key[secret]; ok {
				r.Errorf("the key %v has %s", key["kid"], secret)
			}
		}
	}
}

// texts are the members of a list of strings.
func texts(list any) []string {
	values, _ := list.([]any)
	var out []string
	for _, value := range values {
		if text, ok := value.(string); ok {
			out = append(out, text)
		}
	}
	return out
}
