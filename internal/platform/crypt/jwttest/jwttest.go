// Package jwttest signs JWTs for tests, good ones and bad ones.
package jwttest

import (
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// Sign returns a payload in the compact serialisation (RFC 7515 section 7.1),
// signed with a key: bytes as they are, anything else as JSON. The header has the
// algorithm and the given members, without those that are nil.
func Sign(t testing.TB, algorithm string, key any, header map[string]any, payload any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	for name, value := range header {
		if value != nil {
			options.WithHeader(jose.HeaderKey(name), value)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	body, isRaw := payload.([]byte)
	if !isRaw {
		if body, err = json.Marshal(payload); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
