package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestReady_NeedsNoWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		if err := p.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if n, err := db.One[int](t.Context(), p.Across(), `SELECT count(*) FROM system_settings`); err != nil || n != 0 {
			t.Errorf("%d settings, %v", n, err)
		}
	})
}

// Sessions know from their beginning that their server is a standby: once it is none
// any more, those of the pool must not fail one after the other.
func TestAReadOnlyDatabaseHeals(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	o := dbtest.PostgresOptions(t)
	p, operator := dbtest.Open(t, o), dbtest.Open(t, o)
	d := p.For("default")
	if err := addRole(ctx, d, "1", "before"); err != nil {
		t.Fatal(err)
	}
	readOnly(t, operator, "on")
	openSessions(t, p)
	if err := p.Ready(ctx); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("Ready before anybody has written: %v", err)
	}
	openSessions(t, p)
	if err := addRole(ctx, d, "2", "during"); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("Exec on a standby: %v", err)
	}
	inTx := d.Tx(ctx, func(tx *db.Tx) error { return addRole(ctx, tx, "3", "during") })
	if !errors.Is(inTx, db.ErrUnavailable) {
		t.Errorf("Tx on a standby: %v", inTx)
	}
	if err := p.Ready(ctx); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("Ready on a standby: %v", err)
	}
	if got := roles(t, d); !slices.Equal(got, []string{"before"}) {
		t.Errorf("a standby shows %v", got)
	}
	openSessions(t, p)
	readOnly(t, operator, "off")
	_ = addRole(ctx, d, "4", "first")
	for i := range sessions {
		if err := addRole(ctx, d, fmt.Sprint(10+i), fmt.Sprint("after ", i)); err != nil {
			t.Errorf("write %d afterwards: %v", i, err)
		}
	}
	if err := p.Ready(ctx); err != nil {
		t.Errorf("Ready afterwards: %v", err)
	}
}

const sessions = 5

// openSessions has the pool hold several connections.
func openSessions(t *testing.T, p *db.Pool) {
	t.Helper()
	var readers errgroup.Group
	for range sessions {
		readers.Go(func() error {
			_, err := db.One[string](context.Background(), p.Across(), `SELECT CAST(pg_sleep(0.1) AS TEXT)`)
			return err
		})
	}
	if err := readers.Wait(); err != nil {
		t.Fatal(err)
	}
}

// readOnly says whether new sessions may write, by a session of operator's that may.
// The old ones end when they must not, as at a failover.
func readOnly(t *testing.T, operator *db.Pool, value string) {
	t.Helper()
	ctx := context.Background()
	name, err := db.One[string](ctx, operator.Across(), `SELECT current_database()`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := operator.Across().Exec(ctx, `ALTER DATABASE "`+name+`" SET default_transaction_read_only = `+value); err != nil {
		t.Fatal(err)
	}
	if value == "off" {
		return
	}
	if _, err := operator.Across().Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
}
