package db

import (
	"context"
	"database/sql"
	"log/slog"
	"time"
)

const (
	// transactionsPerCheckpoint is after how many transactions the write-ahead log of
	// SQLite is copied into the file. The longer it is, the longer whoever commits
	// meanwhile waits for the disk.
	transactionsPerCheckpoint = 2
	// checkpointRest is how many times as long as copying took nothing is copied then,
	// so that a slow disk is left to those who commit, and crowdedRest the least of it
	// while they wait for each other: they would have the same pages copied again and
	// again.
	checkpointRest = 4
	crowdedRest    = 25 * time.Millisecond
	// transactionsPerLog is after how many the log may begin anew. It has up to a thousand
	// pages then, as if SQLite had been left to itself.
	transactionsPerLog = 64
	// mostPages is at how many pages of the log SQLite copies it within a commit all
	// the same: large transactions write thousands each.
	mostPages = 4000
)

// committed counts transactions of the writer, those of one commit, and asks for a
// checkpoint now and then.
func (p *Pool) committed(transactions int) {
	p.crowded.Store(transactions > 1)
	after := p.transactions.Add(int64(transactions))
	if before := after - int64(transactions); after/transactionsPerCheckpoint == before/transactionsPerCheckpoint {
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
	for begun := int64(0); ; { // after so many transactions
		select {
		case <-p.done:
			return
		case <-p.checkpointDue:
		}
		started := time.Now()
		err := p.checkpoint(context.Background(), p.reader)
		if done := p.transactions.Load(); err == nil && done-begun >= transactionsPerLog {
			// What was written meanwhile is little. Only where nothing is left to copy
			// does the log begin anew (sqlite.org/wal.html).
			err = p.checkpoint(context.Background(), p.writer)
			begun = done
		}
		if err != nil {
			// The log is whole and goes on growing; the next one tries again.
			slog.Warn("cannot copy the write-ahead log", "error", err)
		}
		rest := checkpointRest * time.Since(started)
		if p.crowded.Load() {
			rest = max(rest, crowdedRest)
		}
		select {
		case <-p.done:
			return
		case <-time.After(rest):
		}
	}
}

// checkpoint copies the log into the file, beside the writer or in its place.
func (p *Pool) checkpoint(ctx context.Context, through *sql.DB) error {
	return p.withConn(ctx, through, func(conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
		return err
	})
}
