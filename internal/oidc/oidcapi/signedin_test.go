package oidcapi_test

import (
	"strings"
	"testing"

	"signet/internal/oidc/signedin"
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
