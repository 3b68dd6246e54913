// Package sentinelapi is the Management API of lockouts.
package sentinelapi

import "signet/internal/platform/web"

// API serves the operations.
type API struct {
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (a *API) Table() web.Table {
	return web.Table{Document: "management", Tag: "Sentinel activities", Routes: []web.Route{
		web.Post("/api/sentinel-activities/delete", a.unlock, web.Guarded(a.Operator), web.Status(204),
			web.Doc("DeleteSentinelActivities", "End lockouts"), web.Fails(400, 401, 403),
			web.About("Forgets the failed attempts at identifiers or users, so that they may try again at once. "+
				"Attempts are counted for users only; of applications there is nothing to forget.")),
	}}
}
