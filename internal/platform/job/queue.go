package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// Kind is a sort of deferred work.
type Kind struct {
	// Do does one piece of it, for a tenant. What Later stored is payload. An
	// error brings the piece back after the next of Retries; after the last of
	// them it is given up.
	Do func(ctx context.Context, tenantID string, payload json.RawMessage) error
	// Timeout bounds one attempt.
	Timeout time.Duration
	// Retries are the waits before further attempts.
	Retries []time.Duration
}

// Later stores a piece of work of a kind: it is done soon after tx commits, and
// not at all if it does not. Pieces of one lane, for example all calls of one
// service, share a few places of a Queue. Now is in epoch milliseconds; payload
// becomes JSON.
func Later(ctx context.Context, tx *db.Tx, now int64, kind, lane string, payload any) error {
	_, err := tx.Exec(ctx, `INSERT INTO jobs (tenant_id, id, kind, lane, payload, run_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6)`,
		ids.Ordered(time.UnixMilli(now)), kind, lane, db.JSON[any]{V: payload}, now)
	if err != nil {
		return fmt.Errorf("defer %s: %w", kind, err)
	}
	return nil
}

const (
	// places is how many pieces of work a node does at once, lanePlaces how many
	// of them for one lane.
	places     = 32
	lanePlaces = 4
	// claimMargin is how much longer than its timeout a piece of work is a node's
	// own: it ends, and says so, before another node takes it for abandoned.
	claimMargin = 30 * time.Second
)

// Queue does deferred work of all tenants. Every node has one: which of them
// does a piece is decided by one conditional statement. A node that dies in the
// middle leaves its pieces to the others, so a piece may be done twice.
type Queue struct {
	pool  *db.Pool
	clock clock.Clock
	log   *slog.Logger
	kinds map[string]Kind
	tick  time.Duration // how often it looks for due work
	wake  chan struct{} // a place has become free

	mu   sync.Mutex
	busy map[lane]int // how many pieces are being done

	stop    context.CancelFunc
	done    sync.WaitGroup // the loop
	working sync.WaitGroup
}

type lane struct{ tenantID, name string }

// piece is a row of the table jobs.
type piece struct {
	TenantID string                   `db:"tenant_id"`
	ID       string                   `db:"id"`
	Kind     string                   `db:"kind"`
	Lane     string                   `db:"lane"`
	Payload  db.JSON[json.RawMessage] `db:"payload"`
	Attempts int                      `db:"attempts"` // begun so far
	Fence    int64                    `db:"fence"`
}

// NewQueue returns a queue that does the kinds of work that are given by name.
func NewQueue(p *db.Pool, now clock.Clock, log *slog.Logger, kinds map[string]Kind) *Queue {
	return &Queue{pool: p, clock: now, log: log, kinds: kinds, tick: time.Second, wake: make(chan struct{}, 1), busy: map[lane]int{}}
}

// Start begins to do what is due, until Stop.
func (q *Queue) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	q.stop = cancel
	q.done.Go(func() { q.loop(ctx) })
}

// Stop ends running work through its context and waits for it.
func (q *Queue) Stop() {
	if q.stop != nil {
		q.stop()
	}
	q.done.Wait()
	q.working.Wait()
}

func (q *Queue) loop(ctx context.Context) {
	ticker := time.NewTicker(q.tick)
	defer ticker.Stop()
	for {
		for q.begin(ctx) > 0 {
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-q.wake:
		}
	}
}

// RunDue does whatever is due now and returns when it is done. Start does so by
// itself.
func (q *Queue) RunDue(ctx context.Context) {
	for q.begin(ctx) > 0 {
		q.working.Wait()
	}
}

// begin starts due work as long as there are free places, and returns how many
// pieces it started.
func (q *Queue) begin(ctx context.Context) int {
	due, err := q.due(ctx)
	if err != nil && ctx.Err() == nil {
		q.log.Warn("deferred work not read", "error", err)
	}
	started := 0
	for i := range due {
		p := &due[i]
		if !q.enter(p) {
			continue
		}
		if mine, err := q.claim(ctx, p); err != nil || !mine {
			q.leave(p)
			continue
		}
		started++
		q.working.Go(func() {
			defer q.poke()
			defer q.leave(p)
			q.finish(ctx, p, q.attempt(ctx, p))
		})
	}
	return started
}

func (q *Queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// enter takes a place for a piece of work, if its lane has one.
func (q *Queue) enter(p *piece) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	l, total := lane{p.TenantID, p.Lane}, 0
	for _, n := range q.busy {
		total += n
	}
	if total >= places || q.busy[l] >= lanePlaces {
		return false
	}
	q.busy[l]++
	return true
}

func (q *Queue) leave(p *piece) {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := lane{p.TenantID, p.Lane}
	if q.busy[l]--; q.busy[l] == 0 {
		delete(q.busy, l)
	}
}

// due returns work that waits, the longest waiting first, without that of lanes
// whose places are taken.
func (q *Queue) due(ctx context.Context) ([]piece, error) {
	now := q.clock.Millis()
	args := []any{now, places}
	for kind := range q.kinds {
		args = append(args, kind)
	}
	condition := " AND kind IN (" + db.Placeholders(3, len(q.kinds)) + ")"
	q.mu.Lock()
	for l, n := range q.busy {
		if n >= lanePlaces {
			next := len(args) + 1
			condition += " AND NOT (tenant_id = $" + strconv.Itoa(next) + " AND lane = $" + strconv.Itoa(next+1) + ")"
			args = append(args, l.tenantID, l.name)
		}
	}
	q.mu.Unlock()
	return db.All[piece](ctx, q.pool.Across(), `SELECT tenant_id, id, kind, lane, payload, attempts, fence FROM jobs
		WHERE done_at IS NULL AND run_at <= $1 AND locked_until <= $1`+condition+` ORDER BY run_at, id LIMIT $2`, args...)
}

// claim makes a piece of work this node's own, unless another was faster.
func (q *Queue) claim(ctx context.Context, p *piece) (bool, error) {
	until := q.clock().Add(q.kinds[p.Kind].Timeout + claimMargin).UnixMilli()
	// IS NULL would let PostgreSQL read all that waits, by the index of what is due.
	n, err := q.pool.Across().Exec(ctx, `UPDATE jobs SET locked_until = $4, fence = fence + 1, attempts = attempts + 1
		WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND COALESCE(done_at, 0) = 0`, p.TenantID, p.ID, p.Fence, until)
	p.Fence++
	p.Attempts++
	return n == 1, err
}

func (q *Queue) attempt(ctx context.Context, p *piece) (err error) {
	kind := q.kinds[p.Kind]
	ctx, cancel := context.WithTimeout(ctx, kind.Timeout)
	defer cancel()
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	return kind.Do(ctx, p.TenantID, p.Payload.V)
}

// maxError bounds what is kept of an error.
const maxError = 1000

// finish notes how an attempt ended: the piece is done, comes again or is given
// up. Of a node that is being stopped it comes again at once.
func (q *Queue) finish(ctx context.Context, p *piece, failure error) {
	now := q.clock.Millis()
	retries := q.kinds[p.Kind].Retries
	again, done, reason := now, &now, (*string)(nil)
	if failure != nil {
		text := failure.Error()
		text = strings.ToValidUTF8(text[:min(len(text), maxError)], "")
		reason = &text
		q.log.Warn("deferred work failed", "kind", p.Kind, "tenant", p.TenantID, "lane", p.Lane, "attempt", p.Attempts, "error", failure)
		if p.Attempts <= len(retries) {
			again, done = now+retries[p.Attempts-1].Milliseconds(), nil
		}
		if errors.Is(failure, context.Canceled) && ctx.Err() != nil {
			again, done = now, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimMargin)
	defer cancel()
	_, err := q.pool.Across().Exec(ctx, `UPDATE jobs SET done_at = $4, run_at = $5, last_error = $6, locked_until = 0
		WHERE tenant_id = $1 AND id = $2 AND fence = $3`, p.TenantID, p.ID, p.Fence, done, again, reason)
	if err != nil {
		q.log.Warn("deferred work not noted", "kind", p.Kind, "error", err)
	}
}
