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
	tag, err := p.last(ctx)
	return tag.RowsAffected(), err
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
		if err != nil {
			return nil, err
		}
		return &pipelineRows{Rows: rows}, nil
	}
	p.waiting.Queue(query, args...)
	results, err := p.send(ctx, 1)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // it says the same again
		return nil, err
	}
	return &pipelineRows{Rows: rows, results: results}, nil
}

func (p *pipeline) queryEach(ctx context.Context, readings []Reading) error {
	for _, r := range readings {
		p.waiting.Queue(r.query, r.args...)
	}
	results, err := p.send(ctx, len(readings))
	if err != nil {
		return err
	}
	for _, r := range readings {
		rows, err := results.Query()
		if err == nil {
			err = consume(&pipelineRows{Rows: rows}, r.read)
		}
		if err != nil {
			_ = results.Close() // it says the same again
			return err
		}
	}
	return results.Close()
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

// last sends what waits and returns the answer to the last of it.
func (p *pipeline) last(ctx context.Context) (pgconn.CommandTag, error) {
	results, err := p.send(ctx, 1)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	return tag, err
}

// commit ends a transaction. A *commitError says that nobody knows how.
func (p *pipeline) commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil { // the caller has left
		return err
	}
	if !p.isOpen && p.waiting.Len() == 1 { // nothing was done
		return nil
	}
	p.waiting.Queue("commit")
	tag, err := p.last(ctx)
	_, isAnswer := errors.AsType[*pgconn.PgError](err)
	switch {
	case isAnswer && p.conn.PgConn().TxStatus() == 'E':
		return err // a statement before the commit was refused, and the commit skipped
	case err != nil:
		return &commitError{err}
	case tag.String() != "COMMIT": // somebody has overlooked an error before
		return pgx.ErrTxCommitRollback
	}
	return nil
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
	return err
}
