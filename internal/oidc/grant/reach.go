package grant

import (
	"context"
	"errors"

	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Reach returns what of the scope of a client's refresh token a refresh can still
// give, for one audience or another: roles may have been lost, and operators may
// have taken back what they let the client have.
func (e *Endpoint) Reach(ctx context.Context, t *tenant.Tenant, c *client.Client, refresh *token.RefreshToken, g *token.Grant) (string, error) {
	ceiling, err := client.CeilingOf(ctx, t.DB, c)
	if err != nil {
		return "", err
	}
	ceiling.Under(g.OrganizationID)
	rq := &request{tenant: t, client: &client.Authenticated{Client: c}, now: e.Clock.Millis(), resources: e.Resources, ceiling: ceiling}
	a := &authorization{grant: g, user: &user.User{ID: g.UserID}, scope: refresh.Scope, resources: refresh.Resources}
	reach := rq.provided(a, refresh.Scope)
	for _, indicator := range refresh.Resources {
		audience, err := rq.resourceAudience(ctx, t.DB, a, target{indicator: indicator})
		if errors.Is(err, proto.ErrInvalidTarget) {
			continue
		}
		if err != nil {
			return "", err
		}
		reach = proto.UnionScope(reach, audience.scope)
	}
	return proto.IntersectScope(refresh.Scope, reach), nil
}
