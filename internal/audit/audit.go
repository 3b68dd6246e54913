// Package audit keeps the trail of who did what. An entry is not an event: a
// failed sign-in rolls its transaction back and must be on record all the same,
// so entries are collected per request and written after its outcome, in
// batches and in a transaction of their own.
package audit

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
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
	requestID string
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
	log       *slog.Logger

	queue chan row
	stop  chan struct{}
	done  sync.WaitGroup

	// life ends when the trail is closing and the database has taken nothing for
	// lastWhile, which ending measures.
	life      context.Context
	ending    *time.Timer
	longest   time.Duration // longestRest
	lastWhile time.Duration // lastWhile
}

const (
	queueSize = 4096
	// headroom is kept for requests that were let in before the queue was full.
	headroom = 1024
)

// NewTrail starts a trail; Close writes what is left.
func NewTrail(pool *db.Pool, now clock.Clock, followers ...Follower) *Trail {
	t := &Trail{
		pool: pool, clock: now, followers: followers, log: slog.Default(),
		queue: make(chan row, queueSize), stop: make(chan struct{}), longest: longestRest, lastWhile: lastWhile,
	}
	life, end := context.WithCancel(context.Background())
	t.life, t.ending = life, time.AfterFunc(math.MaxInt64, end)
	t.done.Go(func() {
		defer end()
		t.run()
	})
	return t
}

// Close writes what is queued and stops. When the database takes nothing for seconds,
// what is left is lost, as the log says then. Nothing may be logged afterwards.
func (t *Trail) Close() {
	t.ending.Reset(t.lastWhile)
	close(t.stop)
	t.done.Wait()
	t.ending.Stop()
}

// HasRoom reports whether the trail can keep what one more request does. It
// cannot when the database has been away for so long that the queue is full;
// then a request must be refused before it does anything.
func (t *Trail) HasRoom() bool { return len(t.queue) < queueSize-headroom }

// Sync waits until everything that was logged before it is stored, or lost.
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
		requestID: web.Info(ctx).ID, entry: e, payload: payload(web.Info(ctx), e),
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
