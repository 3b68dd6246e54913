package db

import (
	"context"
	"database/sql"
	"log/slog"
)

const (
	// commitsPerCheckpoint is after how many commits the write-ahead log of SQLite
	// is copied into the file. They write about as many pages as SQLite lets
	// gather by itself, a thousand.
	commitsPerCheckpoint = 64
	// mostPages is how many pages of the log SQLite does not let gather, whoever
	// copies them: large transactions write thousands.
	mostPages = 4000
)

// committed counts what the writer did, and has the log copied now and then.
func (p *Pool) committed() {
	if p.commits.Add(1)%commitsPerCheckpoint != 0 {
		return
	}
	select {
	case p.copyLog <- struct{}{}:
	default: // somebody is about to
	}
}

// copyLogs copies the log when there is enough of it, until the pool is closed.
// Left to SQLite, every so many commits would copy it themselves: they, and
// everybody who waits for the writer, took ten times as long as others.
func (p *Pool) copyLogs() {
	for {
		select {
		case <-p.done:
			return
		case <-p.copyLog:
		}
		if err := p.checkpoint(context.Background()); err != nil {
			// The log is whole and goes on growing; the next one tries again.
			slog.Warn("cannot copy the write-ahead log", "error", err)
		}
	}
}

// checkpoint copies the log into the file: what is there beside the writer, then
// in its place what it wrote meanwhile, which is little. Only where nothing is left
// to copy does the log begin anew.
func (p *Pool) checkpoint(ctx context.Context) error {
	for _, through := range []*sql.DB{p.reader, p.writer} {
		err := p.withConn(ctx, through, func(conn *sql.Conn) error {
			var isBusy, pages, copied int
			return conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&isBusy, &pages, &copied)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
