package db_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// queue has the writer held, lets callers get in line one after the other, and
// returns what became of each once the writer is free.
func queue(t *testing.T, p *db.Pool, callers ...func() error) []error {
	t.Helper()
	release := hold(t, p.For("default"))
	outcomes := make([]error, len(callers))
	var group sync.WaitGroup
	for i, call := range callers {
		group.Go(func() { outcomes[i] = call() })
		eventually(t, "the caller is in line", func() bool { return p.InLine() > i })
	}
	release()
	group.Wait()
	return outcomes
}

// Those who waited are committed together: who comes later sees the rows of those
// before, which nobody else sees yet.
func TestGroup_CommitsTogether(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	p.Gather()
	ctx := context.Background()
	d := p.For("default")
	var together, hooks atomic.Int32
	var callers []func() error
	for i := range 20 {
		id := fmt.Sprint(i)
		if i%4 == 3 { // one statement without a transaction is as good
			callers = append(callers, func() error { return addRole(ctx, d, id, "n"+id) })
			continue
		}
		callers = append(callers, func() error {
			return d.Tx(ctx, func(tx *db.Tx) error {
				tx.AfterCommit(func() {
					if !slices.Contains(roles(t, d), "n"+id) {
						t.Error("told before the commit")
					}
					hooks.Add(1)
				})
				within, outside := len(roles(t, tx)), len(roles(t, d))
				if within > outside {
					together.Add(1)
				}
				return addRole(ctx, tx, id, "n"+id)
			})
		})
	}
	for i, err := range queue(t, p, callers...) {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if got := len(roles(t, d)); got != 20 || hooks.Load() != 15 {
		t.Errorf("%d rows, %d hooks", got, hooks.Load())
	}
	if got := together.Load(); got != 14 { // all but the first
		t.Errorf("%d were committed with others", got)
	}
}

// A member that rolls everything back, as SQLite does by itself after some errors,
// fails alone: the others run again.
func TestGroup_OutlivesAMemberThatSpoilsIt(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for name, outcome := range map[string]error{"and says so": refused, "and says nothing": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := dbtest.SQLite(t)
			p.Gather()
			ctx := context.Background()
			d := p.For("default")
			var runs atomic.Int32
			add := func(id string) func() error {
				return func() error {
					return d.Tx(ctx, func(tx *db.Tx) error {
						runs.Add(1)
						return addRole(ctx, tx, id, id)
					})
				}
			}
			spoil := func() error {
				return p.Across().Tx(ctx, func(tx *db.AcrossTx) error {
					err := addRole(ctx, tx.For("default"), "x", "x")
					_, rolled := tx.Exec(ctx, "ROLLBACK")
					return errors.Join(err, rolled, outcome)
				})
			}
			outcomes := queue(t, p, add("a"), add("b"), add("c"), spoil, add("d"))
			if err := outcomes[3]; err == nil || outcome != nil && !errors.Is(err, outcome) {
				t.Errorf("who spoilt it was told %v", err)
			}
			for i, err := range slices.Delete(outcomes, 3, 4) {
				if err != nil {
					t.Errorf("%d: %v", i, err)
				}
			}
			if got := roles(t, d); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
				t.Errorf("holds %v", got)
			}
			if runs.Load() < 5 {
				t.Error("nobody had to run again, so nothing was shared")
			}
		})
	}
}

var errRefused = errors.New("refused")

// restless is somebody who writes two rows and then may fail in some way.
func restless(d *db.DB, id string, way int, hooks *sync.Map) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if way == 4 {
		cancel() // gone before it is in line
	}
	defer func() {
		if recover() != nil {
			err = errRefused
		}
	}()
	return d.Tx(ctx, func(tx *db.Tx) error {
		tx.AfterCommit(func() { hooks.Store(id, true) })
		if err := errors.Join(addRole(ctx, tx, id, id), addRole(ctx, tx, id+"+", id+"+")); err != nil {
			return err
		}
		switch way {
		case 0:
			return errRefused
		case 1:
			panic("boom")
		case 2:
			cancel()
		case 3:
			return addRole(ctx, tx, id, "twice") // a constraint
		}
		return nil
	})
}

// Whatever becomes of the others, who is told of success finds its rows, and who is
// not finds none.
func TestGroup_KeepsExactlyWhatSucceeded(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	d := p.For("default")
	var mu sync.Mutex
	var wanted []string
	var hooks sync.Map
	var group sync.WaitGroup
	for w := range 16 {
		random := rand.New(rand.NewPCG(uint64(w), 1))
		group.Go(func() {
			for i := range 40 {
				id := fmt.Sprintf("%02d-%02d", w, i)
				way := random.IntN(10)
				err := restless(d, id, way, &hooks)
				_, hooked := hooks.Load(id)
				if succeeds := way > 4; (err == nil) != succeeds || hooked != succeeds {
					t.Errorf("way %d: %v, hook ran: %t", way, err, hooked)
				}
				if err == nil {
					mu.Lock()
					wanted = append(wanted, id, id+"+")
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	slices.Sort(wanted)
	if got := roles(t, d); !slices.Equal(got, wanted) {
		t.Errorf("%d rows, want %d", len(got), len(wanted))
	}
}

// Who leaves the line, or in the moment of its turn, holds nobody up.
func TestGroup_LetsCallersLeave(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	d := p.For("default")
	var group sync.WaitGroup
	var served atomic.Int32
	for w := range 8 {
		random := rand.New(rand.NewPCG(uint64(w), 2))
		group.Go(func() {
			for i := range 60 {
				ctx, cancel := context.WithCancel(context.Background())
				gone := make(chan struct{})
				go func(spins int) {
					defer close(gone)
					for range spins {
						_ = d.TenantID()
					}
					cancel()
				}(random.IntN(300_000))
				err := addRole(ctx, d, fmt.Sprintf("%d-%d", w, i), fmt.Sprintf("%d-%d", w, i))
				switch {
				case err == nil:
					served.Add(1)
				case !errors.Is(err, context.Canceled):
					t.Error(err)
				}
				<-gone
			}
		})
	}
	group.Wait()
	if err := addRole(context.Background(), d, "last", "last"); err != nil {
		t.Fatal(err)
	}
	// Who leaves once its work is done is told what became of it all the same.
	if got := int32(len(roles(t, d))); got != served.Load()+1 || served.Load() == 0 || served.Load() == 8*60 {
		t.Errorf("%d rows, %d served", got, served.Load())
	}
}
