package dbtest

import (
	"testing"

	"signet/internal/platform/db"
)

// Counting returns a PostgreSQL database of one connection, so that IndexScans knows of
// all that was done.
func Counting(t testing.TB) *db.Pool {
	t.Helper()
	return Open(t, With(t, PostgresOptions(t), "pool_max_conns", "1"))
}

// IndexScans returns how often statements on p, which is of Counting, have used an index.
func IndexScans(t testing.TB, p *db.Pool, index string) int64 {
	t.Helper()
	if _, err := p.Across().Exec(t.Context(), "SELECT pg_stat_force_next_flush()"); err != nil {
		t.Fatal(err)
	}
	n, err := db.One[int64](t.Context(), p.Across(), "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = $1", index)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
