package role

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/user"
)

// Filter narrows a list of roles; zero values do not.
type Filter struct {
	// Search is over columns of roles r.
	Search db.Filter
	Type   Type
	// ExcludeUserID and ExcludeApplicationID leave out the roles of one who has
	// them.
	ExcludeUserID, ExcludeApplicationID string
}

// List returns the roles that pass the filter, the oldest first, and how many
// there are. Roles whose names begin with "#internal:" are not listed.
func List(ctx context.Context, q db.Q, f Filter, r db.Range) ([]Role, int64, error) {
	l := db.Listing{
		Columns: `r.id, r.name, r.description, r.type, r.is_default, r.created_at`, From: "roles r",
		Where: "r.tenant_id = $1 AND r.name NOT LIKE '" + InternalPrefix + "%'", Order: "r.created_at, r.id",
	}
	if f.Type != "" {
		l.And(func(next int) string { return "r.type = " + db.Placeholders(next, 1) }, f.Type)
	}
	if f.ExcludeUserID != "" {
		l.And(func(next int) string {
			return `NOT EXISTS (SELECT 1 FROM user_roles u WHERE u.tenant_id = r.tenant_id AND u.role_id = r.id AND u.user_id = ` +
				db.Placeholders(next, 1) + `)`
		}, f.ExcludeUserID)
	}
	if f.ExcludeApplicationID != "" {
		l.And(func(next int) string {
			return `NOT EXISTS (SELECT 1 FROM application_roles a WHERE a.tenant_id = r.tenant_id AND a.role_id = r.id AND a.application_id = ` +
				db.Placeholders(next, 1) + `)`
		}, f.ExcludeApplicationID)
	}
	if err := l.Narrow(q.Dialect(), f.Search); err != nil {
		return nil, 0, err
	}
	return db.List[Role](ctx, q, l, r)
}

// Update changes columns of a role and returns it; ErrNotFound or ErrNameTaken.
func Update(ctx context.Context, tx *db.Tx, id string, changes db.Changes) (*Role, error) {
	if _, err := ByID(ctx, tx, id); err != nil {
		return nil, err
	}
	_, err := changes.Update(ctx, tx, "roles", id)
	if db.IsUnique(err, "roles", "name") {
		return nil, ErrNameTaken
	}
	if err != nil {
		return nil, err
	}
	return ByID(ctx, tx, id)
}

// Delete takes a role from all who have it, and removes it. It returns
// ErrNotFound.
func Delete(ctx context.Context, tx *db.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM roles WHERE tenant_id = $1 AND id = $2`, id)
	switch {
	case err != nil:
		return err
	case n == 0:
		return ErrNotFound
	}
	if err := db.Uncount(ctx, tx, user.CountedRoles, id); err != nil {
		return err
	}
	return tx.Touch(ctx, family)
}

// HeldBy returns the roles of a user or, with MachineToMachine, of an
// application by name, but for internal ones, and how many there are. The filter
// is a search over columns of roles, which have the alias r, or nil.
func HeldBy(ctx context.Context, q db.Q, kind Type, id string, filter db.Filter, rows db.Range) ([]Role, int64, error) {
	from, holder := "user_roles h", "h.user_id"
	if kind == MachineToMachine {
		from, holder = "application_roles h", "h.application_id"
	}
	l := db.Listing{
		Columns: "r.id, r.name, r.description, r.type, r.is_default, r.created_at",
		From:    from + " JOIN roles r ON r.tenant_id = h.tenant_id AND r.id = h.role_id",
		Where:   "h.tenant_id = $1 AND " + holder + " = $2 AND r.name NOT LIKE '" + InternalPrefix + "%'",
		Order:   "r.name, r.id", Args: []any{id},
	}
	if err := l.Narrow(q.Dialect(), filter); err != nil {
		return nil, 0, err
	}
	return db.List[Role](ctx, q, l, rows)
}

// Holders are some of those who have a role, and how many have it.
type Holders struct {
	Users        int64
	SomeUsers    []FeaturedUser
	Applications int64
	// SomeApplications are machine-to-machine applications.
	SomeApplications []FeaturedApplication
}

// FeaturedUser is what a list of roles or organizations shows of a user.
type FeaturedUser struct {
	ID     string  `json:"id" db:"id"`
	Avatar *string `json:"avatar" db:"avatar" check:"nullable"`
	Name   *string `json:"name" db:"name" check:"nullable"`
}

// FeaturedApplication is what a list of roles shows of an application.
type FeaturedApplication struct {
	ID   string `json:"id" db:"id"`
	Name string `json:"name" db:"name"`
	Type string `json:"type" db:"type" example:"MachineToMachine"`
}

// featured is how many holders a list shows.
const featured = 3

// HoldersOf returns who has a role.
func HoldersOf(ctx context.Context, q db.Q, roleID string) (*Holders, error) {
	users, err := db.Total(ctx, q, user.CountedRoles, roleID)
	if err != nil {
		return nil, err
	}
	h := &Holders{Users: int64(users)}
	h.SomeUsers, err = db.All[FeaturedUser](ctx, q, `SELECT u.id, u.avatar, u.name
		FROM user_roles h JOIN users u ON u.tenant_id = h.tenant_id AND u.id = h.user_id
		WHERE h.tenant_id = $1 AND h.role_id = $2 ORDER BY h.user_id LIMIT $3`, roleID, featured)
	if err != nil {
		return nil, err
	}
	applications := db.Listing{
		Columns: "a.id, a.name, a.type",
		From:    "application_roles h JOIN applications a ON a.tenant_id = h.tenant_id AND a.id = h.application_id",
		Where:   "h.tenant_id = $1 AND h.role_id = $2", Order: "a.id", Args: []any{roleID},
	}
	h.SomeApplications, h.Applications, err = db.List[FeaturedApplication](ctx, q, applications, db.Range{Limit: featured})
	return h, err
}
