package client

import (
	"context"

	"signet/internal/access"
	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
)

// Ceiling is what a third-party client may have of its users at most, as
// operators have set it. That of other clients is nil and limits nothing.
type Ceiling struct {
	clientID                         string
	userScopes, organizationScopes   string
	resources, organizationResources map[string]string // by indicator
}

// CeilingOf returns the ceiling of a client as it is now.
func CeilingOf(ctx context.Context, q db.Q, c *Client) (*Ceiling, error) {
	if !c.IsThirdParty {
		return nil, nil
	}
	consent, err := application.Consent(ctx, q, c.ID)
	if err != nil {
		return nil, err
	}
	return &Ceiling{
		clientID:              c.ID,
		userScopes:            proto.JoinScope(append(consent.UserScopes, proto.ScopeOpenID, proto.ScopeOfflineAccess)),
		organizationScopes:    joinNames(consent.OrganizationScopes),
		resources:             byIndicator(consent.ResourceScopes),
		organizationResources: byIndicator(consent.OrganizationResourceScopes),
	}, nil
}

func joinNames(scopes []application.ConsentScope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	return proto.JoinScope(names)
}

func byIndicator(resources []application.ConsentResource) map[string]string {
	scopes := map[string]string{}
	for _, r := range resources {
		scopes[r.Resource.Indicator] = joinNames(r.Scopes)
	}
	return scopes
}

// Provider returns the members of a scope, all of the provider, that the client
// may ask for.
func (l *Ceiling) Provider(scope string) string {
	if l == nil {
		return scope
	}
	return proto.IntersectScope(scope, l.userScopes)
}

// Organizations returns those members of a scope of organizations.
func (l *Ceiling) Organizations(scope string) string {
	if l == nil {
		return scope
	}
	return proto.IntersectScope(scope, l.organizationScopes)
}

// Resource returns those members of a scope of a resource, on whatever ground the
// user has them.
func (l *Ceiling) Resource(indicator, scope string) string {
	switch {
	case l == nil:
		return scope
	case indicator == proto.OrganizationsResource:
		return l.Organizations(scope)
	}
	return proto.IntersectScope(scope, proto.UnionScope(l.resources[indicator], l.organizationResources[indicator]))
}

// OwnScopes returns the scopes of a resource that a user has through their roles
// and may give to the client.
func (l *Ceiling) OwnScopes(ctx context.Context, q db.Q, userID, resourceID, indicator string) ([]access.Scope, error) {
	return l.scopesIn(ctx, q, userID, resourceID, "", l.resources[indicator])
}

// ScopesIn returns the scopes of a resource that a user has in an organization
// and may give to the client.
func (l *Ceiling) ScopesIn(ctx context.Context, q db.Q, userID, resourceID, indicator, organizationID string) ([]access.Scope, error) {
	return l.scopesIn(ctx, q, userID, resourceID, organizationID, l.organizationResources[indicator])
}

func (l *Ceiling) scopesIn(ctx context.Context, q db.Q, userID, resourceID, organizationID, allowed string) ([]access.Scope, error) {
	if allowed == "" {
		return nil, nil
	}
	scopes, err := access.ResourceScopesIn(ctx, q, access.User(userID), resourceID, organizationID)
	var out []access.Scope
	for _, s := range scopes {
		if proto.HasScope(allowed, s.Name) {
			out = append(out, s)
		}
	}
	return out, err
}

// Scope returns the names of all scopes of a resource that a user has, on their
// own account and in organizations that they opened to the client, and may give
// to the client; in one organization only if organizationID is set.
func (l *Ceiling) Scope(ctx context.Context, q db.Q, userID, resourceID, indicator, organizationID string) (string, error) {
	own, err := l.OwnScopes(ctx, q, userID, resourceID, indicator)
	if err != nil {
		return "", err
	}
	scope := proto.JoinScope(access.Names(own))
	organizations := []string{organizationID}
	if organizationID == "" {
		if organizations, err = application.OpenedTo(ctx, q, l.clientID, userID); err != nil {
			return "", err
		}
	}
	for _, id := range organizations {
		there, err := l.ScopesIn(ctx, q, userID, resourceID, indicator, id)
		if err != nil {
			return "", err
		}
		scope = proto.UnionScope(scope, proto.JoinScope(access.Names(there)))
	}
	return scope, nil
}
