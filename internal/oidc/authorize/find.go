package authorize

import (
	"context"
	"errors"
	"net/http"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// InteractionFromRequest returns the live, unfinished interaction that the
// browser takes part in with the application that the request names by its
// header Logto-App-Id or query parameter app_id; with the latest if it names
// none. The errors are ErrNotFound and ErrMismatch.
func InteractionFromRequest(ctx context.Context, q db.Q, now int64, r *http.Request) (*Interaction, error) {
	clientID := r.Header.Get("Logto-App-Id")
	if clientID == "" {
		clientID = r.URL.Query().Get("app_id")
	}
	uid := readFlows(r).find(clientID)
	if uid == "" {
		return nil, ErrNotFound.Describe("interaction session id cookie not found")
	}
	in, err := ByUID(ctx, q, now, uid)
	if err != nil {
		return nil, err
	}
	if in.FinishedAt != nil {
		return nil, ErrNotFound.Describe("interaction session not found")
	}
	if clientID != "" && in.ClientID != clientID {
		return nil, ErrMismatch.Describe("the interaction belongs to another application")
	}
	session, err := token.SessionByCookie(ctx, q, now, SessionCookie(r))
	if err != nil {
		return nil, err
	}
	if err := in.checkSession(session); err != nil {
		return nil, err
	}
	in.browser = session
	return in, nil
}

// WriteError answers a program that takes part in an interaction: with an error
// of the provider as the provider does, with the members of RFC 6749 beside
// ours, and with any other one as every API does.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrMismatch) {
		proto.WriteError(w, r, err)
		return
	}
	web.WriteError(w, r, err)
}

// checkSession refuses to go on in a session that is not the one in which the
// interaction began. An interaction that began without one may end in any.
func (in *Interaction) checkSession(s *token.Session) error {
	switch {
	case in.SessionUID == nil:
		return nil
	case s == nil:
		return ErrNotFound.Describe("session not found")
	case s.UID != *in.SessionUID:
		return ErrMismatch.Describe("session principal changed")
	}
	return nil
}

// Continuation returns where the browser goes on with an interaction that it
// has finished but not continued: the answer that said so was lost, as the
// first of two clicks on a button is.
func Continuation(ctx context.Context, q db.Q, now int64, r *http.Request) (redirectTo string, ok bool) {
	clientID := r.URL.Query().Get("app_id")
	uid := readFlows(r).find(clientID)
	if uid == "" {
		return "", false
	}
	in, err := ByUID(ctx, q, now, uid)
	if err != nil || in.FinishedAt == nil || in.isStale(now) || (clientID != "" && in.ClientID != clientID) {
		return "", false
	}
	return tenant.From(ctx).URL(in.resumePath()), true
}
