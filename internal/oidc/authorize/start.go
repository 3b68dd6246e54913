package authorize

import (
	"context"
	"errors"

	"signet/internal/audit"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
)

// Start answers a request that has passed the checks: with a code if nothing is
// left for the person to do, else with the interaction that comes first. secret
// is the browser's session secret, "" if it has none.
func (e *Engine) Start(ctx context.Context, d *db.DB, rq *Request, secret string) (*Outcome, error) {
	session, err := token.SessionByCookie(ctx, d, rq.now, secret)
	if err != nil {
		return nil, err
	}
	if err := rq.allowStranger(ctx, d, session); err != nil {
		return nil, err
	}
	out := &Outcome{Params: &rq.Params}
	if session != nil {
		renewed, err := token.RenewSession(ctx, d, rq.now, session, session.TTL())
		if err != nil {
			return nil, err
		}
		if renewed {
			out.Session, out.SessionSecret = session, secret
		}
	}
	if err := rq.start(ctx, d, session, out); err != nil || out.Refusal == nil {
		return out, err
	}
	out.IsHeld, err = rq.holds(ctx, d, session)
	return out, err
}

// Refuse answers a request that a check has refused in a way of which the client may
// be told. secret is the browser's session secret, "" if it has none.
func (e *Engine) Refuse(ctx context.Context, q db.Q, rq *Request, refusal *errs.Error, secret string) (*Outcome, error) {
	out := &Outcome{Params: &rq.Params, Refusal: refusal}
	if !rq.Client.IsUnvetted() {
		return out, nil
	}
	session, err := token.SessionByCookie(ctx, q, rq.now, secret)
	if err != nil {
		return nil, err
	}
	out.IsHeld, err = rq.holds(ctx, q, session)
	return out, err
}

// holds reports whether a refusal is not to redirect, since nobody has acted: anybody
// can name a redirect URI for a client that no operator has registered, and our link
// would lead to theirs (RFC 9700 section 4.11.2). Who has allowed the client something
// in this session is sent back to it, and so is everybody to their own machine.
func (rq *Request) holds(ctx context.Context, q db.Q, session *token.Session) (bool, error) {
	if !rq.Client.IsUnvetted() || client.IsLoopback(rq.Params.RedirectURI) {
		return false, nil
	}
	if session == nil {
		return true, nil
	}
	g, err := token.SeeGrantOfSession(ctx, q, rq.now, session.UID, rq.Client.ID)
	return g == nil, err
}

// allowStranger bounds what is stored for people who are not signed in.
func (rq *Request) allowStranger(ctx context.Context, q db.Q, session *token.Session) error {
	if session != nil && session.UserID != nil || rq.Params.HasPrompt(PromptNone) {
		return nil
	}
	return rq.allowAddress(ctx, q, "authorization")
}

// allowAddress bounds how often one address has us keep something of a kind.
func (rq *Request) allowAddress(ctx context.Context, q db.Q, kind string) error {
	e := rq.engine
	return e.Limiter.AllowAddress(ctx, q, e.Clock, kind, web.Info(ctx).IP, sentinel.Authorization)
}

// start takes the first step in the browser's session.
func (rq *Request) start(ctx context.Context, d *db.DB, session *token.Session, out *Outcome) error {
	err := d.Tx(ctx, func(tx *db.Tx) error {
		return rq.advance(ctx, tx, session, nil, out)
	})
	if session == nil || !errors.Is(err, token.ErrSessionNotFound) {
		return err
	}
	// Somebody signed out since it was looked up.
	out.Session, out.SessionSecret = nil, ""
	return rq.start(ctx, d, nil, out)
}

// advance takes the next step of an authorization: it begins the interaction
// that is needed now, or issues the code, or refuses. login is the sign-in that
// has just happened, if one has.
func (rq *Request) advance(ctx context.Context, tx *db.Tx, session *token.Session, login *Login, out *Outcome) (err error) {
	out.Begun, out.Code, out.Refusal, out.Trouble = nil, "", nil, ""
	now := standing{
		Params: &rq.Params, Session: session, AlwaysConsents: rq.Client.IsNative(),
		HasLoggedIn: rq.hasLoggedIn, HasConsented: rq.hasConsented,
	}
	if session != nil {
		if now.Grant, err = rq.grant(ctx, tx, session); err != nil {
			return err
		}
	}
	prompt, refusal := now.next(rq.now)
	switch {
	case prompt == "":
		return rq.conclude(ctx, tx, session, now.Grant, out)
	case rq.Params.HasPrompt(PromptNone), prompt != PromptConsent && rq.hasLoggedIn:
		// Whoever has just signed in is not asked again for being somebody else
		// than the client expected, or for what they do not have.
		return rq.refuse(out, refusal)
	}
	if prompt == promptStepUp {
		able, err := rq.canStepUp(ctx, tx, *session.UserID)
		if err != nil {
			return err
		}
		if !able {
			return rq.refuse(out, errUnmet)
		}
	}
	out.Begun, err = rq.begin(ctx, tx, prompt, session, login)
	return err
}

// refuse tells the client of a refusal. A device does not hear of it, for another
// person may still answer: who is here gets the error.
func (rq *Request) refuse(out *Outcome, refusal *errs.Error) error {
	if rq.Params.Device != nil {
		return refusal
	}
	out.Refusal = refusal
	return nil
}

// grant returns what the person has allowed the client: in their session, or for
// this very request. It is nil if there is nothing.
func (rq *Request) grant(ctx context.Context, tx *db.Tx, session *token.Session) (*token.Grant, error) {
	switch {
	case !rq.Client.IsDocument():
		return token.GrantOfSession(ctx, tx, rq.now, session.UID, rq.Client.ID)
	case rq.grantID == "":
		return nil, nil
	}
	return token.LockGrant(ctx, tx, rq.now, rq.grantID)
}

// conclude issues the code, unless the application is not for this user.
func (rq *Request) conclude(ctx context.Context, tx *db.Tx, session *token.Session, grant *token.Grant, out *Outcome) (err error) {
	err = rq.Client.CheckAccess(ctx, tx, *session.UserID)
	if errors.Is(err, client.ErrNotAdmitted) {
		return rq.refuse(out, client.ErrNotAdmitted)
	}
	if err == nil {
		err = rq.approve(ctx, tx, session, grant, out)
	}
	return err
}

func (rq *Request) begin(ctx context.Context, tx *db.Tx, prompt string, session *token.Session, login *Login) (*Interaction, error) {
	in := &Interaction{Kind: rq.Params.kind(), Prompt: prompt, ClientID: rq.Client.ID, Params: rq.Params}
	if session != nil {
		in.SessionUID = &session.UID
	}
	if prompt == promptStepUp {
		in.Prompt, in.UserID = PromptLogin, session.UserID
	}
	if prompt == PromptConsent {
		in.UserID = session.UserID
		state, err := encode(outcome{Login: login})
		if err != nil {
			return nil, err
		}
		in.State = state
	}
	if err := Begin(ctx, tx, rq.now, in); err != nil {
		return nil, err
	}
	tx.AfterCommit(func() {
		entry := in.entry("Interaction.Create", login)
		entry.Data["params"] = in.Params.told()
		audit.Log(ctx, entry)
	})
	return in, nil
}

// entry returns an audit entry about the interaction.
func (in *Interaction) entry(key string, login *Login) audit.Entry {
	e := audit.Entry{Key: key, ApplicationID: in.ClientID, Data: map[string]any{"interactionId": in.LogID(), "prompt": in.Prompt}}
	if in.SessionUID != nil {
		e.SessionID = *in.SessionUID
	}
	switch {
	case in.UserID != nil:
		e.UserID = *in.UserID
	case login != nil:
		e.UserID = login.UserID
	}
	return e
}

// approve lets the client, or the device that waits, have tokens under the grant
// for what was both asked for and granted.
func (rq *Request) approve(ctx context.Context, tx *db.Tx, session *token.Session, grant *token.Grant, out *Outcome) error {
	p := &rq.Params
	scope, err := granted(ctx, tx, grant, p)
	if err != nil {
		return err
	}
	approval := token.Approval{
		ClientID: rq.Client.ID, SessionUID: &session.UID, Scope: scope, Resources: p.Resources,
		AuthTime: *session.LoginAt, IsAuthTimeRequested: p.MaxAge != nil,
	}
	if class := proto.ClassMet(p.Classes, session.AMR); class != "" {
		approval.Authentication = &token.Authentication{Class: class, Methods: session.AMR}
	}
	if p.Nonce != "" {
		approval.Nonce = &p.Nonce
	}
	if p.Device != nil {
		out.Trouble, err = rq.approveDevice(ctx, tx, grant, approval)
	} else {
		out.Code, err = rq.issueCode(ctx, tx, grant, approval)
	}
	if err != nil || out.Trouble != "" {
		return err
	}
	if _, err = token.AuthorizeClient(ctx, tx, session.UID, rq.Client.ID, grant.ID, approval.IsOffline()); err != nil {
		return err
	}
	return rq.limit(ctx, tx, grant)
}

func (rq *Request) issueCode(ctx context.Context, tx *db.Tx, grant *token.Grant, approval token.Approval) (string, error) {
	code := token.Code{Approval: approval, RedirectURI: rq.Params.RedirectURI}
	if rq.Params.CodeChallenge != "" {
		code.CodeChallenge = &rq.Params.CodeChallenge
	}
	if rq.Params.KeyThumbprint != "" {
		code.KeyThumbprint = &rq.Params.KeyThumbprint
	}
	return token.IssueCode(ctx, tx, rq.now, grant, code)
}
