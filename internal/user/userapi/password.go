package userapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/signin/verification"
	"signet/internal/tenant"
	"signet/internal/user"
)

var errExpirationOff = errs.New(400, "sign_in_experiences.password_expiration_not_enabled")

type passwordIn struct {
	userPath

	Password string `json:"password" check:"min=1"`
}

func (a *API) setPassword(ctx context.Context, in *passwordIn) (*userOut, error) {
	t, now := tenant.From(ctx), a.Clock.Millis()
	if _, err := user.ByID(ctx, t.DB, in.UserID); err != nil {
		return nil, err
	}
	encoded, err := a.Hasher.Hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	return db.Do(ctx, t.DB, func(tx *db.Tx) (*userOut, error) {
		return a.update(ctx, tx, now, in.UserID, user.Patch{PasswordHash: &encoded}, "User.Data.Updated")
	})
}

type expirationIn struct {
	userPath

	IsExpired bool `json:"isExpired"`
}

func (a *API) expirePassword(ctx context.Context, in *expirationIn) (*userOut, error) {
	t, now := tenant.From(ctx), a.Clock.Millis()
	experience, err := a.Experience.Get(ctx, t.DB)
	if err != nil {
		return nil, err
	}
	if on := experience.PasswordExpiration.Enabled; in.IsExpired && (on == nil || !*on) {
		return nil, errExpirationOff
	}
	return db.Do(ctx, t.DB, func(tx *db.Tx) (*userOut, error) {
		u, err := user.Update(ctx, tx, now, in.UserID, user.Patch{IsPasswordExpired: &in.IsExpired})
		if err != nil {
			return nil, err
		}
		return view(ctx, tx, u)
	})
}

func (a *API) verifyPassword(ctx context.Context, in *passwordIn) (*web.Nothing, error) {
	t := tenant.From(ctx)
	u, err := user.ByID(ctx, t.DB, in.UserID)
	if err != nil {
		return nil, err
	}
	outdated, err := verification.CheckPassword(ctx, a.Hasher, u, in.Password)
	if err != nil || !outdated {
		return nil, err
	}
	return nil, verification.Strengthen(ctx, a.Hasher, t.DB, u, in.Password)
}

type hasPasswordOut struct {
	HasPassword bool `json:"hasPassword"`
}

func (a *API) hasPassword(ctx context.Context, in *userPath) (*hasPasswordOut, error) {
	u, err := user.ByID(ctx, tenant.From(ctx).DB, in.UserID)
	if err != nil {
		return nil, err
	}
	return &hasPasswordOut{u.HasPassword()}, nil
}
