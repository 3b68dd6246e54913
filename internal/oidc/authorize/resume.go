package authorize

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"signet/internal/audit"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/settings"
	"signet/internal/user"
)

// ResumedInteraction returns the interaction whose continuation the browser
// asks for. It must hold the interaction's own cookie: who only learned the URL
// gets ErrNotFound.
func ResumedInteraction(ctx context.Context, q db.Q, now int64, r *http.Request, uid string) (*Interaction, error) {
	if !crypt.Equal([]byte(readCookie(r, CookieResume)), []byte(uid)) {
		return nil, ErrNotFound.Describe("authorization request has expired")
	}
	return ByUID(ctx, q, now, uid)
}

// resumeTTL is how long a browser may take from what the person did last to the
// continuation. It follows a redirect; whoever comes later has kept the link.
const resumeTTL = 2 * time.Minute

// isStale reports whether a finished interaction has waited too long for its
// continuation.
func (in *Interaction) isStale(now int64) bool { return now-*in.FinishedAt >= resumeTTL.Milliseconds() }

// Resume continues the authorization of an interaction. One that the person has
// not finished is shown again; a finished one is spent, so that a second resume
// gets ErrNotFound, as one does that comes later than resumeTTL.
func (e *Engine) Resume(ctx context.Context, d *db.DB, in *Interaction, secret string) (*Outcome, error) {
	if in.FinishedAt == nil {
		return &Outcome{Params: &in.Params, Begun: in}, nil
	}
	now := e.Clock.Millis()
	if in.isStale(now) {
		return nil, ErrNotFound.Describe("authorization request has expired")
	}
	rq, err := e.again(ctx, d, now, in)
	if err != nil {
		return nil, err
	}
	result, err := in.outcome()
	if err != nil {
		return nil, err
	}
	session, err := token.SessionByCookie(ctx, d, now, secret)
	if err != nil {
		return nil, err
	}
	if err := in.checkSession(session); err != nil {
		return nil, err
	}
	out := &Outcome{Params: &rq.Params, Ended: in}
	err = d.Tx(ctx, func(tx *db.Tx) error {
		if err := take(ctx, tx, now, in); err != nil {
			return err
		}
		if in.Prompt == PromptConsent {
			return rq.resumeConsent(ctx, tx, session, result, out)
		}
		return rq.resumeLogin(ctx, tx, session, in, result.Login, out)
	})
	if errors.Is(err, token.ErrSessionNotFound) {
		return nil, ErrNotFound.Describe("session not found")
	}
	if err != nil {
		return nil, err
	}
	audit.Log(ctx, in.entry("Interaction.End", result.Login))
	return out, nil
}

// again restores the request of an interaction. Its parameters were checked
// when it began; the client may have lost its redirect URI meanwhile.
func (e *Engine) again(ctx context.Context, q db.Q, now int64, in *Interaction) (*Request, error) {
	rq := &Request{engine: e, now: now, sent: proto.Params{
		"client_id": {in.ClientID}, "redirect_uri": {in.Params.RedirectURI},
	}}
	checks := beforeRedirect
	if in.Kind == KindDevice {
		checks = ofDevice
	}
	for _, c := range checks {
		if err := c.run(ctx, q, rq); err != nil {
			return nil, err
		}
	}
	rq.Params = in.Params
	rq.hasLoggedIn = true
	return rq, nil
}

// resumeLogin signs the person in to the browser's session and goes on. A
// session of somebody else ends first, here and in the same transaction: no
// page is needed for that, and nothing of it can survive a page that was not
// waited for.
func (rq *Request) resumeLogin(ctx context.Context, tx *db.Tx, session *token.Session, in *Interaction, login *Login, out *Outcome) error {
	person, err := user.ByID(ctx, tx, login.UserID)
	if errors.Is(err, user.ErrNotFound) {
		return ErrNotFound.Describe("session account not found")
	}
	if err != nil {
		return err
	}
	if err := person.Usable(); err != nil {
		return err
	}
	if login.isOutdated(person, *in.FinishedAt) {
		return ErrNotFound.Describe("authorization request has expired")
	}
	if session != nil && session.UserID != nil && *session.UserID != login.UserID {
		if err := token.EndSession(ctx, tx, rq.now, session.UID); err != nil {
			return err
		}
		session = nil
	}
	if session == nil {
		ttl, err := settings.SessionTTL(ctx, tx)
		if err != nil {
			return err
		}
		if session, _, err = token.StartSession(ctx, tx, rq.now, ttl); err != nil {
			return err
		}
	}
	// A copy, since the transaction may run twice.
	current := *session
	secret, err := token.LoginSession(ctx, tx, *in.FinishedAt, &current, token.Login{
		UserID: login.UserID, AMR: login.AMR, ClientID: in.ClientID, Submission: login.Submission,
	})
	if err != nil {
		return err
	}
	out.Session, out.SessionSecret = &current, secret
	return rq.advance(ctx, tx, &current, login, out)
}

// isOutdated reports whether the password that somebody has signed in with, at that
// time, is no longer theirs.
func (l *Login) isOutdated(person *user.User, signedInAt int64) bool {
	return slices.Contains(l.AMR, proto.MethodPassword) && person.PasswordChangedAt != nil && *person.PasswordChangedAt > signedInAt
}

// deny tells the application that its user has said no.
func (rq *Request) deny(ctx context.Context, tx *db.Tx, out *Outcome) error {
	if rq.Params.Device == nil {
		out.Refusal = proto.ErrAborted
		return nil
	}
	out.Trouble = CodeAborted
	return token.DenyDevice(ctx, tx, rq.now, rq.Params.Device)
}

// resumeConsent issues the code for what the person has consented to.
func (rq *Request) resumeConsent(ctx context.Context, tx *db.Tx, session *token.Session, result outcome, out *Outcome) error {
	if session == nil || session.UserID == nil {
		return ErrNotFound.Describe("session not found")
	}
	if result.Denied {
		return rq.deny(ctx, tx, out)
	}
	rq.hasConsented, rq.grantID = true, result.Grant
	return rq.advance(ctx, tx, session, result.Login, out)
}
