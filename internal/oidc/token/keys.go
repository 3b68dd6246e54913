package token

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/settings"
)

// Algorithms of signing keys (RFC 7518 section 3.1).
const (
	ES384 = "ES384" // EC P-384, the default
	RS256 = "RS256" // RSA of 4096 bits
)

const rsaBits = 4096

// KeySet is what a tenant signs and verifies with. It is shared and must not be
// changed.
type KeySet struct {
	// Algorithm is that of the current key, JWKS the public keys as they are
	// published (RFC 7517): Current, Next, Previous.
	Algorithm string
	JWKS      []byte

	signer       jose.Signer // of ID tokens
	accessSigner jose.Signer
	public       []jose.JSONWebKey
	cookies      [][]byte // the first one signs
}

// Keys reads the key sets of tenants through a cache, which holds them decoded.
type Keys struct {
	ring  *crypt.Keyring
	clock clock.Clock
	cache *db.Cache[string, []stage]
}

// stage is a key set and when it comes into force, in epoch milliseconds. The
// set of the present has no such time; one whose next key waits is followed by
// that in which the key has become the current one. So every node changes at the
// same moment, and nothing needs to be written for it.
type stage struct {
	from int64
	set  *KeySet
}

// NewKeys returns the keys of the tenants in p, sealed under ring.
func NewKeys(p *db.Pool, ring *crypt.Keyring, now clock.Clock) *Keys {
	return &Keys{ring: ring, clock: now, cache: db.NewCache[string, []stage](p, settings.Family, 256)}
}

// Set returns the keys of the tenant of q.
func (k *Keys) Set(ctx context.Context, q db.Q) (*KeySet, error) {
	stages, err := k.cache.Get(ctx, q, "", k.load)
	if err != nil {
		return nil, err
	}
	last := stages[len(stages)-1]
	if k.clock.Millis() < last.from {
		return stages[0].set, nil
	}
	return last.set, nil
}

func (k *Keys) load(ctx context.Context, q db.Q) ([]stage, error) {
	rows, err := allKeys(ctx, q)
	if err != nil {
		return nil, err
	}
	set, err := decodeKeys(k.ring, q.TenantID(), rows)
	if err != nil {
		return nil, err
	}
	stages := []stage{{set: set}}
	if from, later := promoted(rows); from > 0 {
		next, err := decodeKeys(k.ring, q.TenantID(), later)
		if err != nil {
			return nil, err
		}
		stages = append(stages, stage{from, next})
	}
	return stages, nil
}

func decodeKeys(ring *crypt.Keyring, tenantID string, rows []keyRow) (*KeySet, error) {
	set := &KeySet{}
	for _, row := range rows {
		if row.Purpose == purposeSigning && row.Status != StatusCurrent {
			set.public = append(set.public, row.PublicJWK.V) // only the current private key is ever needed
			continue
		}
		raw, err := ring.Open(row.Sealed, "signing_keys", "key_sealed", tenantID, row.ID)
		if err != nil {
			return nil, fmt.Errorf("open signing key %s: %w", row.ID, err)
		}
		if row.Purpose == purposeCookie {
			set.cookies = append(set.cookies, raw)
			continue
		}
		private, err := x509.ParsePKCS8PrivateKey(raw)
		if err != nil {
			return nil, fmt.Errorf("decode signing key %s: %w", row.ID, err)
		}
		set.Algorithm = row.Algorithm
		set.public = append(set.public, row.PublicJWK.V)
		key := jose.SigningKey{
			Algorithm: jose.SignatureAlgorithm(row.Algorithm), Key: jose.JSONWebKey{Key: private, KeyID: row.ID},
		}
		// No typ: clients of this family expect ID tokens without one.
		if set.signer, err = jose.NewSigner(key, nil); err == nil {
			set.accessSigner, err = jose.NewSigner(key, (&jose.SignerOptions{}).WithType(accessType))
		}
		if err != nil {
			return nil, fmt.Errorf("use signing key %s: %w", row.ID, err)
		}
	}
	if set.signer == nil || len(set.cookies) == 0 {
		return nil, errors.New("token: the tenant has no keys")
	}
	var err error
	set.JWKS, err = json.Marshal(jose.JSONWebKeySet{Keys: set.public})
	return set, err
}

// SignCookie returns the value of the cookie that accompanies another one and
// shows that its value is ours.
func (s *KeySet) SignCookie(name, value string) string {
	return base64.RawURLEncoding.EncodeToString(cookieMAC(s.cookies[0], name, value))
}

// VerifyCookie reports whether a signature is that of a cookie, under any key
// that is not retired.
func (s *KeySet) VerifyCookie(name, value, signature string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	for _, key := range s.cookies {
		if hmac.Equal(raw, cookieMAC(key, name, value)) {
			return true
		}
	}
	return false
}

func cookieMAC(key []byte, name, value string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(name + "=" + value))
	return mac.Sum(nil)
}

// NewKey is a generated signing key that is not stored yet. Generating one
// takes long: do it outside a transaction.
type NewKey struct {
	id, algorithm string
	private       []byte // PKCS #8
	public        jose.JSONWebKey
}

// GenerateKey makes a signing key for ES384 or RS256.
func GenerateKey(algorithm string) (*NewKey, error) {
	var signer crypto.Signer
	var err error
	switch algorithm {
	case ES384:
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case RS256:
		signer, err = rsa.GenerateKey(rand.Reader, rsaBits)
	default:
		err = fmt.Errorf("token: no signing keys for %q", algorithm)
	}
	if err != nil {
		return nil, err
	}
	public := jose.JSONWebKey{Key: signer.Public(), Algorithm: algorithm, Use: "sig"}
	thumbprint, err := public.Thumbprint(crypto.SHA256) // RFC 7638
	if err != nil {
		return nil, err
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return nil, err
	}
	return &NewKey{id: public.KeyID, algorithm: algorithm, private: private, public: public}, nil
}
