// Package registrationapi is the Management API of the tokens with which clients
// may be registered. Where clients register themselves is package oidcapi.
package registrationapi

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
	return web.Table{Document: "management", Tag: "Initial access tokens", Routes: []web.Route{
		web.Get("/api/initial-access-tokens", a.list, operator, web.Paged(),
			web.Doc("ListInitialAccessTokens", "List initial access tokens"), web.Fails(400, 401, 403),
			web.About("The newest first, without their values. uses counts the clients that were registered with one. What has "+
				"expired is listed for a week.")),
		web.Post("/api/initial-access-tokens", a.create, operator, web.Status(201),
			web.Doc("CreateInitialAccessToken", "Create an initial access token"), web.Fails(400, 401, 403),
			web.About("Give it to whoever may register clients (RFC 7591): it is sent as a bearer token. The answer is the only one "+
				"that has its value. Without maxUses and expiresAt it registers any number of clients until it is deleted.")),
		web.Delete("/api/initial-access-tokens/{id}", a.remove, operator,
			web.Doc("DeleteInitialAccessToken", "Delete an initial access token"), web.Fails(400, 401, 403, 404),
			web.About("Clients that were registered with it stay.")),
	}}
}
