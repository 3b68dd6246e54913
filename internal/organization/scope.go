package organization

import (
	"context"
	"errors"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/search"
)

// Scope is a permission that roles grant in every organization. Its name may
// have spaces, is not a URI and is unique.
type Scope struct {
	ID          string  `db:"id"`
	Name        string  `db:"name"`
	Description *string `db:"description"`
}

var scopeFields = search.Columns("", "name")

// ScopeList returns scopes by name, and how many there are. A text narrows them
// to those that have it in their name, in any case.
func ScopeList(ctx context.Context, q db.Q, text string, r db.Range) ([]Scope, int64, error) {
	l := db.Listing{Columns: "id, name, description", From: "organization_scopes", Where: "tenant_id = $1", Order: "name, id"}
	if err := containing(q, &l, text, scopeFields); err != nil {
		return nil, 0, err
	}
	return db.List[Scope](ctx, q, l, r)
}

// containing narrows a list to rows that have a text in one of the fields.
func containing(q db.Q, l *db.Listing, text string, fields []search.Field) error {
	looked, err := search.Containing(text, fields)
	if err != nil || looked.Empty() {
		return err
	}
	return l.Narrow(q.Dialect(), looked.Condition)
}

// ScopeNames returns the names of all organization scopes.
func ScopeNames(ctx context.Context, q db.Q) ([]string, error) {
	return db.All[string](ctx, q, `SELECT name FROM organization_scopes WHERE tenant_id = $1 ORDER BY name`)
}

// ScopeByID returns a scope, or ErrNotFound.
func ScopeByID(ctx context.Context, q db.Q, id string) (*Scope, error) {
	s, err := db.One[Scope](ctx, q, `SELECT id, name, description FROM organization_scopes WHERE tenant_id = $1 AND id = $2`, id)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	return &s, err
}

// CreateScope stores a scope, whose id is drawn if it is empty. A name that is
// taken is errs.ErrNotUnique.
func CreateScope(ctx context.Context, tx *db.Tx, s Scope) (*Scope, error) {
	if s.ID == "" {
		s.ID = ids.Long()
	}
	_, err := tx.Exec(ctx, `INSERT INTO organization_scopes (tenant_id, id, name, description) VALUES ($1, $2, $3, $4)`,
		s.ID, s.Name, s.Description)
	return &s, unique(err, "organization_scopes")
}

// UpdateScope changes columns of a scope and returns it. It fails with
// errs.ErrNotExists and errs.ErrNotUnique.
func UpdateScope(ctx context.Context, tx *db.Tx, id string, changes db.Changes) (*Scope, error) {
	if err := update(ctx, tx, "organization_scopes", id, changes); err != nil {
		return nil, err
	}
	return ScopeByID(ctx, tx, id)
}

// DeleteScope removes a scope, from every role too, or returns errs.ErrNotFound.
func DeleteScope(ctx context.Context, tx *db.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM organization_scopes WHERE tenant_id = $1 AND id = $2`, id)
	if err == nil && n == 0 {
		return errs.ErrNotFound
	}
	return err
}

// update changes a row of the template.
func update(ctx context.Context, tx *db.Tx, table, id string, changes db.Changes) error {
	found, err := changes.Update(ctx, tx, table, id)
	if err == nil && !found {
		return errs.ErrNotExists
	}
	return unique(err, table)
}

// unique tells a name of the template that is taken.
func unique(err error, table string) error {
	if db.IsUnique(err, table, "name") {
		return errs.ErrNotUnique.Wrap(err)
	}
	return err
}
