// Package subjecttoken holds tokens by which an application may act in the name
// of a user who is not there (RFC 8693): an operator issues one, and an
// application exchanges it, once, for access tokens of that user.
package subjecttoken

import (
	"context"
	"errors"
	"strings"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
)

// TTL is the life of a subject token in seconds.
const TTL = 600

// prefix begins every subject token.
const prefix = "sub_"

// New is what an operator decides about a subject token.
type New struct {
	UserID    string
	CreatorID string         // of the user or application who issues it
	Context   map[string]any // what scripts that make tokens will see
}

// Issue draws a subject token, stores its hash and returns it: nobody can read
// it again. A user who does not exist is errs.ErrReference.
func Issue(ctx context.Context, tx *db.Tx, now int64, n New) (string, error) {
	token := prefix + ids.Long()
	if n.Context == nil {
		n.Context = map[string]any{}
	}
	_, err := tx.Exec(ctx, `INSERT INTO subject_tokens (tenant_id, token_hash, user_id, creator_id, context, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		crypt.Hash(token), n.UserID, n.CreatorID, db.JSON[map[string]any]{V: n.Context}, now, now+TTL*1000)
	if db.IsReference(err) {
		return "", errs.ErrReference
	}
	return token, err
}

// ErrNotFound: nothing live is known by the token.
var ErrNotFound = errors.New("subjecttoken: not found")

// IsOne reports whether a value looks like a subject token.
func IsOne(value string) bool { return strings.HasPrefix(value, prefix) }

// UserOf returns the id of the user whom a token stands for that has neither
// expired nor been spent, or ErrNotFound.
func UserOf(ctx context.Context, q db.Q, now int64, token string) (string, error) {
	id, err := db.One[string](ctx, q, `SELECT user_id FROM subject_tokens
		WHERE tenant_id = $1 AND token_hash = $2 AND consumed_at IS NULL AND expires_at > $3`, crypt.Hash(token), now)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrNotFound
	}
	return id, err
}

// Spend uses a token up; false if somebody was faster, or it has expired.
func Spend(ctx context.Context, tx *db.Tx, now int64, token string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE subject_tokens SET consumed_at = $3
		WHERE tenant_id = $1 AND token_hash = $2 AND consumed_at IS NULL AND expires_at > $3`, crypt.Hash(token), now)
	return n == 1, err
}
