package job

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

const start = 1_790_000_000_000

// node is a pool with its runner; nodes of one test share database and clock.
type node struct {
	pool   *db.Pool
	runner *Runner
	log    *bytes.Buffer
}

// each runs fn on both engines with a way to make nodes.
func each(t *testing.T, fn func(t *testing.T, now *clock.Fake, join func() node)) {
	for name, options := range map[string]func(testing.TB) db.Options{
		"sqlite": dbtest.SQLiteOptions, "postgres": dbtest.PostgresOptions,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := clock.NewFake(time.UnixMilli(start))
			o := options(t)
			o.Clock = now.Now
			fn(t, now, func() node {
				p, log := dbtest.Open(t, o), &bytes.Buffer{}
				return node{p, New(p, slog.New(slog.NewTextHandler(log, nil))), log}
			})
		})
	}
}

func TestWorkRunsOncePerPeriodOverAllNodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, join func() node) {
		ctx := context.Background()
		var runs, last int64
		nodes := []node{join(), join(), join()}
		for _, n := range nodes {
			n.runner.Every("count", 10*time.Minute, func(_ context.Context, l *Lease) error {
				runs++
				if l.Fence() <= last {
					t.Errorf("fence %d after %d", l.Fence(), last)
				}
				last = l.Fence()
				return nil
			})
		}
		for minute := range 31 {
			for _, n := range nodes {
				n.runner.RunDue(ctx)
			}
			if want := int64(minute/10 + 1); runs != want {
				t.Fatalf("minute %d: %d runs, want %d", minute, runs, want)
			}
			now.Advance(time.Minute)
		}
	})
}

func TestAnotherNodeTakesOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, join func() node) {
		ctx := context.Background()
		p := join().pool
		first, _, err := Acquire(ctx, p, "work", "first")
		if err != nil || first == nil {
			t.Fatal(first, err)
		}
		holds := func(l *Lease) error {
			return p.Across().Tx(ctx, func(tx *db.AcrossTx) error { return l.Hold(ctx, tx) })
		}
		now.Advance(leaseLife - time.Millisecond)
		if l, free, err := Acquire(ctx, p, "work", "second"); err != nil || l != nil || free != start+leaseLife.Milliseconds() {
			t.Fatalf("a held lease: %v, free at %d, %v", l, free, err)
		}
		if err := holds(first); err != nil {
			t.Errorf("the holder: %v", err)
		}
		now.Advance(time.Millisecond)
		second, _, err := Acquire(ctx, p, "work", "second")
		if err != nil || second == nil || second.Fence() <= first.Fence() {
			t.Fatalf("a lease that ran out: %+v, %v", second, err)
		}
		if err := errors.Join(holds(first)); !errors.Is(err, ErrLost) {
			t.Errorf("who was away too long: %v", err)
		}
		if err := first.extend(ctx, start*2); !errors.Is(err, ErrLost) {
			t.Errorf("extends what it lost: %v", err)
		}
		if err := holds(second); err != nil {
			t.Errorf("the new holder: %v", err)
		}
		if other, _, err := Acquire(ctx, p, "other work", "first"); err != nil || other == nil {
			t.Errorf("another piece of work: %v, %v", other, err)
		}
	})
}

func TestParallelNodesGetOneLease(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *clock.Fake, join func() node) {
		p := join().pool
		var won atomic.Int32
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				l, _, err := Acquire(context.Background(), p, "work", "x")
				if err != nil {
					t.Error(err)
				}
				if l != nil {
					won.Add(1)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Errorf("%d nodes hold the lease", won.Load())
		}
	})
}

func TestWorkThatFailsIsLoggedAndComesAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, join func() node) {
		n := join()
		failing, panicking, healthy := 0, 0, 0
		n.runner.Every("failing", time.Minute, func(context.Context, *Lease) error {
			failing++
			return errors.New("no luck")
		})
		n.runner.Every("panicking", time.Minute, func(context.Context, *Lease) error {
			panicking++
			panic("boom")
		})
		n.runner.Every("healthy", time.Minute, func(context.Context, *Lease) error {
			healthy++
			return nil
		})
		for range 3 {
			n.runner.RunDue(context.Background())
			n.runner.RunDue(context.Background())
			now.Advance(time.Minute)
		}
		if failing != 3 || panicking != 3 || healthy != 3 {
			t.Errorf("%d, %d and %d runs", failing, panicking, healthy)
		}
		for _, part := range []string{"no luck", "panic: boom", "job=failing", "job=panicking"} {
			if !strings.Contains(n.log.String(), part) {
				t.Errorf("the log lacks %q:\n%s", part, n.log)
			}
		}
	})
}

func TestALostLeaseEndsTheWork(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, join func() node) {
		n, other := join(), join()
		n.runner.renew = 10 * time.Millisecond
		ended := false
		n.runner.Every("work", time.Hour, func(ctx context.Context, l *Lease) error {
			// As after a long pause of this node: the lease ran out and went. Our
			// own renewal may come in between, then it has not gone yet.
			for taken := (*Lease)(nil); taken == nil; {
				if err := l.extend(ctx, start-1); err != nil {
					return err
				}
				var err error
				if taken, _, err = Acquire(context.Background(), other.pool, "work", "other"); err != nil {
					return err
				}
			}
			<-ctx.Done()
			ended = errors.Is(context.Cause(ctx), ErrLost)
			return ctx.Err()
		})
		deadline, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		n.runner.RunDue(deadline)
		if !ended || !strings.Contains(n.log.String(), ErrLost.Error()) {
			t.Errorf("ended %v; log %s", ended, n.log)
		}
	})
}

func TestWorkInUseKeepsItsLease(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, join func() node) {
		n, other := join(), join()
		n.runner.renew = 10 * time.Millisecond
		n.runner.Every("work", time.Hour, func(ctx context.Context, l *Lease) error {
			for range 5 {
				now.Advance(leaseLife / 2)
				want := now.Now().Add(leaseLife).UnixMilli()
				for {
					expires, err := db.One[int64](ctx, n.pool.Across(), `SELECT expires_at FROM leases WHERE name = 'work'`)
					if err != nil {
						return err
					}
					if expires == want {
						break
					}
				}
				if l, _, err := Acquire(ctx, other.pool, "work", "other"); err != nil || l != nil {
					t.Errorf("taken over: %v, %v", l, err)
				}
			}
			return nil
		})
		deadline, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		n.runner.RunDue(deadline)
		if n.log.Len() > 0 {
			t.Error(n.log)
		}
	})
}

func TestStopEndsTheWorkAndWaits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *clock.Fake, join func() node) {
		n := join()
		n.runner.Stop() // before Start it does nothing
		running, ended := make(chan struct{}), false
		n.runner.Every("work", time.Hour, func(ctx context.Context, _ *Lease) error {
			close(running)
			<-ctx.Done()
			ended = true
			return ctx.Err()
		})
		n.runner.Start()
		<-running
		n.runner.Stop()
		if !ended || n.log.Len() > 0 {
			t.Errorf("ended %v; log %s", ended, n.log)
		}
	})
}
