package resource

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// List returns resources, the oldest first, and how many there are.
func List(ctx context.Context, q db.Q, r db.Range) ([]Resource, int64, error) {
	return db.List[Resource](ctx, q, db.Listing{
		Columns: resourceColumns, From: "resources", Where: "tenant_id = $1", Order: "created_at, id",
	}, r)
}

// Update changes columns of a resource and returns it. It fails with ErrNotFound,
// ErrReserved or, if nothing is to change, errs.ErrNothingToChange.
func Update(ctx context.Context, tx *db.Tx, id string, changes db.Changes) (*Resource, error) {
	r, err := ByID(ctx, tx, id)
	switch {
	case err != nil:
		return nil, err
	case r.IsReserved():
		return nil, ErrReserved
	case changes.Empty():
		return nil, errs.ErrNothingToChange
	}
	if _, err := changes.Update(ctx, tx, "resources", id); err != nil {
		return nil, err
	}
	if err := tx.Touch(ctx, family); err != nil {
		return nil, err
	}
	return ByID(ctx, tx, id)
}

// SetDefault makes the resource the one for requests that name none, or no
// longer that. A Management API may be it. One that is not there is
// errs.ErrNotExists where it should become the default, else ErrNotFound.
func SetDefault(ctx context.Context, tx *db.Tx, id string, isDefault bool) (*Resource, error) {
	if isDefault {
		// All are locked, in order: two that become the default at once have no
		// row in common.
		if _, err := db.All[string](ctx, tx, `SELECT id FROM resources WHERE tenant_id = $1 ORDER BY id`+tx.Dialect().ForUpdate()); err != nil {
			return nil, err
		}
		// The one before it goes first: there is never more than one.
		if _, err := tx.Exec(ctx, `UPDATE resources SET is_default = FALSE WHERE tenant_id = $1 AND is_default AND id <> $2`, id); err != nil {
			return nil, err
		}
	}
	n, err := tx.Exec(ctx, `UPDATE resources SET is_default = $3 WHERE tenant_id = $1 AND id = $2`, id, isDefault)
	switch {
	case err != nil:
		return nil, err
	case n == 0 && isDefault:
		return nil, errs.ErrNotExists
	}
	if err := tx.Touch(ctx, family); err != nil {
		return nil, err
	}
	return ByID(ctx, tx, id)
}

// Delete removes a resource with its scopes, and those from every role. It
// returns ErrNotFound.
func Delete(ctx context.Context, tx *db.Tx, id string) error {
	r, err := ByID(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case r.IsReserved():
		return ErrReservedDelete
	}
	if _, err := tx.Exec(ctx, `DELETE FROM resources WHERE tenant_id = $1 AND id = $2`, id); err != nil {
		return err
	}
	return tx.Touch(ctx, family)
}

const scopeColumns = `id, resource_id, name, description, created_at`

// ScopeList returns the scopes of a resource by name, and how many there are.
// The filter is a search over columns of scopes, or nil.
func ScopeList(ctx context.Context, q db.Q, resourceID string, filter db.Filter, r db.Range) ([]Scope, int64, error) {
	l := db.Listing{
		Columns: scopeColumns, From: "scopes", Where: "tenant_id = $1 AND resource_id = $2",
		Order: "name, id", Args: []any{resourceID},
	}
	if err := l.Narrow(q.Dialect(), filter); err != nil {
		return nil, 0, err
	}
	return db.List[Scope](ctx, q, l, r)
}

// ScopesByID returns the scopes of those ids, by name; ids that name none are
// left out.
func ScopesByID(ctx context.Context, q db.Q, ids []string) ([]Scope, error) {
	if len(ids) == 0 {
		return []Scope{}, nil
	}
	l := db.Listing{Columns: scopeColumns, From: "scopes", Where: "tenant_id = $1", Order: "name, id"}
	l.AndIn("id", ids)
	return db.Rows[Scope](ctx, q, l, db.Range{})
}

// CheckScopeName refuses what would be two scopes in a token.
func CheckScopeName(name string) error {
	if strings.ContainsFunc(name, unicode.IsSpace) {
		return ErrScopeSpace
	}
	return nil
}

// ScopeOf returns a scope of a resource, or ErrNotFound.
func ScopeOf(ctx context.Context, q db.Q, resourceID, scopeID string) (*Scope, error) {
	s, err := db.One[Scope](ctx, q, `SELECT `+scopeColumns+` FROM scopes
		WHERE tenant_id = $1 AND resource_id = $2 AND id = $3`, resourceID, scopeID)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	return &s, err
}

// UpdateScope changes columns of a scope and returns it; ErrReserved if it
// belongs to a Management API, errs.ErrNothingToChange if nothing is to change.
func UpdateScope(ctx context.Context, tx *db.Tx, resourceID, scopeID string, changes db.Changes) (*Scope, error) {
	if err := writable(ctx, tx, resourceID); err != nil {
		return nil, err
	}
	if changes.Empty() {
		return nil, errs.ErrNothingToChange
	}
	if _, err := ScopeOf(ctx, tx, resourceID, scopeID); err != nil {
		return nil, err
	}
	_, err := changes.Update(ctx, tx, "scopes", scopeID)
	if db.IsUnique(err, "scopes", "name") {
		return nil, ErrScopeTaken
	}
	if err != nil {
		return nil, err
	}
	if err := tx.Touch(ctx, family); err != nil {
		return nil, err
	}
	return ScopeOf(ctx, tx, resourceID, scopeID)
}

// DeleteScope removes a scope, from every role too, and returns what it was.
func DeleteScope(ctx context.Context, tx *db.Tx, resourceID, scopeID string) (*Scope, error) {
	if err := writable(ctx, tx, resourceID); err != nil {
		return nil, err
	}
	s, err := ScopeOf(ctx, tx, resourceID, scopeID)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM scopes WHERE tenant_id = $1 AND id = $2`, scopeID); err != nil {
		return nil, err
	}
	return s, tx.Touch(ctx, family)
}

// AddScope is CreateScope for an operator, who may not extend a Management API.
func AddScope(ctx context.Context, tx *db.Tx, now int64, s Scope) (*Scope, error) {
	if err := writable(ctx, tx, s.ResourceID); err != nil {
		return nil, err
	}
	return CreateScope(ctx, tx, now, s)
}

// writable returns why the scopes of a resource may not be changed, nil if they
// may.
func writable(ctx context.Context, q db.Q, resourceID string) error {
	r, err := ByID(ctx, q, resourceID)
	if err == nil && r.IsReserved() {
		return ErrReserved
	}
	return err
}
