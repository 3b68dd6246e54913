package accountcenterapi

import (
	"context"
	"slices"

	"signet/internal/accountcenter"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

func (a *API) get(ctx context.Context, _ *struct{}) (*accountcenter.Settings, error) {
	return accountcenter.Get(ctx, tenant.From(ctx).DB)
}

// fieldsIn says what people may do with each kind of data.
type fieldsIn struct {
	Name       accountcenter.Access `json:"name,omitempty" check:"enum=Off|ReadOnly|Edit"`
	Avatar     accountcenter.Access `json:"avatar,omitempty" check:"enum=Off|ReadOnly|Edit"`
	Profile    accountcenter.Access `json:"profile,omitempty" check:"enum=Off|ReadOnly|Edit"`
	Email      accountcenter.Access `json:"email,omitempty" check:"enum=Off|ReadOnly|Edit"`
	Phone      accountcenter.Access `json:"phone,omitempty" check:"enum=Off|ReadOnly|Edit"`
	Password   accountcenter.Access `json:"password,omitempty" check:"enum=Off|ReadOnly|Edit"`
	Username   accountcenter.Access `json:"username,omitempty" check:"enum=Off|ReadOnly|Edit"`
	Social     accountcenter.Access `json:"social,omitempty" check:"enum=Off|ReadOnly|Edit"`
	CustomData accountcenter.Access `json:"customData,omitempty" check:"enum=Off|ReadOnly|Edit"`
	MFA        accountcenter.Access `json:"mfa,omitempty" check:"enum=Off|ReadOnly|Edit"`
	Passkey    accountcenter.Access `json:"passkey,omitempty" check:"enum=Off|ReadOnly|Edit"`
	Session    accountcenter.Access `json:"session,omitempty" check:"enum=Off|ReadOnly|Edit"`
}

// given returns the fields that were named: absent and Off are not the same.
func (f *fieldsIn) given() map[accountcenter.Field]accountcenter.Access {
	given := map[accountcenter.Field]accountcenter.Access{}
	for field, access := range map[accountcenter.Field]accountcenter.Access{
		accountcenter.Name: f.Name, accountcenter.Avatar: f.Avatar, accountcenter.Profile: f.Profile,
		accountcenter.Email: f.Email, accountcenter.Phone: f.Phone, accountcenter.Password: f.Password,
		accountcenter.Username: f.Username, accountcenter.Social: f.Social, accountcenter.CustomData: f.CustomData,
		accountcenter.MFA: f.MFA, accountcenter.Passkey: f.Passkey, accountcenter.Session: f.Session,
	} {
		if access != "" {
			given[field] = access
		}
	}
	return given
}

type patchIn struct {
	web.OfTenant

	Enabled                web.Opt[bool]                         `json:"enabled"`
	Fields                 web.Opt[fieldsIn]                     `json:"fields"`
	WebAuthnRelatedOrigins web.Opt[[]string]                     `json:"webauthnRelatedOrigins" check:"items=100,min=1,max=256"`
	DeleteAccountURL       web.Opt[string]                       `json:"deleteAccountUrl" check:"max=2048,pattern=link,nullable"`
	CustomCSS              web.Opt[string]                       `json:"customCss" check:"max=131072,nullable"`
	ProfileFields          web.Opt[[]accountcenter.ProfileField] `json:"profileFields" check:"items=100,nullable"`
}

func (a *API) patch(ctx context.Context, in *patchIn) (*accountcenter.Settings, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*accountcenter.Settings, error) {
		return accountcenter.Change(ctx, tx, a.Clock.Millis(), in.apply)
	})
}

func (in *patchIn) apply(s *accountcenter.Settings) error {
	given := []bool{
		in.Enabled.Set, in.Fields.Set, in.WebAuthnRelatedOrigins.Set, in.DeleteAccountURL.Set, in.CustomCSS.Set, in.ProfileFields.Set,
	}
	if !slices.Contains(given, true) {
		return errs.ErrNothingToChange
	}
	if in.Enabled.Set {
		s.Enabled = in.Enabled.Value
	}
	if in.Fields.Set {
		s.Fields = in.Fields.Value.given()
	}
	if in.WebAuthnRelatedOrigins.Set {
		s.WebAuthnRelatedOrigins = in.WebAuthnRelatedOrigins.Value
	}
	if in.DeleteAccountURL.Set {
		s.DeleteAccountURL = web.Text(in.DeleteAccountURL.Ptr())
	}
	if in.CustomCSS.Set {
		s.CustomCSS = web.Text(in.CustomCSS.Ptr())
	}
	if in.ProfileFields.Set {
		s.ProfileFields = in.ProfileFields.Value
	}
	return nil
}
