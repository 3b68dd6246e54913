package userapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/role"
	"signet/internal/tenant"
	"signet/internal/user"
)

// roleFields are what a list of a user's roles can be searched by.
var roleFields = search.Columns("r", "id", "name", "description")

func (a *API) roles(ctx context.Context, in *userPath) (*[]role.Published, error) {
	t := tenant.From(ctx)
	if _, err := user.ByID(ctx, t.DB, in.UserID); err != nil {
		return nil, err
	}
	out := []role.Published{}
	err := search.List(ctx, web.Query(ctx), roleFields, func(ctx context.Context, match db.Filter) error {
		roles, total, err := role.HeldBy(ctx, t.DB, role.User, in.UserID, match, web.Range(ctx))
		web.SetTotal(ctx, total)
		for _, r := range roles {
			out = append(out, r.Published(t.ID))
		}
		return err
	})
	return &out, err
}

type rolesIn struct {
	userPath

	RoleIDs []string `json:"roleIds" check:"min=1,max=128"`
}

type addedRolesOut struct {
	RoleIDs      []string `json:"roleIds"`
	AddedRoleIDs []string `json:"addedRoleIds"`
}

func (a *API) addRoles(ctx context.Context, in *rolesIn) (*addedRolesOut, error) {
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*addedRolesOut, error) {
		added, err := role.AssignAll(ctx, tx, now, in.UserID, in.RoleIDs)
		return &addedRolesOut{in.RoleIDs, append([]string{}, added...)}, err
	})
}

type replacedRolesOut struct {
	RoleIDs []string `json:"roleIds"`
}

func (a *API) replaceRoles(ctx context.Context, in *rolesIn) (*replacedRolesOut, error) {
	now := a.Clock.Millis()
	return &replacedRolesOut{in.RoleIDs}, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return role.Replace(ctx, tx, now, in.UserID, in.RoleIDs)
	})
}

type rolePath struct {
	userPath

	RoleID string `path:"roleId" check:"max=128"`
}

func (a *API) removeRole(ctx context.Context, in *rolePath) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		had, err := role.Unassign(ctx, tx, in.UserID, in.RoleID)
		if err == nil && !had {
			return errs.ErrNotFound
		}
		return err
	})
}
