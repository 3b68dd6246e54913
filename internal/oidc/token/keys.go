package token

import (
	"context"
	"crypto/hmac"
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

// Algorithms of signing keys (RFC 7518 section 3.1, RFC 8037 section 3.1). A key
// has one, and nothing is signed or verified with it by another.
const (
	ES256 = "ES256"
	ES384 = "ES384" // EC P-384, the default
	ES512 = "ES512"
	RS256 = "RS256" // RSA of 4096 bits
	PS256 = "PS256" // likewise
	EdDSA = "EdDSA" // Ed25519
)

// KeySet is what a tenant signs and verifies with. It is shared and must not be
// changed.
type KeySet struct {
	// Algorithms are those that sign, the primary key's first.
	Algorithms []string
	// JWKS are the public keys as they are published (RFC 7517): Current, Next,
	// Previous, then the additional ones.
	JWKS []byte

	access  jose.Signer
	signers map[string]signers // by algorithm
	public  []jose.JSONWebKey
	cookies [][]byte // the first one signs
}

// signers sign with one key.
type signers struct{ id, logout jose.Signer }

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
	set := &KeySet{signers: map[string]signers{}}
	for _, row := range rows {
		if row.Purpose == purposeSigning && row.Status != StatusCurrent {
			set.public = append(set.public, row.PublicJWK.V) // only current private keys are ever needed
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
		if err := set.add(row, private); err != nil {
			return nil, fmt.Errorf("use signing key %s: %w", row.ID, err)
		}
	}
	if set.access == nil || len(set.cookies) == 0 {
		return nil, errors.New("token: the tenant has no keys")
	}
	var err error
	set.JWKS, err = json.Marshal(jose.JSONWebKeySet{Keys: set.public})
	return set, err
}

// add lets a set sign with a current key. Of the primary key and an additional one
// with the same algorithm the primary one signs, which comes first.
func (s *KeySet) add(row keyRow, private any) (err error) {
	s.public = append(s.public, row.PublicJWK.V)
	if _, ok := s.signers[row.Algorithm]; ok {
		return nil
	}
	key := jose.SigningKey{
		Algorithm: jose.SignatureAlgorithm(row.Algorithm), Key: jose.JSONWebKey{Key: private, KeyID: row.ID},
	}
	var signs signers
	// No typ: clients of this family expect ID tokens without one.
	if signs.id, err = jose.NewSigner(key, nil); err != nil {
		return err
	}
	if signs.logout, err = jose.NewSigner(key, (&jose.SignerOptions{}).WithType(logoutType)); err != nil {
		return err
	}
	if row.Role == rolePrimary {
		if s.access, err = jose.NewSigner(key, (&jose.SignerOptions{}).WithType(accessType)); err != nil {
			return err
		}
	}
	s.Algorithms = append(s.Algorithms, row.Algorithm)
	s.signers[row.Algorithm] = signs
	return nil
}

// with returns what signs with an algorithm, for "" the primary key.
func (s *KeySet) with(algorithm string) (signers, error) {
	if algorithm == "" {
		algorithm = s.Algorithms[0]
	}
	signs, ok := s.signers[algorithm]
	if !ok {
		return signers{}, fmt.Errorf("token: no key signs %s", algorithm)
	}
	return signs, nil
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
