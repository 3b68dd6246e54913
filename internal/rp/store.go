package rp

import (
	"context"
	"encoding/json"
	"errors"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
)

// login is a sign-in that has begun and not come back yet.
type login struct {
	CodeVerifierSealed []byte `db:"code_verifier_sealed"`
	NonceHash          []byte `db:"nonce_hash"`
	ReturnPath         string `db:"return_path"`
}

func insertLogin(ctx context.Context, q db.Q, clientID, cookie, state, nonce string, l login, expiresAt int64) error {
	_, err := q.Exec(ctx, `INSERT INTO account_logins
		(tenant_id, id_hash, client_id, state_hash, nonce_hash, code_verifier_sealed, return_path, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		crypt.Hash(cookie), clientID, crypt.Hash(state), crypt.Hash(nonce), l.CodeVerifierSealed, l.ReturnPath, expiresAt)
	return err
}

// consumeLogin spends the login that both the cookie and the state name, so a
// code that arrives with a foreign state is never redeemed; nil if there is none.
func consumeLogin(ctx context.Context, tx *db.Tx, now int64, clientID, cookie, state string) (*login, error) {
	l, err := db.One[login](ctx, tx, `UPDATE account_logins SET consumed_at = $5
		WHERE tenant_id = $1 AND id_hash = $2 AND state_hash = $3 AND client_id = $4
		AND consumed_at IS NULL AND expires_at > $5
		RETURNING code_verifier_sealed, nonce_hash, return_path`,
		crypt.Hash(cookie), crypt.Hash(state), clientID, now)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	return &l, err
}

type sessionRow struct {
	UserID         string                    `db:"user_id"`
	SessionUID     string                    `db:"session_uid"`
	VerificationID *string                   `db:"verification_id"`
	SteppedUpAt    *int64                    `db:"stepped_up_at"`
	Claims         *db.JSON[json.RawMessage] `db:"claims"`
	CreatedAt      int64                     `db:"created_at"`
}

func insertSession(ctx context.Context, tx *db.Tx, clientID, cookie string, s *Session, expiresAt int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO account_sessions
		(tenant_id, id_hash, client_id, user_id, session_uid, claims, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		crypt.Hash(cookie), clientID, s.UserID, s.SessionUID, db.JSON[json.RawMessage]{V: s.Claims}, s.CreatedAt, expiresAt)
	return err
}

// sessionByCookie returns the page session, nil if there is none. Its OIDC
// session must be alive and still the same person's, and the person active.
func sessionByCookie(ctx context.Context, q db.Q, now int64, clientID, cookie string) (*Session, error) {
	row, err := db.One[sessionRow](ctx, q, `SELECT a.user_id, a.session_uid, a.verification_id, a.stepped_up_at, a.claims, a.created_at
		FROM account_sessions a
		JOIN sessions s ON s.tenant_id = a.tenant_id AND s.uid = a.session_uid AND s.user_id = a.user_id
		JOIN users u ON u.tenant_id = a.tenant_id AND u.id = a.user_id
		WHERE a.tenant_id = $1 AND a.id_hash = $2 AND a.client_id = $3
		AND a.expires_at > $4 AND s.expires_at > $4 AND NOT u.is_suspended`,
		crypt.Hash(cookie), clientID, now)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &Session{
		UserID: row.UserID, SessionUID: row.SessionUID, CreatedAt: row.CreatedAt,
		VerificationID: row.VerificationID, SteppedUpAt: row.SteppedUpAt, idHash: crypt.Hash(cookie),
	}
	if row.Claims != nil {
		s.Claims = row.Claims.V
	}
	return s, nil
}

// SaveStepUp remembers in the page session which verification record proved
// anew that the person is present.
func SaveStepUp(ctx context.Context, q db.Q, now int64, s *Session, verificationID string) error {
	_, err := q.Exec(ctx, `UPDATE account_sessions SET verification_id = $3, stepped_up_at = $4
		WHERE tenant_id = $1 AND id_hash = $2`, s.idHash, verificationID, now)
	if err != nil {
		return err
	}
	s.VerificationID, s.SteppedUpAt = &verificationID, &now
	return nil
}

func deleteSession(ctx context.Context, q db.Q, s *Session) error {
	_, err := q.Exec(ctx, `DELETE FROM account_sessions WHERE tenant_id = $1 AND id_hash = $2`, s.idHash)
	return err
}
