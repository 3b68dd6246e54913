package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
)

// preparedPerConn is how many statements a SQLite connection keeps prepared.
// The product has a few hundred; what a search builds comes and goes.
const preparedPerConn = 400

// liteConnector opens SQLite connections that keep their statements prepared:
// parsing one costs as much as running it.
type liteConnector struct {
	driver driver.Driver
	name   string
}

func (c liteConnector) Driver() driver.Driver { return c.driver }

func (c liteConnector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.name)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(liteDriverConn)
	if !ok {
		return nil, errors.Join(errors.New("db: this SQLite driver lacks what Signet needs"), opened.Close())
	}
	return &liteConn{liteDriverConn: conn, prepared: map[string]*preparedStmt{}}, nil
}

// liteDriverConn is what the driver's connections can do.
type liteDriverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// liteStmt is what its statements can do.
type liteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// liteConn is a connection with its prepared statements. Like every driver's
// connection it serves one goroutine at a time.
type liteConn struct {
	liteDriverConn

	prepared map[string]*preparedStmt
}

type preparedStmt struct {
	liteStmt

	// busy means that rows of it are still open.
	busy bool
}

// ExecContext runs query, prepared before if it was.
func (c *liteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	stmt, err := c.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return c.liteDriverConn.ExecContext(ctx, query, args)
	}
	return stmt.ExecContext(ctx, args)
}

// QueryContext runs query, prepared before if it was.
func (c *liteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	stmt, err := c.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return c.liteDriverConn.QueryContext(ctx, query, args)
	}
	rows, err := stmt.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	stmt.busy = true
	return &preparedRows{Rows: rows, stmt: stmt}, nil
}

// Close frees the statements with the connection.
func (c *liteConn) Close() error {
	for query, stmt := range c.prepared {
		_ = stmt.Close() // the connection's own close reports what matters
		delete(c.prepared, query)
	}
	return c.liteDriverConn.Close()
}

// stmt returns the statement of query, ready to run, or nil where it must not
// be shared: its rows are still being read, or it is no plain statement.
func (c *liteConn) stmt(ctx context.Context, query string) (*preparedStmt, error) {
	if stmt := c.prepared[query]; stmt != nil {
		if stmt.busy {
			return nil, nil
		}
		return stmt, nil
	}
	if !preparable(query) {
		return nil, nil
	}
	opened, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	ready, ok := opened.(liteStmt)
	if !ok {
		return nil, errors.Join(errors.New("db: a SQLite statement lacks what Signet needs"), opened.Close())
	}
	c.evict()
	stmt := &preparedStmt{liteStmt: ready}
	c.prepared[query] = stmt
	return stmt, nil
}

// evict makes room for one statement. Any will do: those in daily use are
// prepared again at once.
func (c *liteConn) evict() {
	if len(c.prepared) < preparedPerConn {
		return
	}
	for query, stmt := range c.prepared {
		if !stmt.busy {
			_ = stmt.Close() // it says again what its last run said
			delete(c.prepared, query)
			return
		}
	}
}

// preparable reports whether query reads or changes rows; schema changes,
// transactions and pragmas run as they come.
func preparable(query string) bool {
	query = strings.TrimSpace(query)
	for _, verb := range []string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"} {
		if strings.HasPrefix(query, verb) {
			return true
		}
	}
	return false
}

// preparedRows give their statement back when they are closed.
type preparedRows struct {
	driver.Rows

	stmt *preparedStmt
}

func (r *preparedRows) Close() error {
	r.stmt.busy = false
	return r.Rows.Close()
}
