package token

import (
	"crypto"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// KeySetOf returns a set that verifies with one key, named "k".
func KeySetOf(t testing.TB, key crypto.Signer, algorithm string) *KeySet {
	t.Helper()
	return &KeySet{public: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: algorithm}}}
}
