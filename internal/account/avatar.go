package account

import (
	"context"

	"signet/internal/asset"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/tenant"
	"signet/internal/user"
)

// RemoveAvatar takes the caller's avatar away, and the picture if it was
// uploaded here.
func (e *Engine) RemoveAvatar(ctx context.Context, c *Caller) error {
	none := ""
	v, err := e.enter(ctx, c, changeBasics(Basics{Avatar: &none})...)
	if err != nil || v.user.Avatar == nil {
		return err
	}
	_, err = v.change(ctx, user.Patch{Avatar: &none}, func(tx *db.Tx) error {
		return asset.DropAt(ctx, tx, v.user.ID, *v.user.Avatar)
	})
	return err
}

// UploadAvatar stores a picture of the caller and returns its URL. The picture
// becomes the avatar when the account is changed to that URL.
func (e *Engine) UploadAvatar(ctx context.Context, c *Caller, file *web.File) (url string, err error) {
	v, err := e.enter(ctx, c, uploadAvatar...)
	if err != nil {
		return "", err
	}
	if err := e.Limiter.Allow(ctx, v.db, e.Clock, "avatar "+v.user.ID, sentinel.Upload); err != nil {
		return "", err
	}
	up := asset.Upload{Kind: asset.Avatar, File: file, OwnerID: v.user.ID}
	if v.user.Avatar != nil {
		up.InUse = *v.user.Avatar
	}
	a, err := e.Assets.Accept(ctx, v.db, up)
	if err != nil {
		return "", err
	}
	return tenant.From(ctx).URL(a.URL()), nil
}
