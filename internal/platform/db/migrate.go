package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var embedded embed.FS

// versionTable is where goose keeps what it has applied.
const versionTable = "schema_migrations"

// migrationLock is the PostgreSQL advisory lock under which nodes migrate.
const migrationLock = 5_190_611_774_201

// Migrate brings the schema up to date. Processes that start together migrate
// one after the other. An SQLite database that already has tables is first copied
// to a file beside it, "<path>.before-<version>".
func (p *Pool) Migrate(ctx context.Context) error {
	if p.dialect == SQLite {
		release, err := lockMigration(p.options.Path)
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		defer release()
		if err := p.snapshot(ctx); err != nil {
			return fmt.Errorf("snapshot before migrating: %w", err)
		}
	}
	provider, done, err := p.provider()
	if err != nil {
		return err
	}
	defer done()
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", public(ctx, err))
	}
	if err := p.instructPlanner(ctx); err != nil {
		return fmt.Errorf("migrate: %w", public(ctx, err))
	}
	return nil
}

// Plan returns the file names of the migrations that Migrate would run.
func (p *Pool) Plan(ctx context.Context) ([]string, error) {
	applied, err := p.appliedVersions(ctx)
	if err != nil {
		return nil, err
	}
	provider, done, err := p.provider()
	if err != nil {
		return nil, err
	}
	defer done()
	var pending []string
	for _, source := range provider.ListSources() {
		if !applied[source.Version] {
			pending = append(pending, path.Base(source.Path))
		}
	}
	return pending, nil
}

// provider returns goose over the embedded files, on connections that may work
// longer than those of the pool.
func (p *Pool) provider() (*goose.Provider, func(), error) {
	files, err := fs.Sub(p.migrations, "migrations")
	if err != nil {
		return nil, nil, err
	}
	options := []goose.ProviderOption{
		goose.WithTableName(versionTable),
		goose.WithLogger(goose.NopLogger()),
		goose.WithDisableGlobalRegistry(true),
	}
	if p.dialect == SQLite {
		provider, err := goose.NewProvider(goose.DialectSQLite3, p.writer, portable{files, SQLite}, options...)
		return provider, func() {}, err
	}
	locker, err := lock.NewPostgresSessionLocker(
		lock.WithLockID(migrationLock), lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, nil, err
	}
	handle := stdlib.OpenDB(*p.direct)
	options = append(options, goose.WithSessionLocker(locker))
	provider, err := goose.NewProvider(goose.DialectPostgres, handle, portable{files, Postgres}, options...)
	return provider, func() { _ = handle.Close() }, err
}

// appliedVersions reads goose's table without creating it.
func (p *Pool) appliedVersions(ctx context.Context) (map[int64]bool, error) {
	catalogue := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1"
	if p.dialect == Postgres {
		catalogue = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"
	}
	applied := map[int64]bool{}
	tables, err := One[int64](ctx, p.Across(), catalogue, versionTable)
	if err != nil || tables == 0 {
		return applied, err
	}
	versions, err := All[int64](ctx, p.Across(), "SELECT version_id FROM "+versionTable+" WHERE is_applied")
	for _, version := range versions {
		applied[version] = true
	}
	return applied, err
}

// snapshot copies an SQLite database that has something to lose and something
// to migrate.
func (p *Pool) snapshot(ctx context.Context) error {
	applied, err := p.appliedVersions(ctx)
	if err != nil || len(applied) == 0 {
		return err
	}
	pending, err := p.Plan(ctx)
	if err != nil || len(pending) == 0 {
		return err
	}
	var newest int64
	for version := range applied {
		newest = max(newest, version)
	}
	target := fmt.Sprintf("%s.before-%05d", p.options.Path, newest+1)
	if _, err := os.Stat(target); !errors.Is(err, os.ErrNotExist) {
		target += "-" + time.UnixMilli(p.clock.Millis()).UTC().Format("20060102T150405.000")
	}
	if err := createPrivate(target); err != nil {
		return err
	}
	return p.withConn(ctx, p.writer, func(conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, "VACUUM INTO $1", target)
		return err
	})
}

// MigrationSource returns the text of every migration, for tests that keep a
// migrated template.
func MigrationSource() string {
	var text []byte
	files, _ := fs.Glob(embedded, "migrations/*.sql")
	for _, name := range files {
		raw, _ := embedded.ReadFile(name)
		text = append(text, raw...)
	}
	return string(text)
}
