package settingsapi

import (
	"context"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/settings"
	"signet/internal/tenant"
)

func (a *API) console(ctx context.Context, _ *struct{}) (*settings.Console, error) {
	return settings.GetConsole(ctx, tenant.From(ctx).DB)
}

type consoleIn struct {
	SignInExperienceCustomized web.Opt[bool] `json:"signInExperienceCustomized"`
	OrganizationCreated        web.Opt[bool] `json:"organizationCreated"`

	DevelopmentTenantMigrationNotification *settings.MigrationNotification `json:"developmentTenantMigrationNotification"`
	CheckedChargeNotification              *settings.ChargeNotification    `json:"checkedChargeNotification"`
}

func (a *API) patchConsole(ctx context.Context, in *consoleIn) (*settings.Console, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*settings.Console, error) {
		return settings.ChangeConsole(ctx, tx, a.Clock.Millis(), in.apply)
	})
}

func (in *consoleIn) apply(c *settings.Console) error {
	if in.SignInExperienceCustomized.Set {
		c.SignInExperienceCustomized = in.SignInExperienceCustomized.Value
	}
	if in.OrganizationCreated.Set {
		c.OrganizationCreated = in.OrganizationCreated.Value
	}
	if in.DevelopmentTenantMigrationNotification != nil {
		c.DevelopmentTenantMigrationNotification = in.DevelopmentTenantMigrationNotification
	}
	if in.CheckedChargeNotification != nil {
		c.CheckedChargeNotification = in.CheckedChargeNotification
	}
	if *in == (consoleIn{}) {
		return errs.ErrNothingToChange
	}
	return nil
}

func (a *API) session(ctx context.Context, _ *struct{}) (*settings.Session, error) {
	ttl, err := settings.SessionTTL(ctx, tenant.From(ctx).DB)
	return &settings.Session{TTL: int64(ttl / time.Second)}, err
}

type sessionIn struct {
	TTL web.Opt[int64] `json:"ttl" check:"min=1,max=31536000" example:"1209600"` // seconds
}

func (a *API) patchSession(ctx context.Context, in *sessionIn) (*settings.Session, error) {
	if !in.TTL.Set {
		return nil, errs.ErrNothingToChange
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*settings.Session, error) {
		s := settings.Session{TTL: in.TTL.Value}
		return &s, settings.PutSession(ctx, tx, a.Clock.Millis(), s)
	})
}

func (a *API) dpop(ctx context.Context, _ *struct{}) (*settings.DPoP, error) {
	c, err := settings.GetDPoP(ctx, tenant.From(ctx).DB)
	return &c, err
}

type dpopIn struct {
	Enabled       web.Opt[bool] `json:"enabled" example:"true"`
	NonceRequired web.Opt[bool] `json:"nonceRequired" example:"false"`
}

func (a *API) patchDPoP(ctx context.Context, in *dpopIn) (*settings.DPoP, error) {
	if *in == (dpopIn{}) {
		return nil, errs.ErrNothingToChange
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*settings.DPoP, error) {
		c, err := settings.GetDPoP(ctx, tx)
		if err != nil {
			return nil, err
		}
		replace(&c.Enabled, in.Enabled)
		replace(&c.NonceRequired, in.NonceRequired)
		return &c, settings.PutDPoP(ctx, tx, a.Clock.Millis(), c)
	})
}

// replace puts a property of a PATCH in the place of a value, if it was given.
func replace[T any](value *T, o web.Opt[T]) {
	if o.Set {
		*value = o.Value
	}
}

func (a *API) idToken(ctx context.Context, _ *struct{}) (*settings.IDToken, error) {
	c, err := settings.GetIDToken(ctx, tenant.From(ctx).DB)
	if err == nil && c == nil {
		err = errs.ErrNotFound
	}
	return c, err
}

type idTokenIn struct {
	EnabledExtendedClaims []string `json:"enabledExtendedClaims,omitempty" check:"items=20,enum=custom_data|identities|sso_identities|roles|organizations|organization_data|organization_roles"`
}

func (a *API) putIDToken(ctx context.Context, in *idTokenIn) (*settings.IDToken, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*settings.IDToken, error) {
		c := settings.IDToken{EnabledExtendedClaims: in.EnabledExtendedClaims}
		if c.EnabledExtendedClaims == nil {
			c.EnabledExtendedClaims = []string{}
		}
		return &c, settings.PutIDToken(ctx, tx, a.Clock.Millis(), c)
	})
}
