package token

import (
	"context"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// Errors of key rotation.
var (
	ErrKeyNotFound    = errs.New(404, "oidc.key_not_found")
	ErrKeyRequired    = errs.New(422, "oidc.key_required")
	ErrKeyNotPrevious = errs.New(422, "oidc.only_previous_key_can_be_deleted")
	// ErrKeyWaits: a new key is announced already and must take over first.
	ErrKeyWaits = errs.New(422, "oidc.invalid_request").Describe("another key waits to sign")
	// ErrCookieGrace: cookies are verified here alone, so nobody needs to learn
	// their keys in advance.
	ErrCookieGrace = errs.New(422, "oidc.invalid_request").Describe("keys of cookies are replaced without a grace period")
	// ErrKeyInUse: applications have chosen an algorithm that no key would sign any
	// more.
	ErrKeyInUse = errs.New(422, "oidc.key_in_use")
	// ErrNoSuchAlgorithm: no key signs what an application has chosen.
	ErrNoSuchAlgorithm = errs.New(422, "oidc.no_key_for_algorithm")
)

// States of a key. Current signs; the others are published so that what they
// signed, or will sign, can be verified.
const (
	StatusNext     = "Next"
	StatusCurrent  = "Current"
	StatusPrevious = "Previous"
)

const (
	purposeSigning = "oidc"
	purposeCookie  = "cookie"
	cookieKeySize  = 32
)

// The primary key signs for every application that chooses no algorithm, and all
// access tokens; each additional one for those that choose its algorithm.
const (
	rolePrimary    = "primary"
	roleAdditional = "additional"
)

// Key describes a key without its material. Times are epoch milliseconds.
type Key struct {
	ID        string `db:"id"` // of a signing key, its RFC 7638 thumbprint
	Algorithm string `db:"algorithm"`
	Status    string `db:"status"`
	CreatedAt int64  `db:"created_at"`
	// EffectiveAt is when a next key becomes the current one; nil for others.
	EffectiveAt *int64 `db:"effective_at"`
}

type keyRow struct {
	ID        string                   `db:"id"`
	Purpose   string                   `db:"purpose"`
	Role      string                   `db:"role"`
	Algorithm string                   `db:"algorithm"`
	Status    string                   `db:"status"`
	Sealed    []byte                   `db:"key_sealed"`
	PublicJWK db.JSON[jose.JSONWebKey] `db:"public_jwk"`
	Effective *int64                   `db:"effective_at"`
}

// byStatus orders keys as they are published.
const byStatus = ` ORDER BY CASE role WHEN 'primary' THEN 0 ELSE 1 END,
	CASE status WHEN 'Current' THEN 0 WHEN 'Next' THEN 1 ELSE 2 END, created_at DESC, id`

func allKeys(ctx context.Context, q db.Q) ([]keyRow, error) {
	return db.All[keyRow](ctx, q, `SELECT id, purpose, role, algorithm, status, key_sealed, public_jwk, effective_at
		FROM signing_keys WHERE tenant_id = $1`+byStatus)
}

// SigningKeys returns the primary keys that sign tokens as they are at now:
// Current, Next, Previous.
func SigningKeys(ctx context.Context, q db.Q, now int64) ([]Key, error) {
	keys, err := keysOf(ctx, q, purposeSigning, rolePrimary)
	if err != nil {
		return nil, err
	}
	return settled(keys, now), nil
}

// CookieKeys returns the keys that sign cookies; the first one signs, and the
// other verifies.
func CookieKeys(ctx context.Context, q db.Q) ([]Key, error) {
	return keysOf(ctx, q, purposeCookie, rolePrimary)
}

func keysOf(ctx context.Context, q db.Q, purpose, role string) ([]Key, error) {
	return db.All[Key](ctx, q, `SELECT id, algorithm, status, created_at, effective_at
		FROM signing_keys WHERE tenant_id = $1 AND purpose = $2 AND role = $3`+byStatus, purpose, role)
}
