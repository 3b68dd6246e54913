package oidcapi_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	first := w.do("GET", "/oidc/.well-known/openid-configuration", "", "Origin", "https://anybody.example")
	got := decode(t, first)
	for name, want := range map[string]any{
		"issuer":                                "https://id.example/auth/oidc",
		"authorization_endpoint":                "https://id.example/auth/oidc/auth",
		"token_endpoint":                        "https://id.example/auth/oidc/token",
		"userinfo_endpoint":                     "https://id.example/auth/oidc/me",
		"jwks_uri":                              "https://id.example/auth/oidc/jwks",
		"revocation_endpoint":                   "https://id.example/auth/oidc/token/revocation",
		"introspection_endpoint":                "https://id.example/auth/oidc/token/introspection",
		"pushed_authorization_request_endpoint": "https://id.example/auth/oidc/request",
		"end_session_endpoint":                  "https://id.example/auth/oidc/session/end",
		"response_types_supported":              []any{"code"},
		"response_modes_supported":              []any{"form_post", "fragment", "query"},
		"device_authorization_endpoint":         "https://id.example/auth/oidc/device/auth",
		"grant_types_supported":                 []any{"authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"},
		"code_challenge_methods_supported":      []any{"S256"},
		"subject_types_supported":               []any{"public"},
		"id_token_signing_alg_values_supported": []any{"ES384"},
		"token_endpoint_auth_methods_supported": []any{"client_secret_basic", "client_secret_jwt", "client_secret_post", "private_key_jwt", "none"},
		"token_endpoint_auth_signing_alg_values_supported": []any{
			"HS256", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"},
		"request_parameter_supported": true,
		"request_object_signing_alg_values_supported": []any{
			"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"},
		"require_pushed_authorization_requests":          false,
		"authorization_response_iss_parameter_supported": true,
		"claims_parameter_supported":                     false,
		"request_uri_parameter_supported":                false,
	} {
		if !reflect.DeepEqual(got[name], want) {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if scopes := got["scopes_supported"].([]any); scopes[0] != "openid" || scopes[1] != "offline_access" || scopes[2] != "profile" {
		t.Errorf("%v", scopes)
	}
	second := w.do("GET", "/oidc/.well-known/oauth-authorization-server", "")
	if second.Body.String() != first.Body.String() {
		t.Error("the two documents differ")
	}
	if first.Header().Get("Access-Control-Allow-Origin") != "https://anybody.example" || first.Header().Get("ETag") == "" {
		t.Errorf("%v", first.Header())
	}
	cached := w.do("GET", "/oidc/.well-known/openid-configuration", "", "If-None-Match", first.Header().Get("ETag"))
	if cached.Code != http.StatusNotModified || cached.Body.Len() != 0 {
		t.Errorf("%d %q", cached.Code, cached.Body)
	}
}

// A next key takes over at its time, without anybody writing anything.
func TestDiscovery_FollowsAKeyThatTakesOver(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	w.tx(func(tx *db.Tx) error {
		return token.StageSigningKey(w.ctx, tx, w.now(), w.now()+time.Minute.Milliseconds(), w.ring, key)
	})
	for _, want := range []string{"ES384", "EdDSA"} {
		got := decode(t, w.do("GET", "/oidc/.well-known/openid-configuration", ""))["id_token_signing_alg_values_supported"]
		if !reflect.DeepEqual(got, []any{want}) {
			t.Errorf("tells %v, want %s", got, want)
		}
		w.clock.Advance(time.Minute)
	}
}

// Every endpoint of the discovery document that this package serves is there.
func TestDiscovery_IsTrue(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	got := decode(t, w.do("GET", "/oidc/.well-known/openid-configuration", ""))
	for name, method := range map[string]string{"token_endpoint": "POST", "userinfo_endpoint": "GET", "jwks_uri": "GET", "revocation_endpoint": "POST", "introspection_endpoint": "POST", "device_authorization_endpoint": "POST", "pushed_authorization_request_endpoint": "POST"} {
		path := strings.TrimPrefix(got[name].(string), "https://id.example/auth")
		if rw := w.do(method, path, ""); rw.Code == http.StatusNotFound {
			t.Errorf("%s leads nowhere", name)
		}
	}
	// No client may have tokens in the front channel.
	if grants := got["grant_types_supported"].([]any); !reflect.DeepEqual(got["response_types_supported"], []any{"code"}) || slices.Contains(grants, any("implicit")) {
		t.Errorf("%v, %v", got["response_types_supported"], grants)
	}
}

func TestJWKS(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	rw := w.do("GET", "/oidc/jwks", "", "Origin", "https://anybody.example")
	keys := decode(t, rw)["keys"].([]any)
	key := keys[0].(map[string]any)
	if len(keys) != 1 || key["kty"] != "EC" || key["crv"] != "P-384" || key["use"] != "sig" || key["d"] != nil {
		t.Errorf("%v", keys)
	}
	if rw.Header().Get("Cache-Control") != "no-cache, max-age=0, must-revalidate" || rw.Header().Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("%v", rw.Header())
	}
	next, err := token.GenerateKey(token.ES384)
	if err != nil {
		t.Fatal(err)
	}
	w.tx(func(tx *db.Tx) error { return token.RotateSigningKey(w.ctx, tx, w.now(), w.ring, next) })
	if keys := decode(t, w.do("GET", "/oidc/jwks", ""))["keys"].([]any); len(keys) != 2 || keys[1].(map[string]any)["kid"] != key["kid"] {
		t.Errorf("the rotation is not seen at once: %v", keys)
	}
}

func TestUnknownRoute(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	for _, tc := range []struct{ method, path, description string }{
		{"GET", "/oidc/nonexistent", "unrecognized route or not allowed method (GET on /nonexistent)"},
		{"GET", "/oidc/token", "unrecognized route or not allowed method (GET on /token)"},
		{"PUT", "/oidc/me", "unrecognized route or not allowed method (PUT on /me)"},
		{"DELETE", "/oidc/jwks", "unrecognized route or not allowed method (DELETE on /jwks)"},
		{"OPTIONS", "/oidc/token", "unrecognized route or not allowed method (OPTIONS on /token)"},
	} {
		fails(t, tc.method+" "+tc.path, w.do(tc.method, tc.path, ""), 404, "invalid_request", tc.description)
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		_, refresh, _ := w.tokens("server", "openid offline_access email")
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("server:"+w.secret))
		rw := w.post("/oidc/token", form("grant_type", "refresh_token", "refresh_token", refresh), "Authorization", basic)
		got := decode(t, rw)
		if rw.Code != 200 || got["token_type"] != "Bearer" || got["expires_in"] != 3600.0 || got["scope"] != "openid offline_access email" ||
			got["refresh_token"] != refresh || got["id_token"] == nil || rw.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v %v", rw.Code, got, rw.Header())
		}
		body, err := json.Marshal(map[string]string{"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "server", "client_secret": w.secret})
		if err != nil {
			t.Fatal(err)
		}
		if rw := w.do("POST", "/oidc/token", string(body), "Content-Type", "application/json"); rw.Code != 200 {
			t.Errorf("JSON: %d %s", rw.Code, rw.Body)
		}
	})
}

func TestToken_Errors(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	_, refresh, grantID := w.tokens("server", "openid")
	fails(t, "no client", w.post("/oidc/token", form("grant_type", "refresh_token")), 400, "invalid_request", "no client authentication mechanism provided")
	fails(t, "unknown client", w.post("/oidc/token", form("client_id", "nobody")), 400, "invalid_client", "invalid client nobody")
	fails(t, "no grant type", w.post("/oidc/token", form("client_id", "spa")), 400, "invalid_request", "missing required parameter 'grant_type'")
	fails(t, "repeated", w.do("POST", "/oidc/token", "client_id=spa&client_id=spa"), 400, "invalid_request", "'client_id' parameter must not be provided twice")
	fails(t, "not a form", w.do("POST", "/oidc/token", "x", "Content-Type", "text/plain"), 400, "invalid_request",
		"only application/x-www-form-urlencoded content-type bodies are supported on POST /token")
	fails(t, "too large", w.do("POST", "/oidc/token", "a="+strings.Repeat("x", 60<<10)), 413, "invalid_request", "")
	wrong := w.post("/oidc/token", form("grant_type", "refresh_token", "refresh_token", refresh), "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("server:wrong")))
	fails(t, "wrong secret", wrong, 401, "invalid_client", "client authentication failed")
	if wrong.Header().Get("WWW-Authenticate") != `Basic realm="https://id.example/auth/oidc"` {
		t.Errorf("%v", wrong.Header())
	}
	if w.isRevoked(grantID) {
		t.Error("a failed request revoked the grant")
	}
}

// A script of an origin that is not the client's gets no tokens, and nothing is
// minted or spent.
func TestToken_CORS(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		_, refresh, _ := w.tokens("spa", "openid")
		send := form("grant_type", "refresh_token", "refresh_token", refresh, "client_id", "spa")
		foreign := w.post("/oidc/token", send, "Origin", "https://evil.example")
		fails(t, "foreign origin", foreign, 400, "invalid_request", "origin https://evil.example not allowed for client: spa")
		if foreign.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Error("the script can read the answer")
		}
		for _, origin := range []string{"https://app.example", "https://id.example"} {
			rw := w.post("/oidc/token", send, "Origin", origin)
			if rw.Code != 200 || rw.Header().Get("Access-Control-Allow-Origin") != origin {
				t.Errorf("%s: %d %v", origin, rw.Code, rw.Header())
			}
			send.Set("refresh_token", decode(t, rw)["refresh_token"].(string))
		}
		preflight := w.do("OPTIONS", "/oidc/token", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
		if preflight.Code != 204 || preflight.Header().Get("Access-Control-Allow-Headers") != "authorization" || preflight.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%d %v", preflight.Code, preflight.Header())
		}
	})
}

func TestUserinfo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		access, _, _ := w.tokens("spa", "openid profile email custom_data identities roles")
		want := map[string]any{
			"sub": "user00000001", "name": nil, "picture": nil, "username": "robin", "preferred_username": "robin",
			"created_at": 1_800_000_000_000.0, "updated_at": 1_800_000_000_000.0, "email": "robin@example.com", "email_verified": true,
			"custom_data": map[string]any{"plan": "gold"}, "identities": map[string]any{}, "sso_identities": []any{}, "roles": []any{},
		}
		for name, rw := range map[string]*struct{ method, body, header string }{
			"GET": {"GET", "", "Bearer " + access}, "POST": {"POST", "", "Bearer " + access}, "lower case": {"GET", "", "bearer " + access},
			"in the body": {"POST", "access_token=" + access, ""},
		} {
			var header []string
			if rw.header != "" {
				header = []string{"Authorization", rw.header}
			}
			answer := w.do(rw.method, "/oidc/me", rw.body, header...)
			if got := decode(t, answer); answer.Code != 200 || !reflect.DeepEqual(got, want) || answer.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %v", name, answer.Code, got)
			}
		}
	})
}

// Attacks 15 and 18: nothing but a living access token opens userinfo.
func TestUserinfo_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		access, refresh, _ := w.tokens("spa", "openid")
		idToken := decode(t, w.post("/oidc/token", form("grant_type", "refresh_token", "refresh_token", refresh, "client_id", "spa")))["id_token"].(string)
		for name, value := range map[string]string{
			"truncated": access[:42], "extended": access + "A", "bit flipped": string(access[0]^1) + access[1:], "refresh token": refresh, "ID token": idToken, "nonsense": "x",
		} {
			rw := w.do("GET", "/oidc/me", "", "Authorization", "Bearer "+value)
			fails(t, name, rw, 401, "invalid_token", "invalid token provided")
			if !strings.HasPrefix(rw.Header().Get("WWW-Authenticate"), `Bearer realm="https://id.example/auth/oidc", error="invalid_token"`) {
				t.Errorf("%s: %v", name, rw.Header())
			}
		}
		fails(t, "none", w.do("GET", "/oidc/me", ""), 401, "invalid_token", "no access token provided")
		fails(t, "in the query", w.do("GET", "/oidc/me?access_token="+access, ""), 401, "invalid_token", "no access token provided")
		fails(t, "another scheme", w.do("GET", "/oidc/me", "", "Authorization", "Basic "+access), 401, "invalid_token", "")
		fails(t, "twice", w.do("POST", "/oidc/me", "access_token="+access, "Authorization", "Bearer "+access), 400, "invalid_request", "")
		fails(t, "foreign origin", w.do("GET", "/oidc/me", "", "Authorization", "Bearer "+access, "Origin", "https://evil.example"), 400, "invalid_request",
			"origin https://evil.example not allowed for client: spa")
		plain, _, _ := w.tokens("spa", "profile")
		rw := w.do("GET", "/oidc/me", "", "Authorization", "Bearer "+plain)
		fails(t, "without openid", rw, 403, "insufficient_scope", "access token missing openid scope")
		if body := decode(t, rw); body["scope"] != "openid" {
			t.Errorf("%v", body)
		}
	})
}

// A token of an application that was deleted is worth nothing.
func TestUserinfo_ApplicationGone(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	access, _, _ := w.tokens("vanished", "openid")
	fails(t, "gone", w.do("GET", "/oidc/me", "", "Authorization", "Bearer "+access), 401, "invalid_token", "")
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		for _, which := range []string{"access", "refresh"} {
			access, refresh, grantID := w.tokens("spa", "openid")
			value := map[string]string{"access": access, "refresh": refresh}[which]
			rw := w.post("/oidc/token/revocation", form("token", value, "client_id", "spa", "token_type_hint", "nonsense"))
			if rw.Code != 200 || rw.Body.Len() != 0 || !w.isRevoked(grantID) {
				t.Errorf("%s: %d %q", which, rw.Code, rw.Body)
			}
			fails(t, "userinfo", w.do("GET", "/oidc/me", "", "Authorization", "Bearer "+access), 401, "invalid_token", "")
			fails(t, "refresh", w.post("/oidc/token", form("grant_type", "refresh_token", "refresh_token", refresh, "client_id", "spa")), 400, "invalid_grant", "grant request is invalid")
			if rw := w.post("/oidc/token/revocation", form("token", value, "client_id", "spa")); rw.Code != 200 {
				t.Errorf("again: %d", rw.Code)
			}
		}
	})
}

// Attack 9: nobody revokes what belongs to another client.
func TestRevocation_OfForeignTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		_, refresh, grantID := w.tokens("spa", "openid")
		if rw := w.post("/oidc/token/revocation", form("token", refresh, "client_id", "other")); rw.Code != 200 {
			t.Errorf("public: %d %s", rw.Code, rw.Body)
		}
		fails(t, "confidential", w.post("/oidc/token/revocation", form("token", refresh, "client_id", "server", "client_secret", w.secret)), 400, "invalid_request", "")
		fails(t, "unauthenticated", w.post("/oidc/token/revocation", form("token", refresh, "client_id", "server")), 401, "invalid_client", "")
		fails(t, "no token", w.post("/oidc/token/revocation", form("client_id", "spa")), 400, "invalid_request", "missing required parameter 'token'")
		fails(t, "a JWT", w.post("/oidc/token/revocation", form("token", "a.b.c", "client_id", "spa")), 400, "unsupported_token_type", "")
		if rw := w.post("/oidc/token/revocation", form("token", "unknown", "client_id", "spa")); rw.Code != 200 {
			t.Errorf("unknown: %d %s", rw.Code, rw.Body)
		}
		if w.isRevoked(grantID) {
			t.Error("revoked by a stranger")
		}
	})
}

// Attack 16: a revocation that could not be stored does not claim to be done.
func TestRevocation_StorageError(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	_, refresh, grantID := w.tokens("spa", "openid")
	if _, err := w.tenant.DB.Pool().Across().Exec(w.ctx,
		`CREATE TRIGGER broken BEFORE UPDATE ON grants BEGIN SELECT RAISE(ABORT, 'broken'); END`); err != nil {
		t.Fatal(err)
	}
	rw := w.post("/oidc/token/revocation", form("token", refresh, "client_id", "spa"))
	fails(t, "storage error", rw, 500, "server_error", "oops! something went wrong")
	if w.isRevoked(grantID) || strings.Contains(rw.Body.String(), "broken") {
		t.Errorf("%s", rw.Body)
	}
}

func TestRoutes_AnswerHEAD(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	// HEAD is answered wherever GET is (RFC 9110 section 9.3.2).
	for _, path := range []string{"/oidc/jwks", "/oidc/.well-known/openid-configuration"} {
		if rw := w.do("HEAD", path, ""); rw.Code != http.StatusOK {
			t.Errorf("HEAD %s: %d", path, rw.Code)
		}
	}
}

func BenchmarkUserinfo(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.Pool{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := setup(b, open(b))
			access, _, _ := w.tokens("spa", "openid profile email")
			for b.Loop() {
				if rw := w.do("GET", "/oidc/me", "", "Authorization", "Bearer "+access); rw.Code != 200 {
					b.Fatal(rw.Code)
				}
			}
		})
	}
}

func BenchmarkDiscovery(b *testing.B) {
	w := setup(b, dbtest.SQLite(b))
	for b.Loop() {
		if rw := w.do("GET", "/oidc/.well-known/openid-configuration", ""); rw.Code != 200 {
			b.Fatal(rw.Code)
		}
	}
}
