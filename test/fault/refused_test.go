package fault_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/test/flow"
)

// onCluster serves on a database of its own, as a role that is bound by limits, and
// returns with it how an operator gets there all the same.
func onCluster(t *testing.T, parameters string) (*flow.Process, *db.Pool) {
	t.Helper()
	cluster := dbtest.StartCluster(t)
	operator := dbtest.Open(t, db.Options{URL: cluster.URL("postgres") + "&default_transaction_read_only=off"})
	operate(t, operator, `CREATE ROLE app LOGIN`)
	operate(t, operator, `CREATE DATABASE app OWNER app`)
	url := strings.Replace(cluster.URL("app"), "signet@", "app@", 1) + parameters
	server := serve(t, "DATA_DIR="+t.TempDir(), "DB_URL="+url, "SECRET_VAULT_KEK="+kek)
	t.Cleanup(server.Kill)
	if err := signUp(t.Context(), server, "before"); err != nil {
		t.Fatal(err)
	}
	return server, dbtest.Open(t, db.Options{URL: cluster.URL("app") + "&default_transaction_read_only=off"})
}

func operate(t *testing.T, p *db.Pool, statement string) {
	t.Helper()
	if _, err := p.Across().Exec(context.WithoutCancel(t.Context()), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// As after a failover, when a node is left with a standby.
func TestReadOnlyDatabase_Answers503AndHeals(t *testing.T) {
	t.Parallel()
	server, operator := onCluster(t, "")
	operate(t, operator, `ALTER DATABASE app SET default_transaction_read_only = on`)
	operate(t, operator, endSessions)
	assertReady(t, server, http.StatusServiceUnavailable)
	assertUnavailable(t, server)
	if err := flow.New(server.Base, nil).Get(t.Context(), "/oidc/jwks"); err != nil {
		t.Errorf("keys from a standby: %v", err)
	}
	operate(t, operator, `ALTER DATABASE app SET default_transaction_read_only = off`)
	assertHeals(t, server)
}

func TestNoConnectionsLeft_Answers503AndHeals(t *testing.T) {
	t.Parallel()
	server, operator := onCluster(t, "")
	operate(t, operator, `ALTER ROLE app CONNECTION LIMIT 0`)
	operate(t, operator, endSessions)
	assertReady(t, server, http.StatusServiceUnavailable)
	assertUnavailable(t, server)
	operate(t, operator, `ALTER ROLE app CONNECTION LIMIT -1`)
	assertHeals(t, server)
}

const endSessions = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'`

// Who waits for a connection, which somebody holds who waits for a lock, is told so
// in time.
func TestHeldPool_Answers503AndHeals(t *testing.T) {
	t.Parallel()
	server, operator := onCluster(t, "&pool_max_conns=1")
	err := operator.Across().Tx(t.Context(), func(tx *db.AcrossTx) error {
		if _, err := tx.Exec(t.Context(), `LOCK TABLE users IN ACCESS EXCLUSIVE MODE`); err != nil {
			return err
		}
		const crowd = 6
		refusals := make(chan error, crowd)
		var people errgroup.Group
		for range crowd {
			people.Go(func() error {
				// Each of its requests may wait for the connection, and then for the lock.
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				refusals <- signUp(ctx, server, "meanwhile")
				return nil
			})
		}
		_ = people.Wait()
		for range crowd {
			assertRefused(t, <-refusals)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	assertHeals(t, server)
}
