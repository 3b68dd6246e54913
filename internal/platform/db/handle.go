package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// Cursor goes through the rows that a statement returned, as *sql.Rows does.
type Cursor interface {
	Columns() ([]string, error)
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// Querier runs statements that return rows; One and All read from it.
type Querier interface {
	// Read runs a statement and has read go through its rows, on a new connection once
	// more if the first was lost. Prefer One and All.
	Read(ctx context.Context, query string, args []any, read func(Cursor) error) error
}

// Q runs statements of one tenant: *DB outside a transaction, *Tx within.
// $1 of every statement is the tenant; args are $2, $3 and so on.
type Q interface {
	Querier
	// TenantID returns the tenant to which the handle is bound.
	TenantID() string
	// Dialect returns the engine.
	Dialect() Dialect
	// Exec runs a statement and returns how many rows it changed.
	Exec(ctx context.Context, query string, args ...any) (affected int64, err error)
	// Queue runs a statement whose outcome nobody looks at within the transaction, and
	// outside of one at once; see Tx.Queue.
	Queue(ctx context.Context, query string, args ...any) error
}

// DB is the handle of a tenant. Each statement is a transaction of its own.
type DB struct {
	pool   *Pool
	tenant string
}

// TenantID returns the tenant to which the handle is bound.
func (d *DB) TenantID() string { return d.tenant }

// Dialect returns the engine.
func (d *DB) Dialect() Dialect { return d.pool.dialect }

// Pool returns the database behind the handle.
func (d *DB) Pool() *Pool { return d.pool }

// Exec runs a statement and returns how many rows it changed.
func (d *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if _, err := vet(query); err != nil {
		return 0, err
	}
	return d.pool.exec(ctx, query, d.tenant, args)
}

// Queue is Exec for who does not ask how many rows changed.
func (d *DB) Queue(ctx context.Context, query string, args ...any) error {
	_, err := d.Exec(ctx, query, args...)
	return err
}

// Read runs a statement and has read go through its rows; see Querier.
func (d *DB) Read(ctx context.Context, query string, args []any, read func(Cursor) error) error {
	verdict, err := vet(query)
	if err != nil {
		return err
	}
	return d.pool.rows(ctx, verdict.writes, query, args, read, d.tenant)
}

// Across is the handle for work over all tenants: migrations, purges, delivery
// workers, the life of tenants themselves. Nothing supplies $1 and nothing
// guards it; its uses are few and easy to find.
type Across struct{ pool *Pool }

// Dialect returns the engine.
func (a *Across) Dialect() Dialect { return a.pool.dialect }

// Exec runs a statement and returns how many rows it changed; args are $1, $2 …
func (a *Across) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return a.pool.exec(ctx, query, "", args)
}

// Read runs a statement and has read go through its rows; args are $1, $2 …
func (a *Across) Read(ctx context.Context, query string, args []any, read func(Cursor) error) error {
	return a.pool.rows(ctx, writes(query), query, args, read)
}

func (p *Pool) exec(ctx context.Context, query, tenant string, args []any) (affected int64, err error) {
	first := []string{tenant}
	if tenant == "" {
		first = nil
	}
	err = p.write(ctx, func(w *work) (err error) {
		affected, err = w.exec(ctx, query, args, first...)
		return err
	})
	return affected, err
}

// write runs one statement that changes something.
func (p *Pool) write(ctx context.Context, statement func(*work) error) error {
	if p.dialect == SQLite {
		return p.transact(ctx, statement) // to be committed together with others
	}
	return public(ctx, p.single(ctx, statement))
}

// single runs a statement, of SQLite one that reads, without a transaction around it.
func (p *Pool) single(ctx context.Context, statement func(*work) error) error {
	if p.dialect == Postgres {
		return p.onPostgres(ctx, func(conn *pgx.Conn) error { return statement(&work{pool: p, tx: &pipeline{conn: conn}}) })
	}
	return p.withConn(ctx, p.reader, func(conn *sql.Conn) error { return statement(&work{pool: p, tx: onConn{conn}}) })
}

// rows runs a statement and lets read consume its rows. A plain read that lost
// its connection runs once more on a new one.
func (p *Pool) rows(ctx context.Context, writes bool, query string, args []any,
	read func(Cursor) error, first ...string) error {
	statement := func(w *work) error { return w.read(ctx, query, args, read, first...) }
	if writes {
		return p.write(ctx, statement)
	}
	err := p.single(ctx, statement)
	if class := classOf(err); class == lost || class == conflict {
		err = p.single(ctx, statement)
	}
	return public(ctx, err)
}

func consume(rows Cursor, read func(Cursor) error) error {
	defer rows.Close()
	if err := read(rows); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return rows.Close()
}

// bind reduces args to the few types that both drivers treat alike, behind the
// tenant if there is one.
func bind(args []any, first ...string) ([]any, error) {
	bound := make([]any, 0, len(args)+1)
	for _, tenant := range first {
		if tenant == "" {
			return nil, fmt.Errorf("db: handle without a tenant")
		}
		bound = append(bound, tenant)
	}
	for i, arg := range args {
		value, err := Stored(arg)
		if err != nil {
			return nil, fmt.Errorf("db: argument %d: %w", i+1, err)
		}
		bound = append(bound, value)
	}
	return bound, nil
}

// Stored returns an argument as a driver gets it; ErrText for text that cannot
// be stored.
func Stored(arg any) (driver.Value, error) {
	if raw, ok := arg.(json.RawMessage); ok && raw != nil {
		arg = JSON[json.RawMessage]{raw}
	}
	value, err := driver.DefaultParameterConverter.ConvertValue(arg)
	if err != nil {
		return nil, err
	}
	if text, ok := value.(string); ok && (strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text)) {
		return nil, ErrText
	}
	return value, nil
}
