package roleapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/event"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/role"
	"signet/internal/tenant"
)

type listIn struct {
	ExcludeUserID        string `query:"excludeUserId" check:"max=128"`
	ExcludeApplicationID string `query:"excludeApplicationId" check:"max=128"`
	Type                 string `query:"type" check:"enum=User|MachineToMachine"`
}

// listedRole is a role with some of those who have it.
type listedRole struct {
	role.Published

	UsersCount           int64                      `json:"usersCount"`
	FeaturedUsers        []role.FeaturedUser        `json:"featuredUsers"`
	ApplicationsCount    int64                      `json:"applicationsCount"`
	FeaturedApplications []role.FeaturedApplication `json:"featuredApplications"`
}

func (a *API) list(ctx context.Context, in *listIn) (*[]listedRole, error) {
	t := tenant.From(ctx)
	out := []listedRole{}
	err := search.List(ctx, web.Query(ctx), search.Columns("r", "id", "name", "description"), func(ctx context.Context, filter db.Filter) error {
		roles, total, err := role.List(ctx, t.DB, role.Filter{
			Search: filter, Type: role.Type(in.Type), ExcludeUserID: in.ExcludeUserID, ExcludeApplicationID: in.ExcludeApplicationID,
		}, web.Range(ctx))
		if err != nil {
			return err
		}
		web.SetTotal(ctx, total)
		for _, r := range roles {
			h, err := role.HoldersOf(ctx, t.DB, r.ID)
			if err != nil {
				return err
			}
			out = append(out, listedRole{r.Published(t.ID), h.Users, h.SomeUsers, h.Applications, h.SomeApplications})
		}
		return nil
	})
	return &out, err
}

type createIn struct {
	web.OfTenant

	Name        string    `json:"name" check:"min=1,max=128" example:"Editor"`
	Description string    `json:"description" check:"min=1,max=128" example:"Edits what others wrote."`
	Type        *string   `json:"type" check:"enum=User|MachineToMachine"`
	IsDefault   *bool     `json:"isDefault"`
	ScopeIDs    *[]string `json:"scopeIds" check:"min=1,max=128"`
}

func (in *createIn) role() role.Role {
	r := role.Role{Name: in.Name, Description: in.Description, Type: role.User}
	if in.Type != nil {
		r.Type = role.Type(*in.Type)
	}
	r.IsDefault = in.IsDefault != nil && *in.IsDefault
	return r
}

// scopesGiven is the data of the event that a new role grants scopes.
type scopesGiven struct {
	RoleID string         `json:"roleId"`
	Data   []grantedScope `json:"data"`
}

func (a *API) create(ctx context.Context, in *createIn) (*role.Published, error) {
	var scopes []string
	if in.ScopeIDs != nil {
		if scopes = *in.ScopeIDs; len(scopes) == 0 {
			return nil, errs.ErrNothingToChange
		}
	}
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*role.Published, error) {
		created, err := role.Create(ctx, tx, now, in.role(), scopes...)
		if err != nil {
			return nil, err
		}
		out, err := recorded(ctx, tx, now, "Role.Created", created, nil)
		if err != nil || scopes == nil {
			return out, err
		}
		granted, err := allScopes(ctx, tx, created.ID)
		if err != nil {
			return nil, err
		}
		return out, event.Record(ctx, tx, now, "Role.Scopes.Updated", scopesGiven{created.ID, granted})
	})
}

type idIn struct {
	ID string `path:"id" check:"max=128"`
}

func (a *API) get(ctx context.Context, in *idIn) (*role.Published, error) {
	t := tenant.From(ctx)
	r, err := role.ByID(ctx, t.DB, in.ID)
	if err != nil {
		return nil, err
	}
	out := r.Published(t.ID)
	return &out, nil
}

type patchIn struct {
	idIn

	Name        web.Opt[string] `json:"name" check:"min=1,max=128" example:"Editor"`
	Description web.Opt[string] `json:"description" check:"min=1,max=128" example:"Edits what others wrote."`
	IsDefault   web.Opt[bool]   `json:"isDefault"`
}

func (a *API) patch(ctx context.Context, in *patchIn) (*role.Published, error) {
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*role.Published, error) {
		var changes db.Changes
		web.Column(&changes, "name", in.Name)
		web.Column(&changes, "description", in.Description)
		web.Column(&changes, "is_default", in.IsDefault)
		if changes.Empty() {
			return nil, errs.ErrNothingToChange
		}
		changed, err := role.Update(ctx, tx, in.ID, changes)
		return recorded(ctx, tx, now, "Role.Data.Updated", changed, err)
	})
}

func (a *API) remove(ctx context.Context, in *idIn) (*web.Nothing, error) {
	now := a.Clock.Millis()
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if err := role.Delete(ctx, tx, in.ID); err != nil {
			return err
		}
		return event.Record(ctx, tx, now, "Role.Deleted", nil)
	})
}

// recorded tells of a role that was written, in the transaction that wrote it.
func recorded(ctx context.Context, tx *db.Tx, now int64, name string, r *role.Role, err error) (*role.Published, error) {
	if err != nil {
		return nil, err
	}
	out := r.Published(tx.TenantID())
	return &out, event.Record(ctx, tx, now, name, out)
}
