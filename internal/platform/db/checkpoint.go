package db

import (
	"context"
	"database/sql"
	"log/slog"
)

const (
	// commitsPerCheckpoint is after how many commits the write-ahead log of SQLite
	// is copied into the file. They write about a thousand pages, which is when
	// SQLite would do so by itself.
	commitsPerCheckpoint = 64
	// mostPages is at how many pages of the log SQLite does so within a commit all
	// the same: large transactions write thousands each.
	mostPages = 4000
)

// committed counts what the writer did and asks for a checkpoint now and then.
func (p *Pool) committed() {
	if p.commits.Add(1)%commitsPerCheckpoint != 0 {
		return
	}
	select {
	case p.checkpointDue <- struct{}{}:
	default: // somebody has asked
	}
}

// runCheckpoints makes those that are asked for, until the pool is closed. Left to
// SQLite, every so many commits would copy the log themselves: they, and everybody
// who waits for the writer, took several times as long as others.
func (p *Pool) runCheckpoints() {
	for {
		select {
		case <-p.done:
			return
		case <-p.checkpointDue:
		}
		if err := p.checkpoint(context.Background()); err != nil {
			// The log is whole and goes on growing; the next one tries again.
			slog.Warn("cannot copy the write-ahead log", "error", err)
		}
	}
}

// checkpoint copies the log into the file: what is there beside the writer, then
// in its place what it wrote meanwhile, which is little. Only where nothing is left
// to copy does the log begin anew (sqlite.org/wal.html).
func (p *Pool) checkpoint(ctx context.Context) error {
	for _, through := range []*sql.DB{p.reader, p.writer} {
		err := p.withConn(ctx, through, func(conn *sql.Conn) error {
			_, err := conn.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
