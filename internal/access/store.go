package access

// Every statement begins with the subject's own role rows and goes on by keys;
// CROSS JOIN keeps SQLite from turning that round, which it may do as long as it
// knows no sizes. $2 is the subject, $3 the resource or organization, $4 an
// organization.
const (
	scopesOf = `SELECT id, name, description FROM scopes
	WHERE tenant_id = $1 AND resource_id = $3 AND id IN (`
	byName = `) ORDER BY name`

	throughUserRoles = `SELECT rs.scope_id FROM user_roles u CROSS JOIN role_scopes rs
		WHERE u.tenant_id = $1 AND u.user_id = $2 AND rs.tenant_id = $1 AND rs.role_id = u.role_id`
	throughApplicationRoles = `SELECT rs.scope_id FROM application_roles a CROSS JOIN role_scopes rs
		WHERE a.tenant_id = $1 AND a.application_id = $2 AND rs.tenant_id = $1 AND rs.role_id = a.role_id`

	throughUserOrganizationRoles = `SELECT rs.scope_id FROM organization_user_roles u CROSS JOIN organization_role_resource_scopes rs
		WHERE u.tenant_id = $1 AND u.user_id = $2 AND rs.tenant_id = $1 AND rs.organization_role_id = u.organization_role_id`
	throughApplicationOrganizationRoles = `SELECT rs.scope_id FROM organization_application_roles a CROSS JOIN organization_role_resource_scopes rs
		WHERE a.tenant_id = $1 AND a.application_id = $2 AND a.organization_id = $4
			AND rs.tenant_id = $1 AND rs.organization_role_id = a.organization_role_id`

	byOrganization = `SELECT DISTINCT u.organization_id, s.id, s.name, s.description
	FROM organization_user_roles u CROSS JOIN organization_role_resource_scopes rs CROSS JOIN scopes s
	WHERE u.tenant_id = $1 AND u.user_id = $2
		AND rs.tenant_id = $1 AND rs.organization_role_id = u.organization_role_id
		AND s.tenant_id = $1 AND s.id = rs.scope_id AND s.resource_id = $3 ORDER BY u.organization_id, s.name`

	ofUserOrganizationRoles = `SELECT DISTINCT s.id, s.name, s.description
	FROM organization_user_roles u CROSS JOIN organization_role_scopes rs CROSS JOIN organization_scopes s
	WHERE u.tenant_id = $1 AND u.user_id = $2 AND u.organization_id = $3
		AND rs.tenant_id = $1 AND rs.organization_role_id = u.organization_role_id
		AND s.tenant_id = $1 AND s.id = rs.organization_scope_id ORDER BY s.name`
	ofApplicationOrganizationRoles = `SELECT DISTINCT s.id, s.name, s.description
	FROM organization_application_roles a CROSS JOIN organization_role_scopes rs CROSS JOIN organization_scopes s
	WHERE a.tenant_id = $1 AND a.application_id = $2 AND a.organization_id = $3
		AND rs.tenant_id = $1 AND rs.organization_role_id = a.organization_role_id
		AND s.tenant_id = $1 AND s.id = rs.organization_scope_id ORDER BY s.name`
)

var (
	users = &kind{
		resource:     scopesOf + throughUserRoles + ` UNION ALL ` + throughUserOrganizationRoles + byName,
		resourceIn:   scopesOf + throughUserRoles + ` UNION ALL ` + throughUserOrganizationRoles + ` AND u.organization_id = $4` + byName,
		organization: ofUserOrganizationRoles,

		resourceReasons:     resourceReasonsOf("user_roles", "organization_user_roles", "user_id"),
		organizationReasons: organizationReasonsOf("organization_user_roles", "user_id"),
	}
	applications = &kind{
		resource:     scopesOf + throughApplicationRoles + byName,
		resourceIn:   scopesOf + throughApplicationOrganizationRoles + byName,
		organization: ofApplicationOrganizationRoles,

		resourceReasons:     resourceReasonsOf("application_roles", "organization_application_roles", "application_id"),
		organizationReasons: organizationReasonsOf("organization_application_roles", "application_id"),
	}
)
