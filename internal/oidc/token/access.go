package token

import (
	"context"
	"errors"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// AccessToken is what an opaque access token stands for: the user's own data at
// the provider, read from userinfo and the Account API. Times are milliseconds.
type AccessToken struct {
	GrantID  string `db:"grant_id"`
	UserID   string `db:"user_id"`
	ClientID string `db:"client_id"`
	// SessionUID is set on a token that dies with its session.
	SessionUID *string `db:"session_uid"`
	Scope      string  `db:"scope"`
	// KeyThumbprint is the key without which the token is good for nothing (RFC
	// 9449), nil for none.
	KeyThumbprint *string `db:"key_thumbprint"`
	IssuedAt      int64   `db:"issued_at"`
	ExpiresAt     int64   `db:"expires_at"`
}

// TypeOf is the token_type of an access token that is bound to a key, "" for
// none (RFC 6750 section 4, RFC 9449 section 5).
func TypeOf(thumbprint string) string {
	if thumbprint != "" {
		return "DPoP"
	}
	return "Bearer"
}

// Key is the thumbprint of the key that the token is bound to, "" for none.
func (t *AccessToken) Key() string {
	if t.KeyThumbprint == nil {
		return ""
	}
	return *t.KeyThumbprint
}

// IssueAccess stores an opaque access token under the live grant g for AccessTTL
// and returns its value. The token's grant and user are those of g.
func IssueAccess(ctx context.Context, tx *db.Tx, now int64, g *Grant, t AccessToken) (string, error) {
	g, err := g.held(ctx, tx, now)
	if err != nil {
		return "", err
	}
	value := ids.Token()
	err = tx.Queue(ctx, `INSERT INTO access_tokens (tenant_id, token_hash, grant_id, user_id, client_id, session_uid, scope,
			key_thumbprint, issued_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		crypt.Hash(value), g.ID, g.UserID, t.ClientID, t.SessionUID, t.Scope, t.KeyThumbprint, now, now+millis(AccessTTL))
	if err != nil {
		return "", err
	}
	return value, nil
}

const selectAccess = `SELECT grant_id, user_id, client_id, session_uid, scope, key_thumbprint, issued_at, expires_at
	FROM access_tokens a WHERE tenant_id = $1 AND token_hash = $2 AND grant_id IS NOT NULL AND user_id IS NOT NULL`

// AccessByValue returns an opaque access token that is good for something now:
// unexpired, its grant live, its user not suspended, and its session, if it has
// one, still there. Anything else is nil.
func AccessByValue(ctx context.Context, q db.Q, now int64, value string) (*AccessToken, error) {
	return oneAccess(ctx, q, selectAccess+` AND expires_at > $3
		AND EXISTS (SELECT 1 FROM grants g WHERE g.tenant_id = $1 AND g.id = a.grant_id AND g.revoked_at IS NULL AND g.expires_at > $3)
		AND EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = $1 AND u.id = a.user_id AND NOT u.is_suspended)
		AND (session_uid IS NULL OR EXISTS (SELECT 1 FROM sessions s
			WHERE s.tenant_id = $1 AND s.uid = a.session_uid AND s.user_id = a.user_id AND s.expires_at > $3))`,
		crypt.Hash(value), now)
}

// FindAccess returns an opaque access token whatever has become of it, so that
// it can be revoked; nil if there is none.
func FindAccess(ctx context.Context, q db.Q, value string) (*AccessToken, error) {
	return oneAccess(ctx, q, selectAccess, crypt.Hash(value))
}

func oneAccess(ctx context.Context, q db.Q, query string, args ...any) (*AccessToken, error) {
	t, err := db.One[AccessToken](ctx, q, query, args...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &t, nil
}
