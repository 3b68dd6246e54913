package asset

import (
	"context"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/job"
)

// PurgePeriod is how often Purge should run.
const PurgePeriod = time.Minute

const (
	// grace keeps a file away from Purge that a node whose clock is slow may
	// still keep.
	grace = 10 * time.Minute
	batch = 100
)

// expired is an asset whose time is over.
type expired struct {
	TenantID string `db:"tenant_id"`
	ID       string `db:"id"`
	Path     string `db:"path"`
}

// Purge deletes uploads that nobody kept, with their files, and what a crash
// left half written. It is work for a job.Runner.
func (d *Disk) Purge(ctx context.Context, lease *job.Lease) error {
	now := d.clock()
	before := now.Add(-grace).UnixMilli()
	for {
		gone, err := db.All[expired](ctx, lease.Pool().Across(), `SELECT tenant_id, id, path FROM assets
			WHERE pending_until < $1 ORDER BY pending_until LIMIT $2`, before, batch)
		if err != nil {
			return err
		}
		for _, e := range gone {
			// The file goes first: a row without one is found again, not the reverse.
			if err := d.remove(e.TenantID, e.Path); err != nil {
				return err
			}
			if err := e.forget(ctx, lease, before); err != nil {
				return err
			}
		}
		if len(gone) < batch {
			break
		}
	}
	return d.sweep(now.Add(-Retention))
}

func (e expired) forget(ctx context.Context, lease *job.Lease, before int64) error {
	return lease.Pool().Across().Tx(ctx, func(tx *db.AcrossTx) error {
		if err := lease.Hold(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM assets WHERE tenant_id = $1 AND id = $2 AND pending_until < $3`, e.TenantID, e.ID, before)
		return err
	})
}
