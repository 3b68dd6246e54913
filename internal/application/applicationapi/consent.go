package applicationapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type addConsentIn struct {
	applicationIDIn
	application.ConsentScopes
}

func (a *API) addConsent(ctx context.Context, in *addConsentIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.AddConsentScopes(ctx, tx, in.ApplicationID, in.ConsentScopes)
	})
}

func (a *API) getConsent(ctx context.Context, in *applicationIDIn) (*application.PublishedConsent, error) {
	t := tenant.From(ctx)
	if _, err := application.ByID(ctx, t.DB, in.ApplicationID); err != nil {
		return nil, err
	}
	return application.Consent(ctx, t.DB, in.ApplicationID)
}

type consentIn struct {
	applicationIDIn

	Kind  string `path:"scopeType" check:"enum=organization-scopes|resource-scopes|organization-resource-scopes|user-scopes"`
	Scope string `path:"scopeId" check:"max=128"`
}

func (a *API) removeConsent(ctx context.Context, in *consentIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.RemoveConsentScope(ctx, tx, in.ApplicationID, application.ConsentKinds[in.Kind], in.Scope)
	})
}
