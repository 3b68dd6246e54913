package signin

import (
	"context"
	"errors"

	"signet/internal/asset"
	"signet/internal/oidc/authorize"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/tenant"
)

// UploadAvatar stores a picture of somebody who signs up and returns its URL,
// for the form of extra fields. It goes after a day unless the user is created;
// of several only the last one stays.
func (e *Engine) UploadAvatar(ctx context.Context, in *authorize.Interaction, file *web.File) (url string, err error) {
	d := tenant.From(ctx).DB
	v, err := e.look(ctx, in)
	if err != nil {
		return "", err
	}
	if err := v.mayUpload(); err != nil {
		return "", err
	}
	if err := e.Limiter.AllowAddress(ctx, d, e.Clock, "avatar", web.Info(ctx).IP, sentinel.Upload); err != nil {
		return "", err
	}
	stored, err := e.Assets.Accept(ctx, d, asset.Upload{Kind: asset.Avatar, File: file, Pending: true})
	if err != nil {
		return "", err
	}
	err = e.change(ctx, in, func(v *visit) error {
		// The upload took its time: what was allowed before may no longer be.
		if err := v.mayUpload(); err != nil {
			return err
		}
		if v.state.Created {
			return asset.Keep(ctx, v.tx, v.now, stored.ID, v.state.UserID)
		}
		previous := v.state.Upload
		v.state.Upload = stored.ID
		if previous == "" {
			return nil
		}
		return asset.Drop(ctx, v.tx, previous)
	})
	if err != nil {
		return "", errors.Join(err, asset.Drop(ctx, d, stored.ID))
	}
	return tenant.From(ctx).URL(stored.URL()), nil
}

// mayUpload returns nil to who signs up.
func (v *visit) mayUpload() error {
	if !v.state.signingUp() {
		return ErrOnlyForRegister
	}
	if !v.allows(EventRegister) {
		return ErrForbidden
	}
	return nil
}
