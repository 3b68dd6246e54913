// Package dashboardapi is the Management API of the counts that a dashboard
// shows.
package dashboardapi

import (
	"context"
	"time"

	"signet/internal/dashboard"
	"signet/internal/platform/clock"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// API serves the operations.
type API struct {
	Clock clock.Clock
	// Zone is the time zone whose days are counted.
	Zone *time.Location
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (a *API) Table() web.Table {
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "Dashboard", Routes: []web.Route{
		web.Get("/api/dashboard/users/total", a.total, operator,
			web.Doc("GetTotalUserCount", "Count the users"), web.Fails(401, 403),
			web.About("Everybody who has an account, suspended or not.")),
		web.Get("/api/dashboard/users/new", a.created, operator,
			web.Doc("GetNewUserCounts", "Count the new users"), web.Fails(401, 403),
			web.About("Today compared with yesterday, and the last seven days, of which today is one, compared with the seven "+
				"before. Days are those of the server's time zone.")),
		web.Get("/api/dashboard/users/active", a.active, operator,
			web.Doc("GetActiveUserCounts", "Count the active users"), web.Fails(400, 401, 403),
			web.About("Of thirty days up to the given one, by default today. A user is active on a day on which an access token "+
				"was issued to them. wau and mau count everybody who was active in the seven and thirty days up to that day; each "+
				"delta compares with as many days before. An entry counts a moment after it happened.")),
	}}
}

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
