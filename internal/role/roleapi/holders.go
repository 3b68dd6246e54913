package roleapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/role"
	"signet/internal/tenant"
	"signet/internal/user"
)

func (a *API) listUsers(ctx context.Context, in *idIn) (*[]user.Published, error) {
	d := tenant.From(ctx).DB
	if _, err := role.ByID(ctx, d, in.ID); err != nil {
		return nil, err
	}
	wanted, err := search.Parse(web.Query(ctx), user.SearchFields)
	if err != nil {
		return nil, err
	}
	r := web.Range(ctx)
	found, err := user.Search(ctx, d, user.Filter{Search: wanted, RoleID: in.ID}, user.Page{Limit: int(r.Limit), Offset: int(r.Offset)})
	if err != nil {
		return nil, err
	}
	web.SetCappedTotal(ctx, int64(found.Total), found.IsCapped)
	out, err := user.PublishAll(ctx, d, found.Users)
	return &out, err
}

type addUsersIn struct {
	idIn

	UserIDs []string `json:"userIds" check:"min=1,max=128,some"`
}

func (a *API) addUsers(ctx context.Context, in *addUsersIn) (*web.Nothing, error) {
	now := a.Clock.Millis()
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return role.AddUsers(ctx, tx, now, in.ID, in.UserIDs)
	})
}

type ofUserIn struct {
	idIn

	UserID string `path:"userId" check:"max=128"`
}

func (a *API) removeUser(ctx context.Context, in *ofUserIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return role.RemoveUser(ctx, tx, in.ID, in.UserID)
	})
}

func (a *API) listApplications(ctx context.Context, in *idIn) (*[]application.Published, error) {
	t := tenant.From(ctx)
	if _, err := role.ByID(ctx, t.DB, in.ID); err != nil {
		return nil, err
	}
	out := []application.Published{}
	err := search.List(ctx, web.Query(ctx), search.Columns("", "id", "name", "description"), func(ctx context.Context, filter db.Filter) error {
		holders, total, err := application.List(ctx, t.DB, application.Filter{WithRole: in.ID, Where: filter}, web.Range(ctx))
		web.SetTotal(ctx, total)
		for _, h := range holders {
			out = append(out, h.Published(t.ID))
		}
		return err
	})
	return &out, err
}

type addApplicationsIn struct {
	idIn

	ApplicationIDs []string `json:"applicationIds" check:"min=1,max=128,some"`
}

func (a *API) addApplications(ctx context.Context, in *addApplicationsIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return role.AddApplications(ctx, tx, in.ID, in.ApplicationIDs)
	})
}

type ofApplicationIn struct {
	idIn

	ApplicationID string `path:"applicationId" check:"max=128"`
}

func (a *API) removeApplication(ctx context.Context, in *ofApplicationIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return role.RemoveApplication(ctx, tx, in.ID, in.ApplicationID)
	})
}
