// Package audit keeps the trail of who did what. An entry is not an event: a
// failed sign-in rolls its transaction back and must be on record all the same,
// so entries are collected per request and written after its outcome, in
// batches and in a transaction of their own.
package audit

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// Entry is one line of the trail.
type Entry struct {
	// Key names the step, for example "Interaction.SignIn.Submit".
	Key           string
	UserID        string
	ApplicationID string
	// SessionID is the interaction or session in which it happened.
	SessionID string
	// Err is why the step failed; nil is success.
	Err error
	// Data are the step's own facts; secrets among them are masked.
	Data map[string]any
}

// row is an entry as it is stored.
type row struct {
	tenantID  string
	id        string
	createdAt int64
	entry     Entry
	payload   []byte
	// reached, if set, makes the row a mark that stands for no entry: it is
	// closed when everything before it is stored.
	reached chan struct{}
}

// Happened is an entry with its time, in epoch milliseconds.
type Happened struct {
	Entry

	At int64
}

// Follower stores what follows from entries of the tenant of tx, in the
// transaction that stores them. It may run twice, as transactions do; committed
// is called once they are stored. A trail calls it on one goroutine.
type Follower func(ctx context.Context, tx *db.Tx, batch []Happened) (committed func(), err error)

// Trail writes entries in the background.
type Trail struct {
	pool      *db.Pool
	clock     clock.Clock
	followers []Follower

	queue chan row
	stop  chan struct{}
	done  sync.WaitGroup
}

const (
	queueSize = 4096
	// batchSize is reached while the database is slow. Else what one statement stores
	// is a batch: a longer one has whoever needs a processor, or SQLite's writer, wait
	// for several milliseconds.
	batchSize = 96
	// headroom is kept for requests that were let in before the queue was full.
	headroom = 1024
	// gather is how long the first entry of a batch waits for others, so that not
	// every request has its commit.
	gather = 100 * time.Millisecond
)

// NewTrail starts a trail; Close writes what is left.
func NewTrail(pool *db.Pool, now clock.Clock, followers ...Follower) *Trail {
	t := &Trail{pool: pool, clock: now, followers: followers, queue: make(chan row, queueSize), stop: make(chan struct{})}
	t.done.Go(t.run)
	return t
}

// Close writes what is queued and stops. Nothing may be logged afterwards.
func (t *Trail) Close() {
	close(t.stop)
	t.done.Wait()
}

// HasRoom reports whether the trail can keep what one more request does. It
// cannot when the database has been away for so long that the queue is full;
// then a request must be refused before it does anything.
func (t *Trail) HasRoom() bool { return len(t.queue) < queueSize-headroom }

// Sync waits until everything that was logged before it is stored, or given up.
func (t *Trail) Sync(ctx context.Context) error {
	mark := row{reached: make(chan struct{})}
	select {
	case t.queue <- mark:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-mark.reached:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type collectorKey struct{}

// collector holds the entries of one request until its outcome is known.
type collector struct {
	trail   *Trail
	mu      sync.Mutex
	entries []row
}

// Collect returns a context whose entries are kept until flush is called.
func (t *Trail) Collect(ctx context.Context) (collecting context.Context, flush func()) {
	c := &collector{trail: t}
	return context.WithValue(ctx, collectorKey{}, c), c.flush
}

// Log adds an entry to the trail of the request of ctx. Outside a request that
// collects, there is no trail to add to and the entry is only logged.
func Log(ctx context.Context, e Entry) {
	c, ok := ctx.Value(collectorKey{}).(*collector)
	if !ok {
		slog.InfoContext(ctx, "audit entry outside a request", "key", e.Key, "user_id", e.UserID)
		return
	}
	now := c.trail.clock()
	r := row{
		tenantID: tenant.From(ctx).ID, id: ids.Ordered(now), createdAt: now.UnixMilli(),
		entry: e, payload: payload(web.Info(ctx), e),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = append(c.entries, r)
}

func (c *collector) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.entries {
		// HasRoom let the request in; beyond that, a full queue slows it down
		// rather than lose its trail.
		c.trail.queue <- r
	}
	c.entries = nil
}

func payload(info *web.RequestInfo, e Entry) []byte {
	body := map[string]any{}
	for key, value := range e.Data {
		body[key] = mask(key, value)
	}
	body["key"] = e.Key
	body["result"] = "Success"
	body["ip"] = info.IP
	body["userAgent"] = info.UserAgent
	body["requestId"] = info.ID
	setIfGiven(body, "userId", e.UserID)
	if strings.HasPrefix(e.ApplicationID, "https://") {
		setIfGiven(body, "cimdClientId", e.ApplicationID) // known by an address, and not registered
	} else {
		setIfGiven(body, "applicationId", e.ApplicationID)
	}
	setIfGiven(body, "sessionId", e.SessionID)
	if e.Err != nil {
		body["result"] = "Error"
		body["error"] = describe(e.Err)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		raw, _ = json.Marshal(map[string]any{"key": e.Key, "result": body["result"]})
	}
	return raw
}

func setIfGiven(body map[string]any, key, value string) {
	if value != "" {
		body[key] = value
	}
}

// describe says what the client was told. The private cause of an error goes
// to the log, not into data that administrators export.
func describe(err error) map[string]any {
	e, ok := errs.As(err)
	if !ok {
		return map[string]any{"code": web.ErrInternal.Code}
	}
	body := map[string]any{"code": e.Code}
	if e.Detail != "" {
		body["message"] = e.Detail
	}
	return body
}

func (t *Trail) run() {
	for {
		select {
		case r := <-t.queue:
			t.write(t.batch(r))
		case <-t.stop:
			for len(t.queue) > 0 {
				t.write(t.batch(<-t.queue))
			}
			return
		}
	}
}

// batch gathers what comes soon after first, and what is queued by then. A mark, and
// the end, wait no more.
func (t *Trail) batch(first row) []row {
	rows := []row{first}
	enough := time.NewTimer(gather)
	defer enough.Stop()
	for len(rows) < perInsert && rows[len(rows)-1].reached == nil {
		select {
		case r := <-t.queue:
			rows = append(rows, r)
		case <-enough.C:
			return rows
		case <-t.stop:
			return rows
		}
	}
	for len(rows) < batchSize && len(t.queue) > 0 {
		rows = append(rows, <-t.queue)
	}
	return rows
}

// write stores rows; a database that is away is waited for with growing
// patience, up to a minute, while requests go on until the queue is full.
func (t *Trail) write(rows []row) {
	byTenant := map[string][]row{}
	for _, r := range rows {
		if r.reached != nil {
			defer close(r.reached)
			continue
		}
		byTenant[r.tenantID] = append(byTenant[r.tenantID], r)
	}
	for tenantID, group := range byTenant {
		wait := 50 * time.Millisecond
		for range 11 {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			err := t.store(ctx, t.pool.For(tenantID), group)
			cancel()
			if err == nil {
				break
			}
			slog.Error("cannot write the audit trail", "entries", len(group), "error", err)
			time.Sleep(wait)
			wait *= 2
		}
	}
}

// store writes the rows of a tenant and what follows from them.
func (t *Trail) store(ctx context.Context, d *db.DB, rows []row) error {
	var committed []func()
	batch := make([]Happened, len(rows))
	for i, r := range rows {
		batch[i] = Happened{r.entry, r.createdAt}
	}
	err := d.Tx(ctx, func(tx *db.Tx) error {
		committed = nil
		if err := insert(ctx, tx, rows); err != nil {
			return err
		}
		for _, follow := range t.followers {
			done, err := follow(ctx, tx, batch)
			if err != nil {
				return err
			}
			committed = append(committed, done)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, done := range committed {
		done()
	}
	return nil
}
