package client

import (
	"context"
	"maps"
	"slices"

	"signet/internal/access"
	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/resource"
)

// Ceiling is what a third-party client may have of its users at most, as
// operators have set it. That of other clients is nil and limits nothing.
type Ceiling struct {
	clientID   string
	isDocument bool
	// opened is the one organization that a grant to the client of a document is
	// for, "" for none.
	opened                           string
	userScopes, organizationScopes   string
	resources, organizationResources map[string]string // by indicator
}

// CeilingOf returns the ceiling of a client as it is now.
func CeilingOf(ctx context.Context, q db.Q, c *Client) (*Ceiling, error) {
	if !c.IsThirdParty {
		return nil, nil
	}
	var of []string // whose lists count
	if !c.IsDocument() {
		of = append(of, c.ID)
	}
	if c.IsDocument() || c.IsSelfRegistered {
		of = append(of, application.Unregistered)
	}
	l := &Ceiling{
		clientID: c.ID, isDocument: c.IsDocument(), userScopes: proto.ScopeOpenID + " " + proto.ScopeOfflineAccess,
		resources: map[string]string{}, organizationResources: map[string]string{},
	}
	for _, id := range of {
		consent, err := application.Consent(ctx, q, id)
		if err != nil {
			return nil, err
		}
		l.userScopes = proto.UnionScope(proto.JoinScope(consent.UserScopes), l.userScopes)
		l.organizationScopes = proto.UnionScope(l.organizationScopes, joinNames(consent.OrganizationScopes))
		raise(l.resources, consent.ResourceScopes)
		raise(l.organizationResources, consent.OrganizationResourceScopes)
	}
	return l, nil
}

// All returns everything that the client may ask for, in whatever API.
func (l *Ceiling) All() string {
	all := proto.UnionScope(l.userScopes, l.organizationScopes)
	for _, scopes := range []map[string]string{l.resources, l.organizationResources} {
		for _, indicator := range slices.Sorted(maps.Keys(scopes)) {
			all = proto.UnionScope(all, scopes[indicator])
		}
	}
	return all
}

// Any returns the members of a scope that the client may ask for, in whatever API.
func (l *Ceiling) Any(scope string) string {
	if l == nil {
		return scope
	}
	return proto.IntersectScope(scope, l.All())
}

// Under narrows the ceiling to what one grant is for: organizationID is the
// organization that it names, "" for none. Those of registered clients name none.
func (l *Ceiling) Under(organizationID string) {
	if l != nil {
		l.opened = organizationID
	}
}

// Opened returns the organizations that a user has opened to a third-party client.
func (l *Ceiling) Opened(ctx context.Context, q db.Q, userID string) ([]string, error) {
	switch {
	case !l.isDocument:
		return application.OpenedTo(ctx, q, l.clientID, userID)
	case l.opened == "":
		return nil, nil
	}
	return []string{l.opened}, nil
}

// Told is Opened where there is a ceiling, and nil where nothing limits what a
// client learns of its users.
func (l *Ceiling) Told() func(ctx context.Context, q db.Q, userID string) ([]string, error) {
	if l == nil {
		return nil
	}
	return l.Opened
}

func joinNames(scopes []application.ConsentScope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	return proto.JoinScope(names)
}

// raise adds scopes of resources to those that are there by indicator.
func raise(scopes map[string]string, more []application.ConsentResource) {
	for _, r := range more {
		scopes[r.Resource.Indicator] = proto.UnionScope(scopes[r.Resource.Indicator], joinNames(r.Scopes))
	}
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

// Own returns the scopes of a resource that a user has through their own roles and
// may give to the client.
func (l *Ceiling) Own(ctx context.Context, q db.Q, userID string, r *resource.Resource) ([]access.Scope, error) {
	scopes, err := access.OwnResourceScopes(ctx, q, userID, r.ID)
	return slices.DeleteFunc(scopes, func(s access.Scope) bool {
		return l != nil && !proto.HasScope(l.resources[r.Indicator], s.Name)
	}), err
}

// ByOrganization returns the scopes of a resource that a user has in organizations
// and may give to the client.
func (l *Ceiling) ByOrganization(ctx context.Context, q db.Q, userID string, r *resource.Resource) ([]access.ScopeIn, error) {
	if l != nil && l.organizationResources[r.Indicator] == "" {
		return nil, nil
	}
	scopes, err := access.ResourceScopesByOrganization(ctx, q, userID, r.ID)
	return slices.DeleteFunc(scopes, func(s access.ScopeIn) bool {
		return l != nil && !proto.HasScope(l.organizationResources[r.Indicator], s.Name)
	}), err
}

// Given returns the names of all scopes of a resource that a user has and gives
// to a third-party client: their own, and those in organizations that they opened
// to it; in one organization only if organizationID is set.
func (l *Ceiling) Given(ctx context.Context, q db.Q, userID string, r *resource.Resource, organizationID string) (string, error) {
	own, err := l.Own(ctx, q, userID, r)
	if err != nil {
		return "", err
	}
	names := access.Names(own)
	inOrganizations, err := l.ByOrganization(ctx, q, userID, r)
	if err != nil || len(inOrganizations) == 0 {
		return proto.JoinScope(names), err
	}
	opened := []string{organizationID}
	if organizationID == "" {
		if opened, err = l.Opened(ctx, q, userID); err != nil {
			return "", err
		}
	}
	for _, s := range inOrganizations {
		if slices.Contains(opened, s.OrganizationID) {
			names = append(names, s.Name)
		}
	}
	return proto.JoinScope(names), nil
}
