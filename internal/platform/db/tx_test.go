package db_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestTxCommitsOrLeavesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		var ran []string
		note := func(name string) func() { return func() { ran = append(ran, name) } }

		refused := errors.New("refused")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			tx.AfterCommit(note("never"))
			return errors.Join(addRole(ctx, tx, "1", "a"), refused)
		})
		if !errors.Is(err, refused) {
			t.Errorf("error of fn: %v", err)
		}

		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("the panic was swallowed")
				}
			}()
			_ = d.Tx(ctx, func(tx *db.Tx) error {
				tx.AfterCommit(note("never"))
				if err := addRole(ctx, tx, "1", "a"); err != nil {
					t.Error(err)
				}
				panic("boom")
			})
		}()

		gone, cancel := context.WithCancel(ctx)
		err = d.Tx(gone, func(tx *db.Tx) error {
			tx.AfterCommit(note("never"))
			err := addRole(gone, tx, "1", "a")
			cancel()
			return err
		})
		if !errors.Is(err, context.Canceled) || errors.Is(err, db.ErrUnavailable) {
			t.Errorf("a caller who left: %v", err)
		}
		if got := roles(t, d); len(got) != 0 || len(ran) != 0 {
			t.Fatalf("left behind: %v, ran %v", got, ran)
		}

		err = d.Tx(ctx, func(tx *db.Tx) error {
			tx.AfterCommit(note("first"))
			tx.AfterCommit(note("second"))
			err := addRole(ctx, tx, "1", "a")
			if got := roles(t, tx); !slices.Equal(got, []string{"a"}) || len(ran) != 0 {
				t.Errorf("inside: %v, ran %v", got, ran)
			}
			return err
		})
		if err != nil || !slices.Equal(ran, []string{"first", "second"}) {
			t.Errorf("ran %v, %v", ran, err)
		}
		if got := roles(t, d); !slices.Equal(got, []string{"a"}) {
			t.Errorf("committed: %v", got)
		}
	})
}

func TestAcrossTxBindsTenants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		create := func(fail error) error {
			return p.Across().Tx(ctx, func(tx *db.AcrossTx) error {
				if _, err := tx.Exec(ctx, `INSERT INTO tenants (id, name, created_at) VALUES ($1, 'A', 1), ($2, 'B', 1)`, "a", "b"); err != nil {
					return err
				}
				return errors.Join(addRole(ctx, tx.For("a"), "r", "of a"), addRole(ctx, tx.For("b"), "r", "of b"), fail)
			})
		}
		count := func() int {
			n, err := db.One[int](ctx, p.Across(), `SELECT (SELECT count(*) FROM tenants) + (SELECT count(*) FROM roles)`)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		refused := errors.New("refused")
		if err := create(refused); !errors.Is(err, refused) || count() != 0 {
			t.Fatalf("%v left %d rows", err, count())
		}
		if err := create(nil); err != nil || count() != 4 {
			t.Fatalf("%v made %d rows", err, count())
		}
		if got := roles(t, p.For("a")); !slices.Equal(got, []string{"of a"}) {
			t.Errorf("a holds %v", got)
		}
		if name, err := db.One[string](ctx, p.For("b"), `SELECT name FROM tenants WHERE id = $1`); err != nil || name != "B" {
			t.Errorf("b is called %q, %v", name, err)
		}
	})
}

// A single-use thing is consumed by one conditional statement.
func TestParallelRedemptionsFindOneRow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		hash := []byte("01234567890123456789012345678901")
		if _, err := d.Exec(ctx, `INSERT INTO setup_tokens (tenant_id, token_hash, created_at, expires_at) VALUES ($1, $2, 1, 9)`, hash); err != nil {
			t.Fatal(err)
		}
		var won, lost atomic.Int32
		var group sync.WaitGroup
		for i := range 50 {
			group.Go(func() {
				err := d.Tx(ctx, func(tx *db.Tx) error {
					_, err := db.One[int64](ctx, tx, `UPDATE setup_tokens SET consumed_at = $3
						WHERE tenant_id = $1 AND token_hash = $2 AND consumed_at IS NULL AND expires_at > $3 RETURNING created_at`, hash, i%5+2)
					return err
				})
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, db.ErrNoRows):
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 || lost.Load() != 49 {
			t.Errorf("%d won, %d lost", won.Load(), lost.Load())
		}
	})
}

func TestParallelTransactionsLoseNoUpdate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		if err := addRole(ctx, d, "r", "n"); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 10 {
					err := d.Tx(ctx, func(tx *db.Tx) error {
						n, err := db.One[int64](ctx, tx, `SELECT created_at FROM roles WHERE tenant_id = $1 AND id = 'r'`+tx.Dialect().ForUpdate())
						if err != nil {
							return err
						}
						_, err = tx.Exec(ctx, `UPDATE roles SET created_at = $2 WHERE tenant_id = $1 AND id = 'r'`, n+1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if n, err := db.One[int64](ctx, d, `SELECT created_at FROM roles WHERE tenant_id = $1`); err != nil || n != 81 {
			t.Errorf("counted to %d, %v", n, err)
		}
	})
}

func TestADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := dbtest.Postgres(t) // SQLite has one writer
	ctx := context.Background()
	d := p.For("default")
	if err := errors.Join(addRole(ctx, d, "1", "a"), addRole(ctx, d, "2", "b")); err != nil {
		t.Fatal(err)
	}
	var holding, group sync.WaitGroup
	var runs atomic.Int32
	holding.Add(2)
	for _, order := range [][]string{{"1", "2"}, {"2", "1"}} {
		group.Go(func() {
			first := true
			err := d.Tx(ctx, func(tx *db.Tx) error {
				runs.Add(1)
				for i, id := range order {
					if _, err := tx.Exec(ctx, `UPDATE roles SET created_at = created_at + 1 WHERE tenant_id = $1 AND id = $2`, id); err != nil {
						return err
					}
					if i == 0 && first {
						first = false
						holding.Done()
						holding.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	counts, err := db.All[int64](ctx, d, `SELECT created_at FROM roles WHERE tenant_id = $1`)
	if err != nil || !slices.Equal(counts, []int64{3, 3}) || runs.Load() < 3 {
		t.Errorf("counted %v in %d runs, %v", counts, runs.Load(), err)
	}
}

func TestALostConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	p := dbtest.Postgres(t)
	ctx := context.Background()
	d := p.For("default")
	runs, hooks := 0, 0
	err := d.Tx(ctx, func(tx *db.Tx) error {
		runs++
		tx.AfterCommit(func() { hooks++ })
		if err := addRole(ctx, tx, "r", "n"); err != nil {
			return err
		}
		if runs == 1 {
			pid, err := db.One[int64](ctx, tx, `SELECT pg_backend_pid() WHERE $1 <> ''`)
			if err != nil {
				return err
			}
			if _, err := p.Across().Exec(ctx, `SELECT pg_terminate_backend($1)`, pid); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE roles SET created_at = 5 WHERE tenant_id = $1`)
		return err
	})
	if err != nil || runs != 2 || hooks != 1 {
		t.Errorf("%d runs, %d hooks, %v", runs, hooks, err)
	}
	if got := roles(t, d); !slices.Equal(got, []string{"n"}) {
		t.Errorf("holds %v", got)
	}
}

// hold takes the lock that blocks other writers of role "r" until release.
func hold(t *testing.T, d *db.DB) (release func()) {
	t.Helper()
	held, free, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	isHeld := sync.OnceFunc(func() { close(held) }) // it may run again
	go func() {
		defer close(done)
		err := d.Tx(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec(context.Background(), `UPDATE roles SET created_at = 2 WHERE tenant_id = $1 AND id = 'r'`)
			isHeld()
			<-free
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-held
	return sync.OnceFunc(func() { close(free); <-done })
}

func TestALockThatStaysIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func(testing.TB) db.Options{
		"sqlite": dbtest.SQLiteOptions, "postgres": dbtest.PostgresOptions,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			o := options(t)
			holder := dbtest.Open(t, o).For("default")
			o.LockWait = 300 * time.Millisecond // to open the pool takes a part of it
			waiter := dbtest.Open(t, o).For("default")
			if err := addRole(ctx, holder, "r", "n"); err != nil {
				t.Fatal(err)
			}
			release := hold(t, holder)
			defer release()
			const change = `UPDATE roles SET name = 'changed' WHERE tenant_id = $1 AND id = 'r'`
			if _, err := waiter.Exec(ctx, change); !errors.Is(err, db.ErrUnavailable) {
				t.Errorf("Exec: %v", err)
			}
			err := waiter.Tx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, change)
				return err
			})
			if !errors.Is(err, db.ErrUnavailable) {
				t.Errorf("Tx: %v", err)
			}
			if got := roles(t, waiter); !slices.Equal(got, []string{"n"}) {
				t.Errorf("a reader sees %v", got)
			}
			release()
			if n, err := waiter.Exec(ctx, change); err != nil || n != 1 {
				t.Errorf("after the release: %d, %v", n, err)
			}
		})
	}
}

func TestAWriterThatWaitsForItselfEnds(t *testing.T) {
	t.Parallel()
	o := dbtest.SQLiteOptions(t)
	o.LockWait = 30 * time.Millisecond
	d := dbtest.Open(t, o).For("default")
	ctx := context.Background()
	err := d.Tx(ctx, func(*db.Tx) error { return addRole(ctx, d, "r", "outside the transaction") })
	if !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if err := addRole(ctx, d, "r", "n"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
