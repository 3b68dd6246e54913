package db_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func queueRole(ctx context.Context, tx *db.Tx, id, name string) error {
	return tx.Queue(ctx, `INSERT INTO roles (tenant_id, id, name, description, type, created_at)
		VALUES ($1, $2, $3, '', 'User', 1)`, id, name)
}

// role is what readings of these tests make of a row.
type role struct {
	ID   string `db:"id"`
	Name string `db:"name"`
}

func byID(into **role, id string) db.Reading {
	return db.First(into, func(r *role) *role { return r }, `SELECT id, name FROM roles WHERE tenant_id = $1 AND id = $2`, id)
}

func TestReadEach(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		if err := d.Tx(ctx, func(tx *db.Tx) error { return addRole(ctx, tx, "1", "a") }); err != nil {
			t.Fatal(err)
		}
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := queueRole(ctx, tx, "2", "b"); err != nil {
				return err
			}
			none := &role{ID: "of a reading before"}
			var first, second *role
			if err := tx.ReadEach(ctx, byID(&first, "1"), byID(&none, "3"), byID(&second, "2")); err != nil {
				return err
			}
			if first == nil || first.Name != "a" || none != nil || second == nil || second.Name != "b" {
				t.Errorf("read %v, %v and %v", first, none, second)
			}
			return addRole(ctx, tx, "4", "d") // goes on
		})
		if err != nil {
			t.Fatal(err)
		}
		for name, wrong := range map[string]db.Reading{
			"a statement past the tenant": db.First(new(*role), func(r *role) *role { return r }, `SELECT id, name FROM roles WHERE id = $2`, "1"),
			"a statement that fails":      db.First(new(*role), func(r *role) *role { return r }, `SELECT id, nothing FROM roles WHERE tenant_id = $1`),
			"a column without a field":    db.First(new(*role), func(r *role) *role { return r }, `SELECT id, description FROM roles WHERE tenant_id = $1`),
			"an argument that is no text": byID(new(*role), "\x00"),
		} {
			var first, last *role
			err := d.Tx(ctx, func(tx *db.Tx) error {
				return errors.Join(queueRole(ctx, tx, "5", "e"), tx.ReadEach(ctx, byID(&first, "1"), wrong, byID(&last, "1")))
			})
			if err == nil || last != nil {
				t.Errorf("%s: %v, and read on: %v", name, err, last)
			}
		}
		if got := roles(t, d); !slices.Equal(got, []string{"a", "b", "d"}) {
			t.Errorf("stored %v", got)
		}
	})
}

// What nobody waits for makes no journey of its own.
func TestPipeline_SendsTogether(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := dbtest.With(t, dbtest.PostgresOptions(t), "pool_max_conns", "1")
	var journeys atomic.Int64
	o = dbtest.Behind(t, o, func() { journeys.Add(1) }, func() bool { return true })
	d := dbtest.Open(t, o).For("default")
	if err := d.Tx(ctx, func(tx *db.Tx) error { return addRole(ctx, tx, "0", "z") }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		want int64
		fn   func(tx *db.Tx) error
	}{
		{"nothing", 0, func(*db.Tx) error { return nil }},
		{"one statement, and the commit", 2, func(tx *db.Tx) error { return addRole(ctx, tx, "1", "a") }},
		{"what is queued goes with the commit", 2, func(tx *db.Tx) error {
			_, err := db.All[string](ctx, tx, `SELECT name FROM roles WHERE tenant_id = $1`)
			return errors.Join(err, queueRole(ctx, tx, "2", "b"), queueRole(ctx, tx, "3", "c"))
		}},
		{"or with the next statement", 2, func(tx *db.Tx) error {
			return errors.Join(queueRole(ctx, tx, "4", "d"), addRole(ctx, tx, "5", "e"))
		}},
		{"statements that read each on its own go together", 2, func(tx *db.Tx) error {
			var first, last *role
			err := errors.Join(queueRole(ctx, tx, "8", "h"), tx.ReadEach(ctx, byID(&first, "8"), byID(&last, "0")))
			if err == nil && (first == nil || last == nil) {
				err = errors.New("did not find both")
			}
			return err
		}},
		{"or before one that has a plan of its own, which is made first", 4, func(tx *db.Tx) error {
			if err := queueRole(ctx, tx, "6", "f"); err != nil {
				return err
			}
			_, err := db.One[string](db.Interruptible(ctx), tx, `SELECT name FROM roles WHERE tenant_id = $1 AND id = $2`, "6")
			return err
		}},
	} {
		refused := errors.New("refused") // so that statements are prepared
		if err := d.Tx(ctx, func(tx *db.Tx) error {
			return errors.Join(c.fn(tx), tx.Queue(ctx, `DELETE FROM roles WHERE tenant_id = $1`), refused)
		}); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		before := journeys.Load()
		if err := d.Tx(ctx, c.fn); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := journeys.Load() - before; got != c.want {
			t.Errorf("%s: %d journeys to the database, not %d", c.name, got, c.want)
		}
	}
	if got := roles(t, d); !slices.Equal(got, []string{"a", "b", "c", "d", "e", "f", "h", "z"}) {
		t.Errorf("stored %v", got)
	}
}

// A commit whose answer is lost may have happened, so nothing is done a second time.
func TestPipeline_RepeatsNoCommitOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lost int32 // which journey of the transaction
		runs int
		do   func(ctx context.Context, tx *db.Tx, id string) error
	}{
		"at the beginning": {1, 2, func(ctx context.Context, tx *db.Tx, id string) error { return addRole(ctx, tx, id, id) }},
		"at the commit":    {2, 1, func(ctx context.Context, tx *db.Tx, id string) error { return addRole(ctx, tx, id, id) }},
		"with all of it":   {1, 1, func(ctx context.Context, tx *db.Tx, id string) error { return queueRole(ctx, tx, id, id) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			direct := dbtest.PostgresOptions(t)
			o := dbtest.With(t, direct, "pool_max_conns", "1")
			var left atomic.Int32 // journeys until the answer is lost, 0 for never
			d := dbtest.Open(t, dbtest.Behind(t, o, func() {}, func() bool { return left.Add(-1) != 0 })).For("default")
			left.Store(-1 << 20)
			for range 2 { // so that statements are prepared
				err := d.Tx(ctx, func(tx *db.Tx) error {
					return errors.Join(c.do(ctx, tx, "x"), tx.Queue(ctx, `DELETE FROM roles WHERE tenant_id = $1`))
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			runs := 0
			left.Store(c.lost)
			err := d.Tx(ctx, func(tx *db.Tx) error {
				runs++
				return c.do(ctx, tx, string(rune('0'+runs)))
			})
			if runs != c.runs || (c.runs == 1) != errors.Is(err, db.ErrUnavailable) {
				t.Errorf("%d runs, %v", runs, err)
			}
			if got := roles(t, dbtest.Open(t, direct).For("default")); len(got) > 1 {
				t.Errorf("stored %v", got)
			}
		})
	}
}

// What was wrong with a queued statement fails the transaction, whether it was sent
// with another statement or with the commit, and none of it stays.
func TestQueue_FailsTheTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		if err := addRole(ctx, d, "1", "a"); err != nil {
			t.Fatal(err)
		}
		for name, after := range map[string]func(tx *db.Tx) error{
			"with the commit": func(*db.Tx) error { return nil },
			"with a statement": func(tx *db.Tx) error {
				err := addRole(ctx, tx, "4", "d")
				if p.Dialect() == db.Postgres && !db.IsUnique(err, "roles", "id") {
					t.Errorf("the next statement said %v", err)
				}
				return err
			},
			"with a query": func(tx *db.Tx) error {
				_, err := db.All[string](ctx, tx, `SELECT name FROM roles WHERE tenant_id = $1`)
				return err
			},
			"whose error is overlooked": func(tx *db.Tx) error {
				_ = addRole(ctx, tx, "4", "d")
				return nil
			},
		} {
			err := d.Tx(ctx, func(tx *db.Tx) error {
				tx.AfterCommit(func() { t.Errorf("%s: the hook ran", name) })
				if err := addRole(ctx, tx, "2", "b"); err != nil {
					return err
				}
				if err := queueRole(ctx, tx, "1", "c"); err != nil {
					return err
				}
				return after(tx)
			})
			if err == nil || name != "whose error is overlooked" && !db.IsUnique(err, "roles", "id") {
				t.Errorf("%s: %v", name, err)
			}
			if got := roles(t, d); !slices.Equal(got, []string{"a"}) {
				t.Errorf("%s: left behind %v", name, got)
			}
		}
	})
}

// Behind a pooler statements are not prepared, but sent together all the same.
func TestPipeline_BehindAPooler(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"exec", "cache_describe", "describe_exec"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			d := dbtest.Open(t, dbtest.With(t, dbtest.PostgresOptions(t), "default_query_exec_mode", mode)).For("default")
			err := d.Tx(ctx, func(tx *db.Tx) error {
				if err := queueRole(ctx, tx, "1", "a"); err != nil {
					return err
				}
				if got, err := db.One[string](db.Interruptible(ctx), tx, `SELECT name FROM roles WHERE tenant_id = $1`); err != nil || got != "a" {
					t.Errorf("within: %q, %v", got, err)
				}
				return queueRole(ctx, tx, "2", "b")
			})
			if got := roles(t, d); err != nil || !slices.Equal(got, []string{"a", "b"}) {
				t.Errorf("stored %v, %v", got, err)
			}
		})
	}
}

// Rows that were not read to their end give their connection back.
func TestRead_GivesItsConnectionBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := dbtest.Open(t, dbtest.With(t, dbtest.PostgresOptions(t), "pool_max_conns", "1")).For("default")
	for id, name := range map[string]string{"1": "a", "2": "b"} {
		if err := addRole(ctx, d, id, name); err != nil {
			t.Fatal(err)
		}
	}
	enough := errors.New("enough")
	for range 3 {
		var name string
		err := d.Read(ctx, `SELECT name FROM roles WHERE tenant_id = $1 ORDER BY name`, nil, func(rows db.Cursor) error {
			if !rows.Next() {
				return nil
			}
			return errors.Join(rows.Scan(&name), enough)
		})
		if !errors.Is(err, enough) || name != "a" {
			t.Errorf("read %q, %v", name, err)
		}
		if _, err := db.All[string](ctx, d, `SELECT nonsense FROM roles WHERE tenant_id = $1`); err == nil {
			t.Error("nonsense was read")
		}
	}
}
