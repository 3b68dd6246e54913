package authorize

import (
	"context"
	"errors"

	"signet/internal/access"
	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Consent lets an application have what it asks for, and returns where the
// authorization continues. The people of first-party applications are not asked;
// those of third-party ones agree, and open organizations of theirs to it.
//
// The errors are ErrNotFound, proto.ErrAccessDenied for people whom the
// application does not admit, ErrNoMember for organizations of others, and those
// of the client.
func (e *Engine) Consent(ctx context.Context, d *db.DB, in *Interaction, organizationIDs []string) (redirectTo string, err error) {
	now := e.Clock.Millis()
	err = d.Tx(ctx, func(tx *db.Tx) error {
		a, err := e.asking(ctx, tx, in)
		if err != nil {
			return err
		}
		if a.client.IsThirdParty {
			if err := a.open(ctx, tx, organizationIDs); err != nil {
				return err
			}
		}
		saved, err := a.save(ctx, tx, now, in.browser)
		if err != nil {
			return err
		}
		record := user.RecordApplication
		if a.client.IsDocument() {
			record = user.RecordAddress
		}
		if err := record(ctx, tx, a.userID, in.ClientID); err != nil {
			return err
		}
		result, err := in.outcome()
		if err != nil {
			return err
		}
		if a.client.IsDocument() {
			result.Grant = saved.ID
		}
		redirectTo, err = finish(ctx, tx, now, in, result)
		return err
	})
	if db.IsReference(err) {
		// Deleted since the session was looked up.
		return "", ErrNotFound.Describe("session account not found")
	}
	return redirectTo, err
}

// checkConsent refuses interactions in which nobody is to consent.
func (in *Interaction) checkConsent() error {
	if in.Prompt != PromptConsent {
		return ErrNotFound.Describe("interaction session not found")
	}
	return nil
}

// IsAsked reports whether the person of an interaction has to be asked before
// Consent: another party wants something of theirs.
func (e *Engine) IsAsked(ctx context.Context, q db.Q, in *Interaction) (bool, error) {
	if err := in.checkConsent(); err != nil {
		return false, err
	}
	c, err := e.Clients.ByID(ctx, tenant.From(ctx), q, in.ClientID)
	if err != nil {
		return false, err
	}
	return c.IsThirdParty, nil
}

// Deny ends a consent interaction with a no, of which the application will be
// told, and returns where the authorization continues.
func (e *Engine) Deny(ctx context.Context, d *db.DB, in *Interaction) (redirectTo string, err error) {
	if err := in.checkConsent(); err != nil {
		return "", err
	}
	err = d.Tx(ctx, func(tx *db.Tx) error {
		result, err := in.outcome()
		if err != nil {
			return err
		}
		result.Denied = true
		redirectTo, err = finish(ctx, tx, e.Clock.Millis(), in, result)
		return err
	})
	return redirectTo, err
}

// ErrNoMember: somebody wanted to open an organization that they are not in.
var ErrNoMember = organization.ErrNoMember

// errSeveralOrganizations: the grant to a client that nobody has registered names
// one organization.
var errSeveralOrganizations = proto.ErrInvalidRequest.Describe("at most one organization can be opened to the client")

// open opens organizations of the user to the application.
func (a *asking) open(ctx context.Context, tx *db.Tx, organizationIDs []string) error {
	switch {
	case len(organizationIDs) == 0:
		return nil
	case a.client.IsDocument() && len(organizationIDs) > 1:
		return errSeveralOrganizations
	case a.client.IsDocument():
		a.organizationID = organizationIDs[0]
		return organization.Users.RequireMember(ctx, tx, a.organizationID, a.userID)
	}
	err := application.OpenOrganizations(ctx, tx, a.client.ID, a.userID, organizationIDs)
	if errors.Is(err, application.ErrNotMember) {
		return ErrNoMember
	}
	return err
}

// save adds what is asked for to the grant that the session holds for the client,
// or makes one.
func (a *asking) save(ctx context.Context, tx *db.Tx, now int64, session *token.Session) (*token.Grant, error) {
	g := a.grant
	if g == nil {
		g = &token.Grant{UserID: a.userID, ClientID: a.client.ID, ClientKind: a.client.Kind, SessionUID: &session.UID, OrganizationID: a.organizationID}
		if a.client.IsDocument() {
			g.ClientName = a.client.Title()
		}
	}
	a.ceiling.Under(g.OrganizationID)
	g.OIDCScope, g.ResourceScopes = a.ceiling.Provider(a.params.providerScope()), a.params.ResourceScopes
	if a.ceiling != nil {
		if err := a.decide(ctx, tx, g); err != nil {
			return nil, err
		}
	}
	g.IsOffline = proto.HasScope(g.OIDCScope, proto.ScopeOfflineAccess)
	return token.SaveGrant(ctx, tx, now, *g)
}

// decide grants a third-party application what the user has to give of each
// resource, and rejects the rest. Where there is nothing to give it decides
// nothing: the user will be asked again.
func (a *asking) decide(ctx context.Context, q db.Q, g *token.Grant) error {
	g.ResourceScopes, g.RejectedScopes = map[string]string{}, map[string]string{}
	for _, indicator := range a.params.Resources {
		requested := a.params.ResourceScopes[indicator]
		given := a.ceiling.Resource(indicator, requested)
		if indicator != proto.OrganizationsResource {
			r, err := resource.ByIndicator(ctx, q, indicator)
			if errors.Is(err, resource.ErrNotFound) {
				continue // deleted meanwhile
			}
			if err != nil {
				return err
			}
			effective, err := a.ceiling.Given(ctx, q, a.userID, r, "")
			if err != nil {
				return err
			}
			given = proto.IntersectScope(given, effective)
		}
		if requested != "" && given == "" && !a.client.IsDocument() {
			continue
		}
		g.ResourceScopes[indicator] = given
		g.RejectedScopes[indicator] = proto.ExceptScope(requested, given)
	}
	return nil
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
