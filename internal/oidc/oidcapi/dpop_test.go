package oidcapi_test

import (
	"context"
	"maps"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/dpop/dpoptest"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/settings"
)

const endpoint = "https://id.example/auth"

// bound starts a tenant that binds tokens to keys.
func bound(t testing.TB, p *db.Pool) *world {
	t.Helper()
	w := setup(t, p)
	w.dpop(settings.DPoP{Enabled: true})
	return w
}

// eachBound runs a test with such a tenant on both databases.
func eachBound(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) { run(t, bound(t, p)) })
}

func (w *world) dpop(c settings.DPoP) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error { return settings.PutDPoP(w.ctx, tx, w.now(), c) })
}

// proof is one for a path, with claims in place of the right ones.
func (w *world) proof(key *dpoptest.Key, method, path string, claims ...map[string]any) string {
	all := map[string]any{}
	for _, c := range claims {
		maps.Copy(all, c)
	}
	return key.Proof(method, endpoint+path, w.now(), all)
}

func (w *world) refresh(value string, header ...string) *httptest.ResponseRecorder {
	return w.post("/oidc/token", form("grant_type", "refresh_token", "refresh_token", value, "client_id", "spa"), header...)
}

// The reference knows no proofs: where a tenant has not switched them on, a
// header, good or bad, changes nothing.
func TestDPoP_SwitchedOffMeansNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	key := dpoptest.New(t)
	_, refresh, _ := w.tokens("spa", "openid")
	for _, header := range []string{w.proof(key, "POST", "/oidc/token"), "rubbish"} {
		got := decode(t, w.refresh(refresh, "DPoP", header))
		if got["token_type"] != "Bearer" {
			t.Fatalf("%v", got)
		}
		refresh = got["refresh_token"].(string)
		if rw := w.do("GET", "/oidc/me", "", "Authorization", "Bearer "+got["access_token"].(string)); rw.Code != 200 {
			t.Errorf("userinfo: %d %s", rw.Code, rw.Body)
		}
	}
	if got := decode(t, w.do("GET", "/oidc/.well-known/openid-configuration", "")); got["dpop_signing_alg_values_supported"] != nil {
		t.Error("it is advertised")
	}
	w.dpop(settings.DPoP{Enabled: true})
	got := decode(t, w.do("GET", "/oidc/.well-known/openid-configuration", ""))
	if algs, _ := got["dpop_signing_alg_values_supported"].([]any); len(algs) != 5 || algs[0] != "ES256" {
		t.Errorf("advertised: %v", got["dpop_signing_alg_values_supported"])
	}
	// And who sends none notices nothing.
	if got := decode(t, w.refresh(refresh)); got["token_type"] != "Bearer" {
		t.Errorf("%v", got)
	}
}

// RFC 9449 section 5: tokens of a public client are bound, the refresh token too.
func TestDPoP_BindsTheTokensOfAPublicClient(t *testing.T) {
	t.Parallel()
	eachBound(t, func(t *testing.T, w *world) {
		key, other := dpoptest.New(t), dpoptest.New(t)
		_, refresh, _ := w.tokens("spa", "openid")
		got := decode(t, w.refresh(refresh, "DPoP", w.proof(key, "POST", "/oidc/token")))
		next, _ := got["refresh_token"].(string)
		if got["token_type"] != "DPoP" || next == "" || next == refresh {
			t.Fatalf("%v", got)
		}
		for name, header := range map[string][]string{
			"no proof": nil, "another key": {"DPoP", w.proof(other, "POST", "/oidc/token")},
		} {
			fails(t, name, w.refresh(next, header...), 400, "invalid_grant", "grant request is invalid")
		}
		again := decode(t, w.refresh(next, "DPoP", w.proof(key, "POST", "/oidc/token")))
		if again["token_type"] != "DPoP" {
			t.Fatalf("the refusals have spent the token: %v", again)
		}
		for kind, value := range map[string]any{"access": again["access_token"], "refresh": again["refresh_token"]} {
			told := decode(t, w.post("/oidc/token/introspection", form("client_id", "spa", "token", value.(string))))
			jkt, _ := told["cnf"].(map[string]any)
			if told["active"] != true || jkt["jkt"] != key.Thumbprint || kind == "access" && told["token_type"] != "DPoP" {
				t.Errorf("%s: %v", kind, told)
			}
		}
	})
}

// The refresh token of a client with a secret is bound to that secret.
func TestDPoP_BindsNoRefreshTokenOfAConfidentialClient(t *testing.T) {
	t.Parallel()
	w := bound(t, dbtest.SQLite(t))
	_, refresh, _ := w.tokens("server", "openid")
	send := form("grant_type", "refresh_token", "refresh_token", refresh, "client_id", "server", "client_secret", w.secret)
	for range 2 {
		if got := decode(t, w.post("/oidc/token", send, "DPoP", w.proof(dpoptest.New(t), "POST", "/oidc/token"))); got["token_type"] != "DPoP" {
			t.Errorf("%v", got)
		}
	}
	if got := decode(t, w.post("/oidc/token", send)); got["token_type"] != "Bearer" {
		t.Errorf("%v", got)
	}
}

// A proof that is not in order is worse than none, and spends nothing.
func TestDPoP_BadProofAtTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	w := bound(t, dbtest.SQLite(t))
	key := dpoptest.New(t)
	_, refresh, grantID := w.tokens("spa", "openid")
	for name, header := range map[string]string{
		"rubbish":        "x",
		"another method": w.proof(key, "GET", "/oidc/token"),
		"another path":   w.proof(key, "POST", "/oidc/me"),
		"host header":    key.Proof("POST", "https://example.com/oidc/token", w.now(), nil),
		"old":            key.Proof("POST", endpoint+"/oidc/token", w.now()-61_000, nil),
	} {
		fails(t, name, w.refresh(refresh, "DPoP", header), 400, "invalid_dpop_proof", "")
	}
	// The client must have proved to be itself before a proof is spent.
	proof := w.proof(key, "POST", "/oidc/token")
	fails(t, "wrong secret", w.post("/oidc/token", form("grant_type", "refresh_token", "refresh_token", refresh,
		"client_id", "server", "client_secret", "wrong"), "DPoP", proof), 401, "invalid_client", "")
	if rw := w.refresh(refresh, "DPoP", proof); rw.Code != 200 || w.isRevoked(grantID) {
		t.Errorf("%d %s", rw.Code, rw.Body)
	}
}

// A key that is stolen with its token, a token without its key: neither opens
// userinfo (RFC 9449 section 7).
func TestDPoP_BoundTokenAtUserinfo(t *testing.T) {
	t.Parallel()
	eachBound(t, func(t *testing.T, w *world) {
		key, other := dpoptest.New(t), dpoptest.New(t)
		unbound, refresh, _ := w.tokens("spa", "openid")
		access := decode(t, w.refresh(refresh, "DPoP", w.proof(key, "POST", "/oidc/token")))["access_token"].(string)
		about := dpoptest.About(access)
		used := w.proof(key, "GET", "/oidc/me", about)
		if rw := w.do("GET", "/oidc/me", "", "Authorization", "DPoP "+access, "DPoP", used); rw.Code != 200 {
			t.Fatalf("%d %s", rw.Code, rw.Body)
		}
		for name, tc := range map[string]struct{ scheme, token, proof, code string }{
			"as bearer":             {"Bearer", access, "", "invalid_token"},
			"as bearer, with proof": {"Bearer", access, w.proof(key, "GET", "/oidc/me", about), "invalid_token"},
			"without proof":         {"DPoP", access, "", "invalid_dpop_proof"},
			"another key":           {"DPoP", access, w.proof(other, "GET", "/oidc/me", about), "invalid_token"},
			"about nothing":         {"DPoP", access, w.proof(key, "GET", "/oidc/me"), "invalid_dpop_proof"},
			"about another token":   {"DPoP", access, w.proof(key, "GET", "/oidc/me", dpoptest.About(unbound)), "invalid_dpop_proof"},
			"for another endpoint":  {"DPoP", access, w.proof(key, "GET", "/oidc/jwks", about), "invalid_dpop_proof"},
			"used before":           {"DPoP", access, used, "invalid_dpop_proof"},
			"an unbound token":      {"DPoP", unbound, w.proof(key, "GET", "/oidc/me", dpoptest.About(unbound)), "invalid_token"},
		} {
			header := []string{"Authorization", tc.scheme + " " + tc.token}
			if tc.proof != "" {
				header = append(header, "DPoP", tc.proof)
			}
			rw := w.do("GET", "/oidc/me", "", header...)
			fails(t, name, rw, 401, tc.code, "")
			challenge := rw.Header().Get("WWW-Authenticate")
			if !strings.HasPrefix(challenge, `DPoP error="`+tc.code+`"`) || !strings.Contains(challenge, `algs="ES256 `) {
				t.Errorf("%s: challenge %q", name, challenge)
			}
		}
		fails(t, "in the body", w.post("/oidc/me", form("access_token", access)), 401, "invalid_token", "")
		// Switching proofs off gives nobody else's token away.
		w.dpop(settings.DPoP{})
		fails(t, "switched off", w.do("GET", "/oidc/me", "", "Authorization", "Bearer "+access), 401, "invalid_token", "")
		if rw := w.do("GET", "/oidc/me", "", "Authorization", "dpop "+access, "DPoP", w.proof(key, "GET", "/oidc/me", about)); rw.Code != 200 {
			t.Errorf("switched off: %d %s", rw.Code, rw.Body)
		}
	})
}

// Fifty requests with one proof: one is answered, on whichever node it arrives.
func TestDPoP_FiftyParallelUsesOfAProofYieldOneAnswer(t *testing.T) {
	t.Parallel()
	eachBound(t, func(t *testing.T, w *world) {
		key := dpoptest.New(t)
		_, refresh, _ := w.tokens("spa", "openid")
		access := decode(t, w.refresh(refresh, "DPoP", w.proof(key, "POST", "/oidc/token")))["access_token"].(string)
		proof := w.proof(key, "GET", "/oidc/me", dpoptest.About(access))
		codes := make([]int, 50)
		var group sync.WaitGroup
		for i := range codes {
			group.Go(func() {
				codes[i] = w.do("GET", "/oidc/me", "", "Authorization", "DPoP "+access, "DPoP", proof).Code
			})
		}
		group.Wait()
		count := map[int]int{}
		for _, code := range codes {
			count[code]++
		}
		if count[200] != 1 || count[401] != 49 {
			t.Errorf("%v", count)
		}
	})
}

// RFC 9449 sections 8 and 9: a tenant may demand its own nonce in every proof.
func TestDPoP_Nonce(t *testing.T) {
	t.Parallel()
	w := bound(t, dbtest.SQLite(t))
	w.dpop(settings.DPoP{Enabled: true, NonceRequired: true})
	key := dpoptest.New(t)
	_, refresh, _ := w.tokens("spa", "openid")
	first := w.refresh(refresh, "DPoP", w.proof(key, "POST", "/oidc/token"), "Origin", "https://app.example")
	fails(t, "no nonce", first, 400, "use_dpop_nonce", "")
	nonce := first.Header().Get("DPoP-Nonce")
	if nonce == "" || first.Header().Get("Access-Control-Expose-Headers") != "*" {
		t.Fatalf("%v", first.Header())
	}
	if strings.Contains(first.Body.String(), "data") {
		t.Errorf("%s", first.Body)
	}
	with := func(n string) map[string]any { return map[string]any{"nonce": n} }
	fails(t, "a nonce of their own", w.refresh(refresh, "DPoP", w.proof(key, "POST", "/oidc/token", with("mine"))), 400, "use_dpop_nonce", "")
	second := w.refresh(refresh, "DPoP", w.proof(key, "POST", "/oidc/token", with(nonce)))
	if second.Code != 200 || second.Header().Get("DPoP-Nonce") != nonce {
		t.Fatalf("%d %s %v", second.Code, second.Body, second.Header())
	}
	access := decode(t, second)["access_token"].(string)
	at := func(nonce string) *httptest.ResponseRecorder {
		return w.do("GET", "/oidc/me", "", "Authorization", "DPoP "+access, "DPoP", w.proof(key, "GET", "/oidc/me", dpoptest.About(access), with(nonce)))
	}
	if rw := at(nonce); rw.Code != 200 {
		t.Errorf("userinfo: %d %s", rw.Code, rw.Body)
	}
	w.clock.Advance(2 * time.Minute)
	if rw := at(nonce); rw.Code != 200 {
		t.Errorf("the one before: %d %s", rw.Code, rw.Body)
	}
	w.clock.Advance(2 * time.Minute)
	late := at(nonce)
	fails(t, "too old", late, 401, "use_dpop_nonce", "")
	if now := late.Header().Get("DPoP-Nonce"); now == "" || now == nonce || !strings.HasPrefix(late.Header().Get("WWW-Authenticate"), `DPoP error="use_dpop_nonce"`) {
		t.Errorf("%v", late.Header())
	}
	if rw := w.refresh(decode(t, second)["refresh_token"].(string)); rw.Code != 400 || rw.Header().Get("DPoP-Nonce") != "" {
		t.Errorf("without a proof: %d %v", rw.Code, rw.Header())
	}
}

// RFC 9449 section 5.2: an application may demand proofs of itself, also where
// the tenant has not switched them on.
func TestDPoP_DemandedByTheApplication(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	key, yes := dpoptest.New(t), true
	w.tx(func(tx *db.Tx) error {
		_, _, err := application.Create(w.ctx, tx, w.now(), w.ring, application.Application{
			ID: "strict", Name: "Strict", Type: application.SPA, OIDC: application.ClientMetadata{RedirectURIs: []string{redirectURI}},
			Custom: application.CustomMetadata{DPoPBoundAccessTokens: &yes},
		})
		return err
	})
	_, refresh, grantID := w.tokens("strict", "openid")
	send := form("grant_type", "refresh_token", "refresh_token", refresh, "client_id", "strict")
	fails(t, "no proof", w.post("/oidc/token", send), 400, "invalid_dpop_proof", "DPoP proof is required")
	fails(t, "rubbish", w.post("/oidc/token", send, "DPoP", "x"), 400, "invalid_dpop_proof", "")
	if w.isRevoked(grantID) {
		t.Error("a refusal revoked the grant")
	}
	if got := decode(t, w.post("/oidc/token", send, "DPoP", w.proof(key, "POST", "/oidc/token"))); got["token_type"] != "DPoP" {
		t.Errorf("%v", got)
	}
}

// RFC 9449 section 10.1: a request that is sent ahead with a proof yields a code
// for the holder of that key.
func TestDPoP_PushedRequestBindsTheCode(t *testing.T) {
	t.Parallel()
	eachBound(t, func(t *testing.T, w *world) {
		key, other := dpoptest.New(t), dpoptest.New(t)
		send := form("client_id", "spa", "response_type", "code", "redirect_uri", redirectURI, "scope", "openid",
			"code_challenge", strings.Repeat("c", 43), "code_challenge_method", "S256")
		kept := func(rw *httptest.ResponseRecorder) string {
			t.Helper()
			if rw.Code != 201 {
				t.Fatalf("%d %s", rw.Code, rw.Body)
			}
			params, err := db.One[db.JSON[map[string][]string]](context.Background(), w.tenant.DB,
				`SELECT params FROM pushed_requests WHERE tenant_id = $1 ORDER BY expires_at DESC LIMIT 1`)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(params.V["dpop_jkt"], " ")
		}
		if got := kept(w.post("/oidc/request", send)); got != "" {
			t.Errorf("without a proof: %q", got)
		}
		w.clock.Advance(time.Second)
		if got := kept(w.post("/oidc/request", send, "DPoP", w.proof(key, "POST", "/oidc/request"))); got != key.Thumbprint {
			t.Errorf("with a proof: %q", got)
		}
		fails(t, "rubbish", w.post("/oidc/request", send, "DPoP", "x"), 400, "invalid_dpop_proof", "")
		send.Set("dpop_jkt", other.Thumbprint)
		fails(t, "two keys", w.post("/oidc/request", send, "DPoP", w.proof(key, "POST", "/oidc/request")), 400, "invalid_dpop_proof", "")
		send.Set("dpop_jkt", "short")
		fails(t, "no thumbprint", w.post("/oidc/request", send), 400, "invalid_request", "dpop_jkt must be a SHA-256 JWK thumbprint")
		w.clock.Advance(time.Second)
		send.Set("dpop_jkt", key.Thumbprint)
		if got := kept(w.post("/oidc/request", send, "DPoP", w.proof(key, "POST", "/oidc/request"))); got != key.Thumbprint {
			t.Errorf("with both: %q", got)
		}
	})
}

// A code that is stolen on its way is worth nothing without the key that it is
// bound to, and the theft does not spend it.
func TestDPoP_CodeNeedsItsKey(t *testing.T) {
	t.Parallel()
	eachBound(t, func(t *testing.T, w *world) {
		key, other := dpoptest.New(t), dpoptest.New(t)
		_, _, grantID := w.tokens("server", "openid")
		var code string
		w.tx(func(tx *db.Tx) error {
			g, err := token.LockGrant(w.ctx, tx, w.now(), grantID)
			if err != nil {
				return err
			}
			code, err = token.IssueCode(w.ctx, tx, w.now(), g, token.Code{
				Approval:    token.Approval{ClientID: "server", Scope: "openid offline_access", AuthTime: w.now()},
				RedirectURI: redirectURI, KeyThumbprint: &key.Thumbprint,
			})
			return err
		})
		send := form("grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI, "client_id", "server", "client_secret", w.secret)
		fails(t, "no proof", w.post("/oidc/token", send), 400, "invalid_grant", "grant request is invalid")
		fails(t, "another key", w.post("/oidc/token", send, "DPoP", w.proof(other, "POST", "/oidc/token")), 400, "invalid_grant", "grant request is invalid")
		if w.isRevoked(grantID) {
			t.Error("a refusal revoked the grant")
		}
		if got := decode(t, w.post("/oidc/token", send, "DPoP", w.proof(key, "POST", "/oidc/token"))); got["token_type"] != "DPoP" {
			t.Errorf("%v", got)
		}
	})
}
