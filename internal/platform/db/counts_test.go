package db_test

import (
	"fmt"
	"sync"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func total(t *testing.T, q db.Q, kind, ref string) int {
	t.Helper()
	n, err := db.Total(t.Context(), q, kind, ref)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx, d, other := t.Context(), p.For("default"), p.For("other")
		var ids []string
		for i := range 40 {
			ids = append(ids, fmt.Sprintf("row%c", 'a'+i%26))
		}
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := db.CountMany(ctx, tx, "thing", "x", ids, 1); err != nil {
				return err
			}
			if err := db.CountMany(ctx, tx, "thing", "x", ids[:10], -1); err != nil {
				return err
			}
			return db.Count(ctx, tx, "thing", "y", "", 1)
		})
		if err != nil {
			t.Fatal(err)
		}
		if x, y, none, foreign := total(t, d, "thing", "x"), total(t, d, "thing", "y"), total(t, d, "thing", "z"),
			total(t, other, "thing", "x"); x != 30 || y != 1 || none != 0 || foreign != 0 {
			t.Errorf("%d, %d, %d, %d", x, y, none, foreign)
		}
		shards, err := db.One[int](ctx, d, `SELECT count(*) FROM entity_counts WHERE tenant_id = $1 AND ref_id = 'x'`)
		if err != nil || shards != 16 {
			t.Errorf("%d shards, %v", shards, err)
		}
		if err := d.Tx(ctx, func(tx *db.Tx) error { return db.Uncount(ctx, tx, "thing", "x") }); err != nil {
			t.Fatal(err)
		}
		if x, y := total(t, d, "thing", "x"), total(t, d, "thing", "y"); x != 0 || y != 1 {
			t.Errorf("%d, %d after Uncount", x, y)
		}
	})
}

// A change and its count are one: whoever repairs beside writers repairs nothing.
func TestRecount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx, d := t.Context(), p.For("default")
		recount := func() (wrong int) {
			err := d.Tx(ctx, func(tx *db.Tx) (err error) {
				wrong, err = db.Recount(ctx, tx, "role", `SELECT type AS ref FROM roles WHERE tenant_id = $1`)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return wrong
		}
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := range 10 {
					id := fmt.Sprintf("role%d-%d", w, i)
					err := d.Tx(ctx, func(tx *db.Tx) error {
						if _, err := tx.Exec(ctx, `INSERT INTO roles (tenant_id, id, name, description, type, created_at)
							VALUES ($1, $2, $2, '', 'User', 1)`, id); err != nil {
							return err
						}
						return db.Count(ctx, tx, "role", "User", id, 1)
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		for range 10 {
			if wrong := recount(); wrong != 0 {
				t.Errorf("%d counts were wrong beside writers", wrong)
			}
		}
		writers.Wait()
		if n := total(t, d, "role", "User"); n != 40 {
			t.Fatalf("%d roles are counted", n)
		}
		if _, err := d.Exec(ctx, `UPDATE entity_counts SET n = n + 7 WHERE tenant_id = $1 AND shard = 1`); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Exec(ctx, `INSERT INTO entity_counts (tenant_id, kind, ref_id, shard, n) VALUES ($1, 'role', 'gone', 3, 2)`); err != nil {
			t.Fatal(err)
		}
		if wrong := recount(); wrong != 2 {
			t.Errorf("%d were wrong", wrong)
		}
		if n, gone := total(t, d, "role", "User"), total(t, d, "role", "gone"); n != 40 || gone != 0 {
			t.Errorf("%d and %d after the repair", n, gone)
		}
	})
}
