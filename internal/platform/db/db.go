// Package db is how Signet talks to its database: SQLite by default, PostgreSQL
// when it is given a DSN. SQL is written once in the subset that both share.
//
// A handle is bound to a tenant. The first parameter of every statement, $1, is
// that tenant and the handle supplies it; arguments begin at $2. The handle
// refuses, in production too, a statement that could reach rows of another
// tenant (see guard.go). Crossing tenants on purpose goes through Pool.Across.
//
// Timestamps are milliseconds in 64-bit integers, JSON columns are JSON[T],
// booleans are bool, nullable columns are pointers.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/semaphore"

	"signet/internal/platform/clock"
)

// Dialect is the engine behind a pool.
type Dialect int

// The engines.
const (
	SQLite Dialect = iota
	Postgres
)

// String returns "sqlite" or "postgres".
func (d Dialect) String() string {
	if d == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// ForUpdate is the clause that locks the selected rows until the transaction
// ends. SQLite has one writer, so there it is empty.
func (d Dialect) ForUpdate() string {
	if d == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// ForShare is the clause that keeps the selected rows from changing until the
// transaction ends; empty on SQLite.
func (d Dialect) ForShare() string {
	if d == Postgres {
		return " FOR SHARE"
	}
	return ""
}

// ForReference is the clause that keeps the selected rows from being deleted until the
// transaction ends, as a new reference to them does; empty on SQLite.
func (d Dialect) ForReference() string {
	if d == Postgres {
		return " FOR KEY SHARE"
	}
	return ""
}

// SkipLocked is the clause that locks the selected rows and passes over those
// that another worker holds; empty on SQLite.
func (d Dialect) SkipLocked() string {
	if d == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// Options say which database to open.
type Options struct {
	// URL is a PostgreSQL DSN (postgres://… or key=value); empty means SQLite.
	URL string
	// Path is the SQLite file; its directory must exist. Ignored with a URL.
	Path string
	// Clock defaults to the system's.
	Clock clock.Clock
	// LockWait is how long a statement waits for a lock that another process or
	// transaction holds before it fails with ErrUnavailable; 5 s when zero. For
	// a free connection, or for SQLite's one writer, it waits twice as long.
	LockWait time.Duration
}

// Pool is an opened database. It is safe for concurrent use and recovers by
// itself when a lost database comes back.
type Pool struct {
	dialect Dialect
	options Options
	clock   clock.Clock

	// Of SQLite, whose only connection that writes is the writer's.
	writer, reader *sql.DB

	postgres *pgxpool.Pool
	direct   *pgx.ConnConfig // PostgreSQL outside the pool: migrations, LISTEN
	pooled   bool            // a pooler stands between us and PostgreSQL

	migrations fs.FS

	spare         *semaphore.Weighted // see DB.Spare
	line          line                // of who waits for SQLite's writer
	transactions  atomic.Int64        // that SQLite's writer has committed
	crowded       atomic.Bool         // the last commit was that of several
	want          want                // of SQLite's writer
	exhausted     atomic.Bool         // the database has been out of resources; see Ready
	checkpointDue chan struct{}
	stamps        *stamps
	done          chan struct{}
	closed        sync.Once
	tasks         sync.WaitGroup
}

// Open opens the database and checks that it answers. It does not migrate.
func Open(ctx context.Context, o Options) (*Pool, error) {
	if o.LockWait == 0 {
		o.LockWait = 5 * time.Second
	}
	p := &Pool{
		options: o, clock: o.Clock, migrations: embedded,
		spare: newSpare(), line: line{age: groupAge}, checkpointDue: make(chan struct{}, 1), done: make(chan struct{}),
	}
	if p.clock == nil {
		p.clock = clock.System
	}
	p.stamps = newStamps(p)
	open := p.openSQLite
	if o.URL != "" {
		p.dialect = Postgres
		open = p.openPostgres
	}
	if err := open(ctx); err != nil {
		return nil, fmt.Errorf("open %s database: %w", p.dialect, err)
	}
	return p, nil
}

// Dialect returns the engine.
func (p *Pool) Dialect() Dialect { return p.dialect }

// Clock returns the pool's clock.
func (p *Pool) Clock() clock.Clock { return p.clock }

// For returns the handle of a tenant.
func (p *Pool) For(tenantID string) *DB { return &DB{pool: p, tenant: tenantID} }

// Across returns the handle for statements over all tenants.
func (p *Pool) Across() *Across { return &Across{pool: p} }

// Ping reports whether the database answers.
func (p *Pool) Ping(ctx context.Context) error {
	_, err := One[int64](ctx, p.Across(), "SELECT 1")
	return err
}

// Close ends background work and closes every connection. On SQLite it folds
// the write-ahead log into the file.
func (p *Pool) Close() error {
	var err error
	p.closed.Do(func() {
		close(p.done)
		p.tasks.Wait()
		if p.dialect == Postgres {
			p.postgres.Close()
			return
		}
		err = p.reader.Close()
		// A command line may still be reading; then its close does the same.
		_, _ = p.writer.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		err = errors.Join(err, p.writer.Close())
		p.want.close()
	})
	return err
}

// withConn runs fn on a connection of SQLite of its own.
func (p *Pool) withConn(ctx context.Context, from *sql.DB, fn func(*sql.Conn) error) error {
	conn, err := p.take(ctx, from)
	if err != nil {
		return err
	}
	defer func() { p.giveBack(conn, from, err) }()
	err = fn(conn)
	return err
}

// take waits for a connection, which giveBack returns.
func (p *Pool) take(ctx context.Context, from *sql.DB) (*sql.Conn, error) {
	wait, cancel := context.WithTimeout(ctx, 2*p.options.LockWait)
	conn, err := from.Conn(wait)
	timedOut := wait.Err() != nil && ctx.Err() == nil
	cancel()
	if err != nil {
		if timedOut {
			return nil, ErrUnavailable.Wrap(err)
		}
		return nil, err
	}
	if from == p.writer {
		p.want.begin()
	}
	return conn, nil
}

// giveBack returns a connection. One on which the database failed with err is thrown
// away, so that a state it may be stuck in (an open transaction, a read-only file)
// ends with it.
func (p *Pool) giveBack(conn *sql.Conn, from *sql.DB, err error) {
	if from == p.writer {
		p.want.end()
	}
	p.noteFailure(err)
	if isSpent(err) {
		discard(conn)
	}
	_ = conn.Close() // after a discard it says that the connection is gone
}

// isSpent reports whether a connection on which the database failed with err is of no
// use any more.
func isSpent(err error) bool {
	switch classOf(err) {
	case busy, lost, unavailable:
		return true
	}
	_, isUncertain := errors.AsType[*commitError](err)
	return isUncertain
}

// discard makes database/sql close the connection instead of reusing it.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return errDiscard })
}

// isPostgresURL reports whether url looks like a DSN that pgx understands.
func isPostgresURL(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") ||
		strings.Contains(url, "=")
}
