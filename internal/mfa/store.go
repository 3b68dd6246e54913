package mfa

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/user"
)

// MaxCredentials is how many credentials a user may have: each is named to the
// browser whenever one of them is asked for.
const MaxCredentials = 50

const columns = `id, user_id, rp_id, credential_id, public_key, algorithm, sign_count, transports, aaguid,
	attestation_format, is_discoverable, is_backup_eligible, is_backed_up, is_uv_initialized,
	user_agent, name, created_at, last_used_at`

// CredentialsOf returns the user's credentials, oldest first.
func CredentialsOf(ctx context.Context, q db.Q, userID string) ([]Credential, error) {
	return db.All[Credential](ctx, q, `SELECT `+columns+` FROM webauthn_credentials
		WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at, id`, userID)
}

// IsRegistered reports whether anybody in the tenant holds the credential.
func IsRegistered(ctx context.Context, q db.Q, credentialID []byte) (bool, error) {
	n, err := db.One[int64](ctx, q, `SELECT count(*) FROM webauthn_credentials
		WHERE tenant_id = $1 AND credential_id = $2`, credentialID)
	return n > 0, err
}

// Holds reports whether the user has the credential of that id now.
func Holds(ctx context.Context, q db.Q, userID, id string) (bool, error) {
	n, err := db.One[int64](ctx, q, `SELECT count(*) FROM webauthn_credentials
		WHERE tenant_id = $1 AND user_id = $2 AND id = $3`, userID, id)
	return n == 1, err
}

// Insert stores a verified credential; ErrRegistered if somebody in the tenant
// holds it already, ErrTooMany if the user has MaxCredentials.
func Insert(ctx context.Context, tx *db.Tx, c *Credential) error {
	// Held, so that of several at once each counts those before it.
	if _, err := user.Hold(ctx, tx, c.UserID); err != nil {
		return err
	}
	n, err := db.One[int](ctx, tx, `SELECT count(*) FROM webauthn_credentials WHERE tenant_id = $1 AND user_id = $2`, c.UserID)
	if err != nil {
		return err
	}
	if n >= MaxCredentials {
		return ErrTooMany
	}
	_, err = tx.Exec(ctx, `INSERT INTO webauthn_credentials (tenant_id, `+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		c.ID, c.UserID, c.RPID, c.CredentialID, c.PublicKey, c.Algorithm, c.SignCount, c.Transports, c.AAGUID,
		c.AttestationFormat, c.IsDiscoverable, c.IsBackupEligible, c.IsBackedUp, c.IsUVInitialized,
		c.UserAgent, c.Name, c.CreatedAt, c.LastUsedAt)
	if db.IsUnique(err, "webauthn_credentials", "credential_id") {
		return ErrRegistered
	}
	return err
}

// Rename names a credential of the user; false if the user has none of that id.
func Rename(ctx context.Context, tx *db.Tx, userID, id, name string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE webauthn_credentials SET name = $4
		WHERE tenant_id = $1 AND user_id = $2 AND id = $3`, userID, id, name)
	return n == 1, err
}

// AdvanceCounter stores the use of a credential: counter, time, backup state
// and, on an imported one, what was not known of it. It reports false and
// changes nothing if the credential is gone or its counter has meanwhile
// reached the presented one, as it has when two uses of a copied key race; the
// authentication then has failed.
func AdvanceCounter(ctx context.Context, tx *db.Tx, now int64, a *Assertion) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE webauthn_credentials
		SET sign_count = $4, last_used_at = $5, is_backed_up = $6, rp_id = COALESCE(rp_id, $7),
			is_backup_eligible = COALESCE(is_backup_eligible, $8)
		WHERE tenant_id = $1 AND user_id = $2 AND id = $3
			AND (sign_count < $4 OR (sign_count = 0 AND $4 = 0))`,
		a.Credential.UserID, a.Credential.ID, int64(a.SignCount), now, a.BackedUp, a.RPID, a.BackupEligible)
	return n == 1, err
}
