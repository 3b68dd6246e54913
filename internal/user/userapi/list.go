package userapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

type listIn struct {
	ExcludeRoleID         string   `query:"excludeRoleId" check:"max=128"`
	ExcludeOrganizationID string   `query:"excludeOrganizationId" check:"max=128"`
	IncludePasswordHash   web.Flag `query:"includePasswordHash" check:"max=16"`
}

func (a *API) list(ctx context.Context, in *listIn) (*[]userOut, error) {
	users, total, err := listUsers(ctx, in)
	if err != nil {
		return nil, err
	}
	out, err := views(ctx, tenant.From(ctx).DB, users)
	if err != nil {
		return nil, err
	}
	if in.IncludePasswordHash.On() {
		for i := range out {
			out[i].showHash(&users[i])
		}
	}
	web.SetTotal(ctx, total)
	return &out, nil
}

// userFields are what a list of users can be searched by.
var userFields = search.Columns("", "id", "primaryEmail", "primaryPhone", "username", "name")

// listUsers returns the page of users that the request asks for, and how many
// there are in all.
func listUsers(ctx context.Context, in *listIn) (users []user.User, total int64, err error) {
	err = search.List(ctx, web.Query(ctx), userFields, func(ctx context.Context, match db.Filter) error {
		users, total, err = user.Select(ctx, tenant.From(ctx).DB, user.Selection{
			Match: match, ExcludeRoleID: in.ExcludeRoleID, ExcludeOrganizationID: in.ExcludeOrganizationID,
		}, web.Range(ctx))
		return err
	})
	return users, total, err
}
