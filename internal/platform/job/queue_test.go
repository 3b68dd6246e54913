package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// do is a kind of work that is tried again after a second and after a minute.
func do(fn func(ctx context.Context, payload string) error) map[string]Kind {
	return map[string]Kind{"greet": {
		Timeout: time.Minute, Retries: []time.Duration{time.Second, time.Minute},
		Do: func(ctx context.Context, tenantID string, payload json.RawMessage) error {
			var text string
			if err := json.Unmarshal(payload, &text); err != nil {
				return err
			}
			return fn(ctx, tenantID+" "+text)
		},
	}}
}

func (n node) queue(kinds map[string]Kind) *Queue {
	return NewQueue(n.pool, n.pool.Clock(), slog.New(slog.NewTextHandler(n.log, nil)), kinds)
}

func (n node) later(t *testing.T, tenant, kind, lane, payload string) {
	t.Helper()
	err := n.pool.For(tenant).Tx(context.Background(), func(tx *db.Tx) error {
		return Later(context.Background(), tx, n.pool.Clock().Millis(), kind, lane, payload)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func waiting(t *testing.T, p *db.Pool) int {
	t.Helper()
	n, err := db.One[int](context.Background(), p.Across(), `SELECT count(*) FROM jobs WHERE done_at IS NULL`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDeferredWork_FollowsItsTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *clock.Fake, join func() node) {
		ctx := context.Background()
		n := join()
		var mu sync.Mutex
		var done []string
		q := n.queue(do(func(_ context.Context, text string) error {
			mu.Lock()
			defer mu.Unlock()
			done = append(done, text)
			return nil
		}))
		failed := errors.New("changed my mind")
		err := n.pool.For("a").Tx(ctx, func(tx *db.Tx) error {
			if err := Later(ctx, tx, start, "greet", "", "nobody"); err != nil {
				return err
			}
			return failed
		})
		if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		n.later(t, "a", "greet", "", "robin")
		n.later(t, "b", "greet", "", "kim")
		n.later(t, "b", "unknown to this node", "", "kim")
		q.RunDue(ctx)
		q.RunDue(ctx)
		if len(done) != 2 || !strings.Contains(strings.Join(done, ","), "a robin") || !strings.Contains(strings.Join(done, ","), "b kim") {
			t.Errorf("done: %q", done)
		}
		if n := waiting(t, n.pool); n != 1 {
			t.Errorf("%d pieces wait", n)
		}
	})
}

func TestDeferredWork_ComesAgainAndIsGivenUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, join func() node) {
		ctx := context.Background()
		n := join()
		attempts := 0
		q := n.queue(do(func(context.Context, string) error {
			if attempts++; attempts == 2 {
				panic("boom")
			}
			return errors.New("no luck \xff" + strings.Repeat("x", 2*maxError))
		}))
		n.later(t, "a", "greet", "", "robin")
		for i, wait := range []time.Duration{0, time.Second, time.Minute} {
			now.Advance(wait - 1)
			q.RunDue(ctx)
			if wait > 0 && attempts != i {
				t.Errorf("%d attempts before %s are over", attempts, wait)
			}
			now.Advance(1)
			q.RunDue(ctx)
			if attempts != i+1 {
				t.Errorf("%d attempts, want %d", attempts, i+1)
			}
		}
		now.Advance(time.Hour)
		q.RunDue(ctx)
		if attempts != 3 || waiting(t, n.pool) != 0 {
			t.Errorf("%d attempts, %d pieces wait", attempts, waiting(t, n.pool))
		}
		for _, part := range []string{"no luck", "panic: boom", "kind=greet", "attempt=3"} {
			if !strings.Contains(n.log.String(), part) {
				t.Errorf("the log lacks %q", part)
			}
		}
	})
}

func TestDeferredWork_IsDoneByOneNode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *clock.Fake, join func() node) {
		var mu sync.Mutex
		done := map[string]int{}
		kinds := do(func(_ context.Context, text string) error {
			mu.Lock()
			defer mu.Unlock()
			done[text]++
			return nil
		})
		nodes := []node{join(), join(), join()}
		for i := range 50 {
			nodes[0].later(t, "a", "greet", strconv.Itoa(i%20), strconv.Itoa(i))
		}
		var group sync.WaitGroup
		for _, n := range nodes {
			group.Go(func() { n.queue(kinds).RunDue(context.Background()) })
		}
		group.Wait()
		if len(done) != 50 {
			t.Errorf("%d pieces are done", len(done))
		}
		for text, n := range maps.All(done) {
			if n != 1 {
				t.Errorf("%s is done %d times", text, n)
			}
		}
	})
}

func TestDeferredWork_OfADeadNodeIsTakenOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, join func() node) {
		ctx := context.Background()
		dead, alive := join(), join()
		done := 0
		kinds := do(func(context.Context, string) error { done++; return nil })
		dead.later(t, "a", "greet", "", "robin")
		abandoned := dead.queue(kinds)
		due, err := abandoned.due(ctx)
		if err != nil || len(due) != 1 {
			t.Fatal(due, err)
		}
		if mine, err := abandoned.claim(ctx, &due[0]); !mine || err != nil {
			t.Fatal(mine, err)
		}
		q := alive.queue(kinds)
		now.Advance(time.Minute + claimMargin - 1)
		if q.RunDue(ctx); done != 0 {
			t.Error("taken over while its owner may be at it")
		}
		now.Advance(1)
		failing := do(func(context.Context, string) error { return errors.New("not yet") })
		alive.queue(failing).RunDue(ctx)
		// Whoever was away too long does not say how it ended.
		abandoned.finish(ctx, &due[0], nil)
		if waiting(t, alive.pool) != 1 {
			t.Error("the dead has closed what another works at")
		}
		now.Advance(time.Minute)
		if q.RunDue(ctx); done != 1 || waiting(t, alive.pool) != 0 {
			t.Errorf("done %d times", done)
		}
	})
}

// Attack 66: a service that does not answer holds up nobody else's work.
func TestDeferredWork_OfASlowLaneHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *clock.Fake, join func() node) {
		n := join()
		var slow atomic.Int32
		others := make(chan string, 1)
		q := n.queue(do(func(ctx context.Context, text string) error {
			if text == "a slow" {
				slow.Add(1)
				<-ctx.Done()
				return ctx.Err()
			}
			others <- text
			return nil
		}))
		q.tick = time.Millisecond
		for range 2 * places {
			n.later(t, "a", "greet", "slow", "slow")
		}
		n.later(t, "a", "greet", "quick", "quick")
		q.Start()
		if got := <-others; got != "a quick" {
			t.Errorf("got %q", got)
		}
		q.Stop()
		if slow.Load() != lanePlaces {
			t.Errorf("%d slow ones at once", slow.Load())
		}
		if n := waiting(t, n.pool); n != 2*places {
			t.Errorf("%d wait for a node that is not being stopped", n)
		}
	})
}

// Work is claimed by its key: PostgreSQL takes the index of what is due for small, where
// it was empty last, and would read all that waits for each piece.
func TestDeferredWork_IsClaimedByKey(t *testing.T) {
	t.Parallel()
	n := node{pool: dbtest.Counting(t), log: &bytes.Buffer{}}
	q := n.queue(do(nil))
	for _, statement := range []string{
		`INSERT INTO jobs (tenant_id, id, kind, payload, run_at, created_at, done_at)
			SELECT 'a', 'j' || n, 'greet', '""', n, n, n FROM generate_series(1, 5000) AS n`,
		"ANALYZE jobs",
	} {
		if _, err := n.pool.Across().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for i := range places {
		n.later(t, "a", "greet", "", strconv.Itoa(i))
	}
	due, err := q.due(t.Context())
	if err != nil || len(due) != places {
		t.Fatal(len(due), err)
	}
	before := dbtest.IndexScans(t, n.pool, "jobs_due")
	for i := range due {
		if mine, err := q.claim(t.Context(), &due[i]); !mine || err != nil {
			t.Fatal(mine, err)
		}
	}
	if scans := dbtest.IndexScans(t, n.pool, "jobs_due") - before; scans != 0 {
		t.Errorf("%d of %d claims read what waits", scans, places)
	}
}
