// Package accountcenterapi is the Management API of what people may do with
// their own accounts.
package accountcenterapi

import (
	"signet/internal/platform/clock"
	"signet/internal/platform/web"
)

// API serves the operations.
type API struct {
	Clock clock.Clock
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (a *API) Table() web.Table {
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "Account center", Routes: []web.Route{
		web.Get("/api/account-center", a.get, operator,
			web.Doc("GetAccountCenterSettings", "Get the account-center settings"), web.Fails(401, 403),
			web.About("What people may see and change of their own accounts.")),
		web.Patch("/api/account-center", a.patch, operator,
			web.Doc("UpdateAccountCenterSettings", "Change the account-center settings"), web.Fails(400, 401, 403),
			web.About("Replaces each property that is given as a whole: fields that are not named are off.")),
	}}
}
