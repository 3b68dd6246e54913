package token

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/settings"
)

// Errors of key rotation.
var (
	ErrKeyNotFound    = errs.New(404, "oidc.key_not_found")
	ErrKeyRequired    = errs.New(422, "oidc.key_required")
	ErrKeyNotPrevious = errs.New(422, "oidc.only_previous_key_can_be_deleted")
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

// Key describes a key without its material.
type Key struct {
	ID        string `db:"id"` // of a signing key, its RFC 7638 thumbprint
	Algorithm string `db:"algorithm"`
	Status    string `db:"status"`
	CreatedAt int64  `db:"created_at"` // epoch milliseconds
}

type keyRow struct {
	ID        string                   `db:"id"`
	Purpose   string                   `db:"purpose"`
	Algorithm string                   `db:"algorithm"`
	Status    string                   `db:"status"`
	Sealed    []byte                   `db:"key_sealed"`
	PublicJWK db.JSON[jose.JSONWebKey] `db:"public_jwk"`
}

// byStatus orders keys as they are published.
const byStatus = ` ORDER BY CASE status WHEN 'Current' THEN 0 WHEN 'Next' THEN 1 ELSE 2 END, created_at DESC, id`

func allKeys(ctx context.Context, q db.Q) ([]keyRow, error) {
	return db.All[keyRow](ctx, q, `SELECT id, purpose, algorithm, status, key_sealed, public_jwk
		FROM signing_keys WHERE tenant_id = $1`+byStatus)
}

// SigningKeys returns the keys that sign tokens: Current, Next, Previous.
func SigningKeys(ctx context.Context, q db.Q) ([]Key, error) {
	return db.All[Key](ctx, q, `SELECT id, algorithm, status, created_at
		FROM signing_keys WHERE tenant_id = $1 AND purpose = $2`+byStatus, purposeSigning)
}

// SeedKeys stores the first signing and cookie key of a tenant.
func SeedKeys(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, key *NewKey) error {
	if err := RotateSigningKey(ctx, tx, now, ring, key); err != nil {
		return err
	}
	return RotateCookieKey(ctx, tx, now, ring)
}

// RotateSigningKey makes key the current one at once. The one that was current
// stays published; older ones are dropped.
func RotateSigningKey(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, key *NewKey) error {
	if err := retire(ctx, tx, purposeSigning); err != nil {
		return err
	}
	sealed := ring.Seal(key.private, "signing_keys", "key_sealed", tx.TenantID(), key.id)
	_, err := tx.Exec(ctx, `INSERT INTO signing_keys (tenant_id, id, purpose, algorithm, status, key_sealed, public_jwk, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		key.id, purposeSigning, key.algorithm, StatusCurrent, sealed, db.JSON[jose.JSONWebKey]{V: key.public}, now)
	if err != nil {
		return err
	}
	return tx.Touch(ctx, settings.Family)
}

// RotateCookieKey makes a new key for cookies; the one before still verifies.
func RotateCookieKey(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring) error {
	if err := retire(ctx, tx, purposeCookie); err != nil {
		return err
	}
	var material [cookieKeySize]byte
	_, _ = rand.Read(material[:]) // crypto/rand.Read never returns an error
	id := ids.Long()
	sealed := ring.Seal(material[:], "signing_keys", "key_sealed", tx.TenantID(), id)
	_, err := tx.Exec(ctx, `INSERT INTO signing_keys (tenant_id, id, purpose, algorithm, status, key_sealed, created_at)
		VALUES ($1, $2, $3, 'HS256', $4, $5, $6)`, id, purposeCookie, StatusCurrent, sealed, now)
	if err != nil {
		return err
	}
	return tx.Touch(ctx, settings.Family)
}

// retire drops the previous key of a purpose and makes the current one previous.
func retire(ctx context.Context, tx *db.Tx, purpose string) error {
	_, err := tx.Exec(ctx, `DELETE FROM signing_keys WHERE tenant_id = $1 AND purpose = $2 AND status = 'Previous'`, purpose)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE signing_keys SET status = 'Previous'
		WHERE tenant_id = $1 AND purpose = $2 AND status = 'Current'`, purpose)
	return err
}

// DeleteSigningKey stops publishing a previous key: what it signed no longer
// verifies.
func DeleteSigningKey(ctx context.Context, tx *db.Tx, id string) error {
	status, err := db.One[string](ctx, tx, `SELECT status FROM signing_keys
		WHERE tenant_id = $1 AND purpose = 'oidc' AND id = $2`, id)
	if errors.Is(err, db.ErrNoRows) {
		return ErrKeyNotFound
	}
	if err != nil {
		return err
	}
	if status != StatusPrevious {
		count, err := db.One[int64](ctx, tx, `SELECT count(*) FROM signing_keys WHERE tenant_id = $1 AND purpose = 'oidc'`)
		if err != nil {
			return err
		}
		if count == 1 {
			return ErrKeyRequired
		}
		return ErrKeyNotPrevious
	}
	if _, err := tx.Exec(ctx, `DELETE FROM signing_keys WHERE tenant_id = $1 AND purpose = 'oidc' AND id = $2`, id); err != nil {
		return err
	}
	return tx.Touch(ctx, settings.Family)
}
