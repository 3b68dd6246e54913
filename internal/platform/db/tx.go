package db

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// Tx is a transaction of one tenant. It is valid until the function that got it
// returns, and for one goroutine.
type Tx struct {
	work   *work
	tenant string
}

// AcrossTx is a transaction over all tenants.
type AcrossTx struct{ work *work }

// work is an open transaction, or a single statement, with what happens after it.
type work struct {
	pool  *Pool
	tx    runner
	after []func()
	// touched are the cache families that this transaction changes.
	touched map[stampKey]bool
}

// Tx runs fn in a transaction that commits when fn returns nil. SQLite takes
// the write lock at once, and commits it together with those who waited for that
// meanwhile; PostgreSQL reads what is committed. After a busy database, a deadlock,
// a serialization failure or a fault of those committed with it fn runs again, so
// it must leave nothing behind outside the transaction. Inside fn use tx alone: a
// statement through another handle would wait for this transaction.
func (d *DB) Tx(ctx context.Context, fn func(tx *Tx) error) error {
	return d.pool.transact(ctx, func(w *work) error {
		return fn(&Tx{work: w, tenant: d.tenant})
	})
}

// Do is DB.Tx for a function that has a result.
func Do[T any](ctx context.Context, d *DB, fn func(tx *Tx) (T, error)) (T, error) {
	var out T
	err := d.Tx(ctx, func(tx *Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return out, nil
}

// Tx runs fn in a transaction over all tenants; see DB.Tx.
func (a *Across) Tx(ctx context.Context, fn func(tx *AcrossTx) error) error {
	return a.pool.transact(ctx, func(w *work) error { return fn(&AcrossTx{work: w}) })
}

// TenantID returns the tenant to which the transaction is bound.
func (t *Tx) TenantID() string { return t.tenant }

// Dialect returns the engine.
func (t *Tx) Dialect() Dialect { return t.work.pool.dialect }

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if _, err := vet(query); err != nil {
		return 0, err
	}
	return t.work.exec(ctx, query, args, t.tenant)
}

// Read runs a statement and has read go through its rows, which runs no other
// statement meanwhile.
func (t *Tx) Read(ctx context.Context, query string, args []any, read func(Cursor) error) error {
	if _, err := vet(query); err != nil {
		return err
	}
	return t.work.read(ctx, query, args, read, t.tenant)
}

// ReadEach runs statements one after the other, as if by Read, each with what the one
// before it has locked. They are one journey to PostgreSQL.
func (t *Tx) ReadEach(ctx context.Context, readings ...Reading) error {
	for _, r := range readings {
		if _, err := vet(r.query); err != nil {
			return err
		}
	}
	return t.work.readEach(ctx, readings, t.tenant)
}

// Queue runs a statement whose outcome nobody looks at within the transaction. It may
// be sent as late as with the commit, which saves a journey to PostgreSQL; what is
// wrong with it the next statement says, or the transaction itself.
func (t *Tx) Queue(ctx context.Context, query string, args ...any) error {
	if _, err := vet(query); err != nil {
		return err
	}
	return t.work.queue(ctx, query, args, t.tenant)
}

// AfterCommit runs fn once the transaction has committed, in the order of
// registration. A transaction that fails runs nothing.
func (t *Tx) AfterCommit(fn func()) { t.work.after = append(t.work.after, fn) }

// For binds the transaction to a tenant.
func (t *AcrossTx) For(tenantID string) *Tx { return &Tx{work: t.work, tenant: tenantID} }

// Dialect returns the engine.
func (t *AcrossTx) Dialect() Dialect { return t.work.pool.dialect }

// Exec runs a statement and returns how many rows it changed; args are $1, $2 …
func (t *AcrossTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return t.work.exec(ctx, query, args)
}

// Read runs a statement and has read go through its rows; args are $1, $2 …
func (t *AcrossTx) Read(ctx context.Context, query string, args []any, read func(Cursor) error) error {
	return t.work.read(ctx, query, args, read)
}

func (w *work) exec(ctx context.Context, query string, args []any, first ...string) (int64, error) {
	bound, err := bind(args, first...)
	if err != nil {
		return 0, err
	}
	steady, err := w.pool.steady(ctx)
	if err != nil {
		return 0, err
	}
	return w.tx.exec(steady, query, bound)
}

func (w *work) read(ctx context.Context, query string, args []any, read func(Cursor) error, first ...string) error {
	bound, err := bind(args, first...)
	if err != nil {
		return err
	}
	steady, err := w.pool.steady(ctx)
	if err != nil {
		return err
	}
	rows, err := w.tx.query(steady, query, w.pool.planned(ctx, bound))
	if err != nil {
		return err
	}
	return consume(rows, read)
}

func (w *work) readEach(ctx context.Context, readings []Reading, tenant string) error {
	all := make([]Reading, len(readings))
	for i, r := range readings {
		bound, err := bind(r.args, tenant)
		if err != nil {
			return err
		}
		all[i] = Reading{r.query, bound, r.read}
	}
	steady, err := w.pool.steady(ctx)
	if err != nil {
		return err
	}
	return w.tx.queryEach(steady, all)
}

func (w *work) queue(ctx context.Context, query string, args []any, first ...string) error {
	bound, err := bind(args, first...)
	if err != nil {
		return err
	}
	steady, err := w.pool.steady(ctx)
	if err != nil {
		return err
	}
	return w.tx.queue(steady, query, bound)
}

// runner is where statements run.
type runner interface {
	exec(ctx context.Context, query string, args []any) (affected int64, err error)
	query(ctx context.Context, query string, args []any) (Cursor, error)
	// queryEach runs statements, whose arguments are bound, in their order.
	queryEach(ctx context.Context, readings []Reading) error
	// queue may run the statement later.
	queue(ctx context.Context, query string, args []any) error
}

// onConn runs statements at once: those of a group, or a single one.
type onConn struct{ *sql.Conn }

func (c onConn) exec(ctx context.Context, query string, args []any) (int64, error) {
	result, err := c.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c onConn) query(ctx context.Context, query string, args []any) (Cursor, error) {
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err // and no Cursor that holds a nil pointer
	}
	return rows, nil
}

func (c onConn) queryEach(ctx context.Context, readings []Reading) error {
	for _, r := range readings {
		rows, err := c.query(ctx, r.query, r.args)
		if err != nil {
			return err
		}
		if err := consume(rows, r.read); err != nil {
			return err
		}
	}
	return nil
}

func (c onConn) queue(ctx context.Context, query string, args []any) error {
	_, err := c.ExecContext(ctx, query, args...)
	return err
}

// tries says how often a transaction may run in all, by what stopped it.
var tries = map[failure]int{conflict: 6, busy: 2, lost: 2}

// transact runs fn in a transaction, again where that may help.
func (p *Pool) transact(ctx context.Context, fn func(*work) error) error {
	for attempt := 1; ; attempt++ {
		err := p.attempt(ctx, fn)
		var uncertain *commitError
		if errors.As(err, &uncertain) {
			// The commit may have happened: to run fn again could do it twice.
			if classOf(uncertain.error) != conflict {
				return public(ctx, uncertain.error)
			}
			err = uncertain.error
		}
		if err == nil || attempt >= tries[classOf(err)] {
			return public(ctx, err)
		}
		pause := time.Duration(rand.Int64N(int64(10*time.Millisecond) << attempt))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// commitError marks an error of COMMIT itself, whose outcome may be unknown.
type commitError struct{ error }

func (c *commitError) Unwrap() error { return c.error }

func (p *Pool) attempt(ctx context.Context, fn func(*work) error) error {
	w := &work{pool: p}
	run := p.alone
	if p.dialect == SQLite {
		run = p.together
	}
	err := run(ctx, w, fn)
	// After a commit of unknown outcome too.
	p.stamps.dropped(w.touched)
	if err != nil {
		return err
	}
	for _, after := range w.after {
		after()
	}
	return nil
}

// alone runs fn in a transaction of PostgreSQL.
func (p *Pool) alone(ctx context.Context, w *work, fn func(*work) error) error {
	return p.onPostgres(ctx, func(conn *pgx.Conn) error {
		tx := beginPipeline(conn)
		finished := false
		defer func() { // after a panic of fn too
			if !finished {
				tx.rollback(ctx)
			}
		}()
		w.tx = tx
		if err := fn(w); err != nil {
			return err
		}
		if err := tx.commit(ctx); err != nil {
			return err
		}
		finished = true
		return nil
	})
}
