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

func (a *API) organizations() []web.Route {
	operator := web.Guarded(a.Operator)
	ofUser := web.Guarded(a.Operator, thirdParty)
	return []web.Route{
		web.Get("/api/applications/{id}/organizations", a.listOrganizations, operator, web.PagedIfAsked(),
			web.Doc("ListApplicationOrganizations", "List the organizations of an application"), web.Fails(400, 401, 403, 404),
			web.About("Each organization brings the roles that the application has there. Answers everything unless a page is asked for.")),
		web.Get("/api/applications/{id}/users/{userId}/consent-organizations", a.listOpened, ofUser, web.Paged(),
			web.Doc("ListApplicationUserConsentOrganizations", "List the organizations that a user opened to an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("A third-party application sees only those organizations of a user that the user opened to it.")),
		web.Put("/api/applications/{id}/users/{userId}/consent-organizations", a.replaceOpened, ofUser,
			web.Doc("ReplaceApplicationUserConsentOrganizations", "Replace the organizations that a user opened to an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("The user must belong to each of them.")),
		web.Post("/api/applications/{id}/users/{userId}/consent-organizations", a.addOpened, ofUser, web.Status(201),
			web.Doc("CreateApplicationUserConsentOrganization", "Open organizations of a user to an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("The user must belong to each of them; those that are open already stay so.")),
		web.Delete("/api/applications/{id}/users/{userId}/consent-organizations/{organizationId}", a.removeOpened, ofUser,
			web.Doc("DeleteApplicationUserConsentOrganization", "Close an organization of a user to an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("Leaving the organization closes it too.")),
	}
}

func (a *API) consent() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Post("/api/applications/{applicationId}/user-consent-scopes", a.addConsent, operator, web.Status(201),
			web.Doc("CreateApplicationUserConsentScope", "Let an application ask users for scopes"), web.Fails(400, 401, 403, 404, 422),
			web.About("A third-party application can ask its users for these scopes and for no others. Scopes of a Management API are never among them.")),
		web.Get("/api/applications/{applicationId}/user-consent-scopes", a.getConsent, operator,
			web.Doc("ListApplicationUserConsentScopes", "List the scopes that an application may ask users for"), web.Fails(400, 401, 403, 404),
			web.About("Scopes of APIs are grouped by API; organizationResourceScopes are those that users have through organizations.")),
		web.Delete("/api/applications/{applicationId}/user-consent-scopes/{scopeType}/{scopeId}", a.removeConsent, operator,
			web.Doc("DeleteApplicationUserConsentScope", "Stop an application from asking users for a scope"), web.Fails(400, 401, 403, 404),
			web.About("The id of a user scope is its name.")),
	}
}

func (a *API) experience() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Put("/api/applications/{applicationId}/sign-in-experience", a.setExperience, operator, web.Also(201),
			web.Doc("ReplaceApplicationSignInExperience", "Set how the pages look for an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("What is left out stays as it was; the first time, it is the tenant's. Answers 201 the first time.")),
		web.Get("/api/applications/{applicationId}/sign-in-experience", a.getExperience, operator,
			web.Doc("GetApplicationSignInExperience", "Get how the pages look for an application"), web.Fails(400, 401, 403, 404),
			web.About("Not found until something was set.")),
	}
}

func (a *API) access() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Get("/api/applications/{applicationId}/access-control", a.getAccess, operator,
			web.Doc("GetApplicationAccessControl", "Get who may use an application"), web.Fails(400, 401, 403, 404),
			web.About("The rules count while appLevelAccessControlEnabled of the application is true.")),
		web.Put("/api/applications/{applicationId}/access-control", a.replaceAccess, operator, web.MaxBody(1<<20),
			web.Doc("ReplaceApplicationAccessControl", "Replace who may use an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("A user is admitted whom one of the rules names: directly, by a role, as a member of an organization, or by a role in an organization. Answers the rules as they are stored. An application that limits access cannot be left without rules.")),
	}
}

func (a *API) domains() []web.Route {
	protected := web.Guarded(a.Operator, protectedOnly)
	return []web.Route{
		web.Get("/api/applications/{id}/protected-app-metadata/custom-domains", a.listDomains, protected,
			web.Doc("ListApplicationProtectedAppMetadataCustomDomains", "List the domains of a protected application"), web.Fails(400, 401, 403, 404, 422, 501),
			web.About("Protected applications need a proxy at the edge, which is not part of Signet.")),
		web.Post("/api/applications/{id}/protected-app-metadata/custom-domains", a.createDomain, protected, web.Status(201),
			web.Doc("CreateApplicationProtectedAppMetadataCustomDomain", "Add a domain to a protected application"), web.Fails(400, 401, 403, 404, 409, 422, 501),
			web.About("Protected applications need a proxy at the edge, which is not part of Signet.")),
		web.Delete("/api/applications/{id}/protected-app-metadata/custom-domains/{domain}", a.removeDomain, protected,
			web.Doc("DeleteApplicationProtectedAppMetadataCustomDomain", "Delete a domain of a protected application"), web.Fails(400, 401, 403, 404, 422, 501),
			web.About("Protected applications need a proxy at the edge, which is not part of Signet.")),
	}
}

// Addressed are the routes of clients that no operator has registered, because they
// are known by an address or have registered themselves: what all of them may ask
// their users for.
func (a *API) Addressed() web.Table {
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "CIMD", Routes: []web.Route{
		web.Get("/api/cimd/user-consent-scopes", a.getCeiling, operator,
			web.Doc("ListCimdUserConsentScopes", "List the scopes that unregistered clients may ask users for"), web.Fails(401, 403),
			web.About("Holds for every client whose id is the address of a client ID metadata document, and for those that have registered themselves, beside their own. Where nothing is listed, they learn who the user is and nothing else.")),
		web.Post("/api/cimd/user-consent-scopes", a.addCeiling, operator, web.Status(201),
			web.Doc("AssignCimdUserConsentScopes", "Let unregistered clients ask users for scopes"), web.Fails(400, 401, 403, 422),
			web.About("Each user is asked all the same. Scopes of a Management API are never among them.")),
		web.Delete("/api/cimd/user-consent-scopes/{scopeType}/{scopeId}", a.removeCeiling, operator,
			web.Doc("DeleteCimdUserConsentScope", "Stop unregistered clients from asking users for a scope"), web.Fails(400, 401, 403, 404),
			web.About("The id of a user scope is its name. Tokens that are issued from now on do not have it any more.")),
	}}
}

// Table returns the routes.
func (s *System) Table() web.Table {
	return web.Table{Document: "management", Tag: "Systems", Routes: []web.Route{
		web.Get("/api/systems/application", s.get, web.Guarded(s.Operator),
			web.Doc("GetSystemApplicationConfig", "Get what protected applications build on"), web.Fails(401, 403, 501),
			web.About("The domain below which protected applications get their names. Answers 501 while no proxy is configured "+
				"that could stand in front of them.")),
	}}
}
