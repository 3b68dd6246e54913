package applicationapi

import (
	"context"
	"net/http"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

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
