// Package roleapi is the Management API of roles: what they grant and who has
// them.
package roleapi

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
	return web.Table{Document: "management", Tag: "Roles", Routes: []web.Route{
		web.Get("/api/roles", a.list, operator, web.Paged(), web.Searched(),
			web.Doc("ListRoles", "List roles"), web.Fails(400, 401, 403),
			web.About("Each role comes with how many users and applications have it, and with three of each. Searches id, name and description.")),
		web.Post("/api/roles", a.create, operator,
			web.Doc("CreateRole", "Create a role"), web.Fails(400, 401, 403, 404, 422),
			web.About("With scopeIds the role grants these scopes from the start; if one does not exist, no role is created.")),
		web.Get("/api/roles/{id}", a.get, operator,
			web.Doc("GetRole", "Get a role"), web.Fails(400, 401, 403, 404),
			web.About("Also finds internal roles, which lists leave out.")),
		web.Patch("/api/roles/{id}", a.patch, operator,
			web.Doc("UpdateRole", "Change a role"), web.Fails(400, 401, 403, 404, 422),
			web.About("The type of a role never changes. A role that becomes a default one goes to users who are created from then on.")),
		web.Delete("/api/roles/{id}", a.remove, operator,
			web.Doc("DeleteRole", "Delete a role"), web.Fails(400, 401, 403, 404),
			web.About("Whoever had the role loses it with the next token.")),

		web.Get("/api/roles/{id}/users", a.listUsers, operator, web.Paged(), web.Searched(),
			web.Doc("ListRoleUsers", "List the users who have a role"), web.Fails(400, 401, 403, 404),
			web.About("Searches id, primaryEmail, primaryPhone, username and name.")),
		web.Post("/api/roles/{id}/users", a.addUsers, operator, web.Status(201),
			web.Doc("CreateRoleUser", "Give a role to users"), web.Fails(400, 401, 403, 404, 422),
			web.About("All of them get it, or none: a user who has the role already, or does not exist, is refused.")),
		web.Delete("/api/roles/{id}/users/{userId}", a.removeUser, operator,
			web.Doc("DeleteRoleUser", "Take a role from a user"), web.Fails(400, 401, 403, 404),
			web.About("A user who does not have the role is not found.")),

		web.Get("/api/roles/{id}/applications", a.listApplications, operator, web.Paged(), web.Searched(), web.Also(204),
			web.Doc("ListRoleApplications", "List the applications that have a role"), web.Fails(400, 401, 403, 404),
			web.About("Searches id, name and description.")),
		web.Post("/api/roles/{id}/applications", a.addApplications, operator, web.Status(201),
			web.Doc("CreateRoleApplication", "Give a role to applications"), web.Fails(400, 401, 403, 404, 422),
			web.About("Only roles of the type MachineToMachine, and only to applications of that type.")),
		web.Delete("/api/roles/{id}/applications/{applicationId}", a.removeApplication, operator,
			web.Doc("DeleteRoleApplication", "Take a role from an application"), web.Fails(400, 401, 403, 404),
			web.About("An application that does not have the role is not found.")),

		web.Get("/api/roles/{id}/scopes", a.listScopes, operator, web.PagedIfAsked(), web.Searched(),
			web.Doc("ListRoleScopes", "List the scopes that a role grants"), web.Fails(400, 401, 403, 404),
			web.About("Each scope comes with its API resource. Searches id, name and description.")),
		web.Post("/api/roles/{id}/scopes", a.addScopes, operator, web.Status(201), web.Also(200),
			web.Doc("CreateRoleScope", "Let a role grant scopes"), web.Fails(400, 401, 403, 404, 422),
			web.About("Answers all scopes of the role. Scopes of a Management API can only be granted to machines.")),
		web.Delete("/api/roles/{id}/scopes/{scopeId}", a.removeScope, operator,
			web.Doc("DeleteRoleScope", "Take a scope from a role"), web.Fails(400, 401, 403, 404),
			web.About("A scope that the role does not grant is not found.")),
	}}
}
