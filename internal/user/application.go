package user

import (
	"context"

	"signet/internal/platform/db"
)

// RecordApplication notes the application through which a user came first; once
// there is one, it stays.
func RecordApplication(ctx context.Context, tx *db.Tx, id, applicationID string) error {
	return recordFirst(ctx, tx, "application_id", id, applicationID)
}

// RecordAddress is RecordApplication for a client that is known by an address.
func RecordAddress(ctx context.Context, tx *db.Tx, id, address string) error {
	return recordFirst(ctx, tx, "cimd_client_id", id, address)
}

func recordFirst(ctx context.Context, tx *db.Tx, column, id, clientID string) error {
	return tx.Queue(ctx, `UPDATE users SET `+column+` = $3
		WHERE tenant_id = $1 AND id = $2 AND application_id IS NULL AND cimd_client_id IS NULL`, id, clientID)
}
