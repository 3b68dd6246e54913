package dashboardapi_test

import (
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/dashboard"
	"signet/internal/resource"
	"signet/internal/tenant"
)

// Whoever gets a token is active, once a day however often; a machine is not.
func TestDashboard(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, b := app.Operator(t), app.Browser(t)
		c := app.CreateApp(t, application.Application{})
		app.CreateUser(t, "robin")
		app.CreateUser(t, "idle")
		app.CreateUserIn(t, tenant.Admin, "operator")
		tokens := b.Redeem(c, b.SignIn(c, "robin", apptest.Password, "scope", "openid offline_access", "prompt", "consent"))
		b.Refresh(c, tokens.Refresh)
		robot := app.CreateMachine(t, tenant.Default, apptest.ManagementRole)
		b.MachineToken(robot, resource.ManagementIndicator(tenant.Default), resource.ManagementScope)
		if err := app.Server.SyncAudit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a := o.Want(200, "GET", "/api/dashboard/users/total", ""); a.Text != `{"totalUserCount":2}` {
			t.Errorf("total: %s", a.Text)
		}
		if a := o.Want(200, "GET", "/api/dashboard/users/new", ""); a.Text !=
			`{"today":{"count":2,"delta":2},"last7Days":{"count":2,"delta":2}}` {
			t.Errorf("new: %s", a.Text)
		}
		active := func(query string) (out dashboard.ActiveUsers) {
			t.Helper()
			o.Want(200, "GET", "/api/dashboard/users/active"+query, "").JSON(t, &out)
			if len(out.Curve) != 30 {
				t.Fatalf("%d points", len(out.Curve))
			}
			return out
		}
		today := dashboard.DayOf(app.Clock.Now().In(time.Local))
		one, none := dashboard.Change{Count: 1, Delta: 1}, dashboard.Change{}
		got := active("")
		if got.DAU != one || got.WAU != one || got.MAU != one || got.Curve[29] != (dashboard.Point{Date: today.String(), Count: 1}) {
			t.Errorf("today: %+v", got)
		}
		if got := active("?date=" + (today - 1).String()); got.MAU != none || got.Curve[29].Date != (today-1).String() {
			t.Errorf("yesterday: %+v", got)
		}
		if got := active("?date=" + (today + 7).String()); got.DAU != none || got.WAU != (dashboard.Change{Delta: -1}) || got.MAU != one || got.Curve[22].Count != 1 {
			t.Errorf("in a week: %+v", got)
		}
		app.Refused(t,
			"GET /api/dashboard/users/active?date=2026-02-30 -> 400 guard.invalid_input",
			"GET /api/dashboard/users/active?date=2026-2-3 -> 400 guard.invalid_input",
			"GET /api/dashboard/users/active?date= -> 400 guard.invalid_input",
			"GET /api/dashboard/users/active?date=2026-02-03&date=2026-02-04 -> 400 guard.invalid_input")
		for _, path := range []string{"total", "new", "active"} {
			if a := b.Do("GET", "/api/dashboard/users/"+path, ""); a.StatusCode != 401 {
				t.Errorf("%s for everybody: %d", path, a.StatusCode)
			}
		}
	})
}
