package db

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// next is what the migrations of a later release look like.
func next(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{
		"migrations/90000_note.sql": {Data: []byte("-- +goose Up\nCREATE TABLE notes (\n  tenant_id TEXT NOT NULL,\n  note TEXT CHECK (json_valid(note))\n) STRICT;\n")},
	}
	entries, err := embedded.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		raw, err := embedded.ReadFile("migrations/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		files["migrations/"+entry.Name()] = &fstest.MapFile{Data: raw}
	}
	return files
}

func openFile(t *testing.T, path string) *Pool {
	t.Helper()
	p, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func plan(t *testing.T, p *Pool) []string {
	t.Helper()
	pending, err := p.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return pending
}

func snapshots(t *testing.T, path string) []string {
	t.Helper()
	found, err := filepath.Glob(path + ".before-*")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(name string) bool { return strings.HasSuffix(name, "-wal") || strings.HasSuffix(name, "-shm") })
}

func TestMigrateSQLite(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "signet ä%?#.db")
	p := openFile(t, path)
	if pending := plan(t, p); !slices.Contains(pending, "00001_foundation.sql") {
		t.Errorf("a new file waits for %v", pending)
	}
	if tables, err := One[int](ctx, p.Across(), `SELECT count(*) FROM sqlite_master`); err != nil || tables != 0 {
		t.Errorf("the plan made %d tables, %v", tables, err)
	}
	for range 2 {
		if err := p.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if pending := plan(t, p); len(pending) != 0 {
		t.Errorf("after migrating it waits for %v", pending)
	}
	if copies := snapshots(t, path); len(copies) != 0 {
		t.Errorf("nothing was to lose, yet there are %v", copies)
	}
	if _, err := p.Across().Exec(ctx, `INSERT INTO tenants (id, name, created_at) VALUES ('default', 'x', 1)`); err != nil {
		t.Fatal(err)
	}

	p.migrations = next(t)
	if pending := plan(t, p); !slices.Equal(pending, []string{"90000_note.sql"}) {
		t.Errorf("the next release waits for %v", pending)
	}
	if err := p.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	copies := snapshots(t, path)
	if len(copies) != 1 {
		t.Fatalf("snapshots: %v", copies)
	}
	before := openFile(t, copies[0])
	names, err := All[string](ctx, before.Across(), `SELECT name FROM tenants`)
	if err != nil || !slices.Equal(names, []string{"x"}) {
		t.Errorf("the snapshot holds %v, %v", names, err)
	}
	if _, err := before.Across().Exec(ctx, `DELETE FROM notes`); err == nil {
		t.Error("the snapshot was taken after the migration")
	}
}

func TestAMigrationThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := openFile(t, filepath.Join(t.TempDir(), "signet.db"))
	if err := p.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	files := next(t)
	files["migrations/90000_note.sql"].Data = []byte("-- +goose Up\nCREATE TABLE notes (a TEXT);\nCREATE TABLE notes (a TEXT);\n")
	p.migrations = files
	if err := p.Migrate(ctx); err == nil {
		t.Fatal("migrated")
	}
	if _, err := p.Across().Exec(ctx, `DELETE FROM notes`); err == nil {
		t.Error("half a migration stayed")
	}
	p.migrations = next(t)
	if err := p.Migrate(ctx); err != nil {
		t.Errorf("the repaired migration: %v", err)
	}
}

func TestProcessesMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "signet.db")
	var group sync.WaitGroup
	for range 4 {
		p := openFile(t, path)
		group.Go(func() {
			if err := p.Migrate(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
