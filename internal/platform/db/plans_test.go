package db_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// A statement that was prepared while its table was empty finds its row by the
// key when there are many, though nobody has analyzed the table.
func TestPlans_FollowTheTables(t *testing.T) {
	t.Parallel()
	o := dbtest.PostgresOptions(t)
	o.URL += "&pool_max_conns=1" // so that all of this is on one connection
	p := dbtest.Open(t, o)
	d, across := p.For("default"), p.Across()
	read := func() {
		for range 10 {
			if _, err := db.All[string](t.Context(), d, `SELECT id FROM users WHERE tenant_id = $1 AND id = $2`, "u7"); err != nil {
				t.Fatal(err)
			}
		}
	}
	read()
	_, err := across.Exec(t.Context(), `INSERT INTO users (tenant_id, id, search_text, created_at, updated_at)
		SELECT 'default', 'u' || n, '', n, n FROM generate_series(1, 20000) AS n`)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(db.PlanLife)
	read()
	names, err := db.All[string](t.Context(), across, `SELECT name FROM pg_prepared_statements WHERE statement LIKE '%FROM users WHERE tenant_id = $1 AND id = $2'`)
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	plan, err := db.All[string](t.Context(), across, fmt.Sprintf(`EXPLAIN EXECUTE "%s"('default', 'u7')`, names[0]))
	if err != nil || !strings.Contains(strings.Join(plan, "\n"), "users_pkey") {
		t.Errorf("%s, %v", strings.Join(plan, "\n"), err)
	}
}
