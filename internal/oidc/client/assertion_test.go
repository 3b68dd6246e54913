package client_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt/jwttest"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	issuer        = "https://id.example/auth/oidc"
)

// pair is a private key with what a client publishes of it.
type pair struct {
	private any
	public  map[string]any
}

// pairs are keys for every family of algorithms, "own" twice with another id.
var pairs = sync.OnceValue(func() map[string]pair {
	own, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p521, _ := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	long, _ := rsa.GenerateKey(rand.Reader, 2048)
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	out := map[string]pair{}
	for id, private := range map[string]crypto.Signer{"own": own, "other": other, "p384": p384, "p521": p521, "rsa": long, "ed": edwards} {
		out[id] = pair{private, published(jose.JSONWebKey{Key: private.Public(), KeyID: id, Use: "sig"})}
	}
	return out
})

func published(key jose.JSONWebKey) map[string]any {
	raw, err := json.Marshal(key)
	if err != nil {
		panic(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}

func keySet(ids ...string) *application.KeySet {
	set := &application.KeySet{}
	for _, id := range ids {
		set.Keys = append(set.Keys, pairs()[id].public)
	}
	return set
}

type claims = map[string]any

// valid are claims that prove a client to be itself; changes replace some, nil
// leaves one out.
func valid(id string, changes claims) claims {
	out := claims{"iss": id, "sub": id, "aud": issuer, "exp": now/1000 + 60, "iat": now / 1000, "jti": rand.Text()}
	for name, value := range changes {
		if out[name] = value; value == nil {
			delete(out, name)
		}
	}
	return out
}

// sign returns a JWT; header are members of its header.
func sign(t testing.TB, alg string, key any, header map[string]any, payload any) string {
	t.Helper()
	if alg == "Ed25519" { // go-jose knows its older name alone
		body, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"Ed25519"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
		return head + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key.(ed25519.PrivateKey), []byte(head)))
	}
	return jwttest.Sign(t, alg, key, header, payload)
}

func own(t testing.TB, payload any) string {
	return sign(t, "ES256", pairs()["own"].private, nil, payload)
}

// asserted is a body with an assertion.
func asserted(assertion string, more ...string) proto.Params {
	return body(append([]string{"client_assertion", assertion, "client_assertion_type", assertionType}, more...)...)
}

// signers adds the clients "signs", which has private keys, "macs", which signs
// with its secrets, and "pinned", which has one algorithm.
func (w *world) signers(t testing.TB) (secret string) {
	t.Helper()
	w.create(t, application.Application{ID: "signs", Name: "Signs", Type: application.MachineToMachine, Custom: application.CustomMetadata{
		TokenEndpointAuthMethod: application.AuthPrivateKeyJWT, JWKS: keySet("own", "p384", "p521", "rsa", "ed"),
	}})
	w.create(t, application.Application{ID: "pinned", Name: "Pinned", Type: application.MachineToMachine, Custom: application.CustomMetadata{
		TokenEndpointAuthMethod: application.AuthPrivateKeyJWT, TokenEndpointAuthSigningAlg: "PS256", JWKS: keySet("rsa"),
	}})
	macs, secret := w.create(t, application.Application{ID: "macs", Name: "Macs", Type: application.MachineToMachine, Custom: application.CustomMetadata{
		TokenEndpointAuthMethod: application.AuthSecretJWT,
	}})
	w.tx(t, func(tx *db.Tx) error {
		past := int64(now)
		var err error
		w.expired, err = application.AddSecret(t.Context(), tx, now-1, w.ring, macs, "old", &past)
		return err
	})
	return secret
}

func TestAssertion(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		secret := w.signers(t)
		good := func(name, assertion, id, secretName string, more ...string) {
			t.Helper()
			c, err := w.authenticate("", asserted(assertion, more...))
			if err != nil || c.ID != id || c.SecretName != secretName || c.IsPublic() || !c.RequiresPKCE() {
				t.Errorf("%s: %v, %v", name, c, err)
			}
		}
		for alg, key := range map[string]string{
			"RS256": "rsa", "RS384": "rsa", "RS512": "rsa", "PS256": "rsa", "PS384": "rsa", "PS512": "rsa",
			"ES256": "own", "ES384": "p384", "ES512": "p521", "EdDSA": "ed", "Ed25519": "ed",
		} {
			good(alg, sign(t, alg, pairs()[key].private, nil, valid("signs", nil)), "signs", "")
		}
		good("its secret", sign(t, "HS256", []byte(secret), nil, valid("macs", nil)), "macs", "Default secret")
		good("pinned", sign(t, "PS256", pairs()["rsa"].private, nil, valid("pinned", nil)), "pinned", "")
		good("client_id too", own(t, valid("signs", nil)), "signs", "", "client_id", "signs")
		good("named key", sign(t, "ES256", pairs()["own"].private, claims{"kid": "own", "typ": "client-authentication+jwt"}, valid("signs", nil)), "signs", "")
		good("typ JWT", sign(t, "ES256", pairs()["own"].private, claims{"typ": "JWT"}, valid("signs", nil)), "signs", "")
		for name, changes := range map[string]claims{
			"for the token endpoint": {"aud": "https://id.example/auth/oidc/token"},
			"for both":               {"aud": []string{issuer, "https://id.example/auth/oidc/token"}},
			"from a slow clock":      {"exp": now/1000 - 14},
			"from a fast clock":      {"iat": now/1000 + 15, "nbf": now/1000 + 15},
			"for an hour":            {"exp": now/1000 + 3600},
			"without iat":            {"iat": nil},
			"in fractions":           {"exp": float64(now)/1000 + 30.5},
		} {
			good(name, own(t, valid("signs", changes)), "signs", "")
		}
	})
}

// Attacks 17, 19 and 21.
func TestAssertion_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		secret := w.signers(t)
		rsaPublic, err := json.Marshal(pairs()["rsa"].public)
		if err != nil {
			t.Fatal(err)
		}
		unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
			base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"signs","sub":"signs","aud":"`+issuer+`","exp":1800000060,"jti":"x"}`)) + "."
		whole := own(t, valid("signs", nil))
		evil := pairs()["other"]
		embedded := jose.JSONWebKey{Key: evil.private.(*ecdsa.PrivateKey).Public()}
		cases := map[string]string{
			"unsigned":                  unsigned,
			"signature cut off":         whole[:strings.LastIndexByte(whole, '.')+1],
			"another signature":         whole[:len(whole)-4] + "AAAA",
			"HMAC with the public key":  sign(t, "HS256", rsaPublic, nil, valid("signs", nil)),
			"HMAC with the secret":      sign(t, "HS256", []byte(secret), nil, valid("signs", nil)),
			"HMAC of no secret":         sign(t, "HS256", []byte(strings.Repeat("x", 32)), nil, valid("macs", nil)),
			"private key of an HMAC":    own(t, valid("macs", nil)),
			"another key":               sign(t, "ES256", evil.private, nil, valid("signs", nil)),
			"another key of that id":    sign(t, "ES256", evil.private, claims{"kid": "own"}, valid("signs", nil)),
			"own key of another id":     sign(t, "ES256", pairs()["own"].private, claims{"kid": "rsa"}, valid("signs", nil)),
			"an id that is a path":      sign(t, "ES256", pairs()["own"].private, claims{"kid": "../../dev/null"}, valid("signs", nil)),
			"embedded jwk":              sign(t, "ES256", evil.private, claims{"jwk": embedded}, valid("signs", nil)),
			"jku":                       sign(t, "ES256", evil.private, claims{"jku": "https://evil.example/jwks"}, valid("signs", nil)),
			"x5u":                       sign(t, "ES256", evil.private, claims{"x5u": "https://evil.example/x5u"}, valid("signs", nil)),
			"unknown crit":              sign(t, "ES256", pairs()["own"].private, claims{"crit": []string{"exp"}, "exp": 1}, valid("signs", nil)),
			"not the pinned algorithm":  sign(t, "RS256", pairs()["rsa"].private, nil, valid("pinned", nil)),
			"request object":            sign(t, "ES256", pairs()["own"].private, claims{"typ": "oauth-authz-req+jwt"}, valid("signs", nil)),
			"access token":              sign(t, "ES256", pairs()["own"].private, claims{"typ": "at+jwt"}, valid("signs", nil)),
			"a number as typ":           sign(t, "ES256", pairs()["own"].private, claims{"typ": 1}, valid("signs", nil)),
			"no object":                 own(t, []byte(`[]`)),
			"no JSON":                   own(t, []byte(`x`)),
			"a member twice":            own(t, []byte(`{"iss":"signs","sub":"signs","sub":"macs","aud":"`+issuer+`","exp":1800000060,"jti":"x"}`)),
			"members in capitals":       own(t, []byte(`{"ISS":"signs","SUB":"signs","AUD":"`+issuer+`","EXP":1800000060,"JTI":"x"}`)),
			"text":                      "x",
			"dots":                      strings.Repeat(".", 15_000),
			"huge":                      own(t, valid("signs", claims{"x": strings.Repeat("x", 20_000)})),
			"encrypted":                 "e30.e30.e30.e30.e30",
			"an application of secrets": own(t, valid("server", nil)),
			"a public application":      own(t, valid("spa", nil)),
		}
		for name, changes := range map[string]claims{
			"no iss": {"iss": nil}, "of another issuer": {"iss": "server"}, "about another": {"iss": "signs", "sub": "pinned"},
			"no aud": {"aud": nil}, "foreign aud": {"aud": "https://evil.example"}, "empty aud": {"aud": []string{}},
			"aud of others too": {"aud": []string{issuer, "https://evil.example"}}, "aud with a slash": {"aud": issuer + "/"},
			"aud of another tenant": {"aud": "https://id.example/admin/oidc"}, "aud is a number": {"aud": 1},
			"no exp": {"exp": nil}, "expired": {"exp": now/1000 - 15}, "too long": {"exp": now/1000 + 3600 + 16},
			"exp is text": {"exp": "1800000060"}, "exp is huge": {"exp": 1e300}, "exp is nearly huge": {"exp": 4.6e18},
			"nbf ahead": {"nbf": now/1000 + 16}, "iat ahead": {"iat": now/1000 + 16},
			"no jti": {"jti": nil}, "empty jti": {"jti": ""}, "jti is a number": {"jti": 1},
		} {
			cases[name] = own(t, valid("signs", changes))
		}
		for name, assertion := range cases {
			start := time.Now()
			_, err := w.authenticate("", asserted(assertion))
			if e, ok := errs.As(err); !ok || e.Status != 401 || e.Code != "oidc.invalid_client" || e.Detail != "client authentication failed" {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s takes %v", name, took)
			}
		}
		w.spent(t, 0)
	})
}

// What is wrong with the request, and not with the proof.
func TestAssertion_RefusesTheRequest(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	secret := w.signers(t)
	good := own(t, valid("signs", nil))
	const several = "client authentication must only be provided using one mechanism"
	for name, tc := range map[string]struct {
		authorization string
		params        proto.Params
		status        int
		detail        string
	}{
		"type missing":        {"", body("client_assertion", good), 400, "client_assertion_type must have the value " + assertionType},
		"another type":        {"", body("client_assertion", good, "client_assertion_type", assertionType+"x"), 400, "client_assertion_type must have the value " + assertionType},
		"type alone":          {"", body("client_assertion_type", assertionType, "client_id", "signs"), 400, "missing required parameter 'client_assertion'"},
		"beside a secret":     {"", asserted(good, "client_secret", "x"), 400, several},
		"beside Basic":        {basic("signs", "x"), asserted(good), 400, several},
		"another client_id":   {"", asserted(good, "client_id", "macs"), 400, "client_id mismatch"},
		"unknown client":      {"", asserted(own(t, valid("nobody", nil))), 400, "invalid client nobody"},
		"secret expired":      {"", asserted(sign(t, "HS256", []byte(w.expired), nil, valid("macs", nil))), 400, "client secret has expired"},
		"secret as it is":     {"", body("client_id", "macs", "client_secret", secret), 401, "client authentication failed"},
		"secret in Basic":     {basic("macs", secret), nil, 401, "client authentication failed"},
		"nothing but a name":  {"", body("client_id", "signs"), 401, "client authentication failed"},
		"a secret of signers": {"", body("client_id", "signs", "client_secret", "x"), 401, "client authentication failed"},
	} {
		_, err := w.authenticate(tc.authorization, tc.params)
		if e, ok := errs.As(err); !ok || e.Status != tc.status || e.Detail != tc.detail {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.spent(t, 0)
}

// spent asserts how many assertions are remembered.
func (w *world) spent(t *testing.T, want int) {
	t.Helper()
	n, err := db.One[int](t.Context(), w.tenant.DB, `SELECT count(*) FROM used_nonces WHERE tenant_id = $1`)
	if err != nil || n != want {
		t.Errorf("%d assertions are spent, want %d, %v", n, want, err)
	}
}

// Attack 19: an assertion counts once, on whichever of two processes it arrives
// and as long as it would be believed.
func TestAssertion_CountsOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		w.signers(t)
		nodes := []*client.Directory{w.directory, client.NewDirectory(p, client.Options{Ring: w.ring, Clock: w.clock.Now, Outbound: trusting()})}
		assertion := own(t, valid("signs", claims{"exp": now/1000 + 30}))
		outcomes := make([]error, 50)
		var group sync.WaitGroup
		for i := range outcomes {
			group.Go(func() {
				r := httptest.NewRequest("POST", "/oidc/token", nil)
				_, outcomes[i] = nodes[i%2].Authenticate(t.Context(), w.tenant, w.tenant.DB, now, r, asserted(assertion))
			})
		}
		group.Wait()
		accepted := 0
		for _, err := range outcomes {
			if e, ok := errs.As(err); err == nil {
				accepted++
			} else if !ok || e.Status != 401 {
				t.Error(err)
			}
		}
		if accepted != 1 {
			t.Errorf("accepted %d times", accepted)
		}
		w.spent(t, 1)
		w.clock.Advance(44 * time.Second) // expired, and still within the tolerance
		if _, err := w.authenticate("", asserted(assertion)); err == nil {
			t.Error("accepted again in the tolerance")
		}
		until, err := db.One[int64](t.Context(), w.tenant.DB, `SELECT expires_at FROM used_nonces WHERE tenant_id = $1`)
		if err != nil || until != now+45_000 {
			t.Errorf("remembered until %d, %v", until, err)
		}
		// Another client may use the same id.
		same := valid("pinned", claims{"jti": "same"})
		for _, a := range []string{own(t, valid("signs", claims{"jti": "same"})), sign(t, "PS256", pairs()["rsa"].private, nil, same)} {
			if _, err := w.authenticate("", asserted(a)); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzAssertion(f *testing.F) {
	w := setup(f, dbtest.SQLite(f))
	w.create(f, application.Application{ID: "signs", Name: "Signs", Type: application.MachineToMachine, Custom: application.CustomMetadata{
		TokenEndpointAuthMethod: application.AuthPrivateKeyJWT, JWKS: keySet("own", "rsa", "ed"),
	}})
	good := own(f, valid("signs", nil))
	if _, err := w.authenticate("", asserted(good)); err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(sign(f, "EdDSA", pairs()["ed"].private, claims{"kid": "ed"}, valid("signs", claims{"aud": 1})))
	f.Add("e30.e30.e30")
	// No one holds the keys, so nothing that comes of it may be accepted, and every
	// refusal is the client's fault.
	f.Fuzz(func(t *testing.T, assertion string) {
		_, err := w.authenticate("", asserted(assertion))
		if e, ok := errs.As(err); !ok || e.Status >= 500 {
			t.Fatalf("%q: %v", assertion, err)
		}
	})
}

func FuzzOpenRequest(f *testing.F) {
	w := setup(f, dbtest.SQLite(f))
	w.create(f, application.Application{ID: "signs", Name: "Signs", Type: application.MachineToMachine, Custom: application.CustomMetadata{JWKS: keySet("own", "rsa", "ed")}})
	c, err := w.directory.ByID(f.Context(), w.tenant, w.tenant.DB, "signs")
	if err != nil {
		f.Fatal(err)
	}
	good := own(f, valid("signs", claims{"sub": nil, "client_id": "signs", "state": "x"}))
	f.Add(good)
	f.Add(own(f, []byte(`{"iss":"signs","aud":["`+issuer+`"],"exp":1800000060,"max_age":1e3,"claims":{},"sub":1}`)))
	f.Add("e30.e30.e30")
	// Nobody else holds the keys: what is opened is a seed, with its parameters.
	f.Fuzz(func(t *testing.T, raw string) {
		object, err := w.directory.OpenRequest(t.Context(), c, raw, issuer, now)
		if e, ok := errs.As(err); err != nil && (!ok || e.Status != 400) {
			t.Fatalf("%q: %v", raw, err)
		}
		if err == nil && (object["state"] != "x" || len(object) != 2) {
			t.Fatalf("%q: %v", raw, object)
		}
	})
}
