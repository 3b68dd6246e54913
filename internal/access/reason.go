package access

import (
	"context"

	"signet/internal/platform/db"
)

// Reason is a way by which a subject has a scope: a role of its own or, with an
// organization, a role there. Somebody may have a scope for several reasons.
type Reason struct {
	Scope            string  `db:"scope"` // by name
	RoleID           string  `db:"role_id"`
	RoleName         string  `db:"role_name"`
	OrganizationID   *string `db:"organization_id"`
	OrganizationName *string `db:"organization_name"`
}

// ResourceReasons returns every reason for which the subject has scopes of a
// resource, in whichever organization, by names. Those that count are a question
// of whom the subject acts for: see ResourceScopes and ResourceScopesIn.
func ResourceReasons(ctx context.Context, q db.Q, s Subject, resourceID string) ([]Reason, error) {
	return db.All[Reason](ctx, q, s.kind.resourceReasons, s.id, resourceID)
}

// OrganizationReasons returns every reason for which the subject has scopes in
// an organization, by names.
func OrganizationReasons(ctx context.Context, q db.Q, s Subject, organizationID string) ([]Reason, error) {
	return db.All[Reason](ctx, q, s.kind.organizationReasons, s.id, organizationID)
}

const reasonsInOrder = ` ORDER BY organization_name, role_name, scope`

// resourceReasonsOf and organizationReasonsOf take the tables in which a subject
// has roles and the column that names it.
func resourceReasonsOf(roles, organizationRoles, column string) string {
	return `SELECT s.name AS scope, r.id AS role_id, r.name AS role_name, NULL AS organization_id, NULL AS organization_name
	FROM ` + roles + ` h CROSS JOIN role_scopes rs CROSS JOIN scopes s CROSS JOIN roles r
	WHERE h.tenant_id = $1 AND h.` + column + ` = $2 AND rs.tenant_id = $1 AND rs.role_id = h.role_id
		AND s.tenant_id = $1 AND s.id = rs.scope_id AND s.resource_id = $3 AND r.tenant_id = $1 AND r.id = h.role_id
	UNION ALL
	SELECT s.name AS scope, r.id AS role_id, r.name AS role_name, o.id AS organization_id, o.name AS organization_name
	FROM ` + organizationRoles + ` h CROSS JOIN organization_role_resource_scopes rs CROSS JOIN scopes s
		CROSS JOIN organization_roles r CROSS JOIN organizations o
	WHERE h.tenant_id = $1 AND h.` + column + ` = $2 AND rs.tenant_id = $1 AND rs.organization_role_id = h.organization_role_id
		AND s.tenant_id = $1 AND s.id = rs.scope_id AND s.resource_id = $3 AND r.tenant_id = $1 AND r.id = h.organization_role_id
		AND o.tenant_id = $1 AND o.id = h.organization_id` + reasonsInOrder
}

func organizationReasonsOf(organizationRoles, column string) string {
	return `SELECT s.name AS scope, r.id AS role_id, r.name AS role_name,
		o.id AS organization_id, o.name AS organization_name
	FROM ` + organizationRoles + ` h CROSS JOIN organization_role_scopes rs CROSS JOIN organization_scopes s
		CROSS JOIN organization_roles r CROSS JOIN organizations o
	WHERE h.tenant_id = $1 AND h.` + column + ` = $2 AND h.organization_id = $3 AND rs.tenant_id = $1
		AND rs.organization_role_id = h.organization_role_id AND s.tenant_id = $1 AND s.id = rs.organization_scope_id AND r.tenant_id = $1 AND r.id = h.organization_role_id
		AND o.tenant_id = $1 AND o.id = h.organization_id` + reasonsInOrder
}
