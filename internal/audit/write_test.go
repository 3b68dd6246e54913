package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/audit"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// follow is a Follower that stores nothing and fails as it is told to.
func follow(fail func(tx *db.Tx, batch []audit.Happened) error) audit.Follower {
	return func(_ context.Context, tx *db.Tx, batch []audit.Happened) (func(), error) {
		return func() {}, fail(tx, batch)
	}
}

func logged(p *db.Pool, trail *audit.Trail, keys ...string) {
	ctx, flush := trail.Collect(inRequest(p, "default"))
	for _, key := range keys {
		audit.Log(ctx, audit.Entry{Key: key, UserID: "canary-user", Data: map[string]any{"identifier": "canary-name"}})
	}
	flush()
}

func keys(t *testing.T, p *db.Pool) []string {
	t.Helper()
	var all []string
	for _, e := range entries(t, p.For("default")) {
		all = append(all, e.Key)
	}
	slices.Sort(all)
	return all
}

// A database that is away for long is waited for.
func TestTrail_LosesNothingWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		var attempts atomic.Int64
		trail := audit.NewTrail(p, clock.System, follow(func(*db.Tx, []audit.Happened) error {
			if attempts.Add(1) < 30 {
				return db.ErrUnavailable
			}
			return nil
		}))
		trail.Hurry(time.Minute, slog.New(slog.DiscardHandler))
		logged(p, trail, "A", "B")
		if err := trail.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		trail.Close()
		if got := keys(t, p); !slices.Equal(got, []string{"A", "B"}) {
			t.Errorf("after %d attempts the trail is %v", attempts.Load(), got)
		}
	})
}

// An attempt may have stored an entry although nobody learnt of it: here somebody else
// stores it between two attempts.
func TestTrail_StoresNothingTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		stored := make(chan error, 1)
		attempts, isStored := 0, false
		trail := audit.NewTrail(p, clock.System, follow(func(tx *db.Tx, _ []audit.Happened) error {
			if attempts++; attempts == 1 {
				id, err := db.One[string](ctx, tx, `SELECT id FROM audit_logs WHERE tenant_id = $1`)
				at, timeErr := db.One[int64](ctx, tx, `SELECT created_at FROM audit_logs WHERE tenant_id = $1`)
				go func() { // it waits until this attempt has failed
					_, storeErr := p.For("default").Exec(ctx, `INSERT INTO audit_logs (tenant_id, id, created_at, key, is_success, is_listed, payload)
						VALUES ($1, $2, $3, 'A', TRUE, TRUE, '{}')`, id, at)
					stored <- errors.Join(err, timeErr, storeErr)
				}()
			}
			if isStored {
				return nil
			}
			select {
			case err := <-stored:
				isStored = true
				return errors.Join(db.ErrUnavailable, err)
			default:
				return db.ErrUnavailable
			}
		}))
		var out bytes.Buffer
		trail.Hurry(time.Minute, slog.New(slog.NewTextHandler(&out, nil)))
		logged(p, trail, "A")
		trail.Close()
		if got := keys(t, p); !isStored || !slices.Equal(got, []string{"A"}) || strings.Contains(out.String(), "lost") {
			t.Errorf("the trail is %v\n%s", got, out.String())
		}
	})
}

// What the database refuses takes nothing with it, and the log says what it was.
func TestTrail_LosesOnlyWhatIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		trail := audit.NewTrail(p, clock.System, follow(func(_ *db.Tx, batch []audit.Happened) error {
			for _, e := range batch {
				if e.Key == "Refused" {
					return errors.New("constraint failed")
				}
			}
			return nil
		}))
		var out bytes.Buffer
		trail.Hurry(time.Minute, slog.New(slog.NewTextHandler(&out, nil)))
		logged(p, trail, "A", "B", "Refused", "C", "D")
		trail.Close()
		if got := keys(t, p); !slices.Equal(got, []string{"A", "B", "C", "D"}) {
			t.Errorf("the trail is %v", got)
		}
		assertLost(t, out.String(), "Refused")
	})
}

// Close ends although the database does not come back, and the log says what is lost.
func TestTrail_CloseEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		trail := audit.NewTrail(p, clock.System, follow(func(*db.Tx, []audit.Happened) error { return db.ErrUnavailable }))
		var out bytes.Buffer
		trail.Hurry(50*time.Millisecond, slog.New(slog.NewTextHandler(&out, nil)))
		var all []string
		for i := range 300 {
			all = append(all, fmt.Sprintf("Step.%03d", i))
		}
		logged(p, trail, all...)
		trail.Close()
		if got := keys(t, p); len(got) != 0 {
			t.Errorf("the trail is %v", got)
		}
		assertLost(t, out.String(), all...)
	})
}

// A database that is slow is no reason to lose what it takes.
func TestTrail_CloseWaitsWhileTheDatabaseTakesSomething(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	const patience = 2 * time.Second
	trail := audit.NewTrail(p, clock.System, follow(func(*db.Tx, []audit.Happened) error {
		time.Sleep(patience / 8)
		return nil
	}))
	trail.Hurry(patience, slog.New(slog.NewTextHandler(io.Discard, nil)))
	const n = 1000 // eleven batches
	for range n {
		logged(p, trail, "Step")
	}
	trail.Close()
	if got := len(keys(t, p)); got != n {
		t.Errorf("%d of %d entries", got, n)
	}
}

// assertLost expects the log to name these entries as lost, and no more of them than
// leads to their requests.
func assertLost(t *testing.T, log string, keys ...string) {
	t.Helper()
	if n := strings.Count(log, "audit entry lost"); n != len(keys) {
		t.Errorf("%d entries are said to be lost, want %d", n, len(keys))
	}
	for _, key := range keys {
		if !strings.Contains(log, "level=ERROR msg=\"audit entry lost\" tenant_id=default key="+key+" request_id=request-1 at=20") {
			t.Fatalf("the log does not say that %s is lost:\n%s", key, log)
		}
	}
	if strings.Contains(log, "canary") {
		t.Errorf("the log tells too much:\n%s", log)
	}
}
