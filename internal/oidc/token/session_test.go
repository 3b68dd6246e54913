package token_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// Attack 37: the cookie's value changes when somebody signs in, and the one
// that was there before is worth nothing; the session's own id stays.
func TestSession_CookieRotatesAtLogin(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		s, before := w.start(now, time.Hour)
		if got := w.byCookie(now, before); got == nil || got.UserID != nil || got.UID != s.UID {
			t.Fatalf("%+v", got)
		}
		after, err := w.login(s, now+1000, token.Login{
			UserID: userID, AMR: []string{"pwd", "hwk"}, ClientID: "app", Submission: json.RawMessage(`{"interactionEvent":"SignIn"}`),
		})
		if err != nil || after == before {
			t.Fatal(after, err)
		}
		if got := w.byCookie(now+1000, before); got != nil {
			t.Errorf("the planted value still works: %+v", got)
		}
		got := w.byCookie(now+1000, after)
		if got == nil || got.UID != s.UID || *got.UserID != userID || *got.LoginAt != now+1000 || *got.ClientID != "app" ||
			len(got.AMR) != 2 || got.ExpiresAt != now+1000+hour || got.TTL() != time.Hour {
			t.Fatalf("%+v", got)
		}
		var submission struct{ InteractionEvent string }
		if err := json.Unmarshal(got.LastSubmission, &submission); err != nil || submission.InteractionEvent != "SignIn" {
			t.Errorf("%s, %v", got.LastSubmission, err)
		}
		if foreign, err := token.SessionByCookie(t.Context(), p.For("admin"), now+1000, after); foreign != nil || err != nil {
			t.Errorf("another tenant: %+v, %v", foreign, err)
		}
	})
}

// Attack 38: a session never changes hands.
func TestSession_BelongsToOneUser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		s, _ := w.start(now, time.Hour)
		cookie, err := w.login(s, now, token.Login{UserID: userID})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.login(s, now, token.Login{UserID: "user00000002"}); !errors.Is(err, token.ErrSessionNotFound) {
			t.Errorf("somebody else: %v", err)
		}
		if got := w.byCookie(now, cookie); got == nil || *got.UserID != userID {
			t.Errorf("changed: %+v", got)
		}
		if _, err := w.login(s, now+2*hour, token.Login{UserID: userID}); !errors.Is(err, token.ErrSessionNotFound) {
			t.Errorf("expired: %v", err)
		}
	})
}

func TestSession_ExpiresAndRenews(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		s, cookie := w.start(now, 2*time.Hour)
		renew := func(at int64) bool {
			t.Helper()
			renewed, err := token.RenewSession(t.Context(), w.db, at, s, 2*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			return renewed
		}
		if renew(now + hour - 1) {
			t.Error("renewed within the hour")
		}
		if !renew(now+hour) || s.ExpiresAt != now+3*hour {
			t.Errorf("not renewed: %+v", s)
		}
		if w.byCookie(now+3*hour-1, cookie) == nil || w.byCookie(now+3*hour, cookie) != nil {
			t.Error("expiry is not where renewal put it")
		}
		if renew(now + 4*hour) {
			t.Error("an expired session came back")
		}
		if w.byCookie(now, "") != nil || w.byCookie(now, "x") != nil {
			t.Error("no cookie is no session")
		}
	})
}

func TestSessionsOf(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		var uids []string
		for i := range int64(3) {
			s, _ := w.start(now+i, time.Duration(i+1)*time.Hour)
			if _, err := w.login(s, now+i, token.Login{UserID: userID}); err != nil {
				t.Fatal(err)
			}
			uids = append(uids, s.UID)
		}
		got, err := token.SessionsOf(t.Context(), w.db, now+hour+2, userID)
		if err != nil || len(got) != 2 || got[0].UID != uids[2] || got[1].UID != uids[1] {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// Signing out ends grants without offline_access; of the others it ends what
// was bound to the session.
func TestEndSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		s, cookie := w.start(now, time.Hour)
		if _, err := w.login(s, now, token.Login{UserID: userID}); err != nil {
			t.Fatal(err)
		}
		online := w.grant(token.Grant{ClientID: "online", SessionUID: &s.UID})
		offline := w.grant(token.Grant{ClientID: "offline", SessionUID: &s.UID, IsOffline: true})
		elsewhere := w.grant(token.Grant{ClientID: "online"})
		a1, r1 := w.mint(online, &s.UID)
		a2, r2 := w.mint(offline, nil)
		a3, r3 := w.mint(offline, &s.UID)
		a4, r4 := w.mint(elsewhere, nil)
		w.tx(func(tx *db.Tx) error {
			_, err := token.AuthorizeClient(t.Context(), tx, s.UID, "online", online.ID, false)
			return err
		})
		w.tx(func(tx *db.Tx) error { return token.EndSession(t.Context(), tx, now, s.UID) })
		if got, _ := token.SessionByUID(t.Context(), w.db, now, s.UID); got != nil || w.byCookie(now, cookie) != nil || w.count("session_clients") != 0 {
			t.Error("the session is still there")
		}
		for name, tc := range map[string]struct {
			access, refresh string
			want            bool
		}{
			"online": {a1, r1, false}, "offline": {a2, r2, true}, "bound to the session of an offline grant": {a3, r3, false}, "another session": {a4, r4, true},
		} {
			if access, refresh := w.alive(tc.access, tc.refresh); access != tc.want || refresh != tc.want {
				t.Errorf("%s: access %v, refresh %v", name, access, refresh)
			}
		}
		stored, err := token.GrantByID(t.Context(), w.db, online.ID)
		if err != nil || stored.RevokedAt == nil {
			t.Errorf("%+v, %v", stored, err)
		}
	})
}

// Whoever ends a session holds it, and then looks for what was authorized there: nobody
// authorizes anything meanwhile, an application that has done so before neither.
func TestAuthorizeClient_WaitsForWhoHoldsTheSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		s, _ := w.start(now, time.Hour)
		authorize := func(tx *db.Tx) error {
			_, err := token.AuthorizeClient(t.Context(), tx, s.UID, "app", "g1", false)
			return err
		}
		w.tx(authorize)
		var seen *string
		held, late := dbtest.Overlap(t, p, func(tx *db.Tx) error {
			if err := token.HoldSession(t.Context(), tx, s.UID); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `UPDATE sessions SET client_id = 'held' WHERE tenant_id = $1`)
			return err
		}, func() error {
			return w.db.Tx(t.Context(), func(tx *db.Tx) (err error) {
				if err := authorize(tx); err != nil {
					return err
				}
				seen, err = db.One[*string](t.Context(), tx, `SELECT client_id FROM sessions WHERE tenant_id = $1`)
				return err
			})
		})
		if held != nil || late != nil || seen == nil || *seen != "held" {
			t.Errorf("held with %v, authorized with %v before that was done: %v", held, late, seen)
		}
		w.tx(func(tx *db.Tx) error { return token.DropSession(t.Context(), tx, now, s.UID) })
		if err := w.db.Tx(t.Context(), authorize); !errors.Is(err, token.ErrSessionNotFound) {
			t.Errorf("after its end: %v", err)
		}
	})
}

func TestSessionClients(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		s, _ := w.start(now, time.Hour)
		authorize := func(grantID string, persistent bool) (sid string) {
			w.tx(func(tx *db.Tx) (err error) {
				sid, err = token.AuthorizeClient(t.Context(), tx, s.UID, "app", grantID, persistent)
				return err
			})
			return sid
		}
		first, second := authorize("g1", true), authorize("g2", false)
		got, err := token.SessionClients(t.Context(), w.db, s.UID)
		if err != nil || first != second || len(got) != 1 || got[0].SID != first || *got[0].GrantID != "g2" || !got[0].IsLogoutPersistent {
			t.Errorf("%+v, %v", got, err)
		}
		if sid, err := token.SIDOf(t.Context(), w.db, "g2"); sid != first || err != nil {
			t.Errorf("%q, %v", sid, err)
		}
		if sid, err := token.SIDOf(t.Context(), w.db, "g1"); sid != "" || err != nil {
			t.Errorf("%q, %v", sid, err)
		}
	})
}
