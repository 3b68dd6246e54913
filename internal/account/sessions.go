package account

import (
	"context"

	"signet/internal/oidc/signedin"
	"signet/internal/platform/errs"
)

// Session is one browser in which the user is signed in.
type Session struct {
	signedin.Session

	// IsCurrent marks the session in which the caller's token was issued.
	IsCurrent bool `json:"isCurrent"`
}

// Sessions returns the caller's live sessions, the newest first.
func (e *Engine) Sessions(ctx context.Context, c *Caller) ([]Session, error) {
	v, err := e.enter(ctx, c, listSessions...)
	if err != nil {
		return nil, err
	}
	all, err := signedin.Sessions(ctx, v.db, v.now, v.user.ID)
	if err != nil {
		return nil, err
	}
	sessions := make([]Session, len(all))
	for i, s := range all {
		sessions[i] = Session{s, s.Payload.UID == c.SessionUID}
	}
	return sessions, nil
}

// EndSession signs one of the caller's browsers out, the present one included.
func (e *Engine) EndSession(ctx context.Context, c *Caller, uid string, target signedin.RevokeTarget) error {
	v, err := e.enter(ctx, c, endSession...)
	if err != nil {
		return err
	}
	err = signedin.End(ctx, v.Clients, v.now, v.user.ID, uid, target)
	if refusal, ok := errs.As(err); ok {
		switch {
		case refusal.Is(ErrSessionNotFound):
			return ErrSessionNotFound
		case refusal.Is(ErrForeignSession):
			return ErrForeignSession
		}
	}
	return err
}

// Grants returns the caller's live grants, without those of built-in clients.
func (e *Engine) Grants(ctx context.Context, c *Caller, of signedin.Parties) ([]signedin.Grant, error) {
	v, err := e.enter(ctx, c, listGrants...)
	if err != nil {
		return nil, err
	}
	return signedin.Grants(ctx, v.Clients, v.now, v.user.ID, of)
}

// EndGrant takes back what the caller allowed an application, with all its
// tokens.
func (e *Engine) EndGrant(ctx context.Context, c *Caller, id string) error {
	v, err := e.enter(ctx, c, endGrant...)
	if err != nil {
		return err
	}
	return signedin.EndGrant(ctx, v.now, v.user.ID, id)
}

// EndGrantsOf takes back everything that the caller allowed an application, in
// whichever of their browsers. It fails with ErrGrantNotFound if that is nothing.
// It returns the new cookie value of the caller's own session, "" if that keeps
// the one it has.
func (e *Engine) EndGrantsOf(ctx context.Context, c *Caller, clientID string) (string, error) {
	v, err := e.enter(ctx, c, endGrant...)
	if err != nil {
		return "", err
	}
	cookies, err := signedin.EndGrantsOf(ctx, v.now, v.user.ID, clientID)
	return cookies[c.SessionUID], err
}
