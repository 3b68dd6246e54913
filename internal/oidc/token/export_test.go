package token

import (
	"crypto"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// KeySetOf returns a set that verifies with one key, named "k", and with others.
func KeySetOf(t testing.TB, key crypto.Signer, algorithm string, others ...jose.JSONWebKey) *KeySet {
	t.Helper()
	return &KeySet{public: append([]jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: algorithm}}, others...)}
}
