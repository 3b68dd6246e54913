package dashboard

import (
	"context"
	"fmt"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/job"
)

const (
	// SettlePeriod is how often Settle should run.
	SettlePeriod = time.Hour
	// Kept is for how many days it is known who was active: as long as the two
	// months need that are compared, and two days for Settle to be late.
	Kept = 2*month + 2
	// settling is how long after its end a day is finished: a trail that waited
	// for the database is written by then.
	settling = 2 * time.Hour
)

// Settle stores the counts of every tenant's finished days in the given time
// zone, so that nobody has to count them again. It is work for a job.Runner.
func Settle(zone *time.Location) job.Work {
	return func(ctx context.Context, lease *job.Lease) error {
		pool := lease.Pool()
		last := DayOf(pool.Clock()().Add(-settling).In(zone)) - 1
		tenants, err := db.All[string](ctx, pool.Across(), `SELECT id FROM tenants ORDER BY id`)
		if err != nil {
			return err
		}
		for _, id := range tenants {
			if err := settle(ctx, lease, pool.For(id), last); err != nil {
				return fmt.Errorf("settle the days of tenant %s: %w", id, err)
			}
		}
		return nil
	}
}

func settle(ctx context.Context, lease *job.Lease, d *db.DB, last Day) error {
	day, ok, err := unsettled(ctx, d)
	if err != nil || !ok {
		return err
	}
	for day = max(day, last-Kept); day <= last; day++ {
		// Counted before the transaction, which on SQLite keeps others waiting.
		c, err := count(ctx, d, day)
		if err != nil {
			return err
		}
		err = d.Pool().Across().Tx(ctx, func(tx *db.AcrossTx) error {
			if err := lease.Hold(ctx, tx); err != nil {
				return err
			}
			return insertCounts(ctx, tx.For(d.TenantID()), c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func count(ctx context.Context, q db.Q, day Day) (c counts, err error) {
	c.Day = day
	if c.DAU, err = activeBetween(ctx, q, day, day); err != nil {
		return c, err
	}
	if c.WAU, err = activeBetween(ctx, q, day-week+1, day); err != nil {
		return c, err
	}
	c.MAU, err = activeBetween(ctx, q, day-month+1, day)
	return c, err
}
