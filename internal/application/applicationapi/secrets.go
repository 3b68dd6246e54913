package applicationapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

func (a *API) listSecrets(ctx context.Context, in *idIn) (*[]application.PublishedSecret, error) {
	t := tenant.From(ctx)
	if _, err := application.ByID(ctx, t.DB, in.ID); err != nil {
		return nil, err
	}
	secrets, err := application.NamedSecrets(ctx, t.DB, a.Ring, in.ID)
	return &secrets, err
}

type createSecretIn struct {
	idIn

	Name string `json:"name" check:"min=1,max=256" example:"Deployment of spring"`
	// ExpiresAt has the bound of dates in JavaScript.
	ExpiresAt *int64 `json:"expiresAt" check:"nullable,max=8640000000000000" example:"1790000000000"` // epoch milliseconds
}

func (a *API) createSecret(ctx context.Context, in *createSecretIn) (*application.PublishedSecret, error) {
	now := a.Clock.Millis()
	if in.ExpiresAt != nil && *in.ExpiresAt <= now {
		return nil, search.Invalid("expiresAt must be in the future")
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*application.PublishedSecret, error) {
		app, err := application.ByID(ctx, tx, in.ID)
		if err != nil {
			return nil, err
		}
		if _, err := application.AddSecret(ctx, tx, now, a.Ring, app, in.Name, in.ExpiresAt); err != nil {
			return nil, err
		}
		return application.NamedSecret(ctx, tx, a.Ring, in.ID, in.Name)
	})
}

type secretIn struct {
	idIn

	Name string `path:"name" check:"max=256"`
}

type renameSecretIn struct {
	secretIn

	To string `json:"name" check:"min=1,max=256" example:"Deployment of spring"`
}

func (a *API) renameSecret(ctx context.Context, in *renameSecretIn) (*application.PublishedSecret, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*application.PublishedSecret, error) {
		return application.RenameSecret(ctx, tx, a.Ring, in.ID, in.Name, in.To)
	})
}

func (a *API) removeSecret(ctx context.Context, in *secretIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.DeleteSecret(ctx, tx, in.ID, in.Name)
	})
}

func (a *API) removeLegacySecret(ctx context.Context, in *idIn) (*application.Published, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*application.Published, error) {
		app, err := application.ByID(ctx, tx, in.ID)
		if err != nil {
			return nil, err
		}
		if err := application.DeleteLegacySecret(ctx, tx, in.ID); err != nil {
			return nil, err
		}
		return a.publishOne(ctx, tx, app)
	})
}
