package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

const issuer = "https://id.example/oidc"

func (w *world) seedKeys() *token.Keys {
	w.t.Helper()
	w.rotate(token.ES384, true)
	return token.NewKeys(w.pool, w.ring, func() time.Time { return time.UnixMilli(now) })
}

func (w *world) rotate(algorithm string, cookie bool) {
	w.t.Helper()
	key, err := token.GenerateKey(algorithm)
	if err != nil {
		w.t.Fatal(err)
	}
	w.tx(func(tx *db.Tx) error {
		if cookie {
			return token.SeedKeys(w.t.Context(), tx, now, w.ring, key)
		}
		return token.RotateSigningKey(w.t.Context(), tx, now, w.ring, key)
	})
}

func (w *world) set(keys *token.Keys) *token.KeySet {
	w.t.Helper()
	set, err := keys.Set(w.t.Context(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	return set
}

func sign(t *testing.T, set *token.KeySet) string {
	t.Helper()
	raw, err := set.SignIDToken(token.IDToken{Issuer: issuer, Subject: userID, Audience: "app", IssuedAt: now, TTL: time.Hour, SID: "s1"})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Rotation takes effect at once; what the key before signed still verifies, and
// what the one before that signed does not.
func TestKeys_Rotation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		keys := w.seedKeys()
		first := w.set(keys)
		old := sign(t, first)
		w.rotate(token.ES384, false)
		second := w.set(keys)
		if _, err := second.VerifyHint(old, issuer); err != nil {
			t.Errorf("after one rotation: %v", err)
		}
		listed, err := token.SigningKeys(t.Context(), w.db, now)
		if err != nil || len(listed) != 2 || listed[0].Status != token.StatusCurrent || listed[1].Status != token.StatusPrevious {
			t.Errorf("%+v, %v", listed, err)
		}
		var published struct {
			Keys []struct{ Kid, Use, Alg, Kty, Crv, D string }
		}
		if err := json.Unmarshal(second.JWKS, &published); err != nil {
			t.Fatal(err)
		}
		for i, key := range published.Keys {
			if key.Kid != listed[i].ID || key.Use != "sig" || key.Alg != "ES384" || key.Kty != "EC" || key.Crv != "P-384" || key.D != "" {
				t.Errorf("%+v", key)
			}
		}
		w.rotate(token.RS256, false)
		third := w.set(keys)
		if third.Algorithms[0] != token.RS256 {
			t.Errorf("signs %s", third.Algorithms)
		}
		if _, err := third.VerifyHint(sign(t, third), issuer); err != nil {
			t.Errorf("RS256: %v", err)
		}
		if _, err := third.VerifyHint(old, issuer); err == nil {
			t.Error("verifies with a key that was dropped")
		}
	})
}

func TestDeleteSigningKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		w.seedKeys()
		remove := func(id string) error {
			return w.db.Tx(t.Context(), func(tx *db.Tx) error { return token.DeleteSigningKey(t.Context(), tx, now, id) })
		}
		keyIDs := func() []string {
			t.Helper()
			keys, err := token.SigningKeys(t.Context(), w.db, now)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, key := range keys {
				out = append(out, key.ID)
			}
			return out
		}
		if err := remove(keyIDs()[0]); !errors.Is(err, token.ErrKeyRequired) {
			t.Errorf("the only one: %v", err)
		}
		w.rotate(token.ES384, false)
		before := keyIDs()
		if err := remove(before[0]); !errors.Is(err, token.ErrKeyNotPrevious) {
			t.Errorf("the current one: %v", err)
		}
		if err := remove("nothing"); !errors.Is(err, token.ErrKeyNotFound) {
			t.Errorf("an unknown one: %v", err)
		}
		if after := keyIDs(); !slices.Equal(before, after) {
			t.Errorf("%v, before %v", after, before)
		}
		if err := remove(before[1]); err != nil || len(keyIDs()) != 1 {
			t.Errorf("the previous one: %v", err)
		}
	})
}

func TestKeys_Cookies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		keys := w.seedKeys()
		first := w.set(keys)
		sig := first.SignCookie("_session", "value")
		if !first.VerifyCookie("_session", "value", sig) {
			t.Fatal("does not verify")
		}
		if first.VerifyCookie("_session", "other", sig) || first.VerifyCookie("_interaction", "value", sig) ||
			first.VerifyCookie("_session", "value", sig[:20]) || first.VerifyCookie("_session", "value", "") || first.VerifyCookie("_session", "value", "%%") {
			t.Error("verifies what was not signed")
		}
		rotate := func() {
			w.tx(func(tx *db.Tx) error { return token.RotateCookieKey(t.Context(), tx, now, w.ring) })
		}
		rotate()
		if set := w.set(keys); !set.VerifyCookie("_session", "value", sig) || set.SignCookie("_session", "value") == sig {
			t.Error("the old key must verify, the new one sign")
		}
		rotate()
		if w.set(keys).VerifyCookie("_session", "value", sig) {
			t.Error("a retired key verifies")
		}
	})
}

// A key ring that is not the one with which the keys were sealed opens nothing.
func TestKeys_NeedTheirKeyring(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	w.seedKeys()
	other, err := crypt.NewKeyring([]byte("vutsrqponmlkjihgfedcba9876543210"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.NewKeys(w.pool, other, clock.System).Set(t.Context(), w.db); !errors.Is(err, crypt.ErrOtherKey) {
		t.Errorf("%v", err)
	}
	if _, err := token.NewKeys(w.pool, w.ring, func() time.Time { return time.UnixMilli(now) }).Set(t.Context(), w.pool.For("admin")); err == nil {
		t.Error("a tenant without keys has some")
	}
}

// Attack 17: no algorithm but that of the published key, no key but the
// published one. Attack 18: no kind of token but an ID token of this issuer.
func TestVerifyHint_RefusesForgeries(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	keys := w.seedKeys()
	set := w.set(keys)
	good := sign(t, set)
	hint, err := set.VerifyHint(good, issuer)
	if err != nil || hint.Subject != userID || hint.Audience != "app" || hint.SID != "s1" {
		t.Fatalf("%+v, %v", hint, err)
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := token.SigningKeys(t.Context(), w.db, now)
	if err != nil {
		t.Fatal(err)
	}
	kid := listed[0].ID
	payload := strings.Split(good, ".")[1]
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	forge := func(algorithm jose.SignatureAlgorithm, key any, options *jose.SignerOptions, content string) string {
		t.Helper()
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(content))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	content, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	asStranger := jose.JSONWebKey{Key: stranger, KeyID: kid}
	for name, raw := range map[string]string{
		"nothing":                    "",
		"no JWT":                     "abc",
		"alg none":                   encode(`{"alg":"none","kid":"`+kid+`"}`) + "." + payload + ".",
		"alg none in another case":   encode(`{"alg":"nOnE","kid":"`+kid+`"}`) + "." + payload + ".",
		"no alg":                     encode(`{"kid":"`+kid+`"}`) + "." + payload + "." + parts[2],
		"HS256 with the public key":  forge(jose.HS256, jose.JSONWebKey{Key: set.JWKS, KeyID: kid}, nil, string(content)),
		"a key of the same name":     forge(jose.ES384, asStranger, nil, string(content)),
		"a key brought along":        forge(jose.ES384, jose.JSONWebKey{Key: stranger, KeyID: kid}, &jose.SignerOptions{EmbedJWK: true}, string(content)),
		"a key from elsewhere (jku)": forge(jose.ES384, asStranger, (&jose.SignerOptions{}).WithHeader("jku", "https://evil.example/jwks"), string(content)),
		"a certificate URL (x5u)":    forge(jose.ES384, asStranger, (&jose.SignerOptions{}).WithHeader("x5u", "https://evil.example/x5"), string(content)),
		"a path as kid":              forge(jose.ES384, jose.JSONWebKey{Key: stranger, KeyID: "../../dev/null"}, nil, string(content)),
		"no kid":                     forge(jose.ES384, stranger, nil, string(content)),
		"no signature":               parts[0] + "." + parts[1] + ".",
		"another payload":            parts[0] + "." + encode(`{"iss":"`+issuer+`","sub":"admin","aud":"app"}`) + "." + parts[2],
		"truncated":                  good[:len(good)-4],
		"four parts":                 good + ".x",
		"JSON serialisation":         `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"a megabyte of dots":         strings.Repeat(".", 1<<20), // attack 21
		"a megabyte of text":         parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2],
	} {
		if got, err := set.VerifyHint(raw, issuer); err == nil || got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, err := set.VerifyHint(good, "https://other.example/oidc"); err == nil {
		t.Error("another issuer's")
	}
}

// Attack 18: what the same key signs for another purpose is no ID token.
func TestVerifyHint_RefusesOtherKindsOfToken(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := token.KeySetOf(t, key, token.ES384)
	for name, tc := range map[string]struct {
		typ, content string
		ok           bool
	}{
		"ID token":              {"", `{"iss":"` + issuer + `","sub":"u","aud":"app"}`, true},
		"ID token that says so": {"JWT", `{"iss":"` + issuer + `","sub":"u","aud":"app"}`, true},
		"expired ID token":      {"", `{"iss":"` + issuer + `","sub":"u","aud":"app","exp":1}`, true},
		"access token":          {"at+jwt", `{"iss":"` + issuer + `","sub":"u","aud":"https://api.example"}`, false},
		"logout token":          {"logout+jwt", `{"iss":"` + issuer + `","sub":"u","aud":"app"}`, false},
		"logout token untyped":  {"", `{"iss":"` + issuer + `","sub":"u","aud":"app","events":{"x":{}}}`, false},
		"no subject":            {"", `{"iss":"` + issuer + `","aud":"app"}`, false},
		"no audience":           {"", `{"iss":"` + issuer + `","sub":"u"}`, false},
		"several audiences":     {"", `{"iss":"` + issuer + `","sub":"u","aud":["app","b"]}`, false},
		"no object":             {"", `[]`, false},
	} {
		options := &jose.SignerOptions{}
		if tc.typ != "" {
			options.WithType(jose.ContentType(tc.typ))
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, options)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(tc.content))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := set.VerifyHint(raw, issuer); (err == nil) != tc.ok {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Claims about the user never replace those of the protocol.
func TestSignIDToken_ProtocolClaimsWin(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	set := w.set(w.seedKeys())
	raw, err := set.SignIDToken(token.IDToken{
		Issuer: issuer, Subject: userID, Audience: "app", IssuedAt: now, TTL: time.Hour,
		Claims: map[string]any{"iss": "evil", "sub": "admin", "aud": "other", "exp": 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	if hint, err := set.VerifyHint(raw, issuer); err != nil || hint.Subject != userID || hint.Audience != "app" {
		t.Errorf("%+v, %v", hint, err)
	}
}

// Nobody else holds the key: what is believed of a JWT is what a seed says, as the
// kind of token that it is.
func FuzzVerify(f *testing.F) {
	w := setup(f, dbtest.SQLite(f))
	set := w.set(w.seedKeys())
	idToken, err := set.SignIDToken(token.IDToken{Issuer: issuer, Subject: "person", Audience: "app", SID: "s1", IssuedAt: now, TTL: time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	access, err := set.SignAccess(token.AccessJWT{Issuer: issuer, Subject: "machine", Audience: "https://api.example", ClientID: "machine", IssuedAt: now, TTL: time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	for _, raw := range []string{idToken, access, "e30.e30.e30", ".."} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		_ = token.IssuerOf(raw)
		hint, err := set.VerifyHint(raw, issuer)
		if (err == nil) != (hint != nil) || err == nil && *hint != (token.Hint{Subject: "person", Audience: "app", SID: "s1"}) {
			t.Fatalf("%q: %+v, %v", raw, hint, err)
		}
		claims, err := set.VerifyAccess(raw, issuer)
		if (err == nil) != (claims != nil) || err == nil && (claims.Subject != "machine" || claims.Audience != "https://api.example" || claims.Scope != "") {
			t.Fatalf("%q: %+v, %v", raw, claims, err)
		}
	})
}

// What a signature costs is what choosing an algorithm decides.
func BenchmarkSignIDToken(b *testing.B) {
	w := setup(b, dbtest.SQLite(b))
	keys := w.seedKeys()
	algorithms := []string{token.ES256, token.ES384, token.ES512, token.EdDSA, token.RS256}
	for _, algorithm := range algorithms {
		w.add(algorithm)
	}
	set := w.set(keys)
	for _, algorithm := range algorithms {
		b.Run(algorithm, func(b *testing.B) {
			for b.Loop() {
				_, err := set.SignIDToken(token.IDToken{
					Issuer: issuer, Subject: userID, Audience: "app", IssuedAt: now, TTL: time.Hour, Algorithm: algorithm,
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
