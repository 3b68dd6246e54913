package accountapi

import (
	"context"

	"signet/internal/account"
	"signet/internal/accountcenter"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

type noInput struct{}

func (a *API) get(ctx context.Context, _ *noInput) (*account.View, error) {
	return a.Account.Account(ctx, caller(ctx))
}

type basicsInput struct {
	Name       web.Opt[string] `json:"name" check:"nullable,max=128"`
	Avatar     web.Opt[string] `json:"avatar" check:"nullable,max=2048,pattern=url"`
	Username   web.Opt[string] `json:"username" check:"nullable,max=128"`
	CustomData *map[string]any `json:"customData"`
}

func (a *API) patch(ctx context.Context, in *basicsInput) (*account.View, error) {
	// An empty text is no username; null takes the username away.
	if in.Username.Set && !in.Username.Null && in.Username.Value == "" {
		return nil, web.Invalid("username", "Invalid")
	}
	return a.Account.ChangeBasics(ctx, caller(ctx), account.Basics{
		Name: cleared(in.Name), Avatar: cleared(in.Avatar), Username: cleared(in.Username), CustomData: in.CustomData,
	})
}

// cleared turns null into the empty text that clears a property.
func cleared(o web.Opt[string]) *string {
	if !o.Set {
		return nil
	}
	return &o.Value
}

func (a *API) patchProfile(ctx context.Context, in *user.Profile) (*user.Profile, error) {
	return a.Account.ChangeProfile(ctx, caller(ctx), *in)
}

type avatarInput struct {
	File *web.File `file:"file"`
}

type avatarOutput struct {
	URL string `json:"url" example:"https://auth.example.com/user-assets/k3v9x2m8q1z7r5t0w4y6b.png"`
}

func (a *API) uploadAvatar(ctx context.Context, in *avatarInput) (*avatarOutput, error) {
	url, err := a.Account.UploadAvatar(ctx, caller(ctx), in.File)
	if err != nil {
		return nil, err
	}
	return &avatarOutput{url}, nil
}

type passwordInput struct {
	Password string `json:"password" check:"min=1"`
}

func (a *API) setPassword(ctx context.Context, in *passwordInput) (*web.Nothing, error) {
	return nil, a.Account.ChangePassword(ctx, caller(ctx), in.Password)
}

func (a *API) center(ctx context.Context, _ *noInput) (*accountcenter.Settings, error) {
	return a.Center.Get(ctx, tenant.From(ctx).DB)
}

type originsOutput struct {
	Origins []string `json:"origins"`
}

func (a *API) relatedOrigins(ctx context.Context, _ *noInput) (*originsOutput, error) {
	settings, err := a.Center.Get(ctx, tenant.From(ctx).DB)
	if err != nil {
		return nil, err
	}
	return &originsOutput{settings.WebAuthnRelatedOrigins}, nil
}
