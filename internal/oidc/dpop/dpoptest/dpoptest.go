// Package dpoptest makes proofs of possession (RFC 9449) for tests, good ones
// and bad ones.
package dpoptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/platform/crypt/jwttest"
	"signet/internal/platform/ids"
)

// Key is what a client proves to hold.
type Key struct {
	Private    *ecdsa.PrivateKey
	Thumbprint string

	t testing.TB
}

// New makes a key for ES256.
func New(t testing.TB) *Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return &Key{Private: private, Thumbprint: base64.RawURLEncoding.EncodeToString(sum), t: t}
}

// Proof makes a proof for a request at now, epoch milliseconds. Claims replace
// those that are right; nil leaves one out.
func (k *Key) Proof(method, uri string, now int64, claims map[string]any) string {
	k.t.Helper()
	all := map[string]any{"jti": ids.Token(), "htm": method, "htu": uri, "iat": now / 1000}
	maps.Copy(all, claims)
	for name, value := range all {
		if value == nil {
			delete(all, name)
		}
	}
	return Sign(k.t, jose.ES256, k.Private, k.Private.Public(), "dpop+jwt", all)
}

// Sign makes a JWT whose header names the key shown, whatever it is signed with;
// nil names none.
func Sign(t testing.TB, algorithm jose.SignatureAlgorithm, key, shown any, typ string, claims map[string]any) string {
	t.Helper()
	header := map[string]any{"typ": typ}
	if shown != nil {
		header["jwk"] = jose.JSONWebKey{Key: shown}
	}
	return jwttest.Sign(t, string(algorithm), key, header, claims)
}

// About is the claim of a proof that is sent along with an access token.
func About(accessToken string) map[string]any {
	sum := sha256.Sum256([]byte(accessToken))
	return map[string]any{"ath": base64.RawURLEncoding.EncodeToString(sum[:])}
}
