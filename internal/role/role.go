// Package role holds roles, named sets of resource scopes, and who has them.
package role

import (
	"context"
	"errors"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/tenant"
)

// Errors of this package.
var (
	ErrNotFound         = errs.ErrNotExistsWithID
	ErrNameTaken        = errs.New(422, "role.name_in_use")
	ErrScopeHeld        = errs.New(422, "role.scope_exists")
	ErrUserHeld         = errs.New(422, "role.user_exists")
	ErrApplicationHeld  = errs.New(422, "role.application_exists")
	ErrManagementScopes = errs.New(400, "role.management_api_scopes_not_assignable_to_user_role")
	// ErrDefaultMissing: the installation names a role for new users that is not
	// there.
	ErrDefaultMissing = errs.New(400, "role.default_role_missing")
	// ErrForMachines: users cannot have the role.
	ErrForMachines = errs.New(422, "user.invalid_role_type")
)

// Type says whom a role can be given to; it never changes.
type Type string

// The types.
const (
	User             Type = "User"
	MachineToMachine Type = "MachineToMachine"
)

// Role is a named set of scopes.
type Role struct {
	ID          string `db:"id"`
	Name        string `db:"name"`
	Description string `db:"description"`
	Type        Type   `db:"type"`
	// IsDefault gives the role to every user created from now on.
	IsDefault bool  `db:"is_default"`
	CreatedAt int64 `db:"created_at"`
}

// Published is a role as the API and events show it.
type Published struct {
	TenantID    string `json:"tenantId" check:"max=21"`
	ID          string `json:"id" check:"max=21"`
	Name        string `json:"name" example:"Editor"`
	Description string `json:"description" example:"Edits what others wrote."`
	Type        Type   `json:"type" check:"enum=User|MachineToMachine"`
	IsDefault   bool   `json:"isDefault"`
}

// Published returns what the API and events show of the role.
func (r *Role) Published(tenantID string) Published {
	return Published{tenantID, r.ID, r.Name, r.Description, r.Type, r.IsDefault}
}

const family = "role-scope"

// InternalPrefix begins the names of roles that lists leave out.
const InternalPrefix = "#internal:"

const columns = `id, name, description, type, is_default, created_at`

const selectRole = `SELECT ` + columns + ` FROM roles WHERE tenant_id = $1`

// ByID returns a role, or ErrNotFound.
func ByID(ctx context.Context, q db.Q, id string) (*Role, error) {
	return one(ctx, q, ` AND id = $2`, id)
}

// ByName returns the role of a name, or ErrNotFound.
func ByName(ctx context.Context, q db.Q, name string) (*Role, error) {
	return one(ctx, q, ` AND name = $2`, name)
}

func one(ctx context.Context, q db.Q, where string, args ...any) (*Role, error) {
	r, err := db.One[Role](ctx, q, selectRole+where, args...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// Create stores a role with its scopes. An empty id is drawn.
func Create(ctx context.Context, tx *db.Tx, now int64, r Role, scopeIDs ...string) (*Role, error) {
	if r.ID == "" {
		r.ID = ids.Long()
	}
	r.CreatedAt = now
	_, err := tx.Exec(ctx, `INSERT INTO roles (tenant_id, id, name, description, type, is_default, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, r.ID, r.Name, r.Description, r.Type, r.IsDefault, r.CreatedAt)
	if db.IsUnique(err, "roles", "name") {
		return nil, ErrNameTaken
	}
	if err != nil {
		return nil, err
	}
	if err := tie(ctx, tx, &r, scopeIDs); err != nil {
		return nil, err
	}
	return &r, tx.Touch(ctx, family)
}

// AssignDefaults gives a new user the roles that Defaults returns.
func AssignDefaults(ctx context.Context, tx *db.Tx, now int64, userID string, named []string) error {
	ids, err := Defaults(ctx, tx, named)
	if err != nil {
		return err
	}
	_, err = give(ctx, tx, now, userID, ids)
	return err
}

// Defaults returns the ids of the roles that new users get: every default role
// of the tenant and, but for operators in the admin tenant, those that the
// installation has named. A name that no role for users has is
// ErrDefaultMissing.
func Defaults(ctx context.Context, q db.Q, named []string) ([]string, error) {
	if q.TenantID() == tenant.Admin {
		named = nil
	}
	condition, args := "is_default", []any{User}
	if len(named) > 0 {
		condition += " OR name IN (" + db.Placeholders(3, len(named)) + ")"
		args = append(args, db.Args(named)...)
	}
	roles, err := db.All[Role](ctx, q, selectRole+` AND type = $2 AND (`+condition+`) ORDER BY id`, args...)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(roles))
	for i, r := range roles {
		ids[i] = r.ID
	}
	for _, name := range named {
		if !slices.ContainsFunc(roles, func(r Role) bool { return r.Name == name }) {
			return nil, ErrDefaultMissing.Describe("there is no role %q for users", name)
		}
	}
	return ids, nil
}

// Of returns the roles of a user, ordered by name.
func Of(ctx context.Context, q db.Q, userID string) ([]Role, error) {
	return db.All[Role](ctx, q, `SELECT r.id, r.name, r.description, r.type, r.is_default, r.created_at
		FROM user_roles u JOIN roles r ON r.tenant_id = u.tenant_id AND r.id = u.role_id
		WHERE u.tenant_id = $1 AND u.user_id = $2 ORDER BY r.name`, userID)
}
