package userapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

func (a *API) customData(ctx context.Context, in *userPath) (*map[string]any, error) {
	u, err := user.ByID(ctx, tenant.From(ctx).DB, in.UserID)
	if err != nil {
		return nil, err
	}
	return &u.CustomData, nil
}

type customDataIn struct {
	userPath

	CustomData map[string]any `json:"customData"`
}

func (a *API) patchCustomData(ctx context.Context, in *customDataIn) (*map[string]any, error) {
	u, err := a.merge(ctx, in.UserID, user.Patch{MergeCustomData: in.CustomData}, func(u *user.User) any { return u.CustomData })
	if err != nil {
		return nil, err
	}
	return &u.CustomData, nil
}

type profileIn struct {
	userPath

	Profile user.Profile `json:"profile"`
}

func (a *API) patchProfile(ctx context.Context, in *profileIn) (*user.Profile, error) {
	u, err := a.merge(ctx, in.UserID, user.Patch{Profile: &in.Profile}, func(u *user.User) any { return u.Profile })
	if err != nil {
		return nil, err
	}
	return &u.Profile, nil
}

// merge changes a part of a user; the event shows that part alone.
func (a *API) merge(ctx context.Context, id string, p user.Patch, part func(u *user.User) any) (*user.User, error) {
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*user.User, error) {
		u, err := user.Update(ctx, tx, now, id, p)
		if err != nil {
			return nil, err
		}
		return u, event.Record(ctx, tx, now, "User.Data.Updated", part(u))
	})
}

func (a *API) choices(ctx context.Context, in *userPath) (*user.Choices, error) {
	u, err := user.ByID(ctx, tenant.From(ctx).DB, in.UserID)
	if err != nil {
		return nil, err
	}
	return u.Choices(), nil
}

type choicesIn struct {
	userPath
	user.ChoicesPatch
}

func (a *API) patchChoices(ctx context.Context, in *choicesIn) (*user.Choices, error) {
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*user.Choices, error) {
		u, err := user.Update(ctx, tx, now, in.UserID, in.Patch())
		if err != nil {
			return nil, err
		}
		return u.Choices(), user.Announce(withoutRoute(ctx), tx, now, "User.Data.Updated", u)
	})
}

// withoutRoute hides which operation an event comes from, as the published event
// of this change does.
func withoutRoute(ctx context.Context) context.Context {
	info := web.Info(ctx)
	return web.WithInfo(ctx, &web.RequestInfo{ID: info.ID, IP: info.IP, UserAgent: info.UserAgent})
}
