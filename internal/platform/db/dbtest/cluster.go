package dbtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// install is what a developer reads when there is no PostgreSQL.
const install = "PostgreSQL is not installed: run `apt-get install postgresql-15` (or set TEST_PG_DSN to a server that tests may use)"

// superuser is the role that owns everything in a test cluster.
const superuser = "signet"

// Cluster is a PostgreSQL server of this test binary on a Unix socket in a
// temporary directory. It ends, and its directory goes, when the test binary
// does, however that happens.
type Cluster struct {
	dir      string
	bin      string
	settings []string // as command-line arguments
	identity *syscall.SysProcAttr
	leash    io.Closer // the watchdog ends the server when this closes
	server   *exec.Cmd
	exited   chan struct{}
}

// hurried are settings under which many short tests take less time. What
// commits survives Kill, not the machine's end.
var hurried = []string{
	"fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=300", "autovacuum=off",
	"max_wal_size=256MB", "min_wal_size=32MB", "checkpoint_timeout=1h",
}

// StartCluster starts a server for one test that wants to kill it. Tests that
// only want a database use Postgres.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	c, err := NewCluster(hurried...)
	if err != nil {
		t.Fatalf("dbtest: %v", err)
	}
	t.Cleanup(c.Close)
	return c
}

// NewCluster starts a server with settings ("name=value") beside PostgreSQL's
// own, for a program that measures it.
func NewCluster(settings ...string) (*Cluster, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	identity, owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "signet-pg-")
	if err != nil {
		return nil, err
	}
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	c := &Cluster{dir: dir, bin: bin, settings: settings, identity: identity}
	if err := c.fasten(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := c.initialize(); err != nil {
		_ = c.leash.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the server; its files go.
func (c *Cluster) Close() {
	c.Kill()
	_ = c.leash.Close()
}

// URL returns the DSN of a database of the cluster.
func (c *Cluster) URL(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.User(superuser), Path: "/" + database,
		RawQuery: url.Values{"host": {c.dir}}.Encode(),
	}).String()
}

// Kill ends the server as a crash would.
func (c *Cluster) Kill() {
	if c.server == nil {
		return
	}
	// SIGQUIT is the postmaster's immediate shutdown: no checkpoint, its
	// children die with it. SIGKILL would leave them holding the memory.
	_ = c.server.Process.Signal(syscall.SIGQUIT)
	<-c.exited
	c.server = nil
}

// Start starts the server again after Kill.
func (c *Cluster) Start() error {
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", filepath.Join(c.dir, "data"), "-c", "listen_addresses=", "-c", "unix_socket_directories=" + c.dir}
	for _, setting := range c.settings {
		args = append(args, "-c", setting)
	}
	server := exec.Command(filepath.Join(c.bin, "postgres"), args...)
	server.Dir, server.SysProcAttr = c.dir, c.identity
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = server.Wait()
		close(exited)
	}()
	c.server, c.exited = server, exited
	return c.ready()
}

// Log is what the server has said so far.
func (c *Cluster) Log() string {
	text, _ := os.ReadFile(filepath.Join(c.dir, "log"))
	return string(text)
}

// ready waits until the server takes connections.
func (c *Cluster) ready() error {
	var last error
	for range 600 {
		select {
		case <-c.exited:
			return fmt.Errorf("postgres ended at start: %s", c.Log())
		case <-time.After(50 * time.Millisecond):
		}
		conn, err := pgx.Connect(context.Background(), c.URL("postgres"))
		if err == nil {
			return conn.Close(context.Background())
		}
		last = err
	}
	return last
}

func (c *Cluster) initialize() error {
	initdb := exec.Command(filepath.Join(c.bin, "initdb"), "-D", filepath.Join(c.dir, "data"),
		"-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = c.dir, c.identity
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return c.Start()
}

// fasten starts the watchdog: a shell that reads from a pipe whose other end
// only this process holds. When the process dies the read ends.
func (c *Cluster) fasten() error {
	const script = `read -r _
[ -f data/postmaster.pid ] && kill -QUIT "$(head -n 1 data/postmaster.pid)" 2>/dev/null
n=0
while [ -f data/postmaster.pid ] && kill -0 "$(head -n 1 data/postmaster.pid)" 2>/dev/null && [ $n -lt 100 ]; do
  sleep 0.1; n=$((n + 1))
done
cd / && rm -rf "$1"`
	watchdog := exec.Command("/bin/sh", "-c", script, "watchdog", c.dir)
	watchdog.Dir, watchdog.SysProcAttr = c.dir, c.identity
	leash, err := watchdog.StdinPipe()
	if err != nil {
		return err
	}
	if err := watchdog.Start(); err != nil {
		return err
	}
	go func() { _ = watchdog.Wait() }()
	c.leash = leash
	return nil
}

// findPostgres returns the directory of initdb and postgres.
func findPostgres() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(found, func(a, b string) int { return versionOf(b) - versionOf(a) })
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			found = append([]string{filepath.Dir(real)}, found...)
		}
	}
	for _, dir := range found {
		_, initdb := os.Stat(filepath.Join(dir, "initdb"))
		_, postgres := os.Stat(filepath.Join(dir, "postgres"))
		if errors.Join(initdb, postgres) == nil {
			return dir, nil
		}
	}
	return "", errors.New(install)
}

func versionOf(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

// unprivileged returns how to start a process in a session of its own and, for
// root, as somebody else: PostgreSQL refuses to run as root.
func unprivileged() (*syscall.SysProcAttr, *syscall.Credential, error) {
	identity := &syscall.SysProcAttr{Setsid: true}
	if os.Getuid() != 0 {
		return identity, nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return nil, nil, err
		}
	}
	uid, errUID := strconv.ParseUint(account.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		return nil, nil, err
	}
	identity.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return identity, identity.Credential, nil
}
