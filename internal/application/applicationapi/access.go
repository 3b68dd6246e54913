package applicationapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

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
