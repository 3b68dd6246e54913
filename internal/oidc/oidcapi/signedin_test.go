package oidcapi_test

import (
	"strings"
	"testing"

	"signet/internal/oidc/client"
	"signet/internal/oidc/signedin"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
)

// Whoever takes a grant back is not signed in again unnoticed: the browser's cookie
// is worth nothing any more. The session itself, and what others may do in it,
// stays.
func TestGrant_TakenBackNeedsANewSignIn(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		b, elsewhere := s.everywhere(alice), s.everywhere(alice)
		grant, err := db.One[string](s.ctx, s.db, `SELECT grant_id FROM session_clients WHERE tenant_id = $1 AND client_id = 'spa'
			ORDER BY session_uid LIMIT 1`)
		must(t, err)
		must(t, signedin.EndGrant(s.ctx, s.now(), alice, grant))
		if s.count("sessions", "user_id = $2", alice) != 2 || s.count("grants", "revoked_at IS NOT NULL") != 1 ||
			s.count("session_clients", "client_id = 'spa'") != 1 || s.count("session_clients", "client_id = 'traditional'") != 2 {
			t.Error("more than the grant has ended, or less")
		}
		if got := b.authorize().Header.Get("Location"); !strings.HasPrefix(got, "/sign-in") {
			t.Errorf("the browser comes back to %s", got)
		}
		if got := elsewhere.authorize().Header.Get("Location"); strings.HasPrefix(got, "/sign-in") {
			t.Errorf("another browser has to sign in: %s", got)
		}
	})
}

// An application that joins the session while it ends loses its grant with the rest.
func TestSession_EndedWithWhatJoinsMeanwhile(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		s.everywhere(alice)
		uid, err := db.One[string](s.ctx, s.db, `SELECT uid FROM sessions WHERE tenant_id = $1`)
		must(t, err)
		s.tx(func(tx *db.Tx) error {
			_, err := token.SaveGrant(s.ctx, tx, s.now(), token.Grant{UserID: alice, ClientID: otherSPA, ClientKind: "application", SessionUID: &uid, IsOffline: true})
			return err
		})
		const join = `INSERT INTO session_clients (tenant_id, session_uid, client_id, sid, grant_id)
			SELECT tenant_id, session_uid, client_id, 'late', id FROM grants WHERE client_id = 'other-spa'
			ON CONFLICT DO NOTHING`
		statements := []string{`CREATE TRIGGER joins AFTER UPDATE ON grants WHEN NEW.client_id = 'spa' BEGIN ` + join + `; END`}
		if s.db.Pool().Dialect() == db.Postgres {
			statements = []string{
				`CREATE FUNCTION joins() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + join + `; RETURN NEW; END $$`,
				`CREATE TRIGGER joins AFTER UPDATE ON grants FOR EACH ROW WHEN (NEW.client_id = 'spa') EXECUTE FUNCTION joins()`,
			}
		}
		for _, statement := range statements {
			_, err := s.db.Pool().Across().Exec(s.ctx, statement)
			must(t, err)
		}
		must(t, signedin.End(s.ctx, client.NewDirectory(s.db.Pool(), client.Options{}), s.now(), alice, uid, signedin.RevokeAll))
		if n := s.count("grants", "revoked_at IS NULL"); n != 0 {
			t.Errorf("%d grants live on", n)
		}
	})
}
