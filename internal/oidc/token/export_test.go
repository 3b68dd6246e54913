package token

import (
	"crypto/ecdsa"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// KeySetOf returns a set that verifies with one key, named "k".
func KeySetOf(t testing.TB, key *ecdsa.PrivateKey) *KeySet {
	t.Helper()
	return &KeySet{public: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: ES384}}}
}
