package organization

import (
	"context"
	"errors"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/search"
	"signet/internal/user"
)

// columns are those of an Organization, qualified the same beside another table.
const (
	columns = `id, name, description, is_mfa_required, custom_data, color, branding, custom_css, created_at`

	qualified = `o.id, o.name, o.description, o.is_mfa_required, o.custom_data, o.color, o.branding, o.custom_css, o.created_at`
)

// List returns organizations, the oldest first, and how many there are. A text
// narrows them to those that have it in their id or name, in any case.
func List(ctx context.Context, q db.Q, text string, r db.Range) ([]Organization, int64, error) {
	l := db.Listing{Columns: columns, From: "organizations", Where: "tenant_id = $1", Order: "created_at, id"}
	if text != "" {
		l.Where += ` AND search_text LIKE $2 ESCAPE '\'`
		l.Args = []any{"%" + search.Literal(user.FoldSearch(text)) + "%"}
	}
	return db.List[Organization](ctx, q, l, r)
}

// ByID returns an organization, or ErrNotFound.
func ByID(ctx context.Context, q db.Q, id string) (*Organization, error) {
	o, err := db.One[Organization](ctx, q, `SELECT `+columns+` FROM organizations WHERE tenant_id = $1 AND id = $2`, id)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	return &o, err
}

// Create stores an organization, whose id is drawn if it is empty.
func Create(ctx context.Context, tx *db.Tx, now int64, o Organization) (*Organization, error) {
	if o.ID == "" {
		o.ID = ids.Short()
	}
	if o.CustomData.V == nil {
		o.CustomData.V = map[string]any{}
	}
	o.CreatedAt = now
	_, err := tx.Exec(ctx, `INSERT INTO organizations (tenant_id, id, name, description, search_text, is_mfa_required,
			custom_data, color, branding, custom_css, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		o.ID, o.Name, o.Description, searchText(o.ID, o.Name), o.IsMFARequired,
		o.CustomData, o.Color, o.Branding, o.CustomCSS, o.CreatedAt)
	return &o, err
}

// Rename adds a new name to the columns that change, with what follows from it.
func Rename(c *db.Changes, id, name string) {
	c.Set("name", name)
	c.Set("search_text", searchText(id, name))
}

// Update changes columns of an organization and returns it, or
// errs.ErrNotExists.
func Update(ctx context.Context, tx *db.Tx, id string, changes db.Changes) (*Organization, error) {
	found, err := changes.Update(ctx, tx, "organizations", id)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errs.ErrNotExists
	}
	return ByID(ctx, tx, id)
}

// Delete removes an organization with its memberships, invitations and all else
// below it, or returns errs.ErrNotFound.
func Delete(ctx context.Context, tx *db.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM organizations WHERE tenant_id = $1 AND id = $2`, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.ErrNotFound
	}
	return db.Uncount(ctx, tx, user.CountedOrganizations, id)
}

// lock keeps an organization from being deleted, and its members from being
// replaced, until the transaction ends. One that is not there is
// errs.ErrReferenceInOrganization.
func lock(ctx context.Context, tx *db.Tx, id string) error {
	_, err := db.One[string](ctx, tx, `SELECT id FROM organizations WHERE tenant_id = $1 AND id = $2`+tx.Dialect().ForUpdate(), id)
	if errors.Is(err, db.ErrNoRows) {
		return errs.ErrReferenceInOrganization
	}
	return err
}

// Featured is who a list shows of an organization's members.
type Featured struct {
	ID     string  `json:"id" db:"id" check:"max=12" example:"k3v9x2m8q1z7"`
	Avatar *string `json:"avatar" db:"avatar" check:"max=2048,nullable"`
	Name   *string `json:"name" db:"name" check:"max=128,nullable"`
}

// maxFeatured is how many members a list shows.
const maxFeatured = 3

// FeaturedUsers returns at most three members, by id, and how many there are.
func FeaturedUsers(ctx context.Context, q db.Q, id string) ([]Featured, int, error) {
	total, err := db.Total(ctx, q, user.CountedOrganizations, id)
	if err != nil {
		return nil, 0, err
	}
	few, err := db.All[Featured](ctx, q, `SELECT u.id, u.avatar, u.name
		FROM organization_users m CROSS JOIN users u
		WHERE m.tenant_id = $1 AND m.organization_id = $2 AND u.tenant_id = $1 AND u.id = m.user_id
		ORDER BY m.user_id LIMIT $3`, id, maxFeatured)
	return few, total, err
}
