package account

import (
	"context"
	"errors"

	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// Authenticate returns who presents an access token. Only opaque tokens count:
// the others are made for APIs of the operator. stepUpID is the value of the
// header that names a step-up record; one that does not hold is as good as none.
func (e *Engine) Authenticate(ctx context.Context, use dpop.Use, stepUpID string) (*Caller, error) {
	t := tenant.From(ctx)
	access, err := token.AccessByValue(ctx, t.DB, e.Clock.Millis(), use.Token)
	if err != nil {
		return nil, err
	}
	if access == nil {
		return nil, web.ErrUnauthorized
	}
	if err := e.Proofs.Check(ctx, use, access.Key()); err != nil {
		return nil, dpop.Unauthorized(err)
	}
	if !proto.HasScope(access.Scope, proto.ScopeOpenID) {
		return nil, web.ErrForbidden
	}
	settings, err := e.Center.Get(ctx, t.DB)
	if err != nil {
		return nil, err
	}
	if !settings.Enabled {
		return nil, ErrNotEnabled
	}
	return e.bearerCaller(ctx, access, stepUpID)
}

func (e *Engine) bearerCaller(ctx context.Context, access *token.AccessToken, stepUpID string) (*Caller, error) {
	trusted, scope, err := e.reach(ctx, access)
	if err != nil {
		return nil, err
	}
	steppedUp, err := e.isStepUp(ctx, access.UserID, stepUpID)
	if err != nil {
		return nil, err
	}
	c := &Caller{
		UserID: access.UserID, ClientID: access.ClientID, FirstParty: trusted,
		Scope: scope, SteppedUp: steppedUp, StepUpID: stepUpID,
	}
	if access.SessionUID != nil {
		c.SessionUID = *access.SessionUID
		return c, nil
	}
	// A token that outlives its session knows it through its grant.
	grant, err := token.GrantByID(ctx, tenant.From(ctx).DB, access.GrantID)
	if err == nil && grant != nil && grant.SessionUID != nil {
		c.SessionUID = *grant.SessionUID
	}
	return c, err
}

// reach reports whether the application of a token belongs to the operator, and
// how much of the token's scope operators allow it now. One that can do nothing at
// present does not, and has nothing left; one that is gone is web.ErrUnauthorized.
func (e *Engine) reach(ctx context.Context, access *token.AccessToken) (firstParty bool, scope string, err error) {
	t := tenant.From(ctx)
	c, err := e.Clients.ByID(ctx, t, t.DB, access.ClientID)
	if errors.Is(err, proto.ErrInvalidClient) {
		return false, "", web.ErrUnauthorized
	}
	if client.IsGone(err) {
		return false, "", nil
	}
	if err != nil {
		return false, "", err
	}
	ceiling, err := client.CeilingOf(ctx, t.DB, c)
	return !c.IsThirdParty, ceiling.Provider(access.Scope), err
}
