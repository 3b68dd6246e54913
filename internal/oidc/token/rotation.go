package token

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
	"signet/internal/settings"
)

// SeedKeys stores the first signing and cookie key of a tenant.
func SeedKeys(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, key *NewKey) error {
	if err := RotateSigningKey(ctx, tx, now, ring, key); err != nil {
		return err
	}
	return RotateCookieKey(ctx, tx, now, ring)
}

// MaxGrace is the longest time, in seconds, for which a key is published before it
// signs.
const MaxGrace = 365 * 24 * 60 * 60

// ReplaceSigningKey is RotateSigningKey, or StageSigningKey where there is a grace
// period, in seconds.
func ReplaceSigningKey(ctx context.Context, tx *db.Tx, now, grace int64, ring *crypt.Keyring, key *NewKey) error {
	if grace > 0 {
		return StageSigningKey(ctx, tx, now, now+grace*1000, ring, key)
	}
	return RotateSigningKey(ctx, tx, now, ring, key)
}

// RotateSigningKey makes key the current one at once. The one that was current
// stays published; older ones are dropped. While another key waits to become
// current it is ErrKeyWaits.
func RotateSigningKey(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, key *NewKey) error {
	keys, err := lockKeys(ctx, tx, now)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(keys, func(k Key) bool { return k.Status == StatusNext }) {
		return ErrKeyWaits
	}
	if err := retire(ctx, tx, purposeSigning); err != nil {
		return err
	}
	if err := insertSigningKey(ctx, tx, now, ring, key, rolePrimary, StatusCurrent, nil); err != nil {
		return err
	}
	return checkChosen(ctx, tx, now)
}

// StageSigningKey announces key, so that who verifies learns it before it signs:
// at from, in epoch milliseconds, it becomes the current one. It takes the place
// of another key that waits.
func StageSigningKey(ctx context.Context, tx *db.Tx, now, from int64, ring *crypt.Keyring, key *NewKey) error {
	if _, err := lockKeys(ctx, tx, now); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM signing_keys WHERE tenant_id = $1 AND purpose = 'oidc' AND status = 'Next'`); err != nil {
		return err
	}
	if err := insertSigningKey(ctx, tx, now, ring, key, rolePrimary, StatusNext, &from); err != nil {
		return err
	}
	return checkChosen(ctx, tx, now)
}

func insertSigningKey(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, key *NewKey, role, status string, from *int64) error {
	sealed := ring.Seal(key.private, "signing_keys", "key_sealed", tx.TenantID(), key.id)
	_, err := tx.Exec(ctx, `INSERT INTO signing_keys (tenant_id, id, purpose, role, algorithm, status, key_sealed, public_jwk, created_at, effective_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		key.id, purposeSigning, role, key.algorithm, status, sealed, db.JSON[jose.JSONWebKey]{V: key.public}, now, from)
	return err
}

// RotateCookieKey makes a new key for cookies; the one before still verifies.
func RotateCookieKey(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring) error {
	if err := tx.Touch(ctx, settings.Family); err != nil {
		return err
	}
	if err := retire(ctx, tx, purposeCookie); err != nil {
		return err
	}
	var material [cookieKeySize]byte
	_, _ = rand.Read(material[:]) // crypto/rand.Read never returns an error
	id := ids.Long()
	sealed := ring.Seal(material[:], "signing_keys", "key_sealed", tx.TenantID(), id)
	_, err := tx.Exec(ctx, `INSERT INTO signing_keys (tenant_id, id, purpose, algorithm, status, key_sealed, created_at)
		VALUES ($1, $2, $3, 'HS256', $4, $5, $6)`, id, purposeCookie, StatusCurrent, sealed, now)
	return err
}

// lockKeys makes other changes of the tenant's keys wait until the end of tx,
// stores the take-over of a next key that is due, and returns the signing keys.
func lockKeys(ctx context.Context, tx *db.Tx, now int64) ([]Key, error) {
	if err := tx.Touch(ctx, settings.Family); err != nil {
		return nil, err
	}
	keys, err := keysOf(ctx, tx, purposeSigning, rolePrimary)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if !key.due(now) {
			continue
		}
		if err := retire(ctx, tx, purposeSigning); err != nil {
			return nil, err
		}
		_, err := tx.Exec(ctx, `UPDATE signing_keys SET status = 'Current', effective_at = NULL WHERE tenant_id = $1 AND id = $2`, key.ID)
		if err != nil {
			return nil, err
		}
	}
	return settled(keys, now), nil
}

// retire drops the previous primary key of a purpose and makes the current one
// previous.
func retire(ctx context.Context, tx *db.Tx, purpose string) error {
	_, err := tx.Exec(ctx, `DELETE FROM signing_keys
		WHERE tenant_id = $1 AND purpose = $2 AND role = 'primary' AND status = 'Previous'`, purpose)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE signing_keys SET status = 'Previous'
		WHERE tenant_id = $1 AND purpose = $2 AND role = 'primary' AND status = 'Current'`, purpose)
	return err
}

// DeleteSigningKey stops publishing a previous key: what it signed no longer
// verifies.
func DeleteSigningKey(ctx context.Context, tx *db.Tx, now int64, id string) error {
	keys, err := lockKeys(ctx, tx, now)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(keys, func(k Key) bool { return k.ID == id })
	switch {
	case i < 0:
		return ErrKeyNotFound
	case len(keys) == 1:
		return ErrKeyRequired
	case keys[i].Status != StatusPrevious:
		return ErrKeyNotPrevious
	}
	_, err = tx.Exec(ctx, `DELETE FROM signing_keys WHERE tenant_id = $1 AND purpose = 'oidc' AND id = $2`, id)
	return err
}

// DeleteCookieKey forgets a key of cookies: who holds cookies of it must sign in
// again. The last one stays; if the current one goes, the other signs.
func DeleteCookieKey(ctx context.Context, tx *db.Tx, id string) error {
	if err := tx.Touch(ctx, settings.Family); err != nil {
		return err
	}
	keys, err := CookieKeys(ctx, tx)
	if err != nil {
		return err
	}
	switch {
	case !slices.ContainsFunc(keys, func(k Key) bool { return k.ID == id }):
		return ErrKeyNotFound
	case len(keys) == 1:
		return ErrKeyRequired
	}
	if _, err := tx.Exec(ctx, `DELETE FROM signing_keys WHERE tenant_id = $1 AND purpose = 'cookie' AND id = $2`, id); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE signing_keys SET status = 'Current' WHERE tenant_id = $1 AND purpose = 'cookie'`)
	return err
}

// due reports whether a next key has become the current one by now.
func (k Key) due(now int64) bool {
	return k.Status == StatusNext && k.EffectiveAt != nil && *k.EffectiveAt <= now
}

// settled returns keys in the states that they have at now, whatever is stored.
func settled(keys []Key, now int64) []Key {
	i := slices.IndexFunc(keys, func(k Key) bool { return k.due(now) })
	if i < 0 {
		return keys
	}
	next := keys[i]
	next.Status, next.EffectiveAt = StatusCurrent, nil
	out := []Key{next}
	for _, k := range keys {
		if k.Status == StatusCurrent {
			k.Status = StatusPrevious
			out = append(out, k)
		}
	}
	return out
}

// promoted returns the rows as they will be when the next key has taken over,
// and when that is; 0 if no key waits.
func promoted(rows []keyRow) (from int64, later []keyRow) {
	for _, r := range rows {
		if r.Purpose == purposeSigning && r.Status == StatusNext && r.Effective != nil {
			from = *r.Effective
			r.Status = StatusCurrent
			later = append(later, r)
		}
	}
	if from == 0 {
		return 0, nil
	}
	for _, r := range rows {
		switch {
		case r.Purpose == purposeCookie, r.Role == roleAdditional:
			later = append(later, r)
		case r.Status == StatusCurrent:
			r.Status = StatusPrevious
			later = append(later, r)
		}
	}
	return from, later
}
