package settingsapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/settings"
	"signet/internal/tenant"
)

func (a *API) registration(ctx context.Context, _ *struct{}) (*settings.Registration, error) {
	return settings.GetRegistration(ctx, tenant.From(ctx).DB)
}

type registrationIn struct {
	Enabled             web.Opt[bool]     `json:"enabled" example:"true"`
	RequiresToken       web.Opt[bool]     `json:"initialAccessTokenRequired" example:"true"`
	GrantTypes          web.Opt[[]string] `json:"grantTypes" check:"some,items=3,enum=authorization_code|refresh_token|urn:ietf:params:oauth:grant-type:device_code"`
	AllowsLoopback      web.Opt[bool]     `json:"loopbackRedirectUrisAllowed" example:"true"`
	AllowsCustomSchemes web.Opt[bool]     `json:"customSchemeRedirectUrisAllowed" example:"false"`
	UnusedDays          web.Opt[int64]    `json:"unusedClientDays" check:"nullable,min=1,max=365" example:"30"`
}

func (in *registrationIn) isEmpty() bool {
	return !in.Enabled.Set && !in.RequiresToken.Set && !in.GrantTypes.Set && !in.AllowsLoopback.Set && !in.AllowsCustomSchemes.Set &&
		!in.UnusedDays.Set
}

func (a *API) patchRegistration(ctx context.Context, in *registrationIn) (*settings.Registration, error) {
	switch {
	case in.isEmpty():
		return nil, errs.ErrNothingToChange
	case in.Enabled.Value && a.Unguarded:
		return nil, errUnguarded
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*settings.Registration, error) {
		c, err := settings.GetRegistration(ctx, tx)
		if err != nil {
			return nil, err
		}
		replace(&c.Enabled, in.Enabled)
		replace(&c.RequiresToken, in.RequiresToken)
		replace(&c.GrantTypes, in.GrantTypes)
		replace(&c.AllowsLoopback, in.AllowsLoopback)
		replace(&c.AllowsCustomSchemes, in.AllowsCustomSchemes)
		if in.UnusedDays.Set {
			c.UnusedDays = in.UnusedDays.Ptr()
		}
		return c, settings.PutRegistration(ctx, tx, a.Clock.Millis(), *c)
	})
}
