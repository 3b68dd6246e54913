package user

import (
	"context"
	"encoding/hex"
	"errors"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
)

// Errors of personal access tokens.
var (
	ErrTokenNameTaken = errs.New(422, "user.personal_access_token_name_exists")
	errTokenPast      = errs.New(400, "request.invalid_input")
)

// tokenPrefix begins every personal access token.
const tokenPrefix = "pat_"

// Token is a personal access token: with it a program acts as the user who
// owns it. Times are epoch milliseconds.
type Token struct {
	UserID    string `db:"user_id"`
	Name      string `db:"name"`
	Hash      []byte `db:"value_hash"`
	Sealed    []byte `db:"value_sealed"`
	CreatedAt int64  `db:"created_at"`
	ExpiresAt *int64 `db:"expires_at"` // nil: never
}

// PublishedToken is a personal access token as the API shows it.
type PublishedToken struct {
	TenantID  string `json:"tenantId" check:"max=21"`
	UserID    string `json:"userId" check:"max=21"`
	Name      string `json:"name" check:"max=256" example:"Backup script"`
	Value     string `json:"value" check:"max=64" example:"pat_q0Vg7XQm2rT9bJw4ZfN1sL8kPdY3hCxA"`
	CreatedAt int64  `json:"createdAt"`
	ExpiresAt *int64 `json:"expiresAt" check:"nullable"`
}

// Published returns what the API shows of the token, which it opens.
func (t *Token) Published(ring *crypt.Keyring, tenantID string) (*PublishedToken, error) {
	value, err := ring.Open(t.Sealed, "personal_access_tokens", "value_sealed", tenantID, t.sealID())
	if err != nil {
		return nil, err
	}
	return &PublishedToken{tenantID, t.UserID, t.Name, string(value), t.CreatedAt, t.ExpiresAt}, nil
}

// sealID binds the sealed value to its row by what does not change with the
// name.
func (t *Token) sealID() string { return t.UserID + "|" + hex.EncodeToString(t.Hash) }

const tokenColumns = `user_id, name, value_hash, value_sealed, created_at, expires_at`

// Tokens returns the personal access tokens of a user, the oldest first.
func Tokens(ctx context.Context, q db.Q, userID string) ([]Token, error) {
	return db.All[Token](ctx, q, `SELECT `+tokenColumns+` FROM personal_access_tokens
		WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at, name`, userID)
}

// AddToken draws a personal access token of a user under a name that the user
// has not given yet. ExpiresAt must lie after now, or is nil for never. A user
// who does not exist is errs.ErrReference.
func AddToken(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, userID, name string, expiresAt *int64) (*Token, error) {
	if expiresAt != nil && *expiresAt <= now {
		reason := "The time of expiry must lie in the future."
		return nil, errTokenPast.WithArgs(map[string]any{"reason": reason}).Describe("%s", reason)
	}
	value := tokenPrefix + ids.Secret()
	t := &Token{UserID: userID, Name: name, Hash: crypt.Hash(value), CreatedAt: now, ExpiresAt: expiresAt}
	t.Sealed = ring.Seal([]byte(value), "personal_access_tokens", "value_sealed", tx.TenantID(), t.sealID())
	_, err := tx.Exec(ctx, `INSERT INTO personal_access_tokens (tenant_id, `+tokenColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, t.UserID, t.Name, t.Hash, t.Sealed, t.CreatedAt, t.ExpiresAt)
	switch {
	case db.IsUnique(err, "personal_access_tokens", "name"):
		return nil, ErrTokenNameTaken
	case db.IsReference(err):
		return nil, errs.ErrReference
	}
	return t, err
}

// OwnerOfToken returns the id of the user to whom a personal access token belongs
// that has not expired, or ErrNotFound.
func OwnerOfToken(ctx context.Context, q db.Q, now int64, value string) (string, error) {
	id, err := db.One[string](ctx, q, `SELECT user_id FROM personal_access_tokens
		WHERE tenant_id = $1 AND value_hash = $2 AND (expires_at IS NULL OR expires_at > $3)`, crypt.Hash(value), now)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrNotFound
	}
	return id, err
}

// RenameToken gives a token of the user another name; errs.ErrNotExists if there
// is none of the current one.
func RenameToken(ctx context.Context, tx *db.Tx, userID, current, name string) (*Token, error) {
	t, err := db.One[Token](ctx, tx, `UPDATE personal_access_tokens SET name = $4
		WHERE tenant_id = $1 AND user_id = $2 AND name = $3 RETURNING `+tokenColumns, userID, current, name)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return nil, errs.ErrNotExists
	case db.IsUnique(err, "personal_access_tokens", "name"):
		return nil, ErrTokenNameTaken
	}
	return &t, err
}

// DeleteToken removes a token of the user; errs.ErrNotFound if there is none of
// the name.
func DeleteToken(ctx context.Context, tx *db.Tx, userID, name string) error {
	n, err := tx.Exec(ctx, `DELETE FROM personal_access_tokens
		WHERE tenant_id = $1 AND user_id = $2 AND name = $3`, userID, name)
	if err == nil && n == 0 {
		return errs.ErrNotFound
	}
	return err
}
