package dbtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

const victim = "SIGNET_TEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(victim) == "" {
		os.Exit(m.Run())
	}
	testing.Init()
	var t testing.T // only fails, which ends the process
	fmt.Println(dbtest.StartCluster(&t).URL("postgres"))
	select {}
}

// A test binary that is killed leaves neither a server nor its files.
func TestTheServerEndsWithTheTests(t *testing.T) {
	t.Parallel()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), victim+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	p, err := db.Open(context.Background(), db.Options{URL: strings.TrimSpace(line)})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	dir, err := db.One[string](context.Background(), p.Across(), `SHOW data_directory`)
	if err != nil {
		t.Fatal(err)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, err := os.Stat(dir)
		if errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", dir)
		}
		<-time.After(50 * time.Millisecond)
	}
}

func TestEveryTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		other := dbtest.SQLite(t)
		if p.Dialect() == db.Postgres {
			other = dbtest.Postgres(t)
		}
		if _, err := p.Across().Exec(ctx, `INSERT INTO tenants (id, name, created_at) VALUES ('a', 'a', 1)`); err != nil {
			t.Fatal(err)
		}
		if pending, err := p.Plan(ctx); err != nil || len(pending) != 0 {
			t.Errorf("not migrated: %v, %v", pending, err)
		}
		if n, err := db.One[int](ctx, other.Across(), `SELECT count(*) FROM tenants`); err != nil || n != 0 {
			t.Errorf("another test's database holds %d rows, %v", n, err)
		}
	})
}
