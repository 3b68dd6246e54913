package oidcapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

// userinfo tells what the scope of an opaque access token allows about its user
// (OpenID Connect Core section 5.3).
func (a *API) userinfo(w http.ResponseWriter, r *http.Request) error {
	web.AllowOrigin(w, r)
	ctx, t := r.Context(), tenant.From(r.Context())
	use, err := presented(w, r)
	if err != nil {
		return err
	}
	access, err := token.AccessByValue(ctx, t.DB, a.clock.Millis(), use.Token)
	if err != nil {
		return err
	}
	if access == nil {
		return proto.ErrInvalidToken
	}
	if err := a.proofs.Check(ctx, use, access.Key()); err != nil {
		return err
	}
	c, err := a.clients.ByID(ctx, t, t.DB, access.ClientID)
	if client.IsGone(err) {
		return proto.ErrInvalidToken // its application is gone
	}
	if err != nil {
		return err
	}
	if err := checkOrigin(w, r, c); err != nil {
		return err
	}
	if !proto.HasScope(access.Scope, proto.ScopeOpenID) {
		return proto.ErrInsufficientScope.Describe("access token missing openid scope").With(proto.Context{Scope: proto.ScopeOpenID})
	}
	u, err := user.ByID(ctx, t.DB, access.UserID)
	if errors.Is(err, user.ErrNotFound) {
		return proto.ErrInvalidToken
	}
	if err != nil {
		return err
	}
	ceiling, err := ceilingOf(ctx, t.DB, c, access)
	if err != nil {
		return err
	}
	claims, err := token.Claims(ctx, t.DB, u, ceiling.Provider(access.Scope), token.Every, ceiling.Told())
	if err != nil {
		return err
	}
	claims["sub"] = u.ID
	noStore(w)
	return web.WriteJSON(w, r, http.StatusOK, claims)
}

// ceilingOf returns what a client may learn at most by a token of its.
func ceilingOf(ctx context.Context, q db.Q, c *client.Client, access *token.AccessToken) (*client.Ceiling, error) {
	ceiling, err := client.CeilingOf(ctx, q, c)
	if err != nil || !c.IsDocument() {
		return ceiling, err
	}
	g, err := token.GrantByID(ctx, q, access.GrantID)
	if g != nil {
		ceiling.Under(g.OrganizationID)
	}
	return ceiling, err
}

// presented returns the access token of a request: from the header, or from the
// body of a POST (RFC 6750 section 2). In a query it would end up in logs.
func presented(w http.ResponseWriter, r *http.Request) (dpop.Use, error) {
	header := r.Header.Get("Authorization")
	inBody := ""
	if r.Method == http.MethodPost && r.ContentLength != 0 {
		params, err := proto.ReadBody(w, r)
		if err != nil {
			return dpop.Use{}, err
		}
		inBody = params.Get("access_token")
	}
	switch {
	case header != "" && inBody != "":
		return dpop.Use{}, proto.ErrInvalidRequest.Describe("access token must only be provided using one mechanism")
	case inBody != "":
		return dpop.Use{Token: inBody}, nil
	case header == "":
		return dpop.Use{}, proto.ErrInvalidToken.Describe("no access token provided")
	}
	scheme, value, _ := strings.Cut(header, " ")
	switch {
	case value == "":
	case strings.EqualFold(scheme, "Bearer"):
		return dpop.Use{Token: value}, nil
	case strings.EqualFold(scheme, dpop.Scheme):
		return dpop.UseOf(r)
	}
	return dpop.Use{}, proto.ErrInvalidToken.Describe("invalid authorization header value format")
}
