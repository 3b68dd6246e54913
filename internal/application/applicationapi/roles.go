package applicationapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/role"
	"signet/internal/tenant"
)

// roleFields are what the roles of an application can be searched by.
var roleFields = search.Columns("r", "id", "name", "description")

func (a *API) listRoles(ctx context.Context, in *applicationIDIn) (*[]role.Published, error) {
	t := tenant.From(ctx)
	if _, err := application.Machine(ctx, t.DB, in.ApplicationID); err != nil {
		return nil, err
	}
	out := []role.Published{}
	err := search.List(ctx, web.Query(ctx), roleFields, func(ctx context.Context, filter db.Filter) error {
		roles, total, err := role.HeldBy(ctx, t.DB, role.MachineToMachine, in.ApplicationID, filter, web.Range(ctx))
		web.SetTotal(ctx, total)
		for _, r := range roles {
			out = append(out, r.Published(t.ID))
		}
		return err
	})
	return &out, err
}

type rolesIn struct {
	applicationIDIn

	RoleIDs []string `json:"roleIds" check:"min=1,max=128"`
}

type addedRolesOut struct {
	RoleIDs      []string `json:"roleIds"`
	AddedRoleIDs []string `json:"addedRoleIds"`
}

func (a *API) addRoles(ctx context.Context, in *rolesIn) (*addedRolesOut, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*addedRolesOut, error) {
		added, err := application.AddRoles(ctx, tx, in.ApplicationID, in.RoleIDs)
		if added == nil {
			added = []string{}
		}
		return &addedRolesOut{RoleIDs: in.RoleIDs, AddedRoleIDs: added}, err
	})
}

func (a *API) replaceRoles(ctx context.Context, in *rolesIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.ReplaceRoles(ctx, tx, in.ApplicationID, in.RoleIDs)
	})
}

type roleIn struct {
	applicationIDIn

	RoleID string `path:"roleId" check:"max=128"`
}

func (a *API) removeRole(ctx context.Context, in *roleIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.RemoveRole(ctx, tx, in.ApplicationID, in.RoleID)
	})
}
