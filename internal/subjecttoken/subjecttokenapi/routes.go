// Package subjecttokenapi is the Management API of subject tokens.
package subjecttokenapi

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
	return web.Table{Document: "management", Tag: "Subject tokens", Routes: []web.Route{
		web.Post("/api/subject-tokens", a.create, web.Guarded(a.Operator), web.Status(201),
			web.Doc("CreateSubjectToken", "Create a subject token"), web.Fails(400, 401, 403, 404),
			web.About("An application exchanges it (RFC 8693), once and within ten minutes, for access tokens of the user. It cannot be read again.")),
	}}
}
