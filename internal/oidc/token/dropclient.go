package token

import (
	"context"

	"signet/internal/platform/db"
)

// DropClient ends every grant of a client that is gone, and with them what was minted
// under them. The rows are many where a client has been popular: they are left to
// SweepClient.
func DropClient(ctx context.Context, tx *db.Tx, now int64, clientID string) error {
	_, err := tx.Exec(ctx, `UPDATE grants SET revoked_at = $3, expires_at = $3 WHERE tenant_id = $1 AND client_id = $2`, clientID, now)
	return err
}

// SweepClient removes the grants that DropClient has ended, with their codes and
// tokens, and the client from the sessions in which it took part, in transactions
// so small that nobody waits for them. What it leaves when it fails the purge removes
// as it does whatever has expired.
func SweepClient(ctx context.Context, d *db.DB, clientID string) error {
	for {
		var grants []string
		err := d.Tx(ctx, func(tx *db.Tx) (err error) {
			grants, err = db.All[string](ctx, tx, `SELECT id FROM grants
				WHERE tenant_id = $1 AND client_id = $2 AND revoked_at IS NOT NULL LIMIT $3`, clientID, grantsAtOnce)
			if err != nil || len(grants) == 0 {
				return err
			}
			these := `IN (` + db.Placeholders(2, len(grants)) + `)`
			if _, err := tx.Exec(ctx, `DELETE FROM session_clients WHERE tenant_id = $1 AND grant_id `+these, db.Args(grants)...); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `DELETE FROM grants WHERE tenant_id = $1 AND id `+these, db.Args(grants)...)
			return err
		})
		if err != nil || len(grants) < grantsAtOnce {
			return err
		}
	}
}
