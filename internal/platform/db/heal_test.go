package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

const healingFile = "SIGNET_TEST_HEALING_FILE"

// A process that may not make files longer sees what a full disk shows. The
// limit holds for the whole process, so the test runs in one of its own.
func TestAFullDiskHeals(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(healingFile); path != "" {
		if err := fillAndHeal(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	o := dbtest.SQLiteOptions(t)
	child := exec.Command(os.Args[0], "-test.run=^TestAFullDiskHeals$", "-test.v")
	child.Env = append(os.Environ(), healingFile+"="+o.Path)
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := roles(t, dbtest.Open(t, o).For("default")); !slices.Equal(got, []string{"after", "before", "in a transaction after"}) {
		t.Errorf("the file holds %v", got)
	}
}

func fillAndHeal(path string) error {
	ctx := context.Background()
	p, err := db.Open(ctx, db.Options{Path: path})
	if err != nil {
		return err
	}
	defer p.Close()
	d := p.For("default")
	if err := addRole(ctx, d, "1", "before"); err != nil {
		return err
	}
	long := strings.Repeat("during", 20_000)
	signal.Ignore(syscall.SIGXFSZ)
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: usual.Max}); err != nil {
		return err
	}
	inTx := func(id, name string) error {
		return d.Tx(ctx, func(tx *db.Tx) error { return addRole(ctx, tx, id, name) })
	}
	for range 3 {
		if err := crowdOnFullDisk(d, long); err != nil {
			return err
		}
		if err := addRole(ctx, d, "2", long); !errors.Is(err, db.ErrUnavailable) {
			return fmt.Errorf("Exec on a full disk: %w", err)
		}
		if err := inTx("3", long); !errors.Is(err, db.ErrUnavailable) {
			return fmt.Errorf("Tx on a full disk: %w", err)
		}
	}
	names, err := db.All[string](ctx, d, `SELECT name FROM roles WHERE tenant_id = $1`)
	if err != nil || !slices.Equal(names, []string{"before"}) {
		return fmt.Errorf("a full disk shows %v, %w", names, err)
	}
	// The log may have room left for as little as Ready writes.
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1, Max: usual.Max}); err != nil {
		return err
	}
	if err := p.Ready(ctx); !errors.Is(err, db.ErrUnavailable) || p.Ping(ctx) != nil {
		return fmt.Errorf("Ready on a full disk: %w", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		return err
	}
	return errors.Join(p.Ready(ctx), addRole(ctx, d, "2", "after"), inTx("3", "in a transaction after"))
}

// crowdOnFullDisk has many write at once, who are committed together and fail
// together.
func crowdOnFullDisk(d *db.DB, long string) error {
	ctx := context.Background()
	outcomes := make([]error, 8)
	var group sync.WaitGroup
	for i := range outcomes {
		group.Go(func() {
			if err := addRole(ctx, d, fmt.Sprint("crowd", i), fmt.Sprint(i, long)); !errors.Is(err, db.ErrUnavailable) {
				outcomes[i] = fmt.Errorf("one of many on a full disk: %w", err)
			}
		})
	}
	group.Wait()
	return errors.Join(outcomes...)
}

func TestALostServerHeals(t *testing.T) {
	t.Parallel()
	cluster := dbtest.StartCluster(t)
	ctx := context.Background()
	o := db.Options{URL: cluster.URL("postgres")}
	p, other := dbtest.Open(t, o), dbtest.Open(t, o)
	if err := p.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	d := p.For("default")
	cached := db.NewCache[string, int](p, "role", 10)
	if err := addRole(ctx, d, "1", "before"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the node listens", p.Settled)
	count(t, cached, d, 1)

	err := d.Tx(ctx, func(tx *db.Tx) error {
		if err := addRole(ctx, tx, "2", "lost"); err != nil {
			return err
		}
		cluster.Kill()
		return addRole(ctx, tx, "3", "lost")
	})
	if !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("a transaction while the server dies: %v", err)
	}
	_, reading := db.One[string](ctx, d, `SELECT name FROM roles WHERE tenant_id = $1`)
	for what, err := range map[string]error{"One": reading, "Exec": addRole(ctx, d, "2", "lost"), "Ping": p.Ping(ctx)} {
		if !errors.Is(err, db.ErrUnavailable) {
			t.Errorf("%s without a server: %v", what, err)
		}
	}

	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Ping(ctx), addRole(ctx, d, "2", "after")); err != nil {
		t.Errorf("after the restart: %v", err)
	}
	if got := roles(t, d); !slices.Equal(got, []string{"after", "before"}) {
		t.Errorf("after the restart: %v", got)
	}
	if err := touch(ctx, other.For("default"), "role"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "news of the other node arrive again", func() bool { return read(t, cached, d) == 2 })
}

func TestEveryConnectionMayDieAtOnce(t *testing.T) {
	t.Parallel()
	p := dbtest.Postgres(t)
	ctx := context.Background()
	d := p.For("default")
	for range 3 {
		if _, err := p.Across().Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
		if got := roles(t, d); len(got) != 0 {
			t.Errorf("holds %v", got)
		}
	}
}

// eventually waits for what another node or goroutine brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func TestErrorsOfCallersAreTheirs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		d := p.For("default")
		_, reading := db.One[string](gone, d, `SELECT name FROM roles WHERE tenant_id = $1`)
		writing := d.Tx(gone, func(*db.Tx) error { return nil })
		for what, err := range map[string]error{"One": reading, "Exec": addRole(gone, d, "r", "n"), "Tx": writing} {
			if !errors.Is(err, context.Canceled) || errors.Is(err, db.ErrUnavailable) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, syntax := d.Exec(context.Background(), `UPDATE roles SET nonsense = 1 WHERE tenant_id = $1`)
		if syntax == nil || errors.Is(syntax, db.ErrUnavailable) || !strings.Contains(syntax.Error(), "nonsense") {
			t.Errorf("a wrong statement: %v", syntax)
		}
	})
}

func TestNodesMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := dbtest.PostgresOptions(t)
	first := dbtest.Open(t, o)
	for _, statement := range []string{`DROP SCHEMA public CASCADE`, `CREATE SCHEMA public`} {
		if _, err := first.Across().Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	if pending, err := first.Plan(ctx); err != nil || len(pending) == 0 {
		t.Errorf("an empty database waits for %v, %v", pending, err)
	}
	var group sync.WaitGroup
	for range 3 {
		p := dbtest.Open(t, o)
		group.Go(func() {
			if err := p.Migrate(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if pending, err := first.Plan(ctx); err != nil || len(pending) != 0 {
		t.Errorf("a migrated database waits for %v, %v", pending, err)
	}
	if err := addRole(ctx, first.For("default"), "r", "n"); err != nil {
		t.Error(err)
	}
}
