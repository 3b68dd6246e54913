package token

import (
	"context"
	"log/slog"

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
// so small that nobody waits for them. It is no failure of the deletion when it cannot:
// what is left lets nobody in, and goes with the purge of grants and as sessions end.
func SweepClient(ctx context.Context, d *db.DB, clientID string) {
	for {
		removed, err := sweep(ctx, d, clientID)
		if err != nil {
			slog.WarnContext(ctx, "grants of a deleted client are left to the purge", "client_id", clientID, "error", err)
		}
		if err != nil || removed < grantsAtOnce {
			return
		}
	}
}

// sweep removes some grants and returns how many.
func sweep(ctx context.Context, d *db.DB, clientID string) (int, error) {
	return db.Do(ctx, d, func(tx *db.Tx) (int, error) {
		grants, err := db.All[string](ctx, tx, `SELECT id FROM grants
			WHERE tenant_id = $1 AND client_id = $2 AND revoked_at IS NOT NULL LIMIT $3`, clientID, grantsAtOnce)
		if err != nil || len(grants) == 0 {
			return 0, err
		}
		these := `IN (` + db.Placeholders(2, len(grants)) + `)`
		if _, err := tx.Exec(ctx, `DELETE FROM session_clients WHERE tenant_id = $1 AND grant_id `+these, db.Args(grants)...); err != nil {
			return 0, err
		}
		_, err = tx.Exec(ctx, `DELETE FROM grants WHERE tenant_id = $1 AND id `+these, db.Args(grants)...)
		return len(grants), err
	})
}
