package job

import (
	"context"
	"errors"
	"time"

	"signet/internal/platform/db"
)

// ErrLost means that another node has taken the work over.
var ErrLost = errors.New("the lease was lost")

// Lease is the right to do a piece of work.
type Lease struct {
	pool   *db.Pool
	name   string
	holder string
	fence  int64
}

// Pool is the database in which the lease is held.
func (l *Lease) Pool() *db.Pool { return l.pool }

// Fence is the number of this lease; every later holder has a greater one.
func (l *Lease) Fence() int64 { return l.fence }

// Hold makes sure, for the rest of the transaction, that the lease is still
// ours: nobody takes it over before the transaction ends. ErrLost otherwise.
func (l *Lease) Hold(ctx context.Context, tx *db.AcrossTx) error {
	_, err := db.One[int64](ctx, tx, `SELECT fence FROM leases WHERE name = $1 AND fence = $2`+tx.Dialect().ForShare(),
		l.name, l.fence)
	if errors.Is(err, db.ErrNoRows) {
		return ErrLost
	}
	return err
}

// Acquire takes the lease if it is free or has run out. A nil lease means that
// another holds it, until free at the earliest.
func Acquire(ctx context.Context, p *db.Pool, name, holder string) (lease *Lease, free int64, err error) {
	now := p.Clock().Millis()
	// A lease is free once it has run out, for its holder too: that is how a
	// period is kept.
	fence, err := db.One[int64](ctx, p.Across(), `INSERT INTO leases (name, holder, fence, expires_at) VALUES ($1, $2, 1, $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = leases.fence + 1, expires_at = excluded.expires_at
		WHERE leases.expires_at <= $4 RETURNING fence`, name, holder, now+leaseLife.Milliseconds(), now)
	if err == nil {
		return &Lease{pool: p, name: name, holder: holder, fence: fence}, 0, nil
	}
	if !errors.Is(err, db.ErrNoRows) {
		return nil, 0, err
	}
	free, err = db.One[int64](ctx, p.Across(), `SELECT expires_at FROM leases WHERE name = $1`, name)
	return nil, free, err
}

// extend keeps the lease until the given time.
func (l *Lease) extend(ctx context.Context, until int64) error {
	n, err := l.pool.Across().Exec(ctx, `UPDATE leases SET expires_at = $3 WHERE name = $1 AND fence = $2`, l.name, l.fence, until)
	if err == nil && n == 0 {
		return ErrLost
	}
	return err
}

// renew extends the lease now and then until ctx ends; it ends ctx when the
// lease is lost.
func (l *Lease) renew(ctx context.Context, interval time.Duration, lost context.CancelCauseFunc) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// A database that is away for a moment does not end the work: what it
		// writes is checked by Hold.
		err := l.extend(ctx, l.pool.Clock().Millis()+leaseLife.Milliseconds())
		if errors.Is(err, ErrLost) {
			lost(ErrLost)
			return
		}
	}
}
