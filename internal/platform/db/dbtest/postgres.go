package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// templateLock is the advisory lock under which test binaries that share a
// server make the template.
const templateLock = 5_190_611_774_202

// server is where test databases are created.
type server struct {
	admin    string // DSN of a maintenance database
	template string
	cluster  *Cluster // keeps the leash alive
}

func (s *server) url(database string) string {
	if s.cluster != nil {
		return s.cluster.URL(database)
	}
	return withDatabase(s.admin, database)
}

// withDatabase replaces the database of a DSN.
func withDatabase(dsn, database string) string {
	if u, err := url.Parse(dsn); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		u.Path = "/" + database
		return u.String()
	}
	return dsn + " dbname=" + database
}

// shared is the server of this test binary, with the migrated template.
var shared = sync.OnceValues(func() (*server, error) {
	s := &server{admin: os.Getenv("TEST_PG_DSN")}
	if s.admin == "" {
		cluster, err := NewCluster(hurried...)
		if err != nil {
			return nil, err
		}
		s.cluster, s.admin = cluster, cluster.URL("postgres")
	}
	print := sha256.Sum256([]byte(db.MigrationSource()))
	s.template = "signet_template_" + hex.EncodeToString(print[:6])
	return s, s.prepare(context.Background())
})

// prepare makes the template database unless another test binary has.
func (s *server) prepare(ctx context.Context) error {
	admin, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return err
	}
	defer admin.Close(ctx)
	// The session's end gives the lock back.
	if _, err := admin.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock)); err != nil {
		return err
	}
	var exists bool
	err = admin.QueryRow(ctx, "SELECT count(*) > 0 FROM pg_database WHERE datname = $1", s.template).Scan(&exists)
	if err != nil || exists {
		return err
	}
	draft := "signet_draft_" + ids.Long()
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+draft+" TEMPLATE template0"); err != nil {
		return err
	}
	if err := migrate(ctx, s.url(draft)); err != nil {
		return err
	}
	// The name appears only when the template is whole.
	_, err = admin.Exec(ctx, "ALTER DATABASE "+draft+" RENAME TO "+s.template)
	return err
}

func migrate(ctx context.Context, url string) error {
	p, err := db.Open(ctx, db.Options{URL: url})
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Migrate(ctx)
}

// PostgresOptions returns the options of a fresh, migrated PostgreSQL database
// that is dropped when the test ends.
func PostgresOptions(t testing.TB) db.Options {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	name := "signet_test_" + ids.Long()
	s.run(t, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, s.template))
	t.Cleanup(func() { s.run(t, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)) })
	return db.Options{URL: s.url(name), Clock: clock.System}
}

func (s *server) run(t testing.TB, statement string) {
	t.Helper()
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, statement); err != nil {
		t.Fatalf("dbtest: %s: %v", statement, err)
	}
}
