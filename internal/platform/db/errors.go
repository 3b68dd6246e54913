package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"signet/internal/platform/errs"
)

// ErrNoRows is what One returns when nothing matched.
var ErrNoRows = sql.ErrNoRows

var (
	// ErrUnavailable means that the database cannot answer now: connection lost,
	// disk full or read-only, lock or pool timeout. Trying later may work.
	ErrUnavailable = errs.New(503, "request.unavailable")
	// ErrText refuses text that PostgreSQL cannot store: NUL or invalid UTF-8.
	// Handlers check before; this keeps what slips through from being a 500.
	ErrText = errs.New(400, "guard.invalid_input")
)

// failure is how the handles treat an error of a driver.
type failure int

const (
	fatal       failure = iota // the statement is wrong, or the caller went away
	conflict                   // serialization, deadlock, stale plan, another's fault: run again at once
	busy                       // another writer holds the lock
	lost                       // the connection is gone; a new one may work
	unavailable                // disk full, read-only, out of resources
)

// pgReadOnly is how a standby, or a read-only database, refuses to write.
const pgReadOnly = "25006"

// classOf sorts a driver's error. A caller who went away is fatal: nothing is
// wrong with the database.
func classOf(err error) failure {
	if err == nil { // as nearly always: what follows allocates
		return fatal
	}
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, context.Canceled):
		return fatal
	case errors.Is(err, errUndone):
		return conflict
	case errors.As(err, &lite):
		return liteClass(lite.Code())
	case errors.As(err, &connect):
		return lost
	case errors.As(err, &pg):
		return pgClass(pg)
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return lost
	case errors.Is(err, context.DeadlineExceeded):
		return fatal
	case errors.As(err, &network), strings.Contains(err.Error(), "conn closed"):
		return lost
	}
	return fatal
}

func liteClass(code int) failure {
	switch code & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL:
		return busy
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_NOMEM:
		return unavailable
	}
	return fatal
}

func pgClass(e *pgconn.PgError) failure {
	switch e.Code {
	case "40001", "40P01":
		return conflict
	case "0A000":
		if strings.Contains(e.Message, "cached plan") {
			return conflict
		}
	case "55P03":
		return busy
	case "57P01", "57P02", "57P03":
		return lost
	case pgReadOnly, "57014":
		return unavailable
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "08":
		return lost
	case "53", "58":
		return unavailable
	}
	return fatal
}

// public turns a driver's error into what callers see: ErrUnavailable with its
// cause, or the error itself.
func public(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if _, ok := errs.As(err); ok {
		return err
	}
	if classOf(err) == fatal {
		return err
	}
	return ErrUnavailable.Wrap(err)
}

// IsUnique reports whether err is a violation of a primary key, unique
// constraint or unique index of table that involves column.
func IsUnique(err error, table, column string) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()&0xff == lib.SQLITE_CONSTRAINT && liteUnique(lite.Error(), table, column)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505" && pg.TableName == table && pgUnique(pg.Detail, column)
	}
	return false
}

// IsPattern reports whether PostgreSQL refuses a statement because a pattern in
// its arguments (LIKE, SIMILAR TO, regular expression) is none.
func IsPattern(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "2201B", "22019", "22025", "2200C": // regular expression, escapes
		return true
	}
	return false
}

// liteUnique reads "constraint failed: UNIQUE constraint failed: t.a, t.b (2067)".
func liteUnique(message, table, column string) bool {
	_, names, ok := strings.Cut(message, "UNIQUE constraint failed: ")
	if !ok {
		return false
	}
	names, _, _ = strings.Cut(names, " (")
	for name := range strings.SplitSeq(names, ", ") {
		if name == table+"."+column {
			return true
		}
	}
	return false
}

// pgUnique reads "Key (tenant_id, a)=(x, y) already exists.".
func pgUnique(detail, column string) bool {
	names, ok := strings.CutPrefix(detail, "Key (")
	if !ok {
		return false
	}
	names, _, _ = strings.Cut(names, ")=")
	for name := range strings.SplitSeq(names, ", ") {
		if strings.Trim(name, `"`) == column {
			return true
		}
	}
	return false
}

// IsReference reports whether err is a reference to a row that does not exist,
// or is about to vanish.
func IsReference(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == lib.SQLITE_CONSTRAINT_FOREIGNKEY
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23503"
}
