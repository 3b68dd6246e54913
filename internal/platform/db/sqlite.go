package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// errDiscard is the one value that tells database/sql to drop a connection.
var errDiscard = driver.ErrBadConn

// sqliteReaders is how many statements may read at once beside the writer.
const sqliteReaders = 8

// openSQLite opens one connection that writes and a few that read.
func (p *Pool) openSQLite(ctx context.Context) error {
	if p.options.Path == "" {
		return errors.New("no path")
	}
	path, err := filepath.Abs(p.options.Path)
	if err != nil {
		return err
	}
	if err := createPrivate(path); err != nil {
		return err
	}
	p.want = openWant(path)
	p.writer = p.openLite(path, url.Values{
		"_pragma": {
			"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "journal_size_limit(67108864)",
			// In KiB: what a large transaction changes should not be written twice.
			"cache_size(-16384)",
			fmt.Sprintf("wal_autocheckpoint(%d)", mostPages),
		},
	})
	p.writer.SetMaxOpenConns(1)
	p.reader = p.openLite(path, url.Values{"_pragma": {"query_only(ON)"}})
	p.reader.SetMaxOpenConns(sqliteReaders)
	p.reader.SetMaxIdleConns(sqliteReaders)
	if err := p.checkSQLite(ctx); err != nil {
		p.want.close()
		return errors.Join(err, p.reader.Close(), p.writer.Close())
	}
	p.tasks.Go(p.runCheckpoints)
	return nil
}

// steady returns the context under which a statement runs, or the error of a
// caller who is gone. SQLite's statements are short, and to end one with its
// caller takes database/sql and the driver three goroutines each, which is more
// than most statements cost; so there a caller is asked before, not meanwhile,
// unless the statement is marked Interruptible.
func (p *Pool) steady(ctx context.Context) (context.Context, error) {
	if p.dialect == Postgres || interruptible(ctx) {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

// createPrivate creates the file readable by its owner alone. An existing file
// is not touched: closing any descriptor of it would drop SQLite's locks.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (p *Pool) openLite(path string, settings url.Values) *sql.DB {
	settings["_pragma"] = append(settings["_pragma"],
		fmt.Sprintf("busy_timeout(%d)", p.options.LockWait.Milliseconds()), "temp_store(MEMORY)", "trusted_schema(OFF)")
	name := url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}
	return sql.OpenDB(liteConnector{driver: liteDriver(), name: name.String()})
}

// checkSQLite refuses a library whose write-ahead log may corrupt the file.
func (p *Pool) checkSQLite(ctx context.Context) error {
	var version, mode string
	if err := p.writer.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		return err
	}
	if major*1_000_000+minor*1000+patch < 3_051_003 {
		return fmt.Errorf("SQLite %s is too old, 3.51.3 is needed", version)
	}
	if err := p.writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system does not support a write-ahead log (journal mode %q)", mode)
	}
	return nil
}
