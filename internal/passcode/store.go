package passcode

import (
	"context"
	"errors"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

const oneTimeTable = "one_time_tokens"

const oneTimeColumns = `id, email, token_sealed, context, created_at, expires_at, consumed_at, revoked_at, expired_at`

// OneTimeFilter narrows a list of one-time tokens; what is empty does not.
type OneTimeFilter struct {
	Email  string
	Status OneTimeStatus // at the time of the list
}

// OneTimes returns one-time tokens, the newest first, and how many there are.
func OneTimes(ctx context.Context, q db.Q, now int64, f OneTimeFilter, r db.Range) ([]OneTime, int64, error) {
	l := db.Listing{Columns: oneTimeColumns, From: oneTimeTable, Where: "tenant_id = $1", Order: "created_at DESC, id DESC"}
	if f.Email != "" {
		l.AndIn("email", []string{f.Email})
	}
	const unanswered = "consumed_at IS NULL AND revoked_at IS NULL AND "
	switch f.Status {
	case OneTimeConsumed:
		l.Where += " AND consumed_at IS NOT NULL"
	case OneTimeRevoked:
		l.Where += " AND revoked_at IS NOT NULL"
	case OneTimeExpired:
		l.And(func(next int) string {
			return unanswered + "(expired_at IS NOT NULL OR expires_at <= " + db.Placeholders(next, 1) + ")"
		}, now)
	case OneTimeActive:
		l.And(func(next int) string {
			return unanswered + "expired_at IS NULL AND expires_at > " + db.Placeholders(next, 1)
		}, now)
	}
	return db.List[OneTime](ctx, q, l, r)
}

// OneTimeByID returns a one-time token, or errs.ErrNotExistsWithID.
func OneTimeByID(ctx context.Context, q db.Q, id string) (*OneTime, error) {
	o, err := oneOneTime(ctx, q, `id = $2`, id)
	if errors.Is(err, db.ErrNoRows) {
		return nil, errs.ErrNotExistsWithID
	}
	return o, err
}

// DeleteOneTime removes a one-time token, or returns errs.ErrNotFound.
func DeleteOneTime(ctx context.Context, tx *db.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM one_time_tokens WHERE tenant_id = $1 AND id = $2`, id)
	if err == nil && n == 0 {
		return errs.ErrNotFound
	}
	return err
}

func oneOneTime(ctx context.Context, q db.Q, where string, arg any) (*OneTime, error) {
	o, err := db.One[OneTime](ctx, q, `SELECT `+oneTimeColumns+` FROM one_time_tokens WHERE tenant_id = $1 AND `+where, arg)
	return &o, err
}

// markOverdue writes down that tokens of the address have expired.
func markOverdue(ctx context.Context, tx *db.Tx, now int64, email string) error {
	_, err := tx.Exec(ctx, `UPDATE one_time_tokens SET expired_at = $3
		WHERE tenant_id = $1 AND email = $2 AND expires_at <= $3
			AND consumed_at IS NULL AND revoked_at IS NULL AND expired_at IS NULL`, email, now)
	return err
}

func insertOneTime(ctx context.Context, tx *db.Tx, o *OneTime, hash []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO one_time_tokens (tenant_id, id, email, token_hash, token_sealed, context, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, o.ID, o.Email, hash, o.Sealed, o.Context, o.CreatedAt, o.ExpiresAt)
	return err
}

// spendOneTime consumes a token that is active, and returns db.ErrNoRows if it
// is not: of those who present it at once, one gets it.
func spendOneTime(ctx context.Context, tx *db.Tx, now int64, hash []byte, email string) (*OneTime, error) {
	o, err := db.One[OneTime](ctx, tx, `UPDATE one_time_tokens SET consumed_at = $4
		WHERE tenant_id = $1 AND token_hash = $2 AND email = $3 AND expires_at > $4
			AND consumed_at IS NULL AND revoked_at IS NULL AND expired_at IS NULL
		RETURNING `+oneTimeColumns, hash, email, now)
	return &o, err
}

func endOneTime(ctx context.Context, tx *db.Tx, now int64, id string, status OneTimeStatus) (*OneTime, error) {
	o, err := db.One[OneTime](ctx, tx, `UPDATE one_time_tokens SET
			consumed_at = CASE WHEN $3 = 'consumed' THEN CAST($4 AS BIGINT) END,
			revoked_at = CASE WHEN $3 = 'revoked' THEN CAST($4 AS BIGINT) END,
			expired_at = CASE WHEN $3 = 'expired' THEN CAST($4 AS BIGINT) END
		WHERE tenant_id = $1 AND id = $2 RETURNING `+oneTimeColumns, id, string(status), now)
	return &o, err
}
