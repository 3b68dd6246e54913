package dbtest

import (
	"context"
	"sync"
	"testing"

	"signet/internal/platform/db"
)

// Overlap runs first in a transaction of the tenant "default" and second, which
// opens its own, beside it: when first commits, second has ended or waits for a
// row that first holds. SQLite has one writer, so there second comes after.
func Overlap(t testing.TB, p *db.Pool, first func(tx *db.Tx) error, second func() error) (firstErr, secondErr error) {
	t.Helper()
	ended := make(chan error, 1)
	var once sync.Once
	firstErr = p.For("default").Tx(t.Context(), func(tx *db.Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		// A deadlock runs the transaction again.
		once.Do(func() { go func() { ended <- second() }() })
		for p.Dialect() == db.Postgres && len(ended) == 0 {
			if waiting, err := Waiting(t.Context(), p); err != nil || waiting > 0 {
				return err
			}
		}
		return nil
	})
	once.Do(func() { ended <- second() })
	return firstErr, <-ended
}

// Waiting returns how many transactions wait for what others hold, on PostgreSQL.
func Waiting(ctx context.Context, p *db.Pool) (int, error) {
	return db.One[int](ctx, p.Across(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`)
}
