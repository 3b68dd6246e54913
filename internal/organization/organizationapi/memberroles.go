package organizationapi

import (
	"context"

	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// maxPairs is how many roles one request may hand out to several members.
const maxPairs = 10_000

func (a *API) giveToMany(ctx context.Context, k *organization.Kind, id, name string, members, roleIDs []string) (*web.Nothing, error) {
	if err := notEmpty(name, members); err != nil {
		return nil, err
	}
	if err := notEmpty("organizationRoleIds", roleIDs); err != nil {
		return nil, err
	}
	if len(members)*len(roleIDs) > maxPairs {
		return nil, web.Invalid(name, "Members and roles must make at most 10000 pairs")
	}
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return k.GiveRolesToMany(ctx, tx, id, members, roleIDs)
	})
}

func (a *API) listMemberRoles(ctx context.Context, k *organization.Kind, id, member string) (*[]organization.PublishedRole, error) {
	t := tenant.From(ctx)
	roles, total, err := k.Roles(ctx, t.DB, id, member, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	web.SetTotal(ctx, total)
	return publishRoles(roles, t.ID), nil
}

func (a *API) takeRole(ctx context.Context, k *organization.Kind, id, member, roleID string) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return k.TakeRole(ctx, tx, id, member, roleID)
	})
}

type usersRolesIn struct {
	idIn

	UserIDs []string `json:"userIds" check:"min=1,max=128"`
	RoleIDs []string `json:"organizationRoleIds" check:"min=1,max=128"`
}

func (a *API) giveRolesToUsers(ctx context.Context, in *usersRolesIn) (*web.Nothing, error) {
	return a.giveToMany(ctx, organization.Users, in.ID, "userIds", in.UserIDs, in.RoleIDs)
}

func (a *API) listUserRoles(ctx context.Context, in *userIn) (*[]organization.PublishedRole, error) {
	return a.listMemberRoles(ctx, organization.Users, in.ID, in.UserID)
}

type userRolesIn struct {
	userIn

	RoleIDs   []string `json:"organizationRoleIds,omitempty" check:"min=1,max=128"`
	RoleNames []string `json:"organizationRoleNames,omitempty" check:"min=1,max=128"`
}

type userRolesOut struct {
	RoleIDs []string `json:"organizationRoleIds"`
}

func (a *API) giveUserRoles(ctx context.Context, in *userRolesIn) (*userRolesOut, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*userRolesOut, error) {
		roleIDs, err := organization.ResolveRoles(ctx, tx, in.RoleIDs, in.RoleNames)
		if err != nil {
			return nil, err
		}
		return &userRolesOut{roleIDs}, organization.Users.GiveRoles(ctx, tx, in.ID, in.UserID, roleIDs)
	})
}

func (a *API) replaceUserRoles(ctx context.Context, in *userRolesIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		roleIDs, err := organization.ResolveRoles(ctx, tx, in.RoleIDs, in.RoleNames)
		if err != nil {
			return err
		}
		return organization.Users.ReplaceRoles(ctx, tx, in.ID, in.UserID, roleIDs)
	})
}

type userRoleIn struct {
	userIn

	RoleID string `path:"organizationRoleId" check:"max=128"`
}

func (a *API) takeUserRole(ctx context.Context, in *userRoleIn) (*web.Nothing, error) {
	return a.takeRole(ctx, organization.Users, in.ID, in.UserID, in.RoleID)
}

type applicationsRolesIn struct {
	idIn

	ApplicationIDs []string `json:"applicationIds" check:"min=1,max=128"`
	RoleIDs        []string `json:"organizationRoleIds" check:"min=1,max=128"`
}

func (a *API) giveRolesToApplications(ctx context.Context, in *applicationsRolesIn) (*web.Nothing, error) {
	return a.giveToMany(ctx, organization.Applications, in.ID, "applicationIds", in.ApplicationIDs, in.RoleIDs)
}

func (a *API) listApplicationRoles(ctx context.Context, in *applicationIn) (*[]organization.PublishedRole, error) {
	return a.listMemberRoles(ctx, organization.Applications, in.ID, in.ApplicationID)
}

type applicationRolesIn struct {
	applicationIn

	RoleIDs []string `json:"organizationRoleIds" check:"min=1,max=128"`
}

func (a *API) giveApplicationRoles(ctx context.Context, in *applicationRolesIn) (*web.Nothing, error) {
	return a.writeApplicationRoles(ctx, in, organization.Applications.GiveRoles)
}

func (a *API) replaceApplicationRoles(ctx context.Context, in *applicationRolesIn) (*web.Nothing, error) {
	return a.writeApplicationRoles(ctx, in, organization.Applications.ReplaceRoles)
}

func (a *API) writeApplicationRoles(ctx context.Context, in *applicationRolesIn,
	write func(ctx context.Context, tx *db.Tx, organizationID, member string, roleIDs []string) error) (*web.Nothing, error) {
	if err := notEmpty("organizationRoleIds", in.RoleIDs); err != nil {
		return nil, err
	}
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return write(ctx, tx, in.ID, in.ApplicationID, in.RoleIDs)
	})
}

type applicationRoleIn struct {
	applicationIn

	RoleID string `path:"organizationRoleId" check:"max=128"`
}

func (a *API) takeApplicationRole(ctx context.Context, in *applicationRoleIn) (*web.Nothing, error) {
	return a.takeRole(ctx, organization.Applications, in.ID, in.ApplicationID, in.RoleID)
}
