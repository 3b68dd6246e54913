package applicationapi

import "signet/internal/platform/web"

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
