// Package job runs work in the background: periodic work through a Runner, work
// that a transaction leaves for later through a Queue. Each piece is done by one
// node at a time. A row in the table leases says which node holds a piece of work
// and until when; its fence grows with every change of hands, so a node that was
// away too long finds out before it writes. Deferred work is a row in the table
// jobs, which a node claims in the same manner.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// leaseLife is how long a lease lasts without renewal: after a crash another
// node takes over so much later.
const leaseLife = time.Minute

// Work is what a node does while it holds the lease. Its context ends when the
// lease is lost or the runner stops.
type Work func(ctx context.Context, lease *Lease) error

// Runner runs work when it is due. Register with Every, then Start.
type Runner struct {
	pool   *db.Pool
	log    *slog.Logger
	holder string
	tick   time.Duration // how often it looks for due work
	renew  time.Duration // how often it renews a lease in use
	tasks  []*task
	stop   context.CancelFunc
	done   sync.WaitGroup
}

type task struct {
	name   string
	period time.Duration
	work   Work
	next   int64 // when this node looks again, in epoch milliseconds
}

// New returns a runner without work.
func New(p *db.Pool, log *slog.Logger) *Runner {
	return &Runner{pool: p, log: log, holder: ids.Long(), tick: time.Second, renew: leaseLife / 4}
}

// Every registers work to be done once a period over all nodes together. A run
// that fails is logged and comes again after a period.
func (r *Runner) Every(name string, period time.Duration, work Work) {
	r.tasks = append(r.tasks, &task{name: name, period: period, work: work})
}

// Start begins to run what is due, until Stop.
func (r *Runner) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	for _, t := range r.tasks {
		r.done.Go(func() { r.loop(ctx, t) })
	}
}

// Stop ends running work through its context and waits for it.
func (r *Runner) Stop() {
	if r.stop != nil {
		r.stop()
	}
	r.done.Wait()
}

func (r *Runner) loop(ctx context.Context, t *task) {
	ticker := time.NewTicker(r.tick)
	defer ticker.Stop()
	for {
		r.try(ctx, t)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// RunDue does on this goroutine whatever is due now. Start does so by itself.
func (r *Runner) RunDue(ctx context.Context) {
	for _, t := range r.tasks {
		r.try(ctx, t)
	}
}

// try runs a task if it is due and no other node holds it.
func (r *Runner) try(ctx context.Context, t *task) {
	began := r.pool.Clock().Millis()
	if began < t.next {
		return
	}
	lease, free, err := Acquire(ctx, r.pool, t.name, r.holder)
	switch {
	case err != nil:
		if ctx.Err() == nil {
			r.log.Warn("lease not read", "job", t.name, "error", err)
		}
		return
	case lease == nil:
		t.next = free
		return
	}
	t.next = began + t.period.Milliseconds()
	if err := r.run(ctx, t, lease); err != nil && ctx.Err() == nil {
		r.log.Error("job failed", "job", t.name, "error", err)
	}
	// Kept until the next run is due, so that no other node runs it before.
	if err := lease.extend(context.WithoutCancel(ctx), t.next); err != nil && !errors.Is(err, ErrLost) {
		r.log.Warn("lease not kept", "job", t.name, "error", err)
	}
}

// run does the work and renews the lease meanwhile.
func (r *Runner) run(ctx context.Context, t *task, lease *Lease) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { lease.renew(ctx, r.renew, cancel) })
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
		if errors.Is(context.Cause(ctx), ErrLost) {
			err = errors.Join(ErrLost, err)
		}
		cancel(nil)
		renewing.Wait()
	}()
	return t.work(ctx, lease)
}
