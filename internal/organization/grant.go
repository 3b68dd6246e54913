package organization

import (
	"context"
	"errors"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/resource"
)

// Grant is what roles permit: organization scopes, or scopes of API resources.
type Grant struct{ link db.Link }

// The grants.
var (
	Scopes = &Grant{db.Link{
		Table: "organization_role_scopes", Owner: []string{"organization_role_id"}, Member: "organization_scope_id"}}
	ResourceScopes = &Grant{db.Link{
		Table: "organization_role_resource_scopes", Owner: []string{"organization_role_id"}, Member: "scope_id"}}
)

// Add lets a role grant scopes beside those that it grants. A role or scope that
// does not exist is errs.ErrReferenceInOrganization; a scope of a Management API
// for people is errs.ErrConstraint.
func (g *Grant) Add(ctx context.Context, tx *db.Tx, roleID string, scopeIDs []string) error {
	if err := g.check(ctx, tx, roleID, scopeIDs); err != nil {
		return err
	}
	_, err := g.link.Add(ctx, tx, 0, scopeIDs, roleID)
	return reference(err)
}

// Replace makes scopes all that a role grants. It fails as Add does, and with
// errs.ErrNotUnique if one is named twice.
func (g *Grant) Replace(ctx context.Context, tx *db.Tx, roleID string, scopeIDs []string) error {
	if err := g.check(ctx, tx, roleID, scopeIDs); err != nil {
		return err
	}
	once := db.Distinct(scopeIDs)
	if len(once) < len(scopeIDs) {
		return errs.ErrNotUnique
	}
	_, _, err := g.link.Replace(ctx, tx, 0, once, roleID)
	return reference(err)
}

// Remove takes a scope from a role, or returns errs.ErrNotFound.
func (g *Grant) Remove(ctx context.Context, tx *db.Tx, roleID, scopeID string) error {
	removed, err := g.link.Remove(ctx, tx, scopeID, roleID)
	if err == nil && !removed {
		return errs.ErrNotFound
	}
	return err
}

// check locks the role, and refuses scopes that it must not grant.
func (g *Grant) check(ctx context.Context, tx *db.Tx, roleID string, scopeIDs []string) error {
	kind, err := db.One[RoleType](ctx, tx, `SELECT type FROM organization_roles
		WHERE tenant_id = $1 AND id = $2`+tx.Dialect().ForUpdate(), roleID)
	if errors.Is(err, db.ErrNoRows) {
		return errs.ErrReferenceInOrganization
	}
	if err != nil || g != ResourceScopes {
		return err
	}
	return checkReserved(ctx, tx, kind, scopeIDs)
}

// checkReserved keeps the Management API from roles of people: who operates the
// tenant is no matter of an organization.
func checkReserved(ctx context.Context, tx *db.Tx, kind RoleType, scopeIDs []string) error {
	if kind != UserRole {
		return nil
	}
	for batch := range slices.Chunk(db.Distinct(scopeIDs), checkBatch) {
		indicators, err := db.All[string](ctx, tx, `SELECT DISTINCT r.indicator
			FROM scopes s JOIN resources r ON r.tenant_id = s.tenant_id AND r.id = s.resource_id
			WHERE s.tenant_id = $1 AND s.id IN (`+db.Placeholders(2, len(batch))+`)`, db.Args(batch)...)
		if err != nil {
			return err
		}
		for _, indicator := range indicators {
			if (&resource.Resource{Indicator: indicator}).IsReserved() {
				return errs.ErrConstraint
			}
		}
	}
	return nil
}

// reference tells an id that names nothing.
func reference(err error) error {
	if db.IsReference(err) {
		return errs.ErrReferenceInOrganization.Wrap(err)
	}
	return err
}

// ScopesOfRole returns a range of the organization scopes that a role grants, by
// name, and how many there are.
func ScopesOfRole(ctx context.Context, q db.Q, roleID string, r db.Range) ([]Scope, int64, error) {
	return db.List[Scope](ctx, q, db.Listing{
		Columns: "s.id, s.name, s.description",
		From:    "organization_role_scopes g JOIN organization_scopes s ON s.tenant_id = g.tenant_id AND s.id = g.organization_scope_id",
		Where:   "g.tenant_id = $1 AND g.organization_role_id = $2", Order: "s.name, s.id", Args: []any{roleID},
	}, r)
}

// ResourceScopesOfRole returns a range of the resource scopes that a role
// grants, by name, and how many there are.
func ResourceScopesOfRole(ctx context.Context, q db.Q, roleID string, r db.Range) ([]resource.Scope, int64, error) {
	return db.List[resource.Scope](ctx, q, db.Listing{
		Columns: "s.id, s.resource_id, s.name, s.description, s.created_at",
		From:    "organization_role_resource_scopes g JOIN scopes s ON s.tenant_id = g.tenant_id AND s.id = g.scope_id",
		Where:   "g.tenant_id = $1 AND g.organization_role_id = $2", Order: "s.name, s.id", Args: []any{roleID},
	}, r)
}

// Granted is what a role grants, as lists of roles show it.
type Granted struct {
	Scopes         []Named         `json:"scopes"`
	ResourceScopes []ResourceScope `json:"resourceScopes"`
}

// ResourceScope is a resource scope with the resource that it belongs to.
type ResourceScope struct {
	Named

	Resource Named `json:"resource"`
}

// GrantedBy returns what each of the roles grants, everything by name.
func GrantedBy(ctx context.Context, q db.Q, roleIDs []string) (map[string]*Granted, error) {
	granted := map[string]*Granted{}
	for _, id := range roleIDs {
		granted[id] = &Granted{Scopes: []Named{}, ResourceScopes: []ResourceScope{}}
	}
	if len(roleIDs) == 0 {
		return granted, nil
	}
	ofRoles := `organization_role_id IN (` + db.Placeholders(2, len(roleIDs)) + `)`
	type row struct {
		Named

		RoleID       string `db:"organization_role_id"`
		ResourceID   string `db:"resource_id"`
		ResourceName string `db:"resource_name"`
	}
	scopes, err := db.All[row](ctx, q, `SELECT g.organization_role_id, s.id, s.name, '' AS resource_id, '' AS resource_name
		FROM organization_role_scopes g JOIN organization_scopes s ON s.tenant_id = g.tenant_id AND s.id = g.organization_scope_id
		WHERE g.tenant_id = $1 AND g.`+ofRoles+` ORDER BY s.name, s.id`, db.Args(roleIDs)...)
	if err != nil {
		return nil, err
	}
	for _, s := range scopes {
		to := granted[s.RoleID]
		to.Scopes = append(to.Scopes, s.Named)
	}
	resourceScopes, err := db.All[row](ctx, q, `SELECT g.organization_role_id, s.id, s.name, r.id AS resource_id, r.name AS resource_name
		FROM organization_role_resource_scopes g JOIN scopes s ON s.tenant_id = g.tenant_id AND s.id = g.scope_id
			JOIN resources r ON r.tenant_id = s.tenant_id AND r.id = s.resource_id
		WHERE g.tenant_id = $1 AND g.`+ofRoles+` ORDER BY s.name, s.id`, db.Args(roleIDs)...)
	if err != nil {
		return nil, err
	}
	for _, s := range resourceScopes {
		to := granted[s.RoleID]
		to.ResourceScopes = append(to.ResourceScopes, ResourceScope{s.Named, Named{s.ResourceID, s.ResourceName}})
	}
	return granted, nil
}
