package organization

import (
	"context"
	"errors"
	"slices"
	"strings"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/search"
)

// RoleType says who can hold a role: people or machines.
type RoleType string

// The types.
const (
	UserRole    RoleType = "User"
	MachineRole RoleType = "MachineToMachine"
)

// Role is what members of organizations can hold, each in an organization: a
// named set of organization scopes and resource scopes.
type Role struct {
	ID          string   `db:"id"`
	Name        string   `db:"name"` // unique
	Description *string  `db:"description"`
	Type        RoleType `db:"type"`
}

var roleFields = search.Columns("", "id", "name", "description")

const roleColumns = `id, name, description, type`

// RoleList returns roles by name, and how many there are. A text narrows them to
// those that have it in id, name or description, in any case.
func RoleList(ctx context.Context, q db.Q, text string, r db.Range) ([]Role, int64, error) {
	l := db.Listing{Columns: roleColumns, From: "organization_roles", Where: "tenant_id = $1", Order: "name, id"}
	if err := containing(q, &l, text, roleFields); err != nil {
		return nil, 0, err
	}
	return db.List[Role](ctx, q, l, r)
}

// RoleByID returns a role, or errs.ErrNotFound.
func RoleByID(ctx context.Context, q db.Q, id string) (*Role, error) {
	r, err := db.One[Role](ctx, q, `SELECT `+roleColumns+` FROM organization_roles WHERE tenant_id = $1 AND id = $2`, id)
	if errors.Is(err, db.ErrNoRows) {
		return nil, errs.ErrNotFound
	}
	return &r, err
}

// CreateRole stores a role with what it grants, whose id is drawn if it is
// empty; without a type it is for people. It fails with errs.ErrNotUnique and
// the errors of Grant.Add.
func CreateRole(ctx context.Context, tx *db.Tx, r Role, scopeIDs, resourceScopeIDs []string) (*Role, error) {
	if r.ID == "" {
		r.ID = ids.Long()
	}
	if r.Type == "" {
		r.Type = UserRole
	}
	_, err := tx.Exec(ctx, `INSERT INTO organization_roles (tenant_id, id, name, description, type) VALUES ($1, $2, $3, $4, $5)`,
		r.ID, r.Name, r.Description, r.Type)
	if err != nil {
		return nil, unique(err, "organization_roles")
	}
	if err := Scopes.Add(ctx, tx, r.ID, scopeIDs); err != nil {
		return nil, err
	}
	return &r, ResourceScopes.Add(ctx, tx, r.ID, resourceScopeIDs)
}

// UpdateRole changes columns of a role and returns it. Who holds it keeps it,
// even if its type changes. It fails with errs.ErrNotExists, errs.ErrNotUnique,
// and errs.ErrConstraint if it became a role of people that grants scopes of a
// Management API.
func UpdateRole(ctx context.Context, tx *db.Tx, id string, changes db.Changes) (*Role, error) {
	if err := update(ctx, tx, "organization_roles", id, changes); err != nil {
		return nil, err
	}
	r, err := RoleByID(ctx, tx, id)
	if err != nil || r.Type != UserRole {
		return r, err
	}
	held, err := ResourceScopes.link.Members(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return r, checkReserved(ctx, tx, r.Type, held)
}

// DeleteRole removes a role, from everybody who holds it too, or returns
// errs.ErrNotFound.
func DeleteRole(ctx context.Context, tx *db.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM organization_roles WHERE tenant_id = $1 AND id = $2`, id)
	if err == nil && n == 0 {
		return errs.ErrNotFound
	}
	return err
}

// checkRoles returns errs.ErrReferenceInOrganization if one of the ids names no
// role, and errs.ErrConstraint if one names a role of another type.
func checkRoles(ctx context.Context, q db.Q, wanted RoleType, roleIDs []string) error {
	return checkTypes(ctx, q, "organization_roles", string(wanted), roleIDs)
}

// checkBatch is how many ids one statement looks up.
const checkBatch = 500

// checkTypes is checkRoles for the table.
func checkTypes(ctx context.Context, q db.Q, table, wanted string, named []string) error {
	fits := true
	for batch := range slices.Chunk(db.Distinct(named), checkBatch) {
		types, err := db.All[string](ctx, q, `SELECT type FROM `+table+` WHERE tenant_id = $1 AND id IN (`+
			db.Placeholders(2, len(batch))+`)`, db.Args(batch)...)
		if err != nil {
			return err
		}
		if len(types) < len(batch) {
			return errs.ErrReferenceInOrganization
		}
		fits = fits && !slices.ContainsFunc(types, func(t string) bool { return t != wanted })
	}
	if !fits {
		return errs.ErrConstraint
	}
	return nil
}

// ResolveRoles returns the ids of roles that are given by id or by name, each
// once, the ids first. A name that no role has is ErrNoRoleName.
func ResolveRoles(ctx context.Context, q db.Q, roleIDs, names []string) ([]string, error) {
	all := append([]string{}, roleIDs...)
	var unknown []string
	for batch := range slices.Chunk(db.Distinct(names), checkBatch) {
		found, err := db.All[Named](ctx, q, `SELECT id, name FROM organization_roles WHERE tenant_id = $1 AND name IN (`+
			db.Placeholders(2, len(batch))+`) ORDER BY name`, db.Args(batch)...)
		if err != nil {
			return nil, err
		}
		for _, role := range found {
			all = append(all, role.ID)
			batch = slices.DeleteFunc(batch, func(name string) bool { return name == role.Name })
		}
		unknown = append(unknown, batch...)
	}
	if len(unknown) > 0 {
		return nil, ErrNoRoleName.Describe("No organization role has the name %s.", strings.Join(unknown, ", "))
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	}), nil
}
