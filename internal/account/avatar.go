package account

import (
	"context"

	"signet/internal/asset"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/tenant"
)

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
