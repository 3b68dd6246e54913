package registration

import (
	"context"
	"errors"
	"time"

	"signet/internal/application"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
)

// InitialToken is an initial access token as the API shows it. Times are epoch
// milliseconds.
type InitialToken struct {
	TenantID  string `json:"tenantId" check:"max=21"`
	ID        string `json:"id" check:"max=21" db:"id"`
	Name      string `json:"name" check:"max=256" db:"name" example:"Partner portal"`
	MaxUses   *int64 `json:"maxUses" check:"nullable" db:"max_uses" example:"10"`
	Uses      int64  `json:"uses" db:"uses"`
	CreatedAt int64  `json:"createdAt" db:"created_at"`
	ExpiresAt *int64 `json:"expiresAt" check:"nullable" db:"expires_at" example:"1790000000000"`
}

const initialColumns = `id, name, max_uses, uses, created_at, expires_at`

// IssueInitialToken draws an initial access token, stores its hash and returns its
// value: nobody can read it again. Of wanted, name, uses and expiry count.
func IssueInitialToken(ctx context.Context, tx *db.Tx, now int64, wanted InitialToken) (*InitialToken, string, error) {
	value := ids.Token()
	wanted.TenantID, wanted.ID, wanted.CreatedAt = tx.TenantID(), ids.Long(), now
	_, err := tx.Exec(ctx, `INSERT INTO initial_access_tokens (tenant_id, id, name, token_hash, max_uses, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, wanted.ID, wanted.Name, crypt.Hash(value), wanted.MaxUses, now, wanted.ExpiresAt)
	return &wanted, value, err
}

// InitialTokens returns initial access tokens, the newest first, and how many
// there are.
func InitialTokens(ctx context.Context, q db.Q, r db.Range) ([]InitialToken, int64, error) {
	list, total, err := db.List[InitialToken](ctx, q, db.Listing{
		Columns: initialColumns, From: "initial_access_tokens", Where: "tenant_id = $1", Order: "created_at DESC, id DESC",
	}, r)
	for i := range list {
		list[i].TenantID = q.TenantID()
	}
	return list, total, err
}

// DeleteInitialToken deletes an initial access token, or returns errs.ErrNotFound.
// Clients that were registered with it stay.
func DeleteInitialToken(ctx context.Context, tx *db.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM initial_access_tokens WHERE tenant_id = $1 AND id = $2`, id)
	if err == nil && n == 0 {
		err = errs.ErrNotFound
	}
	return err
}

// spend uses an initial access token once and returns its id.
func spend(ctx context.Context, tx *db.Tx, now int64, authorization string) (string, error) {
	value, err := web.BearerToken(authorization)
	if err != nil {
		return "", errInitialToken
	}
	id, err := db.One[string](ctx, tx, `UPDATE initial_access_tokens SET uses = uses + 1
		WHERE tenant_id = $1 AND token_hash = $2 AND (expires_at IS NULL OR expires_at > $3) AND (max_uses IS NULL OR uses < max_uses)
		RETURNING id`, crypt.Hash(value), now)
	if errors.Is(err, db.ErrNoRows) {
		return "", errInitialToken
	}
	return id, err
}

// storeToken makes a value the registration access token of a client.
func storeToken(ctx context.Context, tx *db.Tx, applicationID, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO registration_tokens (tenant_id, application_id, token_hash) VALUES ($1, $2, $3)`,
		applicationID, crypt.Hash(value))
	return err
}

// ownerOf returns the id of the client whose registration access token a value is.
func ownerOf(ctx context.Context, q db.Q, value string) (string, error) {
	id, err := db.One[string](ctx, q, `SELECT application_id FROM registration_tokens
		WHERE tenant_id = $1 AND token_hash = $2`, crypt.Hash(value))
	if errors.Is(err, db.ErrNoRows) {
		return "", errRegistrationToken
	}
	return id, err
}

// dropped is how many clients that nobody uses make way for each new one.
const dropped = 20

// dropUnused deletes clients that registered themselves more than so many days ago
// and to which no user allows anything.
func dropUnused(ctx context.Context, tx *db.Tx, now int64, days *int64) error {
	if days == nil {
		return nil
	}
	before := now - *days*(24*time.Hour).Milliseconds()
	unused, err := db.All[string](ctx, tx, `SELECT a.id FROM applications a
		WHERE a.tenant_id = $1 AND a.registration IS NOT NULL AND a.created_at < $2
			AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.tenant_id = $1 AND g.client_id = a.id)
		ORDER BY a.created_at, a.id LIMIT $3`, before, dropped)
	if err != nil {
		return err
	}
	for _, id := range unused {
		// Somebody else may have been faster.
		if err := remove(ctx, tx, now, id); err != nil && !errors.Is(err, application.ErrNotFound) {
			return err
		}
	}
	return nil
}
