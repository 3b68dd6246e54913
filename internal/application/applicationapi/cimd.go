package applicationapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

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

func (a *API) getCeiling(ctx context.Context, _ *struct{}) (*application.PublishedConsent, error) {
	return application.Consent(ctx, tenant.From(ctx).DB, application.Unregistered)
}

func (a *API) addCeiling(ctx context.Context, in *application.ConsentScopes) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.AddConsentScopes(ctx, tx, application.Unregistered, *in)
	})
}

type ceilingIn struct {
	Kind  string `path:"scopeType" check:"enum=organization-scopes|resource-scopes|organization-resource-scopes|user-scopes"`
	Scope string `path:"scopeId" check:"max=128"`
}

func (a *API) removeCeiling(ctx context.Context, in *ceilingIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.RemoveConsentScope(ctx, tx, application.Unregistered, application.ConsentKinds[in.Kind], in.Scope)
	})
}
