package authorize

import (
	"context"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
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

// granted returns the members of the requested scope that the grant has.
func granted(g *token.Grant, p *Params) string {
	allowed := g.OIDCScope
	for _, indicator := range p.Resources {
		allowed = proto.UnionScope(allowed, g.ResourceScopes[indicator])
	}
	return proto.IntersectScope(p.Scope, allowed)
}
