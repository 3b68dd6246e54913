package operator

import (
	"context"
	"crypto/sha256"
	"errors"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/tenant"
	"signet/internal/user"
)

// ErrNoSubject refuses a token that speaks for nobody.
var ErrNoSubject = errs.New(401, "auth.jwt_sub_missing")

// verifiedKey names a token under one of its tenant's issuers.
type verifiedKey struct {
	hash   [sha256.Size]byte
	issuer string
}

// Authenticate returns who presents an access token. Only signed access tokens
// for this tenant's Management API count: opaque ones are for people's own data,
// and those of other audiences for other APIs.
func (g *Gate) Authenticate(ctx context.Context, use dpop.Use) (*Caller, error) {
	here := tenant.From(ctx)
	home, err := g.home(here, token.IssuerOf(use.Token))
	if err != nil {
		return nil, err
	}
	claims, err := g.verifyFor(ctx, home, use.Token, resource.ManagementIndicator(here.ID))
	if err != nil {
		return nil, err
	}
	if err := g.Proofs.Check(ctx, use, claims.KeyThumbprint); err != nil {
		return nil, dpop.Unauthorized(err)
	}
	if !proto.HasScope(claims.Scope, resource.ManagementScope) {
		return nil, web.ErrForbidden
	}
	return g.caller(ctx, home, claims)
}

// Bearer returns who holds a signed access token of the request's tenant for an
// audience, as another program presents it, which cannot pass on the proof that
// a bound token needs. It says nothing about what they may do.
func (g *Gate) Bearer(ctx context.Context, authorization, audience string) (*Caller, error) {
	raw, err := web.BearerToken(authorization)
	if err != nil {
		return nil, err
	}
	here := tenant.From(ctx)
	claims, err := g.verifyFor(ctx, here, raw, audience)
	if err != nil {
		return nil, err
	}
	if err := g.Proofs.Check(ctx, dpop.Use{Token: raw}, claims.KeyThumbprint); err != nil {
		return nil, dpop.Unauthorized(err)
	}
	return g.caller(ctx, here, claims)
}

// verifyFor checks that a token of home counts now and for the audience.
func (g *Gate) verifyFor(ctx context.Context, home *tenant.Tenant, raw, audience string) (*token.AccessClaims, error) {
	claims, err := g.verify(ctx, home, raw)
	if err != nil {
		return nil, err
	}
	now := g.Clock.Millis()
	switch {
	case claims.Audience != audience, claims.ExpiresAt <= now, claims.NotBefore > now:
		return nil, web.ErrUnauthorized
	case claims.Subject == "":
		return nil, ErrNoSubject
	}
	return claims, nil
}

// caller is whom a token of home speaks for, if they are still there.
func (g *Gate) caller(ctx context.Context, home *tenant.Tenant, claims *token.AccessClaims) (*Caller, error) {
	c := &Caller{Subject: claims.Subject, IsApplication: claims.Subject == claims.ClientID, ClientID: claims.ClientID}
	if err := g.checkStanding(ctx, home, c); err != nil {
		return nil, err
	}
	return c, nil
}

// home is the tenant that has issued a token: the request's or the admin one.
// Each is believed under its own keys alone.
func (g *Gate) home(here *tenant.Tenant, issuer string) (*tenant.Tenant, error) {
	switch issuer {
	case here.Issuer():
		return here, nil
	case g.Admin.Issuer():
		return g.Admin, nil
	}
	return nil, web.ErrUnauthorized
}

// verify checks the signature of a token of home, or remembers that it has. What
// time and place decide is not remembered.
func (g *Gate) verify(ctx context.Context, home *tenant.Tenant, raw string) (*token.AccessClaims, error) {
	key := verifiedKey{sha256.Sum256([]byte(raw)), home.Issuer()}
	return g.verified.Get(ctx, home.DB, key, func(ctx context.Context, q db.Q) (*token.AccessClaims, error) {
		keys, err := g.Keys.Set(ctx, q)
		if err != nil {
			return nil, err
		}
		claims, err := keys.VerifyAccess(raw, home.Issuer())
		if err != nil {
			return nil, web.ErrUnauthorized.Wrap(err)
		}
		return claims, nil
	})
}

// checkStanding refuses a token that has outlived its application or its user.
func (g *Gate) checkStanding(ctx context.Context, home *tenant.Tenant, c *Caller) error {
	through, err := g.Clients.ByID(ctx, home, home.DB, c.ClientID)
	if client.IsGone(err) {
		return web.ErrUnauthorized.Wrap(err)
	}
	if err != nil {
		return err
	}
	if c.IsApplication {
		if through.Type != application.MachineToMachine {
			return web.ErrUnauthorized
		}
		return nil
	}
	u, err := user.ByID(ctx, home.DB, c.Subject)
	if errors.Is(err, user.ErrNotFound) {
		return web.ErrUnauthorized.Wrap(err)
	}
	if err != nil {
		return err
	}
	if err := u.Usable(); err != nil {
		return web.ErrUnauthorized.Wrap(err)
	}
	return nil
}
