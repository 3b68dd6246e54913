package userapi

import (
	"context"

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
	d := tenant.From(ctx).DB
	wanted, err := search.Parse(web.Query(ctx), user.SearchFields)
	if err != nil {
		return nil, err
	}
	r := web.Range(ctx)
	found, err := user.Search(ctx, d, user.Filter{
		Search: wanted, ExcludeRoleID: in.ExcludeRoleID, ExcludeOrganizationID: in.ExcludeOrganizationID,
	}, user.Page{Limit: int(r.Limit), Offset: int(r.Offset)})
	if err != nil {
		return nil, err
	}
	out, err := views(ctx, d, found.Users)
	if err != nil {
		return nil, err
	}
	if in.IncludePasswordHash.On() {
		for i := range out {
			out[i].showHash(&found.Users[i])
		}
	}
	web.SetCappedTotal(ctx, int64(found.Total), found.IsCapped)
	return &out, nil
}
