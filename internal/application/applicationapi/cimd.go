package applicationapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

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
