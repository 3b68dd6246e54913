// Package access says what somebody may do: the scopes that a user or a machine
// effectively has, through roles and through roles in organizations. Roles,
// organizations and memberships themselves belong to the slices of those names;
// who may ask for a scope, and which clients may pass it on, is the protocol's
// to decide.
package access

import (
	"context"

	"signet/internal/platform/db"
)

// Subject is who has scopes.
type Subject struct {
	kind *kind
	id   string
}

// kind has the statements for one sort of subject.
type kind struct {
	resource, resourceIn, organization   string
	resourceReasons, organizationReasons string
}

// User is the subject of a user's id.
func User(id string) Subject { return Subject{users, id} }

// Application is the subject of a machine-to-machine application's id.
func Application(id string) Subject { return Subject{applications, id} }

// Scope is a permission, of a resource or of organizations.
type Scope struct {
	ID          string  `db:"id"`
	Name        string  `db:"name"`
	Description *string `db:"description"`
}

// Names returns the names of scopes, in their order.
func Names(scopes []Scope) []string {
	names := make([]string, 0, len(scopes))
	for _, s := range scopes {
		names = append(names, s.Name)
	}
	return names
}

// ResourceScopes returns the scopes of a resource that the subject has outside
// any single organization, ordered by name: a user through roles and through
// roles in every organization, an application through its roles alone.
func ResourceScopes(ctx context.Context, q db.Q, s Subject, resourceID string) ([]Scope, error) {
	return db.All[Scope](ctx, q, s.kind.resource, s.id, resourceID)
}

// ResourceScopesIn returns the scopes of a resource that the subject has when it
// acts for an organization, ordered by name: a user through roles and through
// roles in that organization, an application through the latter alone. Somebody
// who is no member has none of the organization's.
func ResourceScopesIn(ctx context.Context, q db.Q, s Subject, resourceID, organizationID string) ([]Scope, error) {
	return db.All[Scope](ctx, q, s.kind.resourceIn, s.id, resourceID, organizationID)
}

// OwnResourceScopes returns the scopes of a resource that a user has through roles
// of their own alone, ordered by name.
func OwnResourceScopes(ctx context.Context, q db.Q, userID, resourceID string) ([]Scope, error) {
	return db.All[Scope](ctx, q, scopesOf+throughUserRoles+byName, userID, resourceID)
}

// ScopeIn is a scope that somebody has in an organization.
type ScopeIn struct {
	Scope

	OrganizationID string `db:"organization_id"`
}

// ResourceScopesByOrganization returns the scopes of a resource that a user has
// through roles in organizations, ordered by organization and name.
func ResourceScopesByOrganization(ctx context.Context, q db.Q, userID, resourceID string) ([]ScopeIn, error) {
	return db.All[ScopeIn](ctx, q, byOrganization, userID, resourceID)
}

// OrganizationScopes returns the scopes that the subject has in an organization
// through its roles there, ordered by name; none for somebody who is no member.
func OrganizationScopes(ctx context.Context, q db.Q, s Subject, organizationID string) ([]Scope, error) {
	return db.All[Scope](ctx, q, s.kind.organization, s.id, organizationID)
}
