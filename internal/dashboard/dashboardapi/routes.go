// Package dashboardapi is the Management API of the counts that a dashboard
// shows.
package dashboardapi

import (
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/web"
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
