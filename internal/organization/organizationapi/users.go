package organizationapi

import (
	"context"

	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

type listUsersIn struct {
	idIn
	searchIn

	RoleID string `query:"organizationRoleId" check:"min=1,max=128"`
}

// listedUser is a user with the roles held in the organization.
type listedUser struct {
	user.Published

	OrganizationRoles []organization.Named `json:"organizationRoles"`
}

func (a *API) listUsers(ctx context.Context, in *listUsersIn) (*[]listedUser, error) {
	t := tenant.From(ctx)
	looked, err := search.Containing(in.Q, user.SearchFields)
	if err != nil {
		return nil, err
	}
	r := web.Range(ctx)
	found, err := user.Search(ctx, t.DB, user.Filter{Search: looked, OrganizationID: in.ID, OrganizationRoleID: in.RoleID},
		user.Page{Limit: int(r.Limit), Offset: int(r.Offset)})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found.Users))
	for i, u := range found.Users {
		ids[i] = u.ID
	}
	roles, err := organization.Users.RolesOf(ctx, t.DB, in.ID, ids)
	if err != nil {
		return nil, err
	}
	published, err := user.PublishAll(ctx, t.DB, found.Users)
	if err != nil {
		return nil, err
	}
	out := make([]listedUser, len(published))
	for i, u := range published {
		out[i] = listedUser{u, roles[u.ID]}
	}
	web.SetCappedTotal(ctx, int64(found.Total), found.IsCapped)
	return &out, nil
}

// usersIn names so many users that a whole organization can be sent at once.
type usersIn struct {
	idIn

	UserIDs []string `json:"userIds" check:"min=1,max=128,items=5000"`
}

type usersOut struct {
	UserIDs []string `json:"userIds"`
}

func (a *API) addUsers(ctx context.Context, in *usersIn) (*usersOut, error) {
	if err := notEmpty("userIds", in.UserIDs); err != nil {
		return nil, err
	}
	_, err := a.changeMembers(ctx, func(tx *db.Tx, now int64) (organization.Change, error) {
		return organization.Users.Add(ctx, tx, now, in.ID, in.UserIDs)
	})
	return &usersOut{in.UserIDs}, err
}

func (a *API) replaceUsers(ctx context.Context, in *usersIn) (*web.Nothing, error) {
	return a.changeMembers(ctx, func(tx *db.Tx, now int64) (organization.Change, error) {
		return organization.Users.Replace(ctx, tx, now, in.ID, in.UserIDs)
	})
}

type userIn struct {
	idIn

	UserID string `path:"userId" check:"max=128"`
}

func (a *API) removeUser(ctx context.Context, in *userIn) (*web.Nothing, error) {
	return a.changeMembers(ctx, func(tx *db.Tx, _ int64) (organization.Change, error) {
		return organization.Users.Remove(ctx, tx, in.ID, in.UserID)
	})
}

// changeMembers changes who is a member and tells of it.
func (a *API) changeMembers(ctx context.Context, change func(tx *db.Tx, now int64) (organization.Change, error)) (*web.Nothing, error) {
	now := a.Clock.Millis()
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		changed, err := change(tx, now)
		if err != nil {
			return err
		}
		return changed.Record(ctx, tx, now)
	})
}

func (a *API) listUserScopes(ctx context.Context, in *userIn) (*[]organization.PublishedScope, error) {
	t := tenant.From(ctx)
	scopes, err := organization.ScopesOf(ctx, t.DB, in.ID, in.UserID)
	if err != nil {
		return nil, err
	}
	return publishScopes(scopes, t.ID), nil
}
