package role

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/resource"
	"signet/internal/tenant"
)

var scopeLink = db.Link{Table: "role_scopes", Owner: []string{"role_id"}, Member: "scope_id"}

// Granted is a scope that a role grants, with its resource.
type Granted struct {
	resource.Scope

	Resource resource.Resource
}

// AddScopes gives scopes to a role that holds none of them: ErrScopeHeld if it
// does, errs.ErrReference if there is no such scope. Those of a Management API
// are for machines only.
func AddScopes(ctx context.Context, tx *db.Tx, roleID string, scopeIDs []string) error {
	r, err := ByID(ctx, tx, roleID)
	if err != nil {
		return err
	}
	if err := grantable(ctx, tx, r.Type, scopeIDs); err != nil {
		return err
	}
	if _, err := addAll(ctx, tx, 0, scopeLink, roleID, scopeIDs, ErrScopeHeld); err != nil {
		return err
	}
	return tx.Touch(ctx, family)
}

// RemoveScope takes a scope from a role; errs.ErrNotFound if it is not held.
func RemoveScope(ctx context.Context, tx *db.Tx, roleID, scopeID string) error {
	if _, err := ByID(ctx, tx, roleID); err != nil {
		return err
	}
	removed, err := scopeLink.Remove(ctx, tx, scopeID, roleID)
	switch {
	case err != nil:
		return err
	case !removed:
		return errs.ErrNotFound
	}
	return tx.Touch(ctx, family)
}

// Scopes returns the scopes of a role with their resources, by name, and how
// many there are. The filter is a search over columns of scopes s, or nil.
func Scopes(ctx context.Context, q db.Q, roleID string, filter db.Filter, r db.Range) ([]Granted, int64, error) {
	l := db.Listing{
		Columns: `s.id, s.resource_id, s.name, s.description, s.created_at,
			a.name AS resource_name, a.indicator, a.is_default, a.access_token_ttl`,
		From: `role_scopes h JOIN scopes s ON s.tenant_id = h.tenant_id AND s.id = h.scope_id
			JOIN resources a ON a.tenant_id = s.tenant_id AND a.id = s.resource_id`,
		Where: "h.tenant_id = $1 AND h.role_id = $2", Order: "s.name, s.id", Args: []any{roleID},
	}
	if err := l.Narrow(q.Dialect(), filter); err != nil {
		return nil, 0, err
	}
	type row struct {
		resource.Scope
		ResourceName   string `db:"resource_name"`
		Indicator      string `db:"indicator"`
		IsDefault      bool   `db:"is_default"`
		AccessTokenTTL int64  `db:"access_token_ttl"`
	}
	rows, total, err := db.List[row](ctx, q, l, r)
	granted := make([]Granted, len(rows))
	for i, row := range rows {
		granted[i] = Granted{Scope: row.Scope, Resource: resource.Resource{
			ID: row.ResourceID, Name: row.ResourceName, Indicator: row.Indicator,
			IsDefault: row.IsDefault, AccessTokenTTL: row.AccessTokenTTL,
		}}
	}
	return granted, total, err
}

// tie gives a new role its scopes.
func tie(ctx context.Context, tx *db.Tx, r *Role, scopeIDs []string) error {
	if err := grantable(ctx, tx, r.Type, scopeIDs); err != nil {
		return err
	}
	_, err := scopeLink.Add(ctx, tx, 0, scopeIDs, r.ID)
	if db.IsReference(err) {
		return errs.ErrReference.Wrap(err)
	}
	return err
}

// grantable refuses scopes of a Management API to a role for users of the
// tenant itself; those of the admin tenant operate the others.
func grantable(ctx context.Context, q db.Q, kind Type, scopeIDs []string) error {
	if kind != User || len(scopeIDs) == 0 || q.TenantID() == tenant.Admin {
		return nil
	}
	scopes, err := resource.ScopesByID(ctx, q, scopeIDs)
	if err != nil {
		return err
	}
	for _, s := range scopes {
		r, err := resource.ByID(ctx, q, s.ResourceID)
		if err != nil {
			return err
		}
		if r.IsReserved() {
			return ErrManagementScopes
		}
	}
	return nil
}
