// Package userapi is the Management API of users: who they are, their
// identifiers, passwords, identities and roles, where they are signed in, and
// what the operator does to them.
package userapi

import (
	"context"

	"signet/internal/oidc/client"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/web"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// API serves the operations.
type API struct {
	Clock      clock.Clock
	Hasher     *crypt.Hasher
	Experience *signinexp.Cache
	Clients    *client.Directory
	// DefaultRoles are names of roles that every new user gets beside the default
	// ones of the tenant.
	DefaultRoles []string
	// IgnoreUsernameCase makes usernames case-insensitive whatever a tenant says.
	IgnoreUsernameCase bool
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (a *API) Table() web.Table {
	table := web.Table{Document: "management", Tag: "Users"}
	for _, routes := range [][]web.Route{
		a.userRoutes(), a.dataRoutes(), a.passwordRoutes(), a.identityRoutes(), a.roleRoutes(), a.sessionRoutes(),
	} {
		table.Routes = append(table.Routes, routes...)
	}
	return table
}

// userPath is what every path below a user has.
type userPath struct {
	UserID string `path:"userId" check:"max=128"`
}

// caseSensitive reports whether usernames that differ in case only are two.
func (a *API) caseSensitive(ctx context.Context) (bool, error) {
	experience, err := a.Experience.Get(ctx, tenant.From(ctx).DB)
	if err != nil {
		return false, err
	}
	return experience.UsernamePolicy.DistinguishesCase(!a.IgnoreUsernameCase), nil
}

func (a *API) userRoutes() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Get("/api/users", a.list, operator, web.Paged(), web.Searched(),
			web.Doc("ListUsers", "List users"), web.Fails(400, 401, 403),
			web.About("The newest come first. Searches id, primaryEmail, primaryPhone, username and name. "+
				"excludeRoleId leaves out who holds a role, excludeOrganizationId who belongs to an organization.")),
		web.Post("/api/users", a.create, operator,
			web.Doc("CreateUser", "Create a user"), web.Fails(400, 401, 403, 422),
			web.About("Nothing is required. The tenant's rules for passwords and usernames do not apply. "+
				"A user who moves here keeps the password if its hash is given as passwordDigest, with its passwordAlgorithm: "+
				"a PHC string for Argon2, $2…$ for Bcrypt, lower-case hex for MD5, SHA1 and SHA256, and for Legacy a JSON text "+
				"[algorithm, [arguments…], hash] in which the argument \"@\" stands for the password. "+
				"The user gets every default role.")),
		web.Get("/api/users/{userId}", a.get, operator,
			web.Doc("GetUser", "Get a user"), web.Fails(400, 401, 403, 404),
			web.About("includeSsoIdentities adds accounts at enterprise identity providers, includePasswordHash the stored hash of the password.")),
		web.Patch("/api/users/{userId}", a.patch, operator,
			web.Doc("UpdateUser", "Change a user"), web.Fails(400, 401, 403, 404, 422),
			web.About("customData and profile are replaced as a whole; operations of their own merge them. "+
				"An empty text or null clears a property, even the last identifier.")),
		web.Delete("/api/users/{userId}", a.remove, operator,
			web.Doc("DeleteUser", "Delete a user"), web.Fails(400, 401, 403, 404),
			web.About("Ends every session and token at once. The identifiers are free for others. Nobody can delete themselves.")),
		web.Patch("/api/users/{userId}/is-suspended", a.suspend, operator,
			web.Doc("UpdateUserIsSuspended", "Suspend a user, or let them in again"), web.Fails(400, 401, 403, 404),
			web.About("Suspending ends every session and every refresh and opaque token at once. Access tokens for APIs, "+
				"which nobody asks us about, live on until they expire.")),
	}
}

func (a *API) dataRoutes() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Get("/api/users/{userId}/custom-data", a.customData, operator,
			web.Doc("ListUserCustomData", "Get custom data of a user"), web.Fails(400, 401, 403),
			web.About("Answers the object that applications keep with the user.")),
		web.Patch("/api/users/{userId}/custom-data", a.patchCustomData, operator,
			web.Doc("UpdateUserCustomData", "Merge custom data of a user"), web.Fails(400, 401, 403, 404),
			web.About("Sets the properties that are given and keeps all others. Values are replaced, not merged deeper.")),
		web.Patch("/api/users/{userId}/profile", a.patchProfile, operator,
			web.Doc("UpdateUserProfile", "Merge the profile of a user"), web.Fails(400, 401, 403, 404),
			web.About("Sets the standard claims that are given and keeps all others. The address is replaced as a whole.")),
		web.Get("/api/users/{userId}/logto-configs", a.choices, operator,
			web.Doc("ListUserLogtoConfigs", "Get choices that a user made while signing in"), web.Fails(400, 401, 403, 404),
			web.About("mfa.enabled is absent until the user was asked.")),
		web.Patch("/api/users/{userId}/logto-configs", a.patchChoices, operator,
			web.Doc("UpdateUserLogtoConfigs", "Change choices that a user made while signing in"), web.Fails(400, 401, 403, 404),
			web.About("Sets what is given and keeps the rest.")),
		web.Get("/api/users/{userId}/organizations", a.organizations, operator,
			web.Doc("ListUserOrganizations", "List the organizations of a user"), web.Fails(400, 401, 403, 404),
			web.About("Answers all of them, each with the roles that the user has there.")),
	}
}

func (a *API) passwordRoutes() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Patch("/api/users/{userId}/password", a.setPassword, operator,
			web.Doc("UpdateUserPassword", "Set the password of a user"), web.Fails(400, 401, 403, 422),
			web.About("The tenant's rules for passwords do not apply. Lifts an expiry. Sessions and tokens live on.")),
		web.Patch("/api/users/{userId}/password/expiration", a.expirePassword, operator,
			web.Doc("UpdateUserPasswordExpiration", "Expire the password of a user"), web.Fails(400, 401, 403, 404),
			web.About("Nobody signs in with an expired password. Needs the tenant's password expiration to be on; lifting an expiry does not.")),
		web.Post("/api/users/{userId}/password/verify", a.verifyPassword, operator,
			web.Doc("VerifyUserPassword", "Check the password of a user"), web.Fails(400, 401, 403, 404, 422),
			web.About("A wrong password and none at all get the same answer after the same time. No failure counts towards a lockout.")),
		web.Get("/api/users/{userId}/has-password", a.hasPassword, operator,
			web.Doc("GetUserHasPassword", "Tell whether a user has a password"), web.Fails(400, 401, 403, 404),
			web.About("Users who came by another way of signing in have none.")),
	}
}

func (a *API) identityRoutes() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Post("/api/users/{userId}/identities", a.connectIdentity, operator,
			web.Doc("CreateUserIdentity", "Link a social identity through its connector"), web.Fails(400, 401, 403, 404, 422),
			web.About("connectorData is what the provider sent the browser back with. A connector that is not set up is not found.")),
		web.Put("/api/users/{userId}/identities/{target}", a.putIdentity, operator, web.Also(201),
			web.Doc("ReplaceUserIdentity", "Set a social identity of a user"), web.Fails(400, 401, 403, 404, 422),
			web.About("Answers all identities by their targets, with 201 if there was none at this one. The target needs no connector.")),
		web.Get("/api/users/{userId}/identities/{target}", a.identity, operator,
			web.Doc("GetUserIdentity", "Get a social identity of a user"), web.Fails(400, 401, 403, 404),
			web.About("The target is the name of the provider, such as github.")),
		web.Delete("/api/users/{userId}/identities/{target}", a.deleteIdentity, operator,
			web.Doc("DeleteUserIdentity", "Remove a social identity of a user"), web.Fails(400, 401, 403, 404),
			web.About("Answers the user, who may be left with no way to sign in.")),
		web.Get("/api/users/{userId}/sso-identities/{ssoConnectorId}", a.ssoIdentity, operator,
			web.Doc("GetUserSsoIdentity", "Get an enterprise identity of a user"), web.Fails(400, 401, 403, 404),
			web.About("A user has one identity at most at each connector.")),
		web.Get("/api/users/{userId}/all-identities", a.allIdentities, operator,
			web.Doc("ListUserAllIdentities", "List social and enterprise identities of a user"), web.Fails(400, 401, 403, 404),
			web.About("Social ones are ordered by target, enterprise ones by age.")),
	}
}

func (a *API) roleRoutes() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Get("/api/users/{userId}/roles", a.roles, operator, web.Paged(), web.Searched(),
			web.Doc("ListUserRoles", "List the roles of a user"), web.Fails(400, 401, 403, 404),
			web.About("Searches id, name and description.")),
		web.Post("/api/users/{userId}/roles", a.addRoles, operator, web.Status(201),
			web.Doc("AssignUserRoles", "Give roles to a user"), web.Fails(400, 401, 403, 404, 422),
			web.About("Roles that the user has already stay; addedRoleIds are the others. Roles for machines are refused.")),
		web.Put("/api/users/{userId}/roles", a.replaceRoles, operator,
			web.Doc("ReplaceUserRoles", "Replace the roles of a user"), web.Fails(400, 401, 403, 404, 422),
			web.About("Takes every other role away. All of it happens, or nothing.")),
		web.Delete("/api/users/{userId}/roles/{roleId}", a.removeRole, operator,
			web.Doc("DeleteUserRole", "Take a role from a user"), web.Fails(400, 401, 403, 404),
			web.About("A role that the user does not have is not found.")),
	}
}

func (a *API) sessionRoutes() []web.Route {
	operator := web.Guarded(a.Operator)
	return []web.Route{
		web.Get("/api/users/{userId}/sessions", a.sessions, operator,
			web.Doc("ListUserSessions", "List where a user is signed in"), web.Fails(400, 401, 403, 500),
			web.About("The newest come first. Somebody who does not exist is signed in nowhere.")),
		web.Get("/api/users/{userId}/sessions/{sessionId}", a.session, operator,
			web.Doc("GetUserSession", "Get a session of a user"), web.Fails(400, 401, 403, 404, 500),
			web.About("The id of a session is the uid of its payload.")),
		web.Delete("/api/users/{userId}/sessions/{sessionId}", a.endSession, operator,
			web.Doc("DeleteUserSession", "Sign a user out of one browser"), web.Fails(400, 401, 403, 404, 500),
			web.About("Refresh tokens that outlive their session live on, unless revokeGrantsTarget ends their grants too: "+
				"all of them, or those of registered applications that are not third-party.")),
		web.Get("/api/users/{userId}/grants", a.grants, operator,
			web.Doc("ListUserGrants", "List the applications that may act for a user"), web.Fails(400, 401, 403, 500),
			web.About("Lists what has not expired. Built-in applications are left out.")),
		web.Delete("/api/users/{userId}/grants/{grantId}", a.endGrant, operator,
			web.Doc("DeleteUserGrant", "Take access back from an application"), web.Fails(400, 401, 403, 404, 500),
			web.About("Ends every token and code of the grant, and the browser in which it was given has to sign in again.")),
	}
}

// FactorTable returns the routes.
func (f *Factors) FactorTable() web.Table {
	operator := web.Guarded(f.Operator)
	return web.Table{Document: "management", Tag: "Users", Routes: []web.Route{
		web.Get("/api/users/{userId}/mfa-verifications", f.list, operator,
			web.Doc("ListUserMfaVerifications", "List the second factors of a user"), web.Fails(400, 401, 403, 404),
			web.About("Says what there is, without secrets, keys and codes.")),
		web.Post("/api/users/{userId}/mfa-verifications", f.create, operator,
			web.Doc("CreateUserMfaVerification", "Give a user a second factor"), web.Fails(400, 401, 403, 404, 422),
			web.About("An authenticator application or a set of ten backup codes; the latter only beside another factor. What is not given is drawn, and answered this once.")),
		web.Delete("/api/users/{userId}/mfa-verifications/{verificationId}", f.remove, operator,
			web.Doc("DeleteUserMfaVerification", "Take a second factor from a user"), web.Fails(400, 401, 403, 404),
			web.About("For a user who has lost it. A set of backup codes goes as a whole.")),

		web.Get("/api/users/{userId}/personal-access-tokens", f.tokens, operator,
			web.Doc("ListUserPersonalAccessTokens", "List the personal access tokens of a user"), web.Fails(400, 401, 403, 404),
			web.About("Answers their values too, the oldest first.")),
		web.Post("/api/users/{userId}/personal-access-tokens", f.addToken, operator, web.Status(201),
			web.Doc("CreateUserPersonalAccessToken", "Create a personal access token"), web.Fails(400, 401, 403, 404, 422),
			web.About("A program that holds it can get access tokens of the user. Without expiresAt it never expires.")),
		web.Patch("/api/users/{userId}/personal-access-tokens", f.renameToken, operator,
			web.Doc("UpdatePersonalAccessTokenName", "Rename a personal access token"), web.Fails(400, 401, 403, 404, 422),
			web.About("Names in the body may contain any character. The value stays.")),
		web.Post("/api/users/{userId}/personal-access-tokens/delete", f.deleteToken, operator, web.Status(204),
			web.Doc("DeletePersonalAccessTokenPost", "Delete a personal access token by a name in the body"), web.Fails(400, 401, 403, 404),
			web.About("Names in the body may contain any character. Access tokens that it brought live on until they expire.")),
		web.Patch("/api/users/{userId}/personal-access-tokens/{name}", f.renameTokenAt, operator,
			web.Doc("UpdateUserPersonalAccessToken", "Rename the personal access token in the path"), web.Fails(400, 401, 403, 404, 422),
			web.About("Better name the token in the body: a path cannot carry every name.")),
		web.Delete("/api/users/{userId}/personal-access-tokens/{name}", f.deleteTokenAt, operator,
			web.Doc("DeleteUserPersonalAccessToken", "Delete the personal access token in the path"), web.Fails(400, 401, 403, 404),
			web.About("Better name the token in the body: a path cannot carry every name.")),
	}}
}
