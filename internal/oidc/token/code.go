package token

import (
	"context"
	"errors"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// Code is what an authorization code stands for (RFC 6749 section 4.1.2). Times
// are milliseconds.
type Code struct {
	Approval

	RedirectURI   string  // as sent; the exchange must repeat it
	CodeChallenge *string // S256
	// KeyThumbprint is the key that whoever redeems the code must hold (RFC 9449
	// section 10), nil for any.
	KeyThumbprint *string
	ExpiresAt     int64
	ConsumedAt    *int64
}

type codeRow struct {
	GrantID             string                   `db:"grant_id"`
	ClientID            string                   `db:"client_id"`
	SessionUID          *string                  `db:"session_uid"`
	RedirectURI         string                   `db:"redirect_uri"`
	CodeChallenge       *string                  `db:"code_challenge"`
	Nonce               *string                  `db:"nonce"`
	Scope               string                   `db:"scope"`
	Resources           db.JSON[[]string]        `db:"resources"`
	AuthTime            int64                    `db:"auth_time"`
	IsAuthTimeRequested bool                     `db:"is_auth_time_requested"`
	KeyThumbprint       *string                  `db:"key_thumbprint"`
	Authentication      *db.JSON[Authentication] `db:"authentication"`
	ExpiresAt           int64                    `db:"expires_at"`
	ConsumedAt          *int64                   `db:"consumed_at"`
}

func (r codeRow) code() *Code {
	return &Code{
		Approval: Approval{
			GrantID: r.GrantID, ClientID: r.ClientID, SessionUID: r.SessionUID, Nonce: r.Nonce, Scope: r.Scope,
			Resources: r.Resources.V, AuthTime: r.AuthTime, IsAuthTimeRequested: r.IsAuthTimeRequested,
			Authentication: said(r.Authentication),
		},
		RedirectURI: r.RedirectURI, CodeChallenge: r.CodeChallenge, KeyThumbprint: r.KeyThumbprint, ExpiresAt: r.ExpiresAt, ConsumedAt: r.ConsumedAt,
	}
}

// IssueCode stores a code under the live grant g for CodeTTL and returns its
// value. The code's grant is g.
func IssueCode(ctx context.Context, tx *db.Tx, now int64, g *Grant, c Code) (string, error) {
	g, err := g.held(ctx, tx, now)
	if err != nil {
		return "", err
	}
	if c.Resources == nil {
		c.Resources = []string{}
	}
	value := ids.Token()
	err = tx.Queue(ctx, `INSERT INTO authorization_codes (tenant_id, code_hash, grant_id, client_id, session_uid, redirect_uri,
			code_challenge, nonce, scope, resources, auth_time, is_auth_time_requested, key_thumbprint, authentication, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		crypt.Hash(value), g.ID, c.ClientID, c.SessionUID, c.RedirectURI, c.CodeChallenge, c.Nonce, c.Scope,
		db.JSON[[]string]{V: c.Resources}, c.AuthTime, c.IsAuthTimeRequested, c.KeyThumbprint, c.Authentication.column(), now+millis(CodeTTL))
	if err != nil {
		return "", err
	}
	return value, nil
}

// CodeByValue returns a code, consumed or expired ones too; nil if there is
// none.
func CodeByValue(ctx context.Context, q db.Q, value string) (*Code, error) {
	row, err := db.One[codeRow](ctx, q, `SELECT grant_id, client_id, session_uid, redirect_uri, code_challenge, nonce, scope,
			resources, auth_time, is_auth_time_requested, key_thumbprint, authentication, expires_at, consumed_at
		FROM authorization_codes WHERE tenant_id = $1 AND code_hash = $2`, crypt.Hash(value))
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return row.code(), nil
}

// RedeemCode consumes a code; it reports false if somebody has consumed it
// before, or it has expired.
func RedeemCode(ctx context.Context, tx *db.Tx, now int64, value string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE authorization_codes SET consumed_at = $3
		WHERE tenant_id = $1 AND code_hash = $2 AND consumed_at IS NULL AND expires_at > $3`, crypt.Hash(value), now)
	return n == 1, err
}
