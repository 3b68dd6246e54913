package application

import (
	"context"
	"errors"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// PublishedSecret is a secret with its value, as the API shows it.
type PublishedSecret struct {
	TenantID      string `json:"tenantId" check:"max=21"`
	ApplicationID string `json:"applicationId" check:"max=21"`
	Name          string `json:"name" check:"max=256" example:"Default secret"`
	Value         string `json:"value" check:"max=64" example:"kEf3Zr8s0Yb6Wq1Lx9Vn4Tg7Pd2Hm5Jc"`
	CreatedAt     int64  `json:"createdAt"`
	ExpiresAt     *int64 `json:"expiresAt" check:"nullable" example:"1790000000000"` // epoch milliseconds
}

type secretRow struct {
	ApplicationID string `db:"application_id"`
	Name          string `db:"name"`
	Sealed        []byte `db:"secret_sealed"`
	CreatedAt     int64  `db:"created_at"`
	ExpiresAt     *int64 `db:"expires_at"`
}

const secretColumns = `application_id, name, secret_sealed, created_at, expires_at`

const namedSecrets = `SELECT ` + secretColumns + ` FROM application_secrets
	WHERE tenant_id = $1 AND application_id = $2 AND kind = 'named'`

func (r *secretRow) open(ring *crypt.Keyring, tenantID string) (string, error) {
	return openSecret(ring, r.Sealed, tenantID, r.ApplicationID, r.Name)
}

func openSecret(ring *crypt.Keyring, sealed []byte, tenantID, applicationID, name string) (string, error) {
	value, err := ring.Open(sealed, "application_secrets", "secret_sealed", tenantID, applicationID+"|"+name)
	return string(value), err
}

func (r *secretRow) published(ring *crypt.Keyring, tenantID string) (PublishedSecret, error) {
	value, err := r.open(ring, tenantID)
	return PublishedSecret{tenantID, r.ApplicationID, r.Name, value, r.CreatedAt, r.ExpiresAt}, err
}

// NamedSecrets returns the secrets of an application with their values, the
// oldest first.
func NamedSecrets(ctx context.Context, q db.Q, ring *crypt.Keyring, applicationID string) ([]PublishedSecret, error) {
	rows, err := db.All[secretRow](ctx, q, namedSecrets+` ORDER BY created_at, name`, applicationID)
	if err != nil {
		return nil, err
	}
	out := make([]PublishedSecret, len(rows))
	for i := range rows {
		if out[i], err = rows[i].published(ring, q.TenantID()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// NamedSecret returns one secret of an application with its value, or
// errs.ErrNotExists.
func NamedSecret(ctx context.Context, q db.Q, ring *crypt.Keyring, applicationID, name string) (*PublishedSecret, error) {
	r, err := db.One[secretRow](ctx, q, namedSecrets+` AND name = $3`, applicationID, name)
	if errors.Is(err, db.ErrNoRows) {
		return nil, errs.ErrNotExists
	}
	if err != nil {
		return nil, err
	}
	out, err := r.published(ring, q.TenantID())
	return &out, err
}

// RenameSecret gives a secret another name and returns it; errs.ErrNotExists or
// ErrSecretNameTaken.
func RenameSecret(ctx context.Context, tx *db.Tx, ring *crypt.Keyring, applicationID, name, to string) (*PublishedSecret, error) {
	secret, err := NamedSecret(ctx, tx, ring, applicationID, name)
	if err != nil {
		return nil, err
	}
	// The seal is bound to the row, and so to the name.
	sealed := ring.Seal([]byte(secret.Value), "application_secrets", "secret_sealed", tx.TenantID(), applicationID+"|"+to)
	n, err := tx.Exec(ctx, `UPDATE application_secrets SET name = $4, secret_sealed = $5
		WHERE tenant_id = $1 AND application_id = $2 AND name = $3 AND kind = 'named'`, applicationID, name, to, sealed)
	switch {
	case db.IsUnique(err, "application_secrets", "name"):
		return nil, ErrSecretNameTaken
	case err != nil:
		return nil, err
	case n == 0:
		return nil, errs.ErrNotExists
	}
	secret.Name = to
	return secret, tx.Touch(ctx, Family)
}

// DeleteSecret removes a secret of an application, or returns errs.ErrNotFound.
func DeleteSecret(ctx context.Context, tx *db.Tx, applicationID, name string) error {
	n, err := tx.Exec(ctx, `DELETE FROM application_secrets
		WHERE tenant_id = $1 AND application_id = $2 AND name = $3 AND kind = 'named'`, applicationID, name)
	switch {
	case err != nil:
		return err
	case n == 0:
		return errs.ErrNotFound
	}
	return tx.Touch(ctx, Family)
}

// LegacySecrets returns the values of legacy secrets by application, for those
// of the applications that have one.
func LegacySecrets(ctx context.Context, q db.Q, ring *crypt.Keyring, applicationIDs []string) (map[string]string, error) {
	values := map[string]string{}
	if len(applicationIDs) == 0 {
		return values, nil
	}
	l := db.Listing{Columns: secretColumns, From: "application_secrets", Where: "tenant_id = $1 AND kind = 'legacy'", Order: "application_id"}
	// The list of everything may be longer than a statement has placeholders.
	if len(applicationIDs) <= 100 {
		l.AndIn("application_id", applicationIDs)
	}
	rows, err := db.Rows[secretRow](ctx, q, l, db.Range{})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if values[rows[i].ApplicationID], err = rows[i].open(ring, q.TenantID()); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// DeleteLegacySecret removes the legacy secret of an application, or returns
// ErrNoLegacySecret.
func DeleteLegacySecret(ctx context.Context, tx *db.Tx, applicationID string) error {
	n, err := tx.Exec(ctx, `DELETE FROM application_secrets
		WHERE tenant_id = $1 AND application_id = $2 AND kind = 'legacy'`, applicationID)
	switch {
	case err != nil:
		return err
	case n == 0:
		return ErrNoLegacySecret
	}
	return tx.Touch(ctx, Family)
}
