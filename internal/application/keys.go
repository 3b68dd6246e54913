package application

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/platform/web"
)

// How an application proves to be itself (OpenID Connect Core section 9); one
// that does not say does so with its secret, in the Authorization header or in
// the body.
const (
	AuthSecretJWT     = "client_secret_jwt"
	AuthPrivateKeyJWT = "private_key_jwt"
)

// MaxKeys is the most keys that count of an application's key set.
const MaxKeys = 16

// SecretAlgorithms sign with a secret, KeyAlgorithms with a private key (RFC 7518
// section 3.1, RFC 8037, RFC 9864). HMAC with longer digests needs longer keys
// than secrets are (RFC 7518 section 3.2).
var (
	SecretAlgorithms = []string{"HS256"}
	KeyAlgorithms    = []string{
		"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
	}
)

// KeySet is a JSON Web Key Set (RFC 7517 section 5) with public keys alone.
type KeySet struct {
	Keys []map[string]any `json:"keys" check:"some,items=16"`
}

// Usable returns the keys of the set that signatures can be verified with.
func (s *KeySet) Usable() []jose.JSONWebKey {
	var keys []jose.JSONWebKey
	for _, member := range s.Keys {
		if key, err := readKey(member); err == nil {
			keys = append(keys, key)
		}
	}
	return keys
}

// The sizes of RSA keys in bits: what is shorter can be broken, what is longer
// keeps the server busy.
const (
	minRSA = 2048
	maxRSA = 8192
)

// readKey returns a public key for signatures, with nothing that came along with
// it, or says why it is none.
func readKey(member map[string]any) (jose.JSONWebKey, error) {
	raw, err := json.Marshal(member)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	var key jose.JSONWebKey
	if err := json.Unmarshal(raw, &key); err != nil {
		return jose.JSONWebKey{}, errors.New("is not a key that can be used")
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSA || bits > maxRSA {
			return jose.JSONWebKey{}, fmt.Errorf("must have %d to %d bits", minRSA, maxRSA)
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return jose.JSONWebKey{}, errors.New("is not a public key")
	}
	if key.Use != "" && key.Use != "sig" {
		return jose.JSONWebKey{}, errors.New("is not for signatures")
	}
	return jose.JSONWebKey{Key: key.Key, KeyID: key.KeyID, Algorithm: key.Algorithm, Use: key.Use}, nil
}

// CheckKeys refuses a key set that is not what it should be, so that nobody
// uploads a private key and goes on using it.
func (c *CustomMetadata) CheckKeys() error {
	if c.JWKS != nil {
		if len(c.JWKS.Keys) == 0 || len(c.JWKS.Keys) > MaxKeys {
			return web.Invalid("customClientMetadata.jwks.keys", fmt.Sprintf("must have 1 to %d members", MaxKeys))
		}
		for i, member := range c.JWKS.Keys {
			if _, err := readKey(member); err != nil {
				return web.Invalid(fmt.Sprintf("customClientMetadata.jwks.keys.%d", i), err.Error())
			}
		}
	}
	switch {
	case c.JWKSURI != "" && c.JWKS != nil:
		return web.Invalid("customClientMetadata.jwksUri", "must not stand beside jwks")
	case c.JWKSURI != "" && !isSecureURL(c.JWKSURI):
		return web.Invalid("customClientMetadata.jwksUri", "must be an https address without credentials or fragment")
	case IsTrue(c.RequireSignedRequestObject) && !c.hasKeys():
		return web.Invalid("customClientMetadata.requireSignedRequestObject", "needs jwks or jwksUri")
	}
	return nil
}

func (c *CustomMetadata) hasKeys() bool { return c.JWKS != nil || c.JWKSURI != "" }

func isSecureURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && u.Fragment == "" && len(text) <= maxURI
}

// checkAuthentication refuses a method by which an application of the type cannot
// prove anything.
func (c *CustomMetadata) checkAuthentication(t Type) error {
	const method, algorithm = "customClientMetadata.tokenEndpointAuthMethod", "customClientMetadata.tokenEndpointAuthSigningAlg"
	allowed := SecretAlgorithms
	switch c.TokenEndpointAuthMethod {
	case "":
		allowed = nil
	case AuthSecretJWT:
	case AuthPrivateKeyJWT:
		allowed = KeyAlgorithms
		if !c.hasKeys() {
			return web.Invalid(method, "needs jwks or jwksUri")
		}
	default:
		return web.Invalid(method, "must be client_secret_jwt or private_key_jwt")
	}
	if c.TokenEndpointAuthMethod != "" && !t.HasSecret() {
		return web.Invalid(method, "is not for applications of this type")
	}
	if alg := c.TokenEndpointAuthSigningAlg; alg != "" && !slices.Contains(allowed, alg) {
		return web.Invalid(algorithm, "does not belong to the method")
	}
	return nil
}
