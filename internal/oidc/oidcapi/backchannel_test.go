package oidcapi_test

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/signedin"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/fetch"
)

func TestBackchannelLogout_TellsEveryApplicationOfTheSession(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		simple, exact := s.parties()
		elsewhere := s.everywhere(bob)
		b := s.everywhere(alice)
		sid, err := db.One[string](s.ctx, s.db, `SELECT sid FROM session_clients WHERE tenant_id = $1 AND client_id = 'traditional'
			AND session_uid IN (SELECT uid FROM sessions WHERE tenant_id = $1 AND user_id = $2)`, alice)
		must(t, err)
		b.confirm(b.endSession(nil))
		if len(simple.received())+len(exact.received()) != 0 {
			t.Error("the sign-out waited for the applications")
		}
		s.clock.Advance(3 * time.Second)
		s.deliver()
		toSimple, toExact := simple.received(), exact.received()
		if len(toSimple) != 1 || len(toExact) != 1 {
			t.Fatalf("told %d and %d times", len(toSimple), len(toExact))
		}
		at := float64(s.now() / 1000)
		want := map[string]any{
			"iss": "https://id.example.com/oidc", "aud": spa, "sub": alice, "iat": at, "exp": at + 120, "jti": toSimple[0].claims["jti"],
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
		}
		if !reflect.DeepEqual(toSimple[0].claims, want) {
			t.Errorf("the token says %v", toSimple[0].claims)
		}
		if h := toSimple[0].header; h.ExtraHeaders[jose.HeaderType] != "logout+jwt" || h.Algorithm != "ES384" || h.KeyID == "" {
			t.Errorf("its header %+v", h)
		}
		if n := toExact[0]; n.sid() != sid || n.sub() != alice || n.claims["aud"] != traditional || n.claims["jti"] == want["jti"] {
			t.Errorf("with a session %v", n.claims)
		}
		s.deliver()
		if len(simple.received())+len(exact.received()) != 0 {
			t.Error("told twice")
		}
		if s.count("sessions", "user_id = $2", bob) != 1 || elsewhere.cookie("_session") == "" {
			t.Error("somebody else was signed out")
		}
		if n := s.count("audit_logs", "key = 'BackchannelLogout' AND user_id = $2 AND is_success", alice); n != 2 {
			t.Errorf("%d audit entries", n)
		}
	})
}

// An application that is away is told later, by a token that is fresh again.
func TestBackchannelLogout_ComesAgain(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		p := s.party()
		s.tells(p, spa, false, application.CustomMetadata{})
		b := s.everywhere(alice)
		b.confirm(b.endSession(nil))
		var ids []any
		for i, status := range []int{500, 302, 400, 404, 503} {
			p.answers(status)
			s.clock.Advance([]time.Duration{0, 10 * time.Second, time.Minute, 8 * time.Minute, 30 * time.Minute}[i])
			s.deliver()
			told := p.received()
			if len(told) != 1 || told[0].claims["iat"] != float64(s.now()/1000) {
				t.Fatalf("attempt %d: %v", i, told)
			}
			ids = append(ids, told[0].claims["jti"])
		}
		if ids[0] == ids[4] {
			t.Error("two attempts have one jti")
		}
		s.clock.Advance(24 * time.Hour)
		if s.deliver(); len(p.received()) != 0 || s.count("jobs", "done_at IS NULL") != 0 {
			t.Error("it is never given up")
		}
		if n := s.count("audit_logs", "key = 'BackchannelLogout' AND NOT is_success"); n != 5 {
			t.Errorf("%d failures on record", n)
		}
		reason, err := db.One[string](s.ctx, s.db, `SELECT last_error FROM jobs WHERE tenant_id = $1`)
		if err != nil || !strings.Contains(reason, "answered 503") {
			t.Errorf("%q, %v", reason, err)
		}
	})
}

// Attack 66: an application's address leads into the operator's own network.
func TestBackchannelLogout_ReachesNoPrivateNetwork(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		p := s.party()
		s.tells(p, spa, false, application.CustomMetadata{})
		b := s.everywhere(alice)
		b.confirm(b.endSession(nil))
		s.deliverOver(fetch.Options{})
		if len(p.received()) != 0 || s.count("jobs", "last_error IS NOT NULL") != 1 {
			t.Error("a loopback address was called")
		}
	})
}

// What names no session would end the one that has begun since.
func TestBackchannelLogout_SparesWhoHasReturned(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		simple, exact := s.parties()
		b := s.everywhere(alice)
		simple.answers(503)
		exact.answers(503)
		b.confirm(b.endSession(nil))
		s.deliver()
		simple.received()
		first := exact.received()[0].sid()
		s.clock.Advance(10 * time.Second)
		s.everywhere(alice)
		s.deliver()
		if len(simple.received()) != 0 {
			t.Error("the new session was ended")
		}
		if told := exact.received(); len(told) != 1 || told[0].sid() != first {
			t.Errorf("with a session %v", told)
		}
	})
}

func TestBackchannelLogout_OfOperators(t *testing.T) {
	t.Parallel()
	clients := func(s *provider) *client.Directory {
		return client.NewDirectory(s.db.Pool(), client.Options{Ring: s.ring})
	}
	grantOf := func(s *provider, clientID string) string {
		id, err := db.One[string](s.ctx, s.db, `SELECT id FROM grants WHERE tenant_id = $1 AND client_id = $2 AND revoked_at IS NULL`, clientID)
		must(s.t, err)
		return id
	}
	for name, c := range map[string]struct {
		do            func(s *provider) error
		simple, exact int
	}{
		"session": {func(s *provider) error {
			uid, err := db.One[string](s.ctx, s.db, `SELECT uid FROM sessions WHERE tenant_id = $1`)
			must(s.t, err)
			return signedin.End(s.ctx, clients(s), s.now(), alice, uid, signedin.RevokeNone)
		}, 1, 1},
		"grant":   {func(s *provider) error { return signedin.EndGrant(s.ctx, s.now(), alice, grantOf(s, spa)) }, 1, 0},
		"another": {func(s *provider) error { return signedin.EndGrant(s.ctx, s.now(), alice, grantOf(s, traditional)) }, 0, 1},
		"suspension": {func(s *provider) error {
			return s.db.Tx(s.ctx, func(tx *db.Tx) error { return token.RevokeUser(s.ctx, tx, s.now(), alice) })
		}, 1, 1},
		"nothing that happened": {func(s *provider) error {
			if err := signedin.EndGrant(s.ctx, s.now(), bob, grantOf(s, spa)); !errors.Is(err, signedin.ErrGrantNotFound) {
				return err
			}
			return nil
		}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onFake(t, func(t *testing.T, s *provider) {
				simple, exact := s.party(), s.party()
				s.tells(simple, spa, false, application.CustomMetadata{})
				s.tells(exact, traditional, true, application.CustomMetadata{})
				s.everywhere(alice)
				sid := s.sidOf(traditional)
				must(t, c.do(s))
				s.deliver()
				toSimple, toExact := simple.received(), exact.received()
				if len(toSimple) != c.simple || len(toExact) != c.exact {
					t.Errorf("told %d and %d times", len(toSimple), len(toExact))
				}
				for _, n := range append(toSimple, toExact...) {
					if n.sub() != alice || (n.claims["aud"] == traditional) != (n.sid() == sid) {
						t.Errorf("told %v", n.claims)
					}
				}
			})
		})
	}
}

// Somebody who is suspended is signed out where their session ended long ago, once
// for all their grants.
func TestBackchannelLogout_OfGrantsWithoutASession(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		p := s.party()
		for range 2 {
			b := s.browser()
			b.authorized(alice, "scope", "openid offline_access", "prompt", "consent")
			b.confirm(b.endSession(nil))
		}
		s.tells(p, spa, false, application.CustomMetadata{})
		s.clock.Advance(time.Minute)
		s.tx(func(tx *db.Tx) error { return token.RevokeUser(s.ctx, tx, s.now(), alice) })
		s.deliver()
		if told := p.received(); len(told) != 1 || told[0].sub() != alice {
			t.Errorf("told %v", told)
		}
	})
}

// A grant that gives way ends one session of the user. Where that cannot be
// named, the application is not told: it would end the newest one too.
func TestBackchannelLogout_OfEviction(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		one := int64(1)
		simple, exact := s.party(), s.party()
		s.tells(simple, spa, false, application.CustomMetadata{MaxAllowedGrants: &one})
		s.tells(exact, traditional, true, application.CustomMetadata{MaxAllowedGrants: &one})
		s.everywhere(alice)
		oldest := s.sidOf(traditional)
		s.clock.Advance(time.Second)
		s.everywhere(alice)
		s.deliver()
		if told := simple.received(); len(told) != 0 {
			t.Errorf("without a session %v", told)
		}
		if told := exact.received(); len(told) != 1 || told[0].sid() != oldest {
			t.Errorf("with a session %v", told)
		}
	})
}

func TestBackchannelLogout_FiftyParallelSignOutsTellOnce(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		p := s.party()
		s.tells(p, spa, false, application.CustomMetadata{})
		s.everywhere(alice)
		uid, err := db.One[string](s.ctx, s.db, `SELECT uid FROM sessions WHERE tenant_id = $1`)
		must(t, err)
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if err := s.db.Tx(s.ctx, func(tx *db.Tx) error { return token.EndSession(s.ctx, tx, s.now(), uid) }); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		s.deliver()
		if told := p.received(); len(told) != 1 {
			t.Errorf("told %d times", len(told))
		}
	})
}

// The logout token has the algorithm of the application's ID tokens.
func TestBackchannelLogout_InTheChosenAlgorithm(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	key, err := token.GenerateKey(token.EdDSA)
	must(t, err)
	s.tx(func(tx *db.Tx) error { return token.AddSigningKey(s.ctx, tx, s.now(), s.ring, key) })
	p := s.party()
	s.tells(p, spa, false, application.CustomMetadata{IDTokenSignedResponseAlg: token.EdDSA})
	b := s.everywhere(alice)
	b.confirm(b.endSession(nil))
	s.deliver()
	if told := p.received(); len(told) != 1 || told[0].header.Algorithm != "EdDSA" {
		t.Errorf("told %v", told)
	}
}
