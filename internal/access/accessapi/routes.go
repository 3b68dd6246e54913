// Package accessapi tells other programs what the bearer of a token may be to
// them.
package accessapi

import (
	"signet/internal/oidc/grant"
	"signet/internal/operator"
	"signet/internal/platform/web"
)

// API serves the operations.
type API struct {
	// Gate judges tokens.
	Gate *operator.Gate
}

// Routes is the table of this API.
func Routes(a *API) web.Table {
	return web.Table{Document: "management", Tag: "Authn", Routes: []web.Route{
		web.Get("/api/authn/hasura", a.hasura,
			web.Doc("GetHasuraAuth", "Answer the webhook of a Hasura GraphQL engine"), web.Fails(400, 401),
			web.About("Takes the bearer token that Hasura forwards, which must be for the API resource in the query, and the role "+
				"in the header Expected-Role. Answers the id of the user or machine with that role if they have it, else with the "+
				"role for the unauthorized if one is given. Open to everybody.")),
	}}
}

// Explainer serves the operation that says why a token has the scopes that it
// has.
type Explainer struct {
	Tokens *grant.Endpoint
	// Operator guards the operation.
	Operator web.Guard
}

// Table returns the route.
func (e *Explainer) Table() web.Table {
	return web.Table{Document: "management", Tag: "Access", Routes: []web.Route{
		web.Get("/api/access/explanation", e.explain, web.Guarded(e.Operator),
			web.Doc("ExplainAccess", "Explain which scopes a token has, and why"), web.Fails(400, 401, 403, 404),
			web.About("Runs the rules of the token endpoint for an application that asks for everything, and says of each scope of "+
				"the audience whether the token would have it, by which roles, or what withholds it: noRole, notEnabled (the "+
				"third-party application may not ask for it), notOpened (the user has not opened the organization to the "+
				"application) or noConsent. The audience is a resource, an organization, a resource within an organization or, "+
				"with neither, Signet itself. Without a user the token is the application's own. Issues nothing.")),
	}}
}
