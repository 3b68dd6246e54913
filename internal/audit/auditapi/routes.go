// Package auditapi is the Management API of the audit trail.
package auditapi

import (
	"signet/internal/audit"
	"signet/internal/platform/web"
)

// API serves the operations.
type API struct {
	// Trail is what this server writes: a list has all that it has answered.
	Trail *audit.Trail
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (a *API) Table() web.Table {
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "Audit logs", Routes: []web.Route{
		web.Get("/api/logs", a.list, operator, web.Paged(),
			web.Doc("ListLogs", "List audit entries"), web.Fails(400, 401, 403),
			web.About("The newest come first. Times are epoch milliseconds, and both ends belong to the window. With enableCap, "+
				"counting ends at 10001 entries and the header Total-Number-Is-Capped says so. Deliveries of webhooks are not listed.")),
		web.Get("/api/logs/{id}", a.get, operator,
			web.Doc("GetLog", "Get an audit entry"), web.Fails(400, 401, 403, 404),
			web.About("Answers entries of every kind, listed or not.")),
	}}
}
