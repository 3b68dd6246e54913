// Package operator knows who calls the Management API: a machine of the tenant,
// or a person or machine of the admin tenant, which operates all others. It
// judges bearer tokens; what a caller may then do is the API's matter.
package operator

import (
	"context"
	"net/http"

	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/settings"
	"signet/internal/tenant"
)

// GuardName is the name of the guard in the reference of all routes.
const GuardName = "management token"

// Caller is who calls.
type Caller struct {
	// Subject is the id of the user or of the application.
	Subject string
	// IsApplication says that a machine calls, for itself.
	IsApplication bool
	// ClientID is the application through which a user calls; a machine's own.
	ClientID string
}

type callerKey struct{}

// With returns a context that belongs to a call of c.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From returns who calls. It panics where no guard has stood: no code path may
// guess an operator.
func From(ctx context.Context) Caller {
	c, ok := ctx.Value(callerKey{}).(Caller)
	if !ok {
		panic("operator: the context belongs to no call of the Management API")
	}
	return c
}

// Gate judges who calls the Management API of the request's tenant.
type Gate struct {
	// Admin is the tenant whose tokens count in every other one too.
	Admin   *tenant.Tenant
	Keys    *token.Keys
	Clients *client.Directory
	Clock   clock.Clock
	// Proofs judges how tokens that are bound to a key are used.
	Proofs *dpop.Verifier

	verified *db.Cache[verifiedKey, *token.AccessClaims]
}

// maxVerified is how many verified tokens are remembered.
const maxVerified = 4096

// New returns a gate for the tenants in p.
func New(p *db.Pool, admin *tenant.Tenant, keys *token.Keys, clients *client.Directory, now clock.Clock, proofs *dpop.Verifier) *Gate {
	return &Gate{
		Admin: admin, Keys: keys, Clients: clients, Clock: now, Proofs: proofs,
		// The family of the keys: a rotation forgets what the old ones signed.
		verified: db.NewCache[verifiedKey, *token.AccessClaims](p, settings.Family, maxVerified),
	}
}

// Guard stands in front of every operation of the Management API. Behind it,
// From tells who calls.
func (g *Gate) Guard() web.Guard {
	return web.Guard{Name: GuardName, Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
		use, err := dpop.UseOf(r)
		if err != nil {
			return nil, err
		}
		caller, err := g.Authenticate(ctx, use)
		if err != nil {
			return nil, err
		}
		return With(ctx, *caller), nil
	}}
}
