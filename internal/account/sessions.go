package account

import (
	"context"
	"encoding/json"

	"signet/internal/oidc/client"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/tenant"
)

// Session is one browser in which the user is signed in.
type Session struct {
	Payload        SessionPayload `json:"payload"`
	LastSubmission *Submission    `json:"lastSubmission"`
	ClientID       *string        `json:"clientId"`
	AccountID      *string        `json:"accountId"`
	ExpiresAt      int64          `json:"expiresAt"`
	// IsCurrent marks the session in which the caller's token was issued.
	IsCurrent bool `json:"isCurrent"`
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
	Kind           string                   `json:"kind"`
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
	InteractionEvent    string            `json:"interactionEvent"`
	UserID              string            `json:"userId"`
	VerificationRecords []json.RawMessage `json:"verificationRecords"`
	SignInContext       map[string]string `json:"signInContext,omitempty"`
}

// Sessions returns the caller's live sessions, the newest first.
func (e *Engine) Sessions(ctx context.Context, c *Caller) ([]Session, error) {
	v, err := e.enter(ctx, c, listSessions...)
	if err != nil {
		return nil, err
	}
	stored, err := token.SessionsOf(ctx, v.db, v.now, v.user.ID)
	if err != nil {
		return nil, err
	}
	sessions := make([]Session, 0, len(stored))
	for i := range stored {
		clients, err := token.SessionClients(ctx, v.db, stored[i].UID)
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, sessionOf(&stored[i], clients, c.SessionUID))
	}
	return sessions, nil
}

func sessionOf(s *token.Session, clients []token.SessionClient, current string) Session {
	view := Session{
		Payload: SessionPayload{
			UID: s.UID, JTI: s.UID, EXP: s.ExpiresAt / 1000, IAT: s.CreatedAt / 1000, Kind: "Session",
		},
		ClientID: s.ClientID, AccountID: s.UserID, ExpiresAt: s.ExpiresAt, IsCurrent: s.UID == current,
	}
	if s.UserID != nil {
		view.Payload.AccountID = *s.UserID
	}
	if s.LoginAt != nil {
		view.Payload.LoginTS = *s.LoginAt / 1000
	}
	if len(clients) > 0 {
		view.Payload.Authorizations = make(map[string]Authorization, len(clients))
	}
	for _, c := range clients {
		view.Payload.Authorizations[c.ClientID] = Authorization{c.SID, c.GrantID, c.IsLogoutPersistent}
	}
	var last Submission
	if json.Unmarshal(s.LastSubmission, &last) == nil && last.UserID != "" {
		view.LastSubmission = &last
	}
	return view
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

// EndSession signs one of the caller's browsers out, the present one included.
func (e *Engine) EndSession(ctx context.Context, c *Caller, uid string, target RevokeTarget) error {
	v, err := e.enter(ctx, c, endSession...)
	if err != nil {
		return err
	}
	s, err := token.SessionByUID(ctx, v.db, v.now, uid)
	if err != nil {
		return err
	}
	switch {
	case s == nil:
		return ErrSessionNotFound
	case s.UserID == nil || *s.UserID != v.user.ID:
		return ErrForeignSession
	}
	grants, err := v.grantsToRevoke(ctx, uid, target)
	if err != nil {
		return err
	}
	return v.db.Tx(ctx, func(tx *db.Tx) error {
		for _, id := range grants {
			if err := token.RevokeGrant(ctx, tx, v.now, id); err != nil {
				return err
			}
		}
		return token.DropSession(ctx, tx, uid)
	})
}

// grantsToRevoke returns the grants of a session that target covers.
func (v *visit) grantsToRevoke(ctx context.Context, uid string, target RevokeTarget) ([]string, error) {
	if target == RevokeNone {
		return nil, nil
	}
	clients, err := token.SessionClients(ctx, v.db, uid)
	if err != nil {
		return nil, err
	}
	var grants []string
	for _, sc := range clients {
		if sc.GrantID == nil {
			continue
		}
		covered := target == RevokeAll
		if !covered {
			if covered, err = v.isOwnApplication(ctx, sc.ClientID); err != nil {
				return nil, err
			}
		}
		if covered {
			grants = append(grants, *sc.GrantID)
		}
	}
	return grants, nil
}

// isOwnApplication reports whether a client is a registered application of the
// operator; the built-in ones are not.
func (v *visit) isOwnApplication(ctx context.Context, id string) (bool, error) {
	c, err := v.client(ctx, id)
	return c != nil && c.Kind == client.KindApplication && !c.IsThirdParty, err
}

// client returns a client, nil if it cannot be resolved.
func (v *visit) client(ctx context.Context, id string) (*client.Client, error) {
	c, err := v.Clients.ByID(ctx, tenant.From(ctx), v.db, id)
	if refusal, ok := errs.As(err); ok && refusal.Status < 500 {
		return nil, nil
	}
	return c, err
}

// Grant is an application that may act for the user.
type Grant struct {
	ID          string           `json:"id"`
	Payload     GrantPayload     `json:"payload"`
	ExpiresAt   int64            `json:"expiresAt"`
	Application GrantApplication `json:"application"`
}

// GrantPayload is a grant in the terms of the provider; times are seconds.
type GrantPayload struct {
	EXP       int64  `json:"exp"`
	IAT       int64  `json:"iat"`
	JTI       string `json:"jti"`
	Kind      string `json:"kind"`
	ClientID  string `json:"clientId"`
	AccountID string `json:"accountId"`
}

// GrantApplication names the application of a grant.
type GrantApplication struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Parties selects grants by whom their applications belong to.
type Parties string

// The values of Parties.
const (
	AnyParty   Parties = ""
	FirstParty Parties = "firstParty"
	ThirdParty Parties = "thirdParty"
)

// Grants returns the caller's live grants, without those of built-in clients.
func (e *Engine) Grants(ctx context.Context, c *Caller, of Parties) ([]Grant, error) {
	v, err := e.enter(ctx, c, listGrants...)
	if err != nil {
		return nil, err
	}
	stored, err := token.GrantsOf(ctx, v.db, v.now, v.user.ID)
	if err != nil {
		return nil, err
	}
	grants := []Grant{}
	for _, g := range stored {
		app, err := v.client(ctx, g.ClientID)
		if err != nil {
			return nil, err
		}
		if app == nil || app.Kind == client.KindBuiltin || (of != AnyParty && app.IsThirdParty != (of == ThirdParty)) {
			continue
		}
		grants = append(grants, Grant{
			ID: g.ID, ExpiresAt: g.ExpiresAt, Application: GrantApplication{app.ID, app.Name},
			Payload: GrantPayload{
				EXP: g.ExpiresAt / 1000, IAT: g.IssuedAt / 1000, JTI: g.ID, Kind: "Grant",
				ClientID: g.ClientID, AccountID: g.UserID,
			},
		})
	}
	return grants, nil
}

// EndGrant takes back what the caller allowed an application, with all its
// tokens.
func (e *Engine) EndGrant(ctx context.Context, c *Caller, id string) error {
	v, err := e.enter(ctx, c, endGrant...)
	if err != nil {
		return err
	}
	g, err := token.GrantByID(ctx, v.db, id)
	if err != nil {
		return err
	}
	if g == nil || g.UserID != v.user.ID || !g.IsLive(v.now) {
		return ErrGrantNotFound
	}
	return v.db.Tx(ctx, func(tx *db.Tx) error { return token.RevokeGrant(ctx, tx, v.now, id) })
}
