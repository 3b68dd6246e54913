// Package dbtest gives tests fresh, migrated databases: an SQLite file of their
// own and a database on a real PostgreSQL server, which it starts in a
// temporary directory unless TEST_PG_DSN names one.
package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
)

// Each runs fn as parallel sub-tests "sqlite" and "postgres", each with a
// database of its own.
func Each(t *testing.T, fn func(t *testing.T, p *db.Pool)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, Postgres(t))
	})
}

// SQLite returns a fresh, migrated SQLite database.
func SQLite(t testing.TB) *db.Pool {
	t.Helper()
	return Open(t, SQLiteOptions(t))
}

// Postgres returns a fresh, migrated PostgreSQL database.
func Postgres(t testing.TB) *db.Pool {
	t.Helper()
	return Open(t, PostgresOptions(t))
}

// Open opens a database and closes it when the test ends. Two pools on the same
// options are two nodes.
func Open(t testing.TB, o db.Options) *db.Pool {
	t.Helper()
	p, err := db.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("dbtest: close: %v", err)
		}
	})
	return p
}

// SQLiteOptions returns the options of a fresh, migrated SQLite file that lives
// as long as the test.
func SQLiteOptions(t testing.TB) db.Options {
	t.Helper()
	image, err := sqliteImage()
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	path := filepath.Join(t.TempDir(), "signet.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	return db.Options{Path: path, Clock: clock.System}
}

// sqliteImage returns the bytes of a migrated database file.
var sqliteImage = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "signet-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	p, err := db.Open(context.Background(), db.Options{Path: path})
	if err != nil {
		return nil, err
	}
	if err := p.Migrate(context.Background()); err != nil {
		return nil, err
	}
	if err := p.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
