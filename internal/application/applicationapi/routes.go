// Package applicationapi is the Management API of applications and what belongs
// to them: secrets, roles, organizations, consent, access rules, and how the
// pages look when people sign in to one.
package applicationapi

import (
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/web"
)

// API serves the operations.
type API struct {
	Clock clock.Clock
	Ring  *crypt.Keyring
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (a *API) Table() web.Table {
	t := web.Table{Document: "management", Tag: "Applications"}
	for _, routes := range [][]web.Route{
		a.applications(), a.secrets(), a.roles(), a.organizations(), a.consent(), a.experience(), a.access(), a.domains(),
	} {
		t.Routes = append(t.Routes, routes...)
	}
	return t
}

func (a *API) applications() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Get("/api/applications", a.list, operator, web.PagedIfAsked(), web.Searched(),
			web.Doc("ListApplications", "List applications"), web.Fails(400, 401, 403),
			web.About("The newest come first. Answers everything unless a page is asked for. Searches id, name and description. Only one of excludeRoleId and excludeOrganizationId can be given.")),
		web.Post("/api/applications", a.create, operator,
			web.Doc("CreateApplication", "Create an application"), web.Fails(400, 401, 403, 422, 500),
			web.About("The type cannot be changed later. Traditional and MachineToMachine applications begin with a secret, which the list of secrets shows.")),
		web.Get("/api/applications/{id}", a.get, operator,
			web.Doc("GetApplication", "Get an application"), web.Fails(400, 401, 403, 404),
			web.About("Answers the built-in applications too, which no list shows.")),
		web.Patch("/api/applications/{id}", a.patch, operator,
			web.Doc("UpdateApplication", "Change an application"), web.Fails(400, 401, 403, 404, 422, 500),
			web.About("Replaces each JSON property that is given as a whole. An empty body changes nothing. Whether an application uses the device flow cannot be changed, not even by leaving it out.")),
		web.Delete("/api/applications/{id}", a.remove, operator,
			web.Doc("DeleteApplication", "Delete an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("Ends what its users granted it: its refresh tokens stop working at once, access tokens for APIs when they expire.")),
		web.Patch("/api/applications/{applicationId}/custom-data", a.mergeCustomData, operator,
			web.Doc("UpdateApplicationCustomData", "Change the custom data of an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("The body is the custom data itself. Properties that it names are replaced, all others stay.")),
	}
}

func (a *API) secrets() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Delete("/api/applications/{id}/legacy-secret", a.removeLegacySecret, operator,
			web.Doc("DeleteApplicationLegacySecret", "Delete the legacy secret of an application"), web.Fails(400, 401, 403, 404),
			web.About("Applications from before secrets had names have one that is shown with the application. Its other secrets stay.")),
		web.Get("/api/applications/{id}/secrets", a.listSecrets, operator,
			web.Doc("ListApplicationSecrets", "List the secrets of an application"), web.Fails(400, 401, 403, 404),
			web.About("Answers the values of the secrets, each time.")),
		web.Post("/api/applications/{id}/secrets", a.createSecret, operator, web.Status(201),
			web.Doc("CreateApplicationSecret", "Add a secret to an application"), web.Fails(400, 401, 403, 404, 422, 500),
			web.About("Every secret that has not expired authenticates the application: add the new one, deploy it, delete the old one.")),
		web.Patch("/api/applications/{id}/secrets/{name}", a.renameSecret, operator, web.Also(204),
			web.Doc("UpdateApplicationSecret", "Rename a secret of an application"), web.Fails(400, 401, 403, 404, 422, 500),
			web.About("The value stays as it is.")),
		web.Delete("/api/applications/{id}/secrets/{name}", a.removeSecret, operator,
			web.Doc("DeleteApplicationSecret", "Delete a secret of an application"), web.Fails(400, 401, 403, 404, 500),
			web.About("Takes effect at once. The last secret can be deleted too.")),
	}
}

func (a *API) roles() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Get("/api/applications/{applicationId}/roles", a.listRoles, operator, web.Paged(), web.Searched(),
			web.Doc("ListApplicationRoles", "List the roles of an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("Only machine-to-machine applications hold roles. Searches id, name and description.")),
		web.Post("/api/applications/{applicationId}/roles", a.addRoles, operator, web.Status(201),
			web.Doc("AssignApplicationRoles", "Give roles to an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("Roles that it holds already are skipped; addedRoleIds says which were new.")),
		web.Put("/api/applications/{applicationId}/roles", a.replaceRoles, operator, web.Status(200),
			web.Doc("ReplaceApplicationRoles", "Replace the roles of an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("Takes every role that is not named, those that lists do not show too.")),
		web.Delete("/api/applications/{applicationId}/roles/{roleId}", a.removeRole, operator,
			web.Doc("DeleteApplicationRole", "Take a role from an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("Tokens that were issued before keep their scopes until they expire.")),
	}
}
