package dashboardapi

import (
	"context"

	"signet/internal/dashboard"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type totalOut struct {
	TotalUserCount int `json:"totalUserCount" example:"1204"`
}

func (a *API) total(ctx context.Context, _ *struct{}) (*totalOut, error) {
	n, err := dashboard.TotalUsers(ctx, tenant.From(ctx).DB)
	return &totalOut{n}, err
}

func (a *API) created(ctx context.Context, _ *struct{}) (*dashboard.NewUsers, error) {
	return dashboard.CountNew(ctx, tenant.From(ctx).DB, a.today(), a.Zone)
}

var _ = web.Pattern("day", `^\d{4}(-\d{2}){2}$`)

type activeIn struct {
	Date *string `query:"date" check:"max=10,pattern=day" example:"2026-09-27"`
}

func (a *API) active(ctx context.Context, in *activeIn) (*dashboard.ActiveUsers, error) {
	end := a.today()
	if in.Date != nil {
		var err error
		if end, err = dashboard.ParseDay(*in.Date); err != nil {
			return nil, web.Invalid("date", "must be a day of the calendar")
		}
	}
	return dashboard.CountActive(ctx, tenant.From(ctx).DB, end)
}

func (a *API) today() dashboard.Day { return dashboard.DayOf(a.Clock().In(a.Zone)) }
