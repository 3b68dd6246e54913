package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// Every kind of key signs what it verifies.
func TestAccess_RoundTrip(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		keys := w.seedKeys()
		for _, algorithm := range []string{token.ES384, token.RS256} {
			w.rotate(algorithm, false)
			set := w.set(keys)
			scope := "all"
			raw, err := set.SignAccess(token.AccessJWT{
				Issuer: issuer, Subject: userID, Audience: "https://api.example", ClientID: "app", Scope: &scope, IssuedAt: now, TTL: time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := set.VerifyAccess(raw, issuer)
			want := token.AccessClaims{Subject: userID, Audience: "https://api.example", ClientID: "app", Scope: "all", ExpiresAt: now + 3_600_000}
			if err != nil || *got != want {
				t.Errorf("%s: %+v, %v", algorithm, got, err)
			}
			if got := token.IssuerOf(raw); got != issuer {
				t.Errorf("issuer %q", got)
			}
			if _, err := set.VerifyAccess(raw, "https://other.example/oidc"); err == nil {
				t.Error("another issuer")
			}
			if _, err := set.VerifyAccess(sign(t, set), issuer); err == nil {
				t.Error("an ID token passes")
			}
			if _, err := set.VerifyHint(raw, issuer); err == nil {
				t.Error("it passes as an ID token")
			}
		}
	})
}

// forged is a key with tokens that claim to be signed with it.
type forged struct {
	t   *testing.T
	key *ecdsa.PrivateKey
}

// make signs claims under a header, with the right key unless told otherwise.
func (f forged) make(change func(header, claims map[string]any)) string {
	f.t.Helper()
	header := map[string]any{"typ": "at+jwt"}
	claims := map[string]any{
		"iss": issuer, "sub": userID, "aud": "https://api.example", "client_id": "app", "scope": "all", "iat": now / 1000, "exp": now/1000 + 60,
	}
	change(header, claims)
	options := &jose.SignerOptions{}
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: jose.JSONWebKey{Key: f.key, KeyID: "k"}}, options)
	if err != nil {
		f.t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		f.t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		f.t.Fatal(err)
	}
	return raw
}

// reheaded returns a token with another header and signature.
func reheaded(raw, header, signature string) string {
	parts := strings.Split(raw, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "." + signature
}

// Attacks 17, 18 and 21: no algorithm but the key's, no key but ours, no token
// but an access token, and nothing that takes long to refuse.
func TestAccess_RefusesForgeries(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := token.KeySetOf(t, key, token.ES384)
	f := forged{t, key}
	good := f.make(func(_, _ map[string]any) {})
	if _, err := set.VerifyAccess(good, issuer); err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	hs, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: der}, (&jose.SignerOptions{}).WithType("at+jwt").WithHeader("kid", "k"))
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(good, ".")[1])
	signedHS, err := hs.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	confused, _ := signedHS.CompactSerialize()
	signature := strings.Split(good, ".")[2]
	for name, raw := range map[string]string{
		"empty":                      "",
		"opaque":                     strings.Repeat("A", 43),
		"alg none":                   reheaded(good, `{"alg":"none","typ":"at+jwt","kid":"k"}`, ""),
		"alg none, signed":           reheaded(good, `{"alg":"none","typ":"at+jwt","kid":"k"}`, signature),
		"HS256 with the public key":  confused,
		"another key":                forged{t, other}.make(func(_, _ map[string]any) {}),
		"a key that it brings along": forged{t, other}.make(func(h, _ map[string]any) { h["jwk"] = jose.JSONWebKey{Key: other.Public()} }),
		"an unknown crit":            f.make(func(h, _ map[string]any) { h["crit"], h["x"] = []string{"x"}, true }),
		"no typ":                     f.make(func(h, _ map[string]any) { delete(h, "typ") }),
		"typ of an ID token":         f.make(func(h, _ map[string]any) { h["typ"] = "JWT" }),
		"typ of a logout token":      f.make(func(h, _ map[string]any) { h["typ"] = "logout+jwt" }),
		"no client":                  f.make(func(_, c map[string]any) { delete(c, "client_id") }),
		"no issuer":                  f.make(func(_, c map[string]any) { delete(c, "iss") }),
		"several audiences":          f.make(func(_, c map[string]any) { c["aud"] = []string{"https://api.example", "b"} }),
		"a list of scopes":           f.make(func(_, c map[string]any) { c["scope"] = []string{"all"} }),
		"an expiry in words":         f.make(func(_, c map[string]any) { c["exp"] = "tomorrow" }),
		"another kid":                reheaded(good, `{"alg":"ES384","typ":"at+jwt","kid":"../k"}`, signature),
		"cut":                        good[:len(good)-4],
		"a dotted megabyte":          strings.Repeat(".", 1<<20),
		"an endless token":           f.make(func(_, c map[string]any) { c["pad"] = strings.Repeat("x", 1<<20) }),
	} {
		started := time.Now()
		got, err := set.VerifyAccess(raw, issuer)
		if err == nil {
			t.Errorf("%s: %+v", name, got)
		}
		_ = token.IssuerOf(raw)
		if took := time.Since(started); took > time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
	if got := token.IssuerOf("a.%%%.c") + token.IssuerOf("") + token.IssuerOf("a.bnVsbA.c"); got != "" {
		t.Errorf("issuer of nonsense: %q", got)
	}
	// A token without an expiry is expired.
	if got, err := set.VerifyAccess(f.make(func(_, c map[string]any) { delete(c, "exp") }), issuer); err != nil || got.ExpiresAt != 0 {
		t.Errorf("no expiry: %+v, %v", got, err)
	}
}
