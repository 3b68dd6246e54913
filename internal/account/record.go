package account

import (
	"context"
	"errors"
	"time"

	"signet/internal/mfa"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

// recordTTL is the life of a verification record, from its creation on.
const recordTTL = 10 * time.Minute

// Kinds of verification records.
const (
	// kindPassword and kindPasskey prove again who the user is.
	kindPassword = "Password"
	kindPasskey  = "PasskeyAuthentication"
	// kindRegistration proves that the user holds a new passkey.
	kindRegistration = "WebAuthn"
)

// Record is a proof that a user gave, or is about to give, outside of a sign-in.
// A proof of who the user is serves until it expires; that of a new passkey is
// spent when the passkey is bound.
type Record struct {
	ID        string `db:"id"`
	UserID    string `db:"user_id"`
	Kind      string `db:"type"`
	Version   int    `db:"version"`
	ExpiresAt int64  `db:"expires_at"`
	// VerifiedAt is nil while the proof is still to be given.
	VerifiedAt *int64                 `db:"verified_at"`
	Data       db.JSON[recordContent] `db:"data"`
}

// recordContent is what a ceremony must remember.
type recordContent struct {
	Challenge *mfa.Challenge `json:"challenge,omitempty"`
	// Credential is what a registration yielded.
	Credential *mfa.Credential `json:"credential,omitempty"`
	// PasswordSince is since when the password that was proved has been the user's,
	// in epoch milliseconds.
	PasswordSince *int64 `json:"passwordSince,omitempty"`
	// PasskeyID is the handle of the passkey by which a proof was given.
	PasskeyID string `json:"passkeyId,omitempty"`
}

const recordColumns = `id, user_id, type, version, expires_at, verified_at, data`

// addRecord stores a record of the user; web.ErrUnauthorized if the user is gone.
func addRecord(ctx context.Context, tx *db.Tx, now int64, userID, kind string, verified bool, content recordContent) (*Record, error) {
	r := &Record{
		ID: ids.Long(), UserID: userID, Kind: kind, Version: 1,
		ExpiresAt: now + recordTTL.Milliseconds(), Data: db.JSON[recordContent]{V: content},
	}
	if verified {
		r.VerifiedAt = &now
	}
	_, err := tx.Exec(ctx, `INSERT INTO verification_records (tenant_id, `+recordColumns+`, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.ID, r.UserID, r.Kind, r.Version, r.ExpiresAt, r.VerifiedAt, r.Data, now)
	if db.IsReference(err) {
		return nil, web.ErrUnauthorized.Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// liveRecord returns the user's unexpired record of a kind, or ErrRecordNotFound.
func liveRecord(ctx context.Context, q db.Q, now int64, userID, kind, id string) (*Record, error) {
	r, err := db.One[Record](ctx, q, `SELECT `+recordColumns+` FROM verification_records
		WHERE tenant_id = $1 AND id = $2 AND user_id = $3 AND type = $4 AND expires_at > $5`, id, userID, kind, now)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrRecordNotFound
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// settleRecord marks a record as proved, once: of two answers to one challenge
// the later one finds nothing pending.
func settleRecord(ctx context.Context, tx *db.Tx, now int64, r *Record, content recordContent) error {
	n, err := tx.Exec(ctx, `UPDATE verification_records SET verified_at = $5, data = $6, version = version + 1
		WHERE tenant_id = $1 AND id = $2 AND user_id = $3 AND version = $4 AND verified_at IS NULL AND expires_at > $5`,
		r.ID, r.UserID, r.Version, now, db.JSON[recordContent]{V: content})
	if err == nil && n == 0 {
		return mfa.ErrNoPending
	}
	return err
}

// spendRegistration takes the new passkey out of a proved registration of the
// user, which then is gone.
func spendRegistration(ctx context.Context, tx *db.Tx, now int64, userID, id string) (*mfa.Credential, error) {
	spent, err := db.One[Record](ctx, tx, `DELETE FROM verification_records
		WHERE tenant_id = $1 AND id = $2 AND user_id = $3 AND type = $4 AND verified_at IS NOT NULL AND expires_at > $5
		RETURNING `+recordColumns, id, userID, kindRegistration, now)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrRecordNotFound
	}
	if err != nil {
		return nil, err
	}
	return spent.Data.V.Credential, nil
}

type stepUpRow struct {
	Kind          string                 `db:"type"`
	Data          db.JSON[recordContent] `db:"data"`
	PasswordSince *int64                 `db:"password_changed_at"`
}

// isStepUp reports whether a record proves, now, that its user is who signed in. A
// password that has been replaced proves nothing any more, nor does a passkey that
// has been removed.
func (e *Engine) isStepUp(ctx context.Context, userID, id string) (bool, error) {
	if id == "" || len(id) > maxID {
		return false, nil
	}
	r, err := db.One[stepUpRow](ctx, tenant.From(ctx).DB, `SELECT r.type, r.data, u.password_changed_at FROM verification_records r
		JOIN users u ON u.tenant_id = r.tenant_id AND u.id = r.user_id
		WHERE r.tenant_id = $1 AND r.id = $2 AND r.user_id = $3 AND r.type IN ($4, $5)
			AND r.verified_at IS NOT NULL AND r.expires_at > $6`,
		id, userID, kindPassword, kindPasskey, e.Clock.Millis())
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if r.Kind == kindPasskey {
		return mfa.Holds(ctx, tenant.From(ctx).DB, userID, r.Data.V.PasskeyID)
	}
	return user.IsSamePassword(r.Data.V.PasswordSince, r.PasswordSince), nil
}

// renewStepUp makes the step-up by which a user replaces the password one of the
// new password. Those that others hold end.
func renewStepUp(ctx context.Context, tx *db.Tx, now int64, userID, id string) error {
	_, err := tx.Exec(ctx, `UPDATE verification_records SET data = $5 WHERE tenant_id = $1 AND id = $2 AND user_id = $3 AND type = $4`,
		id, userID, kindPassword, db.JSON[recordContent]{V: recordContent{PasswordSince: &now}})
	return err
}

// maxID is the length of the longest id that names anything.
const maxID = 64
