package application

import (
	"context"
	"maps"
	"slices"
	"strings"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
	"signet/internal/role"
)

// AccessRules say who may use an application that limits access: everybody whom
// one of them names.
type AccessRules struct {
	UserIDs           []string                `json:"userIds" check:"max=128,items=2000"`
	UserRoleIDs       []string                `json:"userRoleIds" check:"max=128,items=2000"`
	OrganizationIDs   []string                `json:"organizationIds" check:"max=128,items=2000"`
	OrganizationRoles []OrganizationRolesRule `json:"organizationRoleRules" check:"items=2000"`
}

// OrganizationRolesRule names the members of an organization who have one of the
// roles there.
type OrganizationRolesRule struct {
	OrganizationID      string   `json:"organizationId" check:"max=128"`
	OrganizationRoleIDs []string `json:"organizationRoleIds" check:"max=128,items=2000"`
}

const (
	// maxRules bounds the distinct members of each list of rules.
	maxRules = 1000
	// maxRolePairs bounds how many roles the rules of all organizations name.
	maxRolePairs = 4000
)

func (r *AccessRules) isEmpty() bool {
	return len(r.UserIDs)+len(r.UserRoleIDs)+len(r.OrganizationIDs)+len(r.OrganizationRoles) == 0
}

// normalized returns the rules in order and without repetitions, those of one
// organization as one.
func (r *AccessRules) normalized() (*AccessRules, error) {
	out := &AccessRules{UserIDs: db.Distinct(r.UserIDs), UserRoleIDs: db.Distinct(r.UserRoleIDs), OrganizationIDs: db.Distinct(r.OrganizationIDs)}
	byOrganization, pairs := map[string][]string{}, 0
	for _, rule := range r.OrganizationRoles {
		if len(rule.OrganizationRoleIDs) == 0 {
			return nil, ErrNoGroup
		}
		byOrganization[rule.OrganizationID] = append(byOrganization[rule.OrganizationID], rule.OrganizationRoleIDs...)
	}
	out.OrganizationRoles = make([]OrganizationRolesRule, 0, len(byOrganization))
	for _, id := range slices.Sorted(maps.Keys(byOrganization)) {
		rule := OrganizationRolesRule{id, db.Distinct(byOrganization[id])}
		pairs += len(rule.OrganizationRoleIDs)
		out.OrganizationRoles = append(out.OrganizationRoles, rule)
	}
	for path, n := range map[string]int{
		"userIds": len(out.UserIDs), "userRoleIds": len(out.UserRoleIDs),
		"organizationIds": len(out.OrganizationIDs), "organizationRoleRules": len(out.OrganizationRoles),
	} {
		if n > maxRules {
			return nil, web.Invalid(path, "must have at most 1000 different members")
		}
	}
	if pairs > maxRolePairs {
		return nil, web.Invalid("organizationRoleRules", "must name at most 4000 roles in all")
	}
	return out, nil
}

type accessRow struct {
	UserID             *string `db:"user_id"`
	RoleID             *string `db:"role_id"`
	OrganizationID     *string `db:"organization_id"`
	OrganizationRoleID *string `db:"organization_role_id"`
}

// Access returns the access rules of an application, each list by id.
func Access(ctx context.Context, q db.Q, id string) (*AccessRules, error) {
	rows, err := db.All[accessRow](ctx, q, `SELECT user_id, role_id, organization_id, organization_role_id
		FROM application_access_rules WHERE tenant_id = $1 AND application_id = $2`, id)
	if err != nil {
		return nil, err
	}
	r := &AccessRules{}
	for _, row := range rows {
		switch {
		case row.UserID != nil:
			r.UserIDs = append(r.UserIDs, *row.UserID)
		case row.RoleID != nil:
			r.UserRoleIDs = append(r.UserRoleIDs, *row.RoleID)
		case row.OrganizationRoleID != nil:
			r.OrganizationRoles = append(r.OrganizationRoles, OrganizationRolesRule{*row.OrganizationID, []string{*row.OrganizationRoleID}})
		default:
			r.OrganizationIDs = append(r.OrganizationIDs, *row.OrganizationID)
		}
	}
	return r.normalized()
}

// ReplaceAccess makes rules all that say who may use an application, and returns
// them as they are stored. An unknown id is errs.ErrReference, a role for
// machines errs.ErrConstraint; an application that limits access cannot be left
// without rules.
func ReplaceAccess(ctx context.Context, tx *db.Tx, id string, rules AccessRules) (*AccessRules, error) {
	a, err := lock(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	r, err := rules.normalized()
	switch {
	case err != nil:
		return nil, err
	case r.isEmpty() && a.IsAccessLimited:
		return nil, ErrNoRules
	}
	if err := r.checkRoles(ctx, tx); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM application_access_rules WHERE tenant_id = $1 AND application_id = $2`, id); err != nil {
		return nil, err
	}
	for batch := range slices.Chunk(r.rows(), 100) {
		if err := insertAccess(ctx, tx, id, batch); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// checkRoles refuses roles that no person can have.
func (r *AccessRules) checkRoles(ctx context.Context, tx *db.Tx) error {
	organizationRoles := []string{}
	for _, rule := range r.OrganizationRoles {
		organizationRoles = append(organizationRoles, rule.OrganizationRoleIDs...)
	}
	for table, named := range map[string][]string{"roles": r.UserRoleIDs, "organization_roles": db.Distinct(organizationRoles)} {
		n, err := countOfType(ctx, tx, table, role.MachineToMachine, named)
		if err != nil {
			return err
		}
		if n > 0 {
			return errs.ErrConstraint
		}
	}
	return nil
}

func (r *AccessRules) rows() []accessRow {
	rows := []accessRow{}
	for _, id := range r.UserIDs {
		rows = append(rows, accessRow{UserID: &id})
	}
	for _, id := range r.UserRoleIDs {
		rows = append(rows, accessRow{RoleID: &id})
	}
	for _, id := range r.OrganizationIDs {
		rows = append(rows, accessRow{OrganizationID: &id})
	}
	for _, rule := range r.OrganizationRoles {
		for _, id := range rule.OrganizationRoleIDs {
			rows = append(rows, accessRow{OrganizationID: &rule.OrganizationID, OrganizationRoleID: &id})
		}
	}
	return rows
}

func insertAccess(ctx context.Context, tx *db.Tx, id string, rows []accessRow) error {
	values, args := make([]string, len(rows)), []any{id}
	for i, r := range rows {
		values[i] = "($1, $2, " + db.Placeholders(len(args)+2, 5) + ")"
		args = append(args, ids.Long(), r.UserID, r.RoleID, r.OrganizationID, r.OrganizationRoleID)
	}
	_, err := tx.Exec(ctx, `INSERT INTO application_access_rules (tenant_id, application_id, id, user_id, role_id,
		organization_id, organization_role_id) VALUES `+strings.Join(values, ", "), args...)
	if db.IsReference(err) {
		return errs.ErrReference
	}
	return err
}

// Admits reports whether a user may use an application now: it does not limit
// access, or one of its rules names the user, a role of theirs, an organization
// that they belong to, or a role of theirs in an organization. An application
// that limits access and has lost its rules admits nobody; neither does one that
// is not there.
func Admits(ctx context.Context, q db.Q, id, userID string) (bool, error) {
	n, err := db.One[int](ctx, q, `SELECT count(*) FROM applications a WHERE a.tenant_id = $1 AND a.id = $2
		AND (NOT a.is_access_control_enabled OR EXISTS (
			SELECT 1 FROM application_access_rules r WHERE r.tenant_id = $1 AND r.application_id = $2 AND (
				r.user_id = $3
				OR r.role_id IN (SELECT role_id FROM user_roles WHERE tenant_id = $1 AND user_id = $3)
				OR r.organization_role_id IS NULL AND r.organization_id IN (
					SELECT organization_id FROM organization_users WHERE tenant_id = $1 AND user_id = $3)
				OR EXISTS (SELECT 1 FROM organization_user_roles u WHERE u.tenant_id = $1 AND u.user_id = $3
					AND u.organization_id = r.organization_id AND u.organization_role_id = r.organization_role_id))))`, id, userID)
	return n > 0, err
}
