package authorize

import (
	"context"
	"errors"

	"signet/internal/access"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Consent lets a first-party application have what it asks for, which its users
// are not asked about, and returns where the authorization continues: the
// interaction is one that InteractionFromRequest found. It is access_denied to a
// third-party application.
func (e *Engine) Consent(ctx context.Context, d *db.DB, in *Interaction) (redirectTo string, err error) {
	now := e.Clock.Millis()
	if in.Prompt != PromptConsent {
		return "", ErrNotFound.Describe("interaction session not found")
	}
	c, err := e.Clients.ByID(ctx, tenant.From(ctx), d, in.ClientID)
	if err != nil {
		return "", err
	}
	if c.IsThirdParty {
		return "", proto.ErrAccessDenied.Describe("third-party applications cannot be consented to")
	}
	session := in.browser
	if session == nil || session.UserID == nil {
		return "", ErrNotFound.Describe("session not found")
	}
	if err := checkAccess(ctx, d, c, *session.UserID); err != nil {
		return "", err
	}
	err = d.Tx(ctx, func(tx *db.Tx) error {
		if err := saveGrant(ctx, tx, now, c.Kind, in, session); err != nil {
			return err
		}
		if err := user.RecordApplication(ctx, tx, *session.UserID, in.ClientID); err != nil {
			return err
		}
		result, err := in.outcome()
		if err != nil {
			return err
		}
		redirectTo, err = finish(ctx, tx, now, in, result)
		return err
	})
	return redirectTo, err
}

// saveGrant adds what in asks for to the grant that the session holds for the
// client, or makes one.
func saveGrant(ctx context.Context, tx *db.Tx, now int64, clientKind string, in *Interaction, session *token.Session) error {
	grant, err := token.GrantOfSession(ctx, tx, now, session.UID, in.ClientID)
	if err != nil {
		return err
	}
	if grant == nil {
		grant = &token.Grant{UserID: *session.UserID, ClientID: in.ClientID, ClientKind: clientKind, SessionUID: &session.UID}
	}
	grant.OIDCScope, grant.ResourceScopes = in.Params.providerScope(), in.Params.ResourceScopes
	grant.IsOffline = proto.HasScope(grant.OIDCScope, proto.ScopeOfflineAccess)
	_, err = token.SaveGrant(ctx, tx, now, *grant)
	return err
}

// granted returns the members of the requested scope that the grant has and, if
// the request is about one organization, that the user has there.
func granted(ctx context.Context, q db.Q, g *token.Grant, p *Params) (string, error) {
	allowed := g.OIDCScope
	for _, indicator := range p.Resources {
		scope := g.ResourceScopes[indicator]
		if p.OrganizationID != "" && indicator != proto.OrganizationsResource {
			r, err := resource.ByIndicator(ctx, q, indicator)
			if errors.Is(err, resource.ErrNotFound) {
				continue // deleted meanwhile
			}
			if err != nil {
				return "", err
			}
			effective, err := access.ResourceScopesIn(ctx, q, access.User(g.UserID), r.ID, p.OrganizationID)
			if err != nil {
				return "", err
			}
			scope = proto.IntersectScope(scope, proto.JoinScope(access.Names(effective)))
		}
		allowed = proto.UnionScope(allowed, scope)
	}
	return proto.IntersectScope(p.Scope, allowed), nil
}

// checkAccess refuses users whom the application's access rules do not admit.
func checkAccess(ctx context.Context, q db.Q, c *client.Client, userID string) error {
	admitted, err := c.Admits(ctx, q, userID)
	if err == nil && !admitted {
		err = errNotAdmitted
	}
	return err
}

// errNotAdmitted is for people whom an application's access rules leave out.
var errNotAdmitted = proto.ErrAccessDenied.Describe("the user may not use the application")
