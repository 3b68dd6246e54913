package user

import (
	"context"

	"signet/internal/platform/db"
)

// RecordApplication notes the application through which a user came first; once
// there is one, it stays.
func RecordApplication(ctx context.Context, tx *db.Tx, id, applicationID string) error {
	_, err := tx.Exec(ctx, `UPDATE users SET application_id = $3
		WHERE tenant_id = $1 AND id = $2 AND application_id IS NULL`, id, applicationID)
	return err
}
