package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pipeline runs statements on a connection to PostgreSQL. What nobody waits for is
// sent along with the next one that somebody does wait for: the beginning of a
// transaction with its first statement, what is queued last with the commit. Each
// would be a journey to the database and back of its own.
type pipeline struct {
	conn    *pgx.Conn
	waiting pgx.Batch // to be sent
	isOpen  bool      // something has been sent
}

// beginPipeline begins a transaction.
func beginPipeline(conn *pgx.Conn) *pipeline {
	p := &pipeline{conn: conn}
	p.waiting.Queue("begin")
	return p
}

func (p *pipeline) queue(_ context.Context, query string, args []any) error {
	p.waiting.Queue(query, args...)
	return nil
}

func (p *pipeline) exec(ctx context.Context, query string, args []any) (int64, error) {
	if p.waiting.Len() == 0 {
		tag, err := p.conn.Exec(ctx, query, args...)
		return tag.RowsAffected(), err
	}
	p.waiting.Queue(query, args...)
	results, err := p.send(ctx, 1)
	if err != nil {
		return 0, err
	}
	tag, err := results.Exec()
	return tag.RowsAffected(), errors.Join(err, results.Close())
}

func (p *pipeline) query(ctx context.Context, query string, args []any) (Cursor, error) {
	if len(args) > 0 && p.waiting.Len() > 0 {
		if _, isOption := args[0].(pgx.QueryExecMode); isOption { // a batch takes none
			if err := p.flush(ctx); err != nil {
				return nil, err
			}
		}
	}
	if p.waiting.Len() == 0 {
		rows, err := p.conn.Query(ctx, query, args...)
		return &pipelineRows{Rows: rows}, err
	}
	p.waiting.Queue(query, args...)
	results, err := p.send(ctx, 1)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		return nil, errors.Join(err, results.Close())
	}
	return &pipelineRows{Rows: rows, results: results}, nil
}

// send sends what waits and reads the answers, but for those of the last ones.
func (p *pipeline) send(ctx context.Context, last int) (pgx.BatchResults, error) {
	batch := p.waiting
	p.waiting, p.isOpen = pgx.Batch{}, true
	results := p.conn.SendBatch(ctx, &batch)
	for range batch.Len() - last {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // it says the same again
			return nil, err
		}
	}
	return results, nil
}

// flush sends what waits and reads all answers.
func (p *pipeline) flush(ctx context.Context) error {
	results, err := p.send(ctx, 0)
	if err != nil {
		return err
	}
	return results.Close()
}

// commit ends a transaction. A *commitError says that nobody knows how.
func (p *pipeline) commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.waiting.Queue("commit")
	results, err := p.send(ctx, 1)
	if err == nil {
		_, err = results.Exec()
		err = errors.Join(err, results.Close())
		if err != nil {
			return &commitError{err}
		}
		return nil
	}
	if _, isAnswer := errors.AsType[*pgconn.PgError](err); isAnswer {
		return err // a statement before it was refused, so it was not carried out
	}
	return &commitError{err}
}

// rollback takes everything back. Where it cannot, the connection is of no use any
// more, which the pool finds out by itself.
func (p *pipeline) rollback(ctx context.Context) {
	if !p.isOpen || p.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if _, err := p.conn.Exec(ctx, "rollback"); err != nil {
		_ = p.conn.Close(ctx)
	}
}

// pipelineRows are the rows of a statement.
type pipelineRows struct {
	pgx.Rows

	results pgx.BatchResults // of what was sent along with it, if something was
	after   func(error)      // runs once they are closed, if it is there
}

func (r *pipelineRows) Columns() ([]string, error) {
	fields := r.FieldDescriptions()
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names, nil
}

func (r *pipelineRows) Close() error {
	r.Rows.Close()
	err := r.Err()
	if r.results != nil {
		err = errors.Join(err, r.results.Close())
	}
	if after := r.after; after != nil {
		r.after = nil
		after(err)
	}
	return err
}
