package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// sites are open, and share what ends with them.
type sites struct {
	all   []*site
	clean []func() error
}

func (s *sites) close() error {
	var err error
	for _, one := range s.all {
		err = errors.Join(err, one.close())
	}
	for _, step := range s.clean {
		err = errors.Join(err, step())
	}
	return err
}

// factsFile is beside the database.
const factsFile = "facts.json"

// openLites opens a site on SQLite for each size, below dir.
func openLites(ctx context.Context, binary, dir string, sizes ...crowd) (*sites, error) {
	all := &sites{}
	for _, size := range sizes {
		data := filepath.Join(dir, fmt.Sprintf("lite-%d", size))
		s, err := openLite(ctx, binary, data, size)
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all.all = append(all.all, s)
		all.clean = append(all.clean, func() error { return os.RemoveAll(data) })
	}
	return all, nil
}

// openLite opens a site on a copy of a database in the cache, which is filled if
// it is missing.
func openLite(ctx context.Context, binary, data string, size crowd) (*site, error) {
	print := sha256.Sum256(fmt.Appendf(nil, "%d %s", crowdVersion, db.MigrationSource()))
	cache := filepath.Join(os.TempDir(), fmt.Sprintf("signet-bench-%d-%s", size, hex.EncodeToString(print[:6])))
	if _, err := os.Stat(filepath.Join(cache, factsFile)); errors.Is(err, fs.ErrNotExist) {
		if err := fillCache(ctx, binary, cache, size); err != nil {
			return nil, err
		}
	}
	progress("copying %s", cache)
	if err := copyPrivate(data, cache); err != nil {
		return nil, err
	}
	s := &site{binary: binary, variables: []string{"DATA_DIR=" + data}, crowd: size}
	written, err := os.ReadFile(filepath.Join(data, factsFile))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(written, &s.facts); err != nil {
		return nil, err
	}
	return s, s.open(ctx)
}

// copyPrivate copies the files of a directory into a new one, for the owner alone
// as the server demands of its key.
func copyPrivate(to, from string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	copies, err := os.ReadDir(to)
	for _, file := range copies {
		err = errors.Join(err, os.Chmod(filepath.Join(to, file.Name()), 0o600))
	}
	return err
}

// fillCache fills a database; its facts come last and say that it is whole.
func fillCache(ctx context.Context, binary, cache string, size crowd) error {
	if err := errors.Join(os.RemoveAll(cache), os.Mkdir(cache, 0o700)); err != nil {
		return err
	}
	s := &site{binary: binary, variables: []string{"DATA_DIR=" + cache}, crowd: size}
	if err := s.open(ctx); err != nil {
		return err
	}
	if err := errors.Join(s.fill(ctx), s.close()); err != nil {
		return err
	}
	written, err := json.Marshal(s.facts)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(cache, factsFile), written, 0o600)
}

// postgresSettings are what a machine of a few gigabytes would be given; the
// rest is as PostgreSQL comes.
var postgresSettings = []string{"shared_buffers=512MB", "max_wal_size=4GB"}

// openPostgreses starts a PostgreSQL server and opens a site on it for each size.
func openPostgreses(ctx context.Context, binary, dir string, sizes ...crowd) (*sites, error) {
	cluster, err := dbtest.NewCluster(postgresSettings...)
	if err != nil {
		return nil, err
	}
	all := &sites{clean: []func() error{func() error { cluster.Close(); return nil }}}
	for _, size := range sizes {
		s, err := openPostgres(ctx, cluster, binary, dir, size)
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all.all = append(all.all, s)
	}
	return all, nil
}

func openPostgres(ctx context.Context, cluster *dbtest.Cluster, binary, dir string, size crowd) (*site, error) {
	name := fmt.Sprintf("people%d", size)
	s, err := onCluster(ctx, cluster, binary, dir, name)
	if err != nil {
		return nil, err
	}
	s.crowd = size
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	if err := fillPostgres(ctx, cluster.URL(name), s); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// onCluster returns a site on an empty database of a PostgreSQL server.
func onCluster(ctx context.Context, cluster *dbtest.Cluster, binary, dir, name string) (*site, error) {
	if err := onPostgres(ctx, cluster.URL("postgres"), "CREATE DATABASE "+name); err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return &site{binary: binary, variables: []string{
		"DATA_DIR=" + filepath.Join(dir, name), "DB_URL=" + cluster.URL(name), "SECRET_VAULT_KEK=" + base64.StdEncoding.EncodeToString(key),
	}}, nil
}

// fillPostgres builds the search index afterwards, which takes a tenth of the
// time. Statistics are gathered as autovacuum soon would.
func fillPostgres(ctx context.Context, url string, s *site) error {
	const index = "users_search"
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var definition string
	if err := conn.QueryRow(ctx, "SELECT indexdef FROM pg_indexes WHERE indexname = $1", index).Scan(&definition); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "DROP INDEX "+index); err != nil {
		return err
	}
	if err := s.fill(ctx); err != nil {
		return err
	}
	progress("indexing")
	for _, statement := range []string{"SET maintenance_work_mem = '512MB'", definition, "VACUUM ANALYZE"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func onPostgres(ctx context.Context, url, statement string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// imported is how many people are imported to see how fast that is.
const imported = 100_000

// measureImport has the command line import people into an empty database.
func measureImport(ctx context.Context, binary, dir string, many crowd) (figure, error) {
	progress("importing %d people", min(imported, many))
	s := &site{binary: binary, variables: []string{"DATA_DIR=" + filepath.Join(dir, "import")}, crowd: many}
	if err := s.open(ctx); err != nil {
		return figure{}, err
	}
	rate, err := 0.0, s.makeRoles(ctx)
	if err == nil {
		rate, err = s.importPeople(ctx, int(min(imported, many)))
	}
	if err := errors.Join(err, s.close()); err != nil {
		return figure{}, err
	}
	return figure{name: "Import of people with hashed passwords", value: rate, unit: "/s"}.atLeast(5000), nil
}
