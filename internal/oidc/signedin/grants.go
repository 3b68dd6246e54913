package signedin

import (
	"context"
	"maps"

	"signet/internal/oidc/client"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// Grant is an application that may act for a user.
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
	Kind      string `json:"kind" example:"Grant"`
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

// Grants returns the live grants of a user, without those of built-in clients and of
// exchanged tokens.
func Grants(ctx context.Context, clients *client.Directory, now int64, userID string, of Parties) ([]Grant, error) {
	stored, err := token.GrantsOf(ctx, tenant.From(ctx).DB, now, userID)
	if err != nil {
		return nil, err
	}
	grants := []Grant{}
	for _, g := range stored {
		if g.IsExchanged() {
			continue
		}
		app, err := party(ctx, clients, &g)
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

// party returns the client of a grant, nil if it is gone. One that
// nobody has registered is as it was when the user allowed it something.
func party(ctx context.Context, clients *client.Directory, g *token.Grant) (*client.Client, error) {
	if g.ClientKind == client.KindDocument {
		return &client.Client{ID: g.ClientID, Name: g.ClientName, Kind: g.ClientKind, IsThirdParty: true}, nil
	}
	return known(ctx, tenant.From(ctx).DB, clients, g.ClientID)
}

// EndGrant takes back what a user allowed an application, with all its tokens,
// and detaches the application from the session: the browser signs in again
// before it comes back. It fails with ErrGrantNotFound; one that has expired
// already is no error.
func EndGrant(ctx context.Context, now int64, userID, id string) error {
	return tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		g, err := token.GrantByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if g == nil || g.UserID != userID || g.RevokedAt != nil {
			return ErrGrantNotFound
		}
		_, err = token.WithdrawGrant(ctx, tx, now, g)
		return err
	})
}

// EndGrantsOf takes back everything that a user allowed an application, as
// EndGrant does for one grant. It fails with ErrGrantNotFound if that is nothing.
// It returns the new cookie values of the sessions that the application was in,
// by their UIDs: the browser in which the user asks for this may stay signed in.
func EndGrantsOf(ctx context.Context, now int64, userID, clientID string) (map[string]string, error) {
	var cookies map[string]string
	err := tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		all, err := token.GrantsOf(ctx, tx, now, userID)
		if err != nil {
			return err
		}
		cookies = map[string]string{}
		refusal := error(ErrGrantNotFound)
		for i := range all {
			if all[i].ClientID != clientID {
				continue
			}
			renewed, err := token.WithdrawGrant(ctx, tx, now, &all[i])
			if err != nil {
				return err
			}
			maps.Copy(cookies, renewed)
			refusal = nil
		}
		return refusal
	})
	return cookies, err
}
