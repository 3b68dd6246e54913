package token_test

import (
	"errors"
	"testing"
	"time"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/user"
)

const (
	now    = int64(1_800_000_000_000)
	hour   = int64(3_600_000)
	userID = "user00000001"
)

type world struct {
	t    testing.TB
	pool *db.Pool
	db   *db.DB
	ring *crypt.Keyring
}

func setup(t testing.TB, p *db.Pool) *world {
	t.Helper()
	ring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, pool: p, db: p.For("default"), ring: ring}
	w.tx(func(tx *db.Tx) error {
		for _, n := range []user.New{{ID: userID, Username: "robin"}, {ID: "user00000002", Username: "wren"}} {
			if _, err := user.Create(t.Context(), tx, now, n); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) tx(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Tx(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) count(table string) int64 {
	w.t.Helper()
	n, err := db.One[int64](w.t.Context(), w.db, `SELECT count(*) FROM `+table+` WHERE tenant_id = $1`)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// start returns a session that nobody has signed in to.
func (w *world) start(at int64, ttl time.Duration) (s *token.Session, cookie string) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) (err error) {
		s, cookie, err = token.StartSession(w.t.Context(), tx, at, ttl)
		return err
	})
	return s, cookie
}

func (w *world) login(s *token.Session, at int64, l token.Login) (cookie string, err error) {
	w.t.Helper()
	err = w.db.Tx(w.t.Context(), func(tx *db.Tx) (err error) {
		cookie, err = token.LoginSession(w.t.Context(), tx, at, s, l)
		return err
	})
	return cookie, err
}

func (w *world) grant(g token.Grant) *token.Grant {
	w.t.Helper()
	var stored *token.Grant
	g.UserID, g.ClientKind = userID, "application"
	w.tx(func(tx *db.Tx) (err error) {
		stored, err = token.SaveGrant(w.t.Context(), tx, now, g)
		return err
	})
	return stored
}

func (w *world) byCookie(at int64, cookie string) *token.Session {
	w.t.Helper()
	s, err := token.SessionByCookie(w.t.Context(), w.db, at, cookie)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestGrant_OnlyGrowsUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		s, _ := w.start(now, time.Hour)
		g := w.grant(token.Grant{ClientID: "app", SessionUID: &s.UID, OIDCScope: "openid profile", ResourceScopes: map[string]string{"https://a": "read"}})
		if g.ExpiresAt != now+180*24*hour || g.IssuedAt != now {
			t.Errorf("%+v", g)
		}
		w.grant(token.Grant{ID: g.ID, OIDCScope: "email openid", IsOffline: true, ResourceScopes: map[string]string{"https://a": "write", "https://b": "x"}})
		w.grant(token.Grant{ID: g.ID, OIDCScope: ""})
		ofSession := func(clientID string) (found *token.Grant, err error) {
			err = w.db.Tx(t.Context(), func(tx *db.Tx) (err error) {
				found, err = token.GrantOfSession(t.Context(), tx, now, s.UID, clientID)
				return err
			})
			return found, err
		}
		got, err := ofSession("app")
		if err != nil || got == nil || got.OIDCScope != "openid profile email" || !got.IsOffline ||
			got.ResourceScopes["https://a"] != "read write" || got.ResourceScopes["https://b"] != "x" {
			t.Fatalf("%+v, %v", got, err)
		}
		if other, err := ofSession("other"); other != nil || err != nil {
			t.Errorf("another client: %+v, %v", other, err)
		}
		w.tx(func(tx *db.Tx) error { return token.RevokeGrant(t.Context(), tx, now+5, g.ID) })
		w.tx(func(tx *db.Tx) error { return token.RevokeGrant(t.Context(), tx, now+9, g.ID) })
		err = w.db.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := token.SaveGrant(t.Context(), tx, now, token.Grant{ID: g.ID, OIDCScope: "roles"})
			return err
		})
		if !errors.Is(err, proto.ErrInvalidGrant) {
			t.Errorf("extended a revoked grant: %v", err)
		}
		stored, err := token.GrantByID(t.Context(), w.db, g.ID)
		if err != nil || *stored.RevokedAt != now+5 || proto.HasScope(stored.OIDCScope, "roles") {
			t.Errorf("%+v, %v", stored, err)
		}
		if live, err := token.GrantsOf(t.Context(), w.db, now, userID); err != nil || len(live) != 0 {
			t.Errorf("%+v, %v", live, err)
		}
	})
}

// Nothing is minted under a grant that is revoked or has expired.
func TestGrant_NothingIsMintedPastItsEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		revoked := w.grant(token.Grant{ClientID: "app"})
		w.tx(func(tx *db.Tx) error { return token.RevokeGrant(t.Context(), tx, now, revoked.ID) })
		fresh := w.grant(token.Grant{ClientID: "app"})
		for name, tc := range map[string]struct {
			grant *token.Grant
			at    int64
		}{"revoked": {revoked, now}, "expired": {fresh, fresh.ExpiresAt}, "unknown": {&token.Grant{ID: "nothing"}, now}} {
			for kind, mint := range map[string]func(tx *db.Tx) (string, error){
				"code": func(tx *db.Tx) (string, error) {
					return token.IssueCode(t.Context(), tx, tc.at, tc.grant, token.Code{Approval: token.Approval{ClientID: "app"}})
				},
				"refresh token": func(tx *db.Tx) (string, error) {
					return token.IssueRefresh(t.Context(), tx, tc.at, tc.grant, token.RefreshToken{ClientID: "app", ExpiresAt: tc.at + hour})
				},
				"access token": func(tx *db.Tx) (string, error) {
					return token.IssueAccess(t.Context(), tx, tc.at, tc.grant, token.AccessToken{ClientID: "app"})
				},
			} {
				err := w.db.Tx(t.Context(), func(tx *db.Tx) error {
					_, err := mint(tx)
					return err
				})
				if !errors.Is(err, proto.ErrInvalidGrant) {
					t.Errorf("%s under a grant that is %s: %v", kind, name, err)
				}
			}
		}
		for _, table := range []string{"authorization_codes", "refresh_tokens", "access_tokens"} {
			if n := w.count(table); n != 0 {
				t.Errorf("%d rows in %s", n, table)
			}
		}
	})
}

// minted has one code, refresh and access token under a grant.
func (w *world) mint(g *token.Grant, session *string) (access, refresh string) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) (err error) {
		if _, err = token.IssueCode(w.t.Context(), tx, now, g, token.Code{Approval: token.Approval{ClientID: g.ClientID, SessionUID: session}}); err != nil {
			return err
		}
		refresh, err = token.IssueRefresh(w.t.Context(), tx, now, g, token.RefreshToken{ClientID: g.ClientID, SessionUID: session, ExpiresAt: now + 24*hour})
		if err != nil {
			return err
		}
		access, err = token.IssueAccess(w.t.Context(), tx, now, g, token.AccessToken{ClientID: g.ClientID, SessionUID: session, Scope: "openid"})
		return err
	})
	return access, refresh
}

func (w *world) alive(access, refresh string) (bool, bool) {
	w.t.Helper()
	a, err := token.AccessByValue(w.t.Context(), w.db, now, access)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := token.RefreshByValue(w.t.Context(), w.db, refresh)
	if err != nil {
		w.t.Fatal(err)
	}
	return a != nil, r != nil
}

func TestRevokeUser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		s, _ := w.start(now, time.Hour)
		if _, err := w.login(s, now, token.Login{UserID: userID}); err != nil {
			t.Fatal(err)
		}
		foreign, _ := w.start(now, time.Hour)
		if _, err := w.login(foreign, now, token.Login{UserID: "user00000002"}); err != nil {
			t.Fatal(err)
		}
		access, refresh := w.mint(w.grant(token.Grant{ClientID: "app", SessionUID: &s.UID, IsOffline: true}), nil)
		w.tx(func(tx *db.Tx) error { return token.RevokeUser(t.Context(), tx, now, userID) })
		if a, r := w.alive(access, refresh); a || r || w.count("access_tokens")+w.count("authorization_codes") != 0 {
			t.Errorf("access %v, refresh %v", a, r)
		}
		if left, err := token.GrantsOf(t.Context(), w.db, now, userID); err != nil || len(left) != 1 {
			t.Errorf("what the user allowed: %v, %v", left, err)
		}
		if w.count("sessions") != 1 {
			t.Errorf("%d sessions", w.count("sessions"))
		}
	})
}

// What is just being minted is ended too.
func TestRevokeUser_WaitsForWhatIsMinted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		g := w.grant(token.Grant{ClientID: "app", IsOffline: true})
		first, second := dbtest.Overlap(t, p, func(tx *db.Tx) error {
			_, err := token.IssueRefresh(t.Context(), tx, now, g, token.RefreshToken{ClientID: "app", ExpiresAt: now + hour})
			return err
		}, func() error {
			return w.db.Tx(t.Context(), func(tx *db.Tx) error { return token.RevokeUser(t.Context(), tx, now, userID) })
		})
		if first != nil || second != nil || w.count("refresh_tokens") != 0 {
			t.Errorf("%d refresh tokens, %v, %v", w.count("refresh_tokens"), first, second)
		}
	})
}

// Attack 15: an access token is good only as it was issued, and only while
// user, grant and session are.
func TestAccess(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		s, _ := w.start(now, 30*time.Minute)
		if _, err := w.login(s, now, token.Login{UserID: userID}); err != nil {
			t.Fatal(err)
		}
		g := w.grant(token.Grant{ClientID: "app", SessionUID: &s.UID})
		bound, _ := w.mint(g, &s.UID)
		free, _ := w.mint(g, nil)
		works := func(at int64, value string) bool {
			t.Helper()
			a, err := token.AccessByValue(t.Context(), w.db, at, value)
			if err != nil {
				t.Fatal(err)
			}
			return a != nil
		}
		if !works(now, bound) || !works(now, free) {
			t.Fatal("do not work at all")
		}
		for _, value := range []string{"", free[:42], free + "A", free[:5] + string(free[5]^1) + free[6:], "\x00", free + "\xff"} {
			if works(now, value) {
				t.Errorf("%q works", value)
			}
		}
		if works(now+hour/2, bound) || !works(now+hour/2, free) || works(now+hour, free) {
			t.Error("lives are wrong")
		}
		w.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE users SET is_suspended = TRUE WHERE tenant_id = $1 AND id = $2`, userID)
			return err
		})
		if works(now, free) {
			t.Error("works for a suspended user")
		}
		if found, err := token.FindAccess(t.Context(), w.db, free); err != nil || found == nil || found.GrantID != g.ID {
			t.Errorf("%+v, %v", found, err)
		}
		// Nothing in the database is the token itself.
		leaked, err := db.One[int64](t.Context(), w.db, `SELECT count(*) FROM access_tokens WHERE tenant_id = $1 AND token_hash = $2`, []byte(free))
		if err != nil || leaked != 0 {
			t.Errorf("%d, %v", leaked, err)
		}
	})
}

// No refresh token outlives its grant, be it the first of a family or a successor.
func TestRefresh_EndsWithItsGrant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		g := w.grant(token.Grant{ClientID: "app"})
		var first, second string
		w.tx(func(tx *db.Tx) (err error) {
			first, err = token.IssueRefresh(t.Context(), tx, now, g, token.RefreshToken{ClientID: "app", ExpiresAt: g.ExpiresAt + hour})
			return err
		})
		w.tx(func(tx *db.Tx) error {
			held, err := token.LockRefresh(t.Context(), tx, now, first)
			if err == nil {
				second, err = held.Rotate(t.Context(), tx, now, w.ring, g.ExpiresAt+hour)
			}
			return err
		})
		for name, value := range map[string]string{"first": first, "second": second} {
			if rt, err := token.RefreshByValue(t.Context(), w.db, value); err != nil || rt.ExpiresAt != g.ExpiresAt {
				t.Errorf("%s: %+v, %v", name, rt, err)
			}
		}
	})
}

// The successor of a token can be read for the leeway, sealed in its own row,
// and not a moment longer than needed.
func TestRotate_SealsTheSuccessor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		g := w.grant(token.Grant{ClientID: "app"})
		_, first := w.mint(g, nil)
		rotate := func(value string, at int64) (next string) {
			t.Helper()
			w.tx(func(tx *db.Tx) error {
				held, err := token.LockRefresh(t.Context(), tx, at, value)
				if err == nil {
					next, err = held.Rotate(t.Context(), tx, at, w.ring, now+24*hour)
				}
				return err
			})
			return next
		}
		second := rotate(first, now)
		// Who must not be there gets nothing that is worth something.
		if lost, err := token.RefreshByValue(t.Context(), w.db, rotate(first, now)); lost != nil || err != nil {
			t.Errorf("rotated twice: %+v, %v", lost, err)
		}
		if n := w.count("refresh_tokens"); n != 2 {
			t.Errorf("%d tokens", n)
		}
		old, err := token.RefreshByValue(t.Context(), w.db, first)
		if err != nil || !old.IsReusable(now+2999) || old.IsReusable(now+3000) {
			t.Errorf("%+v, %v", old, err)
		}
		if got, err := token.SuccessorOf(t.Context(), w.db, w.ring, old); got != second || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		rotate(second, now+3000)
		if old, err = token.RefreshByValue(t.Context(), w.db, first); err != nil || old.IsReusable(now) {
			t.Errorf("still sealed: %+v, %v", old, err)
		}
	})
}
