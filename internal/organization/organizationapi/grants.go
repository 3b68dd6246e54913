package organizationapi

import (
	"context"

	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/tenant"
)

// notEmpty refuses a list of a body that must have an element.
func notEmpty(name string, list []string) error {
	if len(list) == 0 {
		return web.Invalid(name, "Array must contain at least 1 element(s)")
	}
	return nil
}

// tellGrants tells that what a role grants was written, though it may not
// differ. The operation answers nothing that could be the event's data.
func (a *API) tellGrants(ctx context.Context, tx *db.Tx, roleID string) error {
	return event.RecordBeside(ctx, tx, a.Clock.Millis(), "OrganizationRole.Scopes.Updated", nil, struct {
		ID string `json:"organizationRoleId"`
	}{roleID})
}

func (a *API) listRoleScopes(ctx context.Context, in *idIn) (*[]organization.PublishedScope, error) {
	t := tenant.From(ctx)
	if _, err := organization.RoleByID(ctx, t.DB, in.ID); err != nil {
		return nil, err
	}
	scopes, total, err := organization.ScopesOfRole(ctx, t.DB, in.ID, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	web.SetTotal(ctx, total)
	return publishScopes(scopes, t.ID), nil
}

type roleScopesIn struct {
	idIn

	IDs []string `json:"organizationScopeIds" check:"min=1,max=128"`
}

func (a *API) addRoleScopes(ctx context.Context, in *roleScopesIn) (*web.Nothing, error) {
	if err := notEmpty("organizationScopeIds", in.IDs); err != nil {
		return nil, err
	}
	return a.grantScopes(ctx, in.ID, func(tx *db.Tx) error {
		return organization.Scopes.Add(ctx, tx, in.ID, in.IDs)
	})
}

func (a *API) replaceRoleScopes(ctx context.Context, in *roleScopesIn) (*web.Nothing, error) {
	return a.grantScopes(ctx, in.ID, func(tx *db.Tx) error {
		return organization.Scopes.Replace(ctx, tx, in.ID, in.IDs)
	})
}

type roleScopeIn struct {
	idIn

	ScopeID string `path:"organizationScopeId" check:"max=128"`
}

func (a *API) removeRoleScope(ctx context.Context, in *roleScopeIn) (*web.Nothing, error) {
	return a.grantScopes(ctx, in.ID, func(tx *db.Tx) error {
		return organization.Scopes.Remove(ctx, tx, in.ID, in.ScopeID)
	})
}

func (a *API) grantScopes(ctx context.Context, roleID string, change func(tx *db.Tx) error) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if err := change(tx); err != nil {
			return err
		}
		return a.tellGrants(ctx, tx, roleID)
	})
}

func (a *API) listRoleResourceScopes(ctx context.Context, in *idIn) (*[]resource.PublishedScope, error) {
	t := tenant.From(ctx)
	if _, err := organization.RoleByID(ctx, t.DB, in.ID); err != nil {
		return nil, err
	}
	scopes, total, err := organization.ResourceScopesOfRole(ctx, t.DB, in.ID, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]resource.PublishedScope, len(scopes))
	for i, s := range scopes {
		out[i] = s.Published(t.ID)
	}
	web.SetTotal(ctx, total)
	return &out, nil
}

type roleResourceScopesIn struct {
	idIn

	IDs []string `json:"scopeIds" check:"min=1,max=128"`
}

func (a *API) addRoleResourceScopes(ctx context.Context, in *roleResourceScopesIn) (*web.Nothing, error) {
	if err := notEmpty("scopeIds", in.IDs); err != nil {
		return nil, err
	}
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return organization.ResourceScopes.Add(ctx, tx, in.ID, in.IDs)
	})
}

func (a *API) replaceRoleResourceScopes(ctx context.Context, in *roleResourceScopesIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return organization.ResourceScopes.Replace(ctx, tx, in.ID, in.IDs)
	})
}

type roleResourceScopeIn struct {
	idIn

	ScopeID string `path:"scopeId" check:"max=128"`
}

func (a *API) removeRoleResourceScope(ctx context.Context, in *roleResourceScopeIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return organization.ResourceScopes.Remove(ctx, tx, in.ID, in.ScopeID)
	})
}
