// Package organizationapi is the Management API of organizations, their members
// and the template of roles and scopes that they share. Joining by itself and
// invitations have tables of their own.
package organizationapi

import (
	"context"
	"net/http"

	"signet/internal/organization"
	"signet/internal/platform/clock"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// API serves the operations.
type API struct {
	Clock clock.Clock
	// Operator guards every operation.
	Operator web.Guard
}

// Tables returns the routes.
func (a *API) Tables() []web.Table {
	operator := web.Guarded(a.Operator)
	organizations := a.organizations(operator)
	organizations.Routes = append(organizations.Routes, a.users(operator)...)
	organizations.Routes = append(organizations.Routes, a.applications(operator)...)
	return []web.Table{a.scopes(operator), a.roles(operator), organizations}
}

// memberGuard refuses requests about the roles of somebody who is no member,
// before their body is looked at.
func memberGuard(k *organization.Kind, wildcard string) web.Option {
	return web.Guarded(web.Guard{Name: "member", Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
		return ctx, k.RequireMember(ctx, tenant.From(ctx).DB, r.PathValue("id"), r.PathValue(wildcard))
	}})
}

func (a *API) scopes(operator web.Option) web.Table {
	return web.Table{Document: "management", Tag: "Organization scopes", Routes: []web.Route{
		web.Get("/api/organization-scopes", a.listScopes, operator, web.PagedIfAsked(),
			web.Doc("ListOrganizationScopes", "List organization scopes"), web.Fails(400, 401, 403),
			web.About("By name; q looks for a part of the name in any case. Answers everything unless a page is asked for.")),
		web.Post("/api/organization-scopes", a.createScope, operator, web.Status(201),
			web.Doc("CreateOrganizationScope", "Create an organization scope"), web.Fails(400, 401, 403, 422),
			web.About("A permission that organization roles can grant, the same in every organization. Its name is unique.")),
		web.Get("/api/organization-scopes/{id}", a.getScope, operator,
			web.Doc("GetOrganizationScope", "Get an organization scope"), web.Fails(400, 401, 403, 404),
			web.About("Answers name and description. Which roles grant it, the roles say.")),
		web.Patch("/api/organization-scopes/{id}", a.patchScope, operator,
			web.Doc("UpdateOrganizationScope", "Change an organization scope"), web.Fails(400, 401, 403, 404, 422),
			web.About("Tokens that were issued before keep the old name until they expire.")),
		web.Delete("/api/organization-scopes/{id}", a.removeScope, operator,
			web.Doc("DeleteOrganizationScope", "Delete an organization scope"), web.Fails(400, 401, 403, 404),
			web.About("Takes the scope from every organization role that grants it.")),
	}}
}

func (a *API) roles(operator web.Option) web.Table {
	return web.Table{Document: "management", Tag: "Organization roles", Routes: append([]web.Route{
		web.Get("/api/organization-roles", a.listRoles, operator, web.Paged(),
			web.Doc("ListOrganizationRoles", "List organization roles"), web.Fails(400, 401, 403),
			web.About("By name, each with what it grants; q looks for a part of id, name or description in any case.")),
		web.Post("/api/organization-roles", a.createRole, operator, web.Status(201),
			web.Doc("CreateOrganizationRole", "Create an organization role"), web.Fails(400, 401, 403, 422),
			web.About("Creates the role with everything that it shall grant, or nothing at all. A role is for people or for machines; without a type it is for people.")),
		web.Get("/api/organization-roles/{id}", a.getRole, operator,
			web.Doc("GetOrganizationRole", "Get an organization role"), web.Fails(400, 401, 403, 404),
			web.About("Answers the role without what it grants.")),
		web.Patch("/api/organization-roles/{id}", a.patchRole, operator,
			web.Doc("UpdateOrganizationRole", "Change an organization role"), web.Fails(400, 401, 403, 404, 422),
			web.About("A changed type decides who can be given the role from now on; whoever holds it keeps it.")),
		web.Delete("/api/organization-roles/{id}", a.removeRole, operator,
			web.Doc("DeleteOrganizationRole", "Delete an organization role"), web.Fails(400, 401, 403, 404),
			web.About("Takes the role from all members who hold it, in every organization.")),
	}, a.grants(operator)...)}
}

func (a *API) grants(operator web.Option) []web.Route {
	return []web.Route{
		web.Get("/api/organization-roles/{id}/scopes", a.listRoleScopes, operator, web.PagedIfAsked(),
			web.Doc("ListOrganizationRoleScopes", "List the organization scopes of a role"), web.Fails(400, 401, 403, 404),
			web.About("By name. Answers everything unless a page is asked for.")),
		web.Post("/api/organization-roles/{id}/scopes", a.addRoleScopes, operator, web.Status(201),
			web.Doc("CreateOrganizationRoleScope", "Add organization scopes to a role"), web.Fails(400, 401, 403, 422),
			web.About("Scopes that the role grants already are left as they are.")),
		web.Put("/api/organization-roles/{id}/scopes", a.replaceRoleScopes, operator,
			web.Doc("ReplaceOrganizationRoleScopes", "Replace the organization scopes of a role"), web.Fails(400, 401, 403, 422),
			web.About("Afterwards the role grants these and no others; an empty list takes all away. Naming one twice is an error.")),
		web.Delete("/api/organization-roles/{id}/scopes/{organizationScopeId}", a.removeRoleScope, operator,
			web.Doc("DeleteOrganizationRoleScope", "Take an organization scope from a role"), web.Fails(400, 401, 403, 404, 422),
			web.About("The scope itself stays.")),

		web.Get("/api/organization-roles/{id}/resource-scopes", a.listRoleResourceScopes, operator, web.PagedIfAsked(),
			web.Doc("ListOrganizationRoleResourceScopes", "List the resource scopes of a role"), web.Fails(400, 401, 403, 404),
			web.About("Scopes of API resources, by name. Answers everything unless a page is asked for.")),
		web.Post("/api/organization-roles/{id}/resource-scopes", a.addRoleResourceScopes, operator, web.Status(201),
			web.Doc("CreateOrganizationRoleResourceScope", "Add resource scopes to a role"), web.Fails(400, 401, 403, 422),
			web.About("Scopes that the role grants already are left as they are. Roles of people cannot grant a Management API.")),
		web.Put("/api/organization-roles/{id}/resource-scopes", a.replaceRoleResourceScopes, operator,
			web.Doc("ReplaceOrganizationRoleResourceScopes", "Replace the resource scopes of a role"), web.Fails(400, 401, 403, 422),
			web.About("Afterwards the role grants these and no others; an empty list takes all away. Naming one twice is an error.")),
		web.Delete("/api/organization-roles/{id}/resource-scopes/{scopeId}", a.removeRoleResourceScope, operator,
			web.Doc("DeleteOrganizationRoleResourceScope", "Take a resource scope from a role"), web.Fails(400, 401, 403, 404, 422),
			web.About("The scope itself stays.")),
	}
}

func (a *API) organizations(operator web.Option) web.Table {
	return web.Table{Document: "management", Tag: "Organizations", Routes: []web.Route{
		web.Post("/api/organizations", a.create, operator, web.Status(201),
			web.Doc("CreateOrganization", "Create an organization"), web.Fails(400, 401, 403, 422),
			web.About("Names may repeat: only the id tells organizations apart. It begins without members.")),
		web.Get("/api/organizations", a.list, operator, web.Paged(),
			web.Doc("ListOrganizations", "List organizations"), web.Fails(400, 401, 403),
			web.About("The oldest first; q looks for a part of id or name in any case. With showFeatured each brings the number of its users and up to three of them.")),
		web.Get("/api/organizations/{id}", a.get, operator,
			web.Doc("GetOrganization", "Get an organization"), web.Fails(400, 401, 403, 404),
			web.About("Answers the organization without its members.")),
		web.Patch("/api/organizations/{id}", a.patch, operator,
			web.Doc("UpdateOrganization", "Change an organization"), web.Fails(400, 401, 403, 404, 422),
			web.About("Custom data, color and branding are replaced as a whole: what is not sent again is gone.")),
		web.Delete("/api/organizations/{id}", a.remove, operator,
			web.Doc("DeleteOrganization", "Delete an organization"), web.Fails(400, 401, 403, 404),
			web.About("Deletes its memberships and invitations with it. The members themselves stay.")),
	}}
}

func (a *API) users(operator web.Option) []web.Route {
	member := memberGuard(organization.Users, "userId")
	return []web.Route{
		web.Get("/api/organizations/{id}/users", a.listUsers, operator, web.Paged(),
			web.Doc("ListOrganizationUsers", "List the users of an organization"), web.Fails(400, 401, 403, 404),
			web.About("By id, each with all roles held here. q looks for a part of id, email, phone, username or name in any case; organizationRoleId selects who holds that role.")),
		web.Post("/api/organizations/{id}/users", a.addUsers, operator, web.Status(201),
			web.Doc("AddOrganizationUsers", "Add users to an organization"), web.Fails(400, 401, 403, 422),
			web.About("Who is a member already stays one. New members begin without roles.")),
		web.Put("/api/organizations/{id}/users", a.replaceUsers, operator,
			web.Doc("ReplaceOrganizationUsers", "Replace the users of an organization"), web.Fails(400, 401, 403, 422),
			web.About("Afterwards these are the members and nobody else. Who was one before keeps the roles held here.")),
		web.Delete("/api/organizations/{id}/users/{userId}", a.removeUser, operator,
			web.Doc("DeleteOrganizationUser", "Remove a user from an organization"), web.Fails(400, 401, 403, 404, 422),
			web.About("The roles held here end with the membership.")),
		web.Post("/api/organizations/{id}/users/roles", a.giveRolesToUsers, operator, web.Status(201),
			web.Doc("AssignOrganizationRolesToUsers", "Give roles to several users"), web.Fails(400, 401, 403, 422),
			web.About("Every user gets every role, or nobody gets any. All must be members; at most 10,000 pairs at once.")),
		web.Get("/api/organizations/{id}/users/{userId}/roles", a.listUserRoles, operator, member, web.PagedIfAsked(),
			web.Doc("ListOrganizationUserRoles", "List the roles of a user"), web.Fails(400, 401, 403, 422),
			web.About("Roles that the user holds in this organization, by name.")),
		web.Post("/api/organizations/{id}/users/{userId}/roles", a.giveUserRoles, operator, member, web.Status(201),
			web.Doc("AssignOrganizationRolesToUser", "Give roles to a user"), web.Fails(400, 401, 403, 422),
			web.About("Roles are named by id, by name or both; the answer has the ids. Roles that the user holds already are no error.")),
		web.Put("/api/organizations/{id}/users/{userId}/roles", a.replaceUserRoles, operator, member,
			web.Doc("ReplaceOrganizationUserRoles", "Replace the roles of a user"), web.Fails(400, 401, 403, 422),
			web.About("Afterwards the user holds these roles here and no others; without any, none.")),
		web.Delete("/api/organizations/{id}/users/{userId}/roles/{organizationRoleId}", a.takeUserRole, operator, member,
			web.Doc("DeleteOrganizationUserRole", "Take a role from a user"), web.Fails(400, 401, 403, 404, 422),
			web.About("The user stays a member.")),
		web.Get("/api/organizations/{id}/users/{userId}/scopes", a.listUserScopes, operator,
			web.Doc("ListOrganizationUserScopes", "List the scopes of a user"), web.Fails(400, 401, 403, 422),
			web.About("Organization scopes that the user has through roles in this organization, each once. Who is no member has none.")),
	}
}

func (a *API) applications(operator web.Option) []web.Route {
	member := memberGuard(organization.Applications, "applicationId")
	return []web.Route{
		web.Get("/api/organizations/{id}/applications", a.listApplications, operator, web.Paged(),
			web.Doc("ListOrganizationApplications", "List the applications of an organization"), web.Fails(400, 401, 403, 404),
			web.About("The newest first, each with all roles held here. q looks for a part of id, name or description in any case.")),
		web.Post("/api/organizations/{id}/applications", a.addApplications, operator, web.Status(201),
			web.Doc("AddOrganizationApplications", "Add applications to an organization"), web.Fails(400, 401, 403, 422),
			web.About("Only machine-to-machine applications can be members. Who is one already stays it.")),
		web.Put("/api/organizations/{id}/applications", a.replaceApplications, operator,
			web.Doc("ReplaceOrganizationApplications", "Replace the applications of an organization"), web.Fails(400, 401, 403, 422),
			web.About("Afterwards these are members and no other applications. Those that were before keep the roles held here.")),
		web.Delete("/api/organizations/{id}/applications/{applicationId}", a.removeApplication, operator,
			web.Doc("DeleteOrganizationApplication", "Remove an application from an organization"), web.Fails(400, 401, 403, 404, 422),
			web.About("The roles held here end with the membership.")),
		web.Post("/api/organizations/{id}/applications/roles", a.giveRolesToApplications, operator, web.Status(201),
			web.Doc("AssignOrganizationRolesToApplications", "Give roles to several applications"), web.Fails(400, 401, 403, 422),
			web.About("Every application gets every role, or none gets any. All must be members; at most 10,000 pairs at once.")),
		web.Get("/api/organizations/{id}/applications/{applicationId}/roles", a.listApplicationRoles, operator, member, web.PagedIfAsked(),
			web.Doc("ListOrganizationApplicationRoles", "List the roles of an application"), web.Fails(400, 401, 403, 422),
			web.About("Roles that the application holds in this organization, by name.")),
		web.Post("/api/organizations/{id}/applications/{applicationId}/roles", a.giveApplicationRoles, operator, member, web.Status(201),
			web.Doc("AssignOrganizationRolesToApplication", "Give roles to an application"), web.Fails(400, 401, 403, 422),
			web.About("Only roles for machines. Roles that the application holds already are no error.")),
		web.Put("/api/organizations/{id}/applications/{applicationId}/roles", a.replaceApplicationRoles, operator, member,
			web.Doc("ReplaceOrganizationApplicationRoles", "Replace the roles of an application"), web.Fails(400, 401, 403, 422),
			web.About("Afterwards the application holds these roles here and no others. At least one must be named.")),
		web.Delete("/api/organizations/{id}/applications/{applicationId}/roles/{organizationRoleId}", a.takeApplicationRole, operator, member,
			web.Doc("DeleteOrganizationApplicationRole", "Take a role from an application"), web.Fails(400, 401, 403, 404, 422),
			web.About("The application stays a member.")),
	}
}

// Table returns the routes.
func (a *Invitations) Table() web.Table {
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "Organization invitations", Routes: []web.Route{
		web.Get("/api/organization-invitations", a.list, operator,
			web.Doc("ListOrganizationInvitations", "List invitations"), web.Fails(400, 401, 403),
			web.About("The newest first, all at once. The address of the invitee is found in any case.")),
		web.Post("/api/organization-invitations", a.create, operator, web.Status(201),
			web.Doc("CreateOrganizationInvitation", "Invite somebody to an organization"), web.Fails(400, 401, 403, 422, 429, 501),
			web.About("Without messagePayload no mail is sent: give the link to your invitee yourself. There is one open invitation for an address in an organization.")),
		web.Get("/api/organization-invitations/{id}", a.get, operator,
			web.Doc("GetOrganizationInvitation", "Get an invitation"), web.Fails(400, 401, 403, 404),
			web.About("An open invitation whose time is over is shown as expired.")),
		web.Delete("/api/organization-invitations/{id}", a.remove, operator,
			web.Doc("DeleteOrganizationInvitation", "Delete an invitation"), web.Fails(400, 401, 403, 404),
			web.About("Works in every status. Who accepted it stays a member.")),
		web.Post("/api/organization-invitations/{id}/message", a.mail, operator,
			web.Doc("CreateOrganizationInvitationMessage", "Mail an invitation again"), web.Fails(400, 401, 403, 404, 429, 501),
			web.About("Sends the mail of the invitation once more, whatever its status. It needs a connector that sends mail.")),
		web.Put("/api/organization-invitations/{id}/status", a.setStatus, operator,
			web.Doc("ReplaceOrganizationInvitationStatus", "Accept or revoke an invitation"), web.Fails(400, 401, 403, 404, 422),
			web.About("Accepted needs the user, whose primary email address must be the invited one; it makes them a member with the roles of the invitation. Both are final.")),
	}}
}

// Table returns the routes.
func (j *JIT) Table() web.Table {
	operator := web.Guarded(j.Operator)
	return web.Table{Document: "management", Tag: "Organizations", Routes: []web.Route{
		web.Get("/api/organizations/{id}/jit/email-domains", j.domains, operator, web.PagedIfAsked(),
			web.Doc("ListOrganizationJitEmailDomains", "List the email domains of an organization"), web.Fails(400, 401, 403),
			web.About("Who registers with a verified address in one of them becomes a member. An organization that does not exist has none.")),
		web.Post("/api/organizations/{id}/jit/email-domains", j.addDomain, operator, web.Status(201),
			web.Doc("CreateOrganizationJitEmailDomain", "Add an email domain"), web.Fails(400, 401, 403, 422),
			web.About("People who are users already do not join by it. Upper and lower case are the same domain.")),
		web.Put("/api/organizations/{id}/jit/email-domains", j.replaceDomains, operator,
			web.Doc("ReplaceOrganizationJitEmailDomains", "Replace the email domains"), web.Fails(400, 401, 403, 422),
			web.About("An empty list removes them all. A domain that is named twice is stored once.")),
		web.Delete("/api/organizations/{id}/jit/email-domains/{emailDomain}", j.removeDomain, operator,
			web.Doc("DeleteOrganizationJitEmailDomain", "Remove an email domain"), web.Fails(400, 401, 403, 404),
			web.About("Members who joined by it stay members. Upper and lower case are the same domain.")),

		web.Get("/api/organizations/{id}/jit/roles", j.roles, operator, web.PagedIfAsked(),
			web.Doc("ListOrganizationJitRoles", "List the roles of who joins"), web.Fails(400, 401, 403, 404),
			web.About("Who becomes a member by an email domain or an enterprise connector begins with these roles.")),
		web.Post("/api/organizations/{id}/jit/roles", j.addRoles, operator, web.Status(201),
			web.Doc("CreateOrganizationJitRole", "Add roles for who joins"), web.Fails(400, 401, 403, 422),
			web.About("Roles that are there already stay; members who joined before do not get them.")),
		web.Put("/api/organizations/{id}/jit/roles", j.replaceRoles, operator,
			web.Doc("ReplaceOrganizationJitRoles", "Replace the roles of who joins"), web.Fails(400, 401, 403, 422),
			web.About("An empty list removes them all. No role may be named twice.")),
		web.Delete("/api/organizations/{id}/jit/roles/{organizationRoleId}", j.removeRole, operator,
			web.Doc("DeleteOrganizationJitRole", "Remove a role of who joins"), web.Fails(400, 401, 403, 404, 422),
			web.About("Members who have the role keep it.")),

		web.Get("/api/organizations/{id}/jit/sso-connectors", j.connectors, operator, web.PagedIfAsked(),
			web.Doc("ListOrganizationJitSsoConnectors", "List the enterprise connectors of an organization"), web.Fails(400, 401, 403, 404),
			web.About("Who signs in through one of them for the first time becomes a member.")),
		web.Post("/api/organizations/{id}/jit/sso-connectors", j.addConnectors, operator, web.Status(201),
			web.Doc("CreateOrganizationJitSsoConnector", "Add enterprise connectors"), web.Fails(400, 401, 403, 422),
			web.About("Connectors that are there already stay.")),
		web.Put("/api/organizations/{id}/jit/sso-connectors", j.replaceConnectors, operator,
			web.Doc("ReplaceOrganizationJitSsoConnectors", "Replace the enterprise connectors"), web.Fails(400, 401, 403, 422),
			web.About("An empty list removes them all. No connector may be named twice.")),
		web.Delete("/api/organizations/{id}/jit/sso-connectors/{ssoConnectorId}", j.removeConnector, operator,
			web.Doc("DeleteOrganizationJitSsoConnector", "Remove an enterprise connector"), web.Fails(400, 401, 403, 404, 422),
			web.About("Members who joined by it stay members.")),
	}}
}
