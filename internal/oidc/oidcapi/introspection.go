package oidcapi

import (
	"context"
	"errors"
	"net/http"

	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

// introspected is what a token is good for (RFC 7662 section 2.2); of one that is
// good for nothing Active alone is told. Times are seconds.
type introspected struct {
	Active    bool   `json:"active"`
	ClientID  string `json:"client_id,omitempty"`
	ExpiresAt int64  `json:"exp,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	Scope     string `json:"scope,omitempty"`
	Subject   string `json:"sub,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	// Confirmation is the key that the token is bound to (RFC 9449 section 6.2).
	Confirmation *confirmation `json:"cnf,omitempty"`
}

// confirmation is a key by its thumbprint.
type confirmation struct {
	Thumbprint string `json:"jkt"`
}

func confirmationOf(thumbprint *string) *confirmation {
	if thumbprint == nil {
		return nil
	}
	return &confirmation{*thumbprint}
}

// introspection tells a client about an opaque token (RFC 7662). JWTs tell about
// themselves.
func (a *API) introspection(w http.ResponseWriter, r *http.Request) error {
	params, c, err := a.receive(w, r)
	if err != nil {
		return err
	}
	value, err := params.Require("token")
	if err != nil {
		return err
	}
	if isStructured(value) {
		return proto.ErrUnsupportedTokenType.Describe("Structured JWT Tokens cannot be introspected via the introspection_endpoint")
	}
	t := tenant.From(r.Context())
	found, err := a.introspect(r.Context(), t.DB, value)
	if err != nil {
		return err
	}
	answer := &introspected{}
	if mayLearn(c, found) {
		if answer, err = a.told(r.Context(), t, found); err != nil {
			return err
		}
	}
	noStore(w)
	return web.WriteJSON(w, r, http.StatusOK, answer)
}

// mayLearn keeps a client that cannot prove to be itself, or that nobody has
// registered, from learning about the tokens of others.
func mayLearn(c *client.Authenticated, found *introspected) bool {
	return found != nil && (found.ClientID == c.ID || !c.IsPublic() && !c.IsUnvetted())
}

// told is what is told of a live token: within what operators let its client have now,
// and nothing if there is no such client any more.
func (a *API) told(ctx context.Context, t *tenant.Tenant, found *introspected) (*introspected, error) {
	c, err := a.clients.ByID(ctx, t, t.DB, found.ClientID)
	if client.IsGone(err) {
		return &introspected{}, nil
	}
	if err != nil {
		return nil, err
	}
	ceiling, err := client.CeilingOf(ctx, t.DB, c)
	if err != nil {
		return nil, err
	}
	answer := *found
	answer.Active, answer.Issuer, answer.Scope = true, t.Issuer(), ceiling.Any(found.Scope)
	return &answer, nil
}

// introspect returns what a live token of either kind says, nil for any other.
func (a *API) introspect(ctx context.Context, q db.Q, value string) (*introspected, error) {
	now := a.clock.Millis()
	access, err := token.AccessByValue(ctx, q, now, value)
	if err != nil {
		return nil, err
	}
	if access != nil {
		return &introspected{
			ClientID: access.ClientID, ExpiresAt: access.ExpiresAt / 1000, IssuedAt: access.IssuedAt / 1000,
			Scope: access.Scope, Subject: access.UserID, TokenType: token.TypeOf(access.Key()),
			Confirmation: confirmationOf(access.KeyThumbprint),
		}, nil
	}
	refresh, userID, err := liveRefresh(ctx, q, now, value)
	if err != nil || refresh == nil {
		return nil, err
	}
	return &introspected{
		ClientID: refresh.ClientID, ExpiresAt: refresh.ExpiresAt / 1000, IssuedAt: refresh.IssuedAt / 1000,
		Scope: refresh.Scope, Subject: userID, Confirmation: confirmationOf(refresh.KeyThumbprint),
	}, nil
}

// liveRefresh returns a refresh token that could be used now, with its user; nil
// for any other.
func liveRefresh(ctx context.Context, q db.Q, now int64, value string) (*token.RefreshToken, string, error) {
	t, err := token.RefreshByValue(ctx, q, value)
	if err != nil || t == nil || t.ConsumedAt != nil || t.ExpiresAt <= now {
		return nil, "", err
	}
	g, err := token.GrantByID(ctx, q, t.GrantID)
	if err != nil || g == nil || !g.IsLive(now) {
		return nil, "", err
	}
	if t.SessionUID != nil {
		session, err := token.SessionByUID(ctx, q, now, *t.SessionUID)
		if err != nil || session == nil || session.UserID == nil || *session.UserID != g.UserID {
			return nil, "", err
		}
	}
	u, err := user.ByID(ctx, q, g.UserID)
	if errors.Is(err, user.ErrNotFound) || err == nil && u.Usable() != nil {
		return nil, "", nil
	}
	return t, g.UserID, err
}
