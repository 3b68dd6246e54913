package authorize

import (
	"errors"
	"testing"
	"time"

	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/user"
)

// signedIn returns a session of a new user who has allowed the client "spa" to come
// back offline.
func (w *world) signedIn() *token.Session {
	w.t.Helper()
	var session *token.Session
	err := w.tx(func(tx *db.Tx) error {
		u, err := user.Create(w.ctx, tx, w.now(), user.New{Username: "robin"})
		if err != nil {
			return err
		}
		if session, _, err = token.StartSession(w.ctx, tx, w.now(), time.Hour); err != nil {
			return err
		}
		if _, err = token.LoginSession(w.ctx, tx, w.now(), session, token.Login{UserID: u.ID}); err != nil {
			return err
		}
		_, err = token.SaveGrant(w.ctx, tx, w.now(), token.Grant{UserID: u.ID, ClientID: "spa", ClientKind: client.KindApplication,
			SessionUID: &session.UID, OIDCScope: "openid offline_access", IsOffline: true})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return session
}

func (w *world) requests(prompts ...string) *Request {
	return &Request{engine: w.engine, now: w.now(), Client: &client.Client{ID: "spa", Kind: client.KindApplication},
		Params: Params{ClientID: "spa", RedirectURI: "https://app.example.com", Scope: "openid", Prompts: prompts}}
}

// Somebody signs out between the look at the session and the answer: they are asked
// to sign in, and nothing is issued.
func TestStart_SessionEndedMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		session := w.signedIn()
		out := &Outcome{Session: session, SessionSecret: "renewed"}
		if err := w.requests().start(w.ctx, w.db, session, out); err != nil || out.Code == "" {
			t.Fatalf("in the session: %+v, %v", out, err)
		}
		if err := w.tx(func(tx *db.Tx) error { return token.EndSession(w.ctx, tx, w.now(), session.UID) }); err != nil {
			t.Fatal(err)
		}
		if err := w.requests().start(w.ctx, w.db, session, out); err != nil || out.Code != "" || out.Begun == nil ||
			out.Begun.Prompt != PromptLogin || out.Begun.SessionUID != nil || out.SessionSecret != "" {
			t.Errorf("after it: %+v, %v", out, err)
		}
		if err := w.requests(PromptNone).start(w.ctx, w.db, session, out); err != nil || !errors.Is(out.Refusal, proto.ErrLoginRequired) {
			t.Errorf("silently: %+v, %v", out, err)
		}
		if n, err := db.One[int](w.ctx, w.db, `SELECT count(*) FROM authorization_codes WHERE tenant_id = $1`); n != 1 || err != nil {
			t.Errorf("%d codes, %v", n, err)
		}
	})
}

// The same while consent was asked for: the interaction belongs to the session.
func TestResume_SessionEndedMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		session := w.signedIn()
		if err := w.tx(func(tx *db.Tx) error { return token.EndSession(w.ctx, tx, w.now(), session.UID) }); err != nil {
			t.Fatal(err)
		}
		err := w.tx(func(tx *db.Tx) error {
			return w.requests().resumeConsent(w.ctx, tx, session, outcome{}, &Outcome{})
		})
		if !errors.Is(err, token.ErrSessionNotFound) {
			t.Errorf("%v", err)
		}
	})
}
