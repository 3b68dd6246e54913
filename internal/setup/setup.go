// Package setup brings a new installation its first administrator. Until there
// is one, nobody can register with the admin tenant without the one-time link
// that the start prints: its token is stored hashed, lives one hour, can be
// exchanged once by POST for a cookie, and the cookie makes one administrator.
package setup

import (
	"context"
	"time"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/user"
)

// Lifetime is how long a setup link and its cookie work.
const Lifetime = time.Hour

// The errors of setting up.
var (
	// ErrTokenInvalid says that a link is unknown, used, replaced or too old.
	ErrTokenInvalid = errs.New(403, "setup.token_invalid")
	// ErrRequired refuses a registration that no setup cookie covers.
	ErrRequired = errs.New(403, "auth.forbidden")
)

// Needed reports whether the tenant still lacks its first administrator.
func Needed(ctx context.Context, q db.Q) (bool, error) {
	found, err := user.HasAny(ctx, q)
	return !found, err
}

// NewToken replaces every earlier link by a new one and returns its token.
func NewToken(ctx context.Context, tx *db.Tx, now int64) (string, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM setup_tokens WHERE tenant_id = $1`); err != nil {
		return "", err
	}
	token := ids.Token()
	_, err := tx.Exec(ctx, `INSERT INTO setup_tokens (tenant_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		crypt.Hash(token), now, now+Lifetime.Milliseconds())
	return token, err
}

// Usable reports whether Exchange would accept a link's token.
func Usable(ctx context.Context, q db.Q, now int64, token string) (bool, error) {
	return db.One[bool](ctx, q, `SELECT EXISTS (SELECT 1 FROM setup_tokens
		WHERE tenant_id = $1 AND token_hash = $2 AND exchanged_at IS NULL AND expires_at > $3)`,
		crypt.Hash(token), now)
}

// Exchange spends a link's token and returns the value of the cookie that
// stands for it from now on.
func Exchange(ctx context.Context, tx *db.Tx, now int64, token string) (cookie string, err error) {
	cookie = ids.Token()
	n, err := tx.Exec(ctx, `UPDATE setup_tokens SET exchanged_at = $3, cookie_hash = $4
		WHERE tenant_id = $1 AND token_hash = $2 AND exchanged_at IS NULL AND expires_at > $3`,
		crypt.Hash(token), now, crypt.Hash(cookie))
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", ErrTokenInvalid
	}
	return cookie, nil
}

// Allowed returns nil if cookie may register the first administrator.
func Allowed(ctx context.Context, q db.Q, now int64, cookie string) error {
	n, err := db.One[int64](ctx, q, `SELECT count(*) FROM setup_tokens
		WHERE tenant_id = $1 AND cookie_hash = $2 AND consumed_at IS NULL AND expires_at > $3`,
		crypt.Hash(cookie), now)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrRequired
	}
	return nil
}

// Complete spends the cookie in the transaction that creates the first
// administrator: of two parallel registrations one finds it spent.
func Complete(ctx context.Context, tx *db.Tx, now int64, cookie string) error {
	n, err := tx.Exec(ctx, `UPDATE setup_tokens SET consumed_at = $3
		WHERE tenant_id = $1 AND cookie_hash = $2 AND consumed_at IS NULL AND expires_at > $3`,
		crypt.Hash(cookie), now)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrRequired
	}
	return nil
}
