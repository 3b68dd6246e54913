package sentinel

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/platform/ids"
)

// stale is the age at which an attempt that was never settled, because the
// process died, counts as failed.
const stale = time.Minute

// An Attempt is a reservation: one pending activity for each target.
type Attempt struct {
	targets []Target // in lock order
	ids     []string
	first   Target // as the caller named it
}

// reserve records a pending attempt at every target, or says why there may be
// none. It decides under a lock on each target, so that of any number of
// parallel attempts only as many get through as may still fail.
func reserve(ctx context.Context, d *db.DB, now time.Time, p Policy, targets []Target) (a *Attempt, blocked error, err error) {
	err = d.Tx(ctx, func(tx *db.Tx) error {
		blocked = nil
		a = &Attempt{targets: inLockOrder(targets), first: targets[0]}
		wait := time.Duration(0)
		for _, t := range a.targets {
			until, err := lock(ctx, tx, now, t)
			if err != nil {
				return err
			}
			wait = max(wait, until.Sub(now))
			used, err := count(ctx, tx, now, t, math.MaxInt64)
			if err != nil {
				return err
			}
			// Attempts still under way may all fail, and then this one is too many.
			if used >= p.maxAttempts() {
				wait = max(wait, stale)
			}
		}
		if wait > 0 {
			blocked = blockedFor(wait)
			return nil
		}
		return a.record(ctx, tx, now)
	})
	return a, blocked, err
}

func (a *Attempt) record(ctx context.Context, tx *db.Tx, now time.Time) error {
	values, args := []string{}, []any{}
	for _, t := range a.targets {
		row := []any{ids.Ordered(now), t.pool, t.hash, string(t.action), now.UnixMilli()}
		a.ids = append(a.ids, row[0].(string))
		values = append(values, "($1, "+db.Placeholders(len(args)+2, len(row))+", 'User', 'pending')")
		args = append(args, row...)
	}
	return tx.Queue(ctx, `INSERT INTO sentinel_activities
		(tenant_id, id, pool, target_hash, action, created_at, target_type, outcome) VALUES `+strings.Join(values, ", "), args...)
}

// touchEvery is for how long a target's row is only read. Then it is written
// again, so that it outlives the purge, which takes what nobody touched for a day.
const touchEvery = time.Hour

type targetRow struct {
	BlockedUntil int64 `db:"blocked_until"`
	TouchedAt    int64 `db:"touched_at"`
}

// lock takes the target's row until the end of tx and returns the end of its
// lockout.
func lock(ctx context.Context, tx *db.Tx, now time.Time, t Target) (until time.Time, err error) {
	row, err := db.One[targetRow](ctx, tx, `SELECT blocked_until, touched_at FROM sentinel_targets
		WHERE tenant_id = $1 AND pool = $2 AND target_hash = $3`+tx.Dialect().ForUpdate(), t.pool, t.hash)
	if err == nil && now.Sub(time.UnixMilli(row.TouchedAt)) < touchEvery {
		return time.UnixMilli(row.BlockedUntil), nil
	}
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return time.Time{}, err
	}
	ms, err := db.One[int64](ctx, tx, `INSERT INTO sentinel_targets (tenant_id, pool, target_hash, touched_at)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant_id, pool, target_hash) DO UPDATE SET touched_at = excluded.touched_at
		RETURNING blocked_until`, t.pool, t.hash, now.UnixMilli())
	return time.UnixMilli(ms), err
}

// count returns the failures at the target within the window, and the pending
// attempts that began no later than pendingUntil.
func count(ctx context.Context, tx *db.Tx, now time.Time, t Target, pendingUntil int64) (int, error) {
	return db.One[int](ctx, tx, `SELECT count(*) FROM sentinel_activities
		WHERE tenant_id = $1 AND pool = $2 AND target_hash = $3 AND created_at > $4
		AND (outcome = 'failed' OR (outcome = 'pending' AND created_at <= $5))`,
		t.pool, t.hash, now.Add(-window).UnixMilli(), pendingUntil)
}

// Succeed records that the secret was right.
func (a *Attempt) Succeed(ctx context.Context, tx *db.Tx) error {
	return settle(ctx, tx, "success", a.ids...)
}

// release takes back an attempt at which nothing was checked.
func (a *Attempt) release(ctx context.Context, d *db.DB) error {
	return d.Tx(ctx, func(tx *db.Tx) error {
		for _, id := range a.ids {
			if _, err := tx.Exec(ctx, `DELETE FROM sentinel_activities WHERE tenant_id = $1 AND id = $2`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// fail counts the attempt and blocks each target that has reached the limit.
func (a *Attempt) fail(ctx context.Context, d *db.DB, now time.Time, p Policy) (blocked error, err error) {
	err = d.Tx(ctx, func(tx *db.Tx) error {
		blocked = nil
		for i, t := range a.targets {
			reached, err := failAt(ctx, tx, now, p, t, a.ids[i])
			if err != nil {
				return err
			}
			if reached {
				blocked = blockedFor(p.lockout())
			}
		}
		if blocked == nil {
			return nil
		}
		return event.Record(ctx, tx, now.UnixMilli(), "Identifier.Lockout", lockout{Type: a.first.kind, Value: a.first.value})
	})
	return blocked, err
}

// failAt settles the activity id of one target and reports whether it is the
// one that reached the limit.
func failAt(ctx context.Context, tx *db.Tx, now time.Time, p Policy, t Target, id string) (reached bool, err error) {
	if _, err := lock(ctx, tx, now, t); err != nil {
		return false, err
	}
	failed, err := count(ctx, tx, now, t, now.Add(-stale).UnixMilli())
	if err != nil {
		return false, err
	}
	if failed+1 < p.maxAttempts() {
		return false, settle(ctx, tx, "failed", id)
	}
	if err := block(ctx, tx, t, now.Add(p.lockout())); err != nil {
		return false, err
	}
	return true, settle(ctx, tx, "blocked", id)
}

// lockout is the data of the event Identifier.Lockout.
type lockout struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func block(ctx context.Context, tx *db.Tx, t Target, until time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE sentinel_targets SET blocked_until = $4
		WHERE tenant_id = $1 AND pool = $2 AND target_hash = $3 AND blocked_until < $4`, t.pool, t.hash, until.UnixMilli())
	return err
}

func settle(ctx context.Context, tx *db.Tx, outcome string, ids ...string) error {
	return tx.Queue(ctx, `UPDATE sentinel_activities SET outcome = $2
		WHERE tenant_id = $1 AND id IN (`+db.Placeholders(3, len(ids))+`)`, append([]any{outcome}, db.Args(ids)...)...)
}
