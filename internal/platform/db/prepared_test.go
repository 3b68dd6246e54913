package db_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// The same statement runs again while its rows are still read, in a
// transaction, where all statements share one connection.
func TestAStatementRunsInsideItself(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := dbtest.SQLite(t).For("default")
	for i := range 3 {
		if err := addRole(ctx, d, fmt.Sprint(i), fmt.Sprint("role", i)); err != nil {
			t.Fatal(err)
		}
	}
	err := d.Tx(ctx, func(tx *db.Tx) error {
		const query = `SELECT name FROM roles WHERE tenant_id = $1 ORDER BY name`
		var seen []string
		err := tx.Read(ctx, query, nil, func(outer db.Cursor) error {
			for outer.Next() {
				var name string
				if err := outer.Scan(&name); err != nil {
					return err
				}
				seen = append(seen, name)
				if inner := roles(t, tx); len(inner) != 3 {
					t.Errorf("inside: %v", inner)
				}
			}
			return nil
		})
		if !slices.Equal(seen, []string{"role0", "role1", "role2"}) {
			t.Errorf("outside: %v", seen)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A statement that was prepared before the schema changed sees the new one.
func TestAPreparedStatementFollowsTheSchema(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool := dbtest.SQLite(t)
	a := pool.Across()
	read := func() []int64 {
		t.Helper()
		got, err := db.All[int64](ctx, a, `SELECT n FROM scratch ORDER BY n`)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for i, table := range []string{`CREATE TABLE scratch (n INTEGER)`, `CREATE TABLE scratch (other TEXT, n INTEGER)`} {
		if _, err := a.Exec(ctx, table); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Exec(ctx, `INSERT INTO scratch (n) VALUES ($1)`, i); err != nil {
			t.Fatal(err)
		}
		if got := read(); !slices.Equal(got, []int64{int64(i)}) {
			t.Errorf("table %d holds %v", i, got)
		}
		if _, err := a.Exec(ctx, `DROP TABLE scratch`); err != nil {
			t.Fatal(err)
		}
	}
}

// Statements beyond what a connection keeps run all the same.
func TestManyStatements(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := dbtest.SQLite(t).For("default")
	for range 2 {
		for i := range 900 {
			got, err := db.One[int](ctx, d, fmt.Sprintf(`SELECT count(*) + %d FROM roles WHERE tenant_id = $1`, i))
			if err != nil || got != i {
				t.Fatalf("statement %d: %d, %v", i, got, err)
			}
		}
	}
}
