// Package resourceapi is the Management API of API resources and their scopes.
package resourceapi

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
	return web.Table{Document: "management", Tag: "Resources", Routes: []web.Route{
		web.Get("/api/resources", a.list, operator, web.PagedIfAsked(),
			web.Doc("ListResources", "List API resources"), web.Fails(400, 401, 403),
			web.About("Answers everything unless a page is asked for. With includeScopes each resource brings its scopes.")),
		web.Post("/api/resources", a.create, operator, web.Status(201),
			web.Doc("CreateResource", "Create an API resource"), web.Fails(400, 401, 403, 422),
			web.About("The indicator becomes the audience of access tokens (RFC 8707) and cannot be changed later.")),
		web.Get("/api/resources/{id}", a.get, operator,
			web.Doc("GetResource", "Get an API resource"), web.Fails(400, 401, 403, 404),
			web.About("Answers the resource without its scopes.")),
		web.Get("/api/resources/{id}/protected-resource-metadata", a.metadata, operator,
			web.Doc("GetResourceProtectedResourceMetadata", "Get the metadata that an API should publish"), web.Fails(400, 401, 403, 404, 422),
			web.About("As RFC 9728 has them: clients that know nothing but the address of the API find out whose tokens it takes. "+
				"Have the API serve them as they are, with /.well-known/oauth-protected-resource before the path of its indicator. "+
				"Signet itself serves those of APIs below its own address.")),
		web.Patch("/api/resources/{id}", a.patch, operator,
			web.Doc("UpdateResource", "Change an API resource"), web.Fails(400, 401, 403, 404, 422),
			web.About("Changes the name and the life of access tokens. A Management API cannot be changed.")),
		web.Patch("/api/resources/{id}/is-default", a.setDefault, operator,
			web.Doc("UpdateResourceIsDefault", "Make an API resource the default"), web.Fails(400, 401, 403, 404),
			web.About("Tokens for requests that name no resource are made for the default one. The one before it stops being it.")),
		web.Delete("/api/resources/{id}", a.remove, operator,
			web.Doc("DeleteResource", "Delete an API resource"), web.Fails(400, 401, 403, 404),
			web.About("Deletes its scopes with it, and takes them from every role. A Management API cannot be deleted.")),

		web.Get("/api/resources/{resourceId}/scopes", a.listScopes, operator, web.Paged(), web.Searched(),
			web.Doc("ListResourceScopes", "List the scopes of an API resource"), web.Fails(400, 401, 403),
			web.About("Searches id, name and description. A resource that does not exist has no scopes.")),
		web.Post("/api/resources/{resourceId}/scopes", a.createScope, operator, web.Status(201),
			web.Doc("CreateResourceScope", "Create a scope"), web.Fails(400, 401, 403, 404, 422),
			web.About("A name is unique within its resource and has no space in it: in a token, spaces part scopes.")),
		web.Patch("/api/resources/{resourceId}/scopes/{scopeId}", a.patchScope, operator,
			web.Doc("UpdateResourceScope", "Change a scope"), web.Fails(400, 401, 403, 404, 422),
			web.About("Tokens that were issued before keep the old name until they expire.")),
		web.Delete("/api/resources/{resourceId}/scopes/{scopeId}", a.removeScope, operator,
			web.Doc("DeleteResourceScope", "Delete a scope"), web.Fails(400, 401, 403, 404),
			web.About("Takes the scope from every role that holds it.")),
	}}
}
