// Package signedin shows where a user is signed in and which applications may
// act for them, and ends the one and the other: for the user themselves and for
// operators alike. Who may ask is decided by its callers; what sessions and
// grants are is known to package token.
package signedin

import (
	"context"
	"encoding/json"

	"signet/internal/oidc/client"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/tenant"
)

// Errors of this package.
var (
	ErrSessionNotFound = token.ErrSessionNotFound
	// ErrForeignSession: the session belongs to somebody else.
	ErrForeignSession = errs.New(404, "oidc.invalid_session_account_id")
	ErrGrantNotFound  = errs.New(404, "oidc.invalid_grant")
)

// Session is one browser in which a user is signed in.
type Session struct {
	Payload        SessionPayload `json:"payload"`
	LastSubmission *Submission    `json:"lastSubmission" check:"nullable"`
	ClientID       *string        `json:"clientId" check:"nullable"`
	AccountID      *string        `json:"accountId" check:"nullable"`
	ExpiresAt      int64          `json:"expiresAt"`
}

// SessionPayload is a session in the terms of the provider; times are seconds.
type SessionPayload struct {
	UID string `json:"uid"`
	// JTI is the uid again: the cookie's own value is nobody's business.
	JTI            string                   `json:"jti"`
	AccountID      string                   `json:"accountId"`
	LoginTS        int64                    `json:"loginTs"`
	EXP            int64                    `json:"exp"`
	IAT            int64                    `json:"iat"`
	Kind           string                   `json:"kind" example:"Session"`
	Authorizations map[string]Authorization `json:"authorizations,omitempty"`
}

// Authorization is an application that the user has signed in to.
type Authorization struct {
	SID            string  `json:"sid"`
	GrantID        *string `json:"grantId,omitempty"`
	PersistsLogout bool    `json:"persistsLogout"`
}

// Submission is what the last sign-in of a session consisted of.
type Submission struct {
	InteractionEvent    string            `json:"interactionEvent" example:"SignIn"`
	UserID              string            `json:"userId"`
	VerificationRecords []json.RawMessage `json:"verificationRecords"`
	SignInContext       map[string]string `json:"signInContext,omitempty"`
}

// Sessions returns the live sessions of a user, the newest first.
func Sessions(ctx context.Context, q db.Q, now int64, userID string) ([]Session, error) {
	stored, err := token.SessionsOf(ctx, q, now, userID)
	if err != nil {
		return nil, err
	}
	clients, err := token.ClientsOf(ctx, q, userID)
	if err != nil {
		return nil, err
	}
	sessions := make([]Session, len(stored))
	for i := range stored {
		sessions[i] = show(&stored[i], clients[stored[i].UID])
	}
	return sessions, nil
}

// SessionOf returns a live session of a user. It fails with ErrSessionNotFound
// where there is none, or it is somebody else's.
func SessionOf(ctx context.Context, q db.Q, now int64, userID, uid string) (*Session, error) {
	s, err := own(ctx, q, now, userID, uid)
	if err != nil {
		if refusal, ok := errs.As(err); ok && refusal.Is(ErrForeignSession) {
			err = ErrSessionNotFound
		}
		return nil, err
	}
	clients, err := token.SessionClients(ctx, q, s.UID)
	if err != nil {
		return nil, err
	}
	shown := show(s, clients)
	return &shown, nil
}

// own returns a live session of a user, ErrSessionNotFound or
// ErrForeignSession.
func own(ctx context.Context, q db.Q, now int64, userID, uid string) (*token.Session, error) {
	s, err := token.SessionByUID(ctx, q, now, uid)
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return nil, ErrSessionNotFound
	case s.UserID == nil || *s.UserID != userID:
		return nil, ErrForeignSession
	}
	return s, nil
}

func show(s *token.Session, clients []token.SessionClient) Session {
	shown := Session{
		Payload: SessionPayload{
			UID: s.UID, JTI: s.UID, EXP: s.ExpiresAt / 1000, IAT: s.CreatedAt / 1000, Kind: "Session",
		},
		ClientID: s.ClientID, AccountID: s.UserID, ExpiresAt: s.ExpiresAt,
	}
	if s.UserID != nil {
		shown.Payload.AccountID = *s.UserID
	}
	if s.LoginAt != nil {
		shown.Payload.LoginTS = *s.LoginAt / 1000
	}
	if len(clients) > 0 {
		shown.Payload.Authorizations = make(map[string]Authorization, len(clients))
	}
	for _, c := range clients {
		shown.Payload.Authorizations[c.ClientID] = Authorization{c.SID, c.GrantID, c.IsLogoutPersistent}
	}
	var last Submission
	if json.Unmarshal(s.LastSubmission, &last) == nil && last.UserID != "" {
		shown.LastSubmission = &last
	}
	return shown
}

// RevokeTarget says which grants end with a session.
type RevokeTarget string

// The values of RevokeTarget: none, those of the operator's own registered
// applications, or every one.
const (
	RevokeNone       RevokeTarget = ""
	RevokeFirstParty RevokeTarget = "firstParty"
	RevokeAll        RevokeTarget = "all"
)

// End signs a user out of one browser. It fails with ErrSessionNotFound or
// ErrForeignSession.
func End(ctx context.Context, clients *client.Directory, now int64, userID, uid string, target RevokeTarget) error {
	return tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := own(ctx, tx, now, userID, uid); err != nil {
			return err
		}
		if err := revokeIn(ctx, tx, clients, now, uid, target); err != nil {
			return err
		}
		if err := token.HoldSession(ctx, tx, uid); err != nil {
			return err
		}
		// Again, for whoever joined before the session was held. It is held second, as
		// everywhere: whoever joins holds a grant and waits for the session.
		if err := revokeIn(ctx, tx, clients, now, uid, target); err != nil {
			return err
		}
		return token.DropSession(ctx, tx, now, uid)
	})
}

// revokeIn revokes the grants of a session that target covers. An application may have
// several: one that nobody has registered gets one for each authorization.
func revokeIn(ctx context.Context, tx *db.Tx, clients *client.Directory, now int64, uid string, target RevokeTarget) error {
	if target == RevokeNone {
		return nil
	}
	grants, err := token.GrantsIn(ctx, tx, now, uid)
	if err != nil {
		return err
	}
	for _, g := range grants {
		covered := target == RevokeAll
		if !covered {
			if covered, err = isOwnApplication(ctx, tx, clients, g.ClientID); err != nil {
				return err
			}
		}
		if !covered {
			continue
		}
		if err := token.RevokeGrant(ctx, tx, now, g.ID); err != nil {
			return err
		}
	}
	return nil
}

// isOwnApplication reports whether a client is a registered application of the
// operator; the built-in ones are not.
func isOwnApplication(ctx context.Context, q db.Q, clients *client.Directory, id string) (bool, error) {
	if client.IsAddress(id) {
		return false, nil
	}
	c, err := known(ctx, q, clients, id)
	return c != nil && c.Kind == client.KindApplication && !c.IsThirdParty, err
}

// known returns a client, nil if it is gone.
func known(ctx context.Context, q db.Q, clients *client.Directory, id string) (*client.Client, error) {
	c, err := clients.ByID(ctx, tenant.From(ctx), q, id)
	if client.IsGone(err) {
		return nil, nil
	}
	return c, err
}
