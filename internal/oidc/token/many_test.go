package token_test

import (
	"strings"
	"testing"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// many gives robin so many sessions, each with an application, a grant and a token.
func (w *world) many(count int) {
	w.t.Helper()
	for _, insert := range []string{
		`sessions (tenant_id, uid, id_hash, user_id, created_at, renewed_at, expires_at)
			SELECT 'default', 's' || i, {hash}, 'user00000001', 1, 1, 2000000000000 FROM n`,
		`grants (tenant_id, id, user_id, client_id, client_kind, session_uid, issued_at, expires_at)
			SELECT 'default', 'g' || i, 'user00000001', 'app' || (i % 3), 'application', 's' || i, 1, 2000000000000 FROM n`,
		`session_clients (tenant_id, session_uid, client_id, sid, grant_id)
			SELECT 'default', 's' || i, 'app' || (i % 3), 'sid' || i, 'g' || i FROM n`,
		`refresh_tokens (tenant_id, token_hash, grant_id, family_id, client_id, scope, auth_time, family_started_at, issued_at, expires_at)
			SELECT 'default', {hash}, 'g' || i, 'f' || i, 'app' || (i % 3), '', 1, 1, 1, 2000000000000 FROM n`,
	} {
		hash := `CAST('h' || i AS BLOB)`
		if w.pool.Dialect() == db.Postgres {
			hash = `convert_to('h' || i, 'UTF8')`
		}
		_, err := w.pool.Across().Exec(w.t.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO `+strings.ReplaceAll(insert, "{hash}", hash), count)
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// A user can be locked out however often they have signed in: a statement has room
// for 32766 arguments on SQLite and for 65535 on PostgreSQL.
func TestRevokeUser_HoweverOftenSignedIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		const often = 33_000 // sessions, and as many grants
		w.many(often)
		w.tx(func(tx *db.Tx) error { return token.RevokeUser(t.Context(), tx, now, userID) })
		if w.count("sessions")+w.count("session_clients")+w.count("refresh_tokens") != 0 || w.count("grants") != often {
			t.Errorf("%d sessions, %d refresh tokens, %d grants", w.count("sessions"), w.count("refresh_tokens"), w.count("grants"))
		}
	})
}

func TestClientsOf(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		w.many(3)
		clients, err := token.ClientsOf(t.Context(), w.db, userID)
		if err != nil || len(clients) != 3 {
			t.Fatalf("%+v, %v", clients, err)
		}
		for uid, got := range clients {
			want, err := token.SessionClients(t.Context(), w.db, uid)
			if err != nil || len(got) != 1 || got[0].SID != want[0].SID || *got[0].GrantID != *want[0].GrantID {
				t.Errorf("%s: %+v, want %+v, %v", uid, got, want, err)
			}
		}
		if foreign, err := token.ClientsOf(t.Context(), w.db, "user00000002"); err != nil || len(foreign) != 0 {
			t.Errorf("of somebody else: %v, %v", foreign, err)
		}
	})
}

// A client may have been popular: its grants end at once, and make room bit by bit.
func TestDropClient_ThatMayActForMany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		w.many(1800) // a third of which are of one client, more than are removed at once
		live := func() (n int) {
			grants, err := token.GrantsOf(t.Context(), w.db, now, userID)
			if err != nil {
				t.Fatal(err)
			}
			return len(grants)
		}
		if token.SweepClient(t.Context(), w.db, "app1"); live() != 1800 {
			t.Errorf("of a client that is not gone: %d grants", live())
		}
		w.tx(func(tx *db.Tx) error { return token.DropClient(t.Context(), tx, now, "app1") })
		if live() != 1200 || w.count("grants") != 1800 {
			t.Errorf("%d of %d grants are live", live(), w.count("grants"))
		}
		token.SweepClient(t.Context(), w.db, "app1")
		for _, table := range []string{"grants", "refresh_tokens", "session_clients"} {
			if n := w.count(table); n != 1200 {
				t.Errorf("%d rows of %s", n, table)
			}
		}
		if live() != 1200 || w.count("sessions") != 1800 {
			t.Errorf("of others: %d grants, %d sessions", live(), w.count("sessions"))
		}
	})
}
