package token

import (
	"context"
	"encoding/hex"
	"errors"

	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
	"signet/internal/user"
)

// RefreshToken is what a refresh token stands for (RFC 6749 section 1.5).
// Tokens that replace one another form a family, which begins with a code.
// Times are milliseconds.
type RefreshToken struct {
	GrantID  string
	FamilyID string // "" begins a family
	ClientID string
	// SessionUID is set on a token that dies with its session.
	SessionUID      *string
	Scope           string
	Resources       []string
	Nonce           *string
	AuthTime        int64
	FamilyStartedAt int64
	IssuedAt        int64
	ExpiresAt       int64
	ConsumedAt      *int64
	// Authentication is what tokens say about the sign-in, nil for nothing.
	Authentication *Authentication
	// SID names the session in ID tokens, which outlive it; "" if unknown.
	SID string
	// IsAuthTimeRequested puts auth_time into ID tokens.
	IsAuthTimeRequested bool
	// KeyThumbprint is the key that whoever uses the token must hold (RFC 9449
	// section 5), nil for any.
	KeyThumbprint *string

	hash      []byte
	parent    []byte
	successor []byte // sealed
}

type refreshRow struct {
	Hash            []byte               `db:"token_hash"`
	GrantID         string               `db:"grant_id"`
	FamilyID        string               `db:"family_id"`
	Parent          []byte               `db:"parent_hash"`
	ClientID        string               `db:"client_id"`
	SessionUID      *string              `db:"session_uid"`
	Scope           string               `db:"scope"`
	Resources       db.JSON[[]string]    `db:"resources"`
	Nonce           *string              `db:"nonce"`
	AuthTime        int64                `db:"auth_time"`
	FamilyStartedAt int64                `db:"family_started_at"`
	IssuedAt        int64                `db:"issued_at"`
	ExpiresAt       int64                `db:"expires_at"`
	ConsumedAt      *int64               `db:"consumed_at"`
	KeyThumbprint   *string              `db:"key_thumbprint"`
	Remembered      *db.JSON[remembered] `db:"authentication"`
	Successor       []byte               `db:"successor_sealed"`
}

const selectRefresh = `SELECT token_hash, grant_id, family_id, parent_hash, client_id, session_uid, scope, resources, nonce,
		auth_time, family_started_at, issued_at, expires_at, consumed_at, key_thumbprint, authentication, successor_sealed
	FROM refresh_tokens WHERE tenant_id = $1 AND `

func (r refreshRow) token() *RefreshToken {
	t := &RefreshToken{
		GrantID: r.GrantID, FamilyID: r.FamilyID, ClientID: r.ClientID, SessionUID: r.SessionUID, Scope: r.Scope,
		Resources: r.Resources.V, Nonce: r.Nonce, AuthTime: r.AuthTime, FamilyStartedAt: r.FamilyStartedAt,
		IssuedAt: r.IssuedAt, ExpiresAt: r.ExpiresAt, ConsumedAt: r.ConsumedAt,
		KeyThumbprint: r.KeyThumbprint,
		hash:          r.Hash, parent: r.Parent, successor: r.Successor,
	}
	t.recall(r.Remembered)
	return t
}

// RefreshByValue returns a refresh token, consumed or expired ones too; nil if
// there is none.
func RefreshByValue(ctx context.Context, q db.Q, value string) (*RefreshToken, error) {
	return refreshByHash(ctx, q, crypt.Hash(value))
}

func refreshByHash(ctx context.Context, q db.Q, hash []byte) (*RefreshToken, error) {
	row, err := db.One[refreshRow](ctx, q, selectRefresh+`token_hash = $2`, hash)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return row.token(), nil
}

// LockedRefresh is a refresh token with the grant and the user behind it. Token and User
// are nil if there is none any more.
type LockedRefresh struct {
	Token *RefreshToken
	Grant *Grant
	User  *user.User
}

// LockRefresh finds a refresh token by its value, consumed or expired ones too, and holds
// its grant as LockGrant does: whoever uses the token at the same moment is seen, or
// waits. Without such a token it is invalid_grant too.
func LockRefresh(ctx context.Context, tx *db.Tx, now int64, value string) (l LockedRefresh, err error) {
	const grantOfToken = `(SELECT grant_id FROM refresh_tokens WHERE tenant_id = $1 AND token_hash = $2)`
	hash := crypt.Hash(value)
	err = tx.ReadEach(ctx,
		// First, so that those after it see what somebody has done who held it before.
		db.First(&l.Grant, (*grantRow).grant, selectGrant+`id = `+grantOfToken+tx.Dialect().ForUpdate(), hash),
		db.First(&l.Token, (*refreshRow).token, selectRefresh+`token_hash = $2`, hash),
		user.First(&l.User, `id = (SELECT user_id FROM grants WHERE tenant_id = $1 AND id = `+grantOfToken+`)`, hash))
	if err != nil {
		return l, err
	}
	l.Grant, err = l.Grant.lockedBy(tx, now)
	return l, err
}

// insertRefresh begins both statements that store a refresh token.
const insertRefresh = `INSERT INTO refresh_tokens (tenant_id, token_hash, grant_id, family_id, parent_hash, client_id,
		session_uid, scope, resources, nonce, auth_time, family_started_at, issued_at, expires_at, key_thumbprint, authentication)
	`

// IssueRefresh stores a refresh token under the live grant g, whose end it cannot
// outlive, and returns its value. The token's grant is g.
func IssueRefresh(ctx context.Context, tx *db.Tx, now int64, g *Grant, t RefreshToken) (string, error) {
	g, err := g.held(ctx, tx, now)
	if err != nil {
		return "", err
	}
	if t.FamilyID == "" {
		t.FamilyID, t.FamilyStartedAt = ids.Long(), now
	}
	if t.Resources == nil {
		t.Resources = []string{}
	}
	value := ids.Token()
	err = tx.Queue(ctx, insertRefresh+`VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		crypt.Hash(value), g.ID, t.FamilyID, t.parent, t.ClientID, t.SessionUID, t.Scope,
		db.JSON[[]string]{V: t.Resources}, t.Nonce, t.AuthTime, t.FamilyStartedAt, now, min(t.ExpiresAt, g.ExpiresAt), t.KeyThumbprint, t.remembers())
	if err != nil {
		return "", err
	}
	return value, nil
}

// Rotate consumes the token, which nobody has consumed yet, and returns the value of its
// successor, which lives until expiresAt or the end of the grant. Nobody waits for the
// database: the lock says what it will answer. Should the token be spent all the same,
// what is returned is worth nothing.
func (l LockedRefresh) Rotate(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, expiresAt int64) (string, error) {
	t := l.Token
	g, err := l.Grant.held(ctx, tx, now)
	if err != nil {
		return "", err
	}
	value := ids.Token()
	sealed := ring.Seal([]byte(value), "refresh_tokens", "successor_sealed", tx.TenantID(), t.rowID())
	err = tx.Queue(ctx, `UPDATE refresh_tokens SET consumed_at = $3, successor_sealed = $4
		WHERE tenant_id = $1 AND token_hash = $2 AND consumed_at IS NULL AND expires_at > $3`, t.hash, now, sealed)
	if err != nil {
		return "", err
	}
	// IS NOT DISTINCT FROM: "=" would let PostgreSQL take the index of all that is sealed.
	err = tx.Queue(ctx, insertRefresh+`SELECT $1, $4, grant_id, family_id, token_hash, client_id, session_uid, scope, resources, nonce,
			auth_time, family_started_at, $5, $6, $7, authentication
		FROM refresh_tokens WHERE tenant_id = $1 AND token_hash = $2 AND successor_sealed IS NOT DISTINCT FROM $3`,
		t.hash, sealed, crypt.Hash(value), now, min(expiresAt, g.ExpiresAt), t.KeyThumbprint)
	if err != nil {
		return "", err
	}
	// Nobody may ask for t again by way of its predecessor once that one's
	// leeway is over.
	err = tx.Queue(ctx, `UPDATE refresh_tokens SET successor_sealed = NULL
		WHERE tenant_id = $1 AND token_hash = $2 AND consumed_at <= $3`, t.parent, now-millis(ReuseLeeway))
	return value, err
}

// rowID is the id under which a token's row seals its successor.
func (t *RefreshToken) rowID() string { return hex.EncodeToString(t.hash) }

// IsReusable reports whether a consumed token still answers with its successor.
func (t *RefreshToken) IsReusable(now int64) bool {
	return t.ConsumedAt != nil && t.successor != nil && now-*t.ConsumedAt < millis(ReuseLeeway)
}

// SuccessorOf returns the value of the newest token that has come of the
// reusable token t: the answer that a retry of a lost one must give.
func SuccessorOf(ctx context.Context, q db.Q, ring *crypt.Keyring, t *RefreshToken) (string, error) {
	value := ""
	for t.successor != nil {
		raw, err := ring.Open(t.successor, "refresh_tokens", "successor_sealed", q.TenantID(), t.rowID())
		if err != nil {
			return "", err
		}
		value = string(raw)
		next, err := RefreshByValue(ctx, q, value)
		if err != nil {
			return "", err
		}
		if next == nil {
			return "", proto.ErrInvalidGrant
		}
		t = next
	}
	return value, nil
}
