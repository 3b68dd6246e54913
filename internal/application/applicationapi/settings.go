package applicationapi

import (
	"context"
	"net/http"

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

func (a *API) getExperience(ctx context.Context, in *applicationIDIn) (*application.Experience, error) {
	return application.ExperienceOf(ctx, tenant.From(ctx).DB, in.ApplicationID)
}

type experienceIn struct {
	applicationIDIn
	application.ExperiencePatch
}

func (a *API) setExperience(ctx context.Context, in *experienceIn) (*application.Experience, error) {
	created := false
	set, err := db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (set *application.Experience, err error) {
		set, created, err = application.SetExperience(ctx, tx, in.ApplicationID, in.ExperiencePatch)
		return set, err
	})
	if created {
		web.SetStatus(ctx, http.StatusCreated)
	}
	return set, err
}

func (a *API) getAccess(ctx context.Context, in *applicationIDIn) (*application.AccessRules, error) {
	t := tenant.From(ctx)
	if _, err := application.ByID(ctx, t.DB, in.ApplicationID); err != nil {
		return nil, err
	}
	return application.Access(ctx, t.DB, in.ApplicationID)
}

type accessIn struct {
	applicationIDIn
	application.AccessRules
}

func (a *API) replaceAccess(ctx context.Context, in *accessIn) (*application.AccessRules, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*application.AccessRules, error) {
		return application.ReplaceAccess(ctx, tx, in.ApplicationID, in.AccessRules)
	})
}
