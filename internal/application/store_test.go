package application_test

import (
	"bytes"
	"testing"

	"signet/internal/application"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
)

const now = 1_800_000_000_000

func keyring(t *testing.T) *crypt.Keyring {
	t.Helper()
	ring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func create(t *testing.T, d *db.DB, a application.Application) (created *application.Application, secret string, err error) {
	t.Helper()
	ring := keyring(t)
	err = d.Tx(t.Context(), func(tx *db.Tx) (err error) {
		created, secret, err = application.Create(t.Context(), tx, now, ring, a)
		return err
	})
	return created, secret, err
}

func TestCreate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		days := int64(7)
		created, secret, err := create(t, d, application.Application{
			Name: "Shop", Type: application.Traditional,
			OIDC:   application.ClientMetadata{RedirectURIs: []string{"https://shop.example/cb"}},
			Custom: application.CustomMetadata{RefreshTokenTTLInDays: &days},
		})
		if err != nil || len(created.ID) != 21 || len(secret) != 32 {
			t.Fatalf("%+v, %q, %v", created, secret, err)
		}
		got, err := application.ByID(t.Context(), d, created.ID)
		if err != nil || got.Name != "Shop" || got.OIDC.RedirectURIs[0] != "https://shop.example/cb" || *got.Custom.RefreshTokenTTLInDays != 7 || got.CreatedAt != now {
			t.Errorf("%+v, %v", got, err)
		}
		secrets, err := application.Secrets(t.Context(), d, created.ID)
		if err != nil || len(secrets) != 1 || secrets[0].Name != "Default secret" || !bytes.Equal(secrets[0].Hash, crypt.Hash(secret)) {
			t.Errorf("%+v, %v", secrets, err)
		}
		list, _, err := application.List(t.Context(), d, application.Filter{}, db.Range{})
		if err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		if _, err := application.ByID(t.Context(), p.For("admin"), created.ID); err == nil {
			t.Error("another tenant sees it")
		}
	})
}

func TestCreate_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		yes, zero, many := true, int64(0), int64(181)
		for name, tc := range map[string]struct {
			a    application.Application
			code string
		}{
			"no name":                    {application.Application{Type: application.SPA}, "guard.invalid_input"},
			"unknown type":               {application.Application{Name: "x", Type: "Robot"}, "guard.invalid_input"},
			"SAML":                       {application.Application{Name: "x", Type: application.SAML}, "application.saml.use_saml_app_api"},
			"third-party machine":        {application.Application{Name: "x", Type: application.MachineToMachine, IsThirdParty: true}, "application.invalid_third_party_application_type"},
			"third-party token exchange": {application.Application{Name: "x", Type: application.SPA, IsThirdParty: true, Custom: application.CustomMetadata{AllowTokenExchange: &yes}}, "application.third_party_application_cannot_enable_token_exchange"},
			"device flow in a browser":   {application.Application{Name: "x", Type: application.SPA, Custom: application.CustomMetadata{IsDeviceFlow: &yes}}, "application.device_flow_native_only"},
			"redirect to script":         {application.Application{Name: "x", Type: application.SPA, OIDC: application.ClientMetadata{RedirectURIs: []string{"javascript:x"}}}, "guard.invalid_input"},
			"script after sign-out":      {application.Application{Name: "x", Type: application.SPA, OIDC: application.ClientMetadata{PostLogoutRedirectURIs: []string{"data:x"}}}, "guard.invalid_input"},
			"refresh tokens of no life":  {application.Application{Name: "x", Type: application.SPA, Custom: application.CustomMetadata{RefreshTokenTTLInDays: &zero}}, "guard.invalid_input"},
			"refresh tokens of 181 days": {application.Application{Name: "x", Type: application.SPA, Custom: application.CustomMetadata{RefreshTokenTTLInDays: &many}}, "guard.invalid_input"},
			"no grants at all":           {application.Application{Name: "x", Type: application.SPA, Custom: application.CustomMetadata{MaxAllowedGrants: &zero}}, "guard.invalid_input"},
		} {
			_, _, err := create(t, d, tc.a)
			if e, ok := errs.As(err); !ok || e.Code != tc.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		if list, _, err := application.List(t.Context(), d, application.Filter{}, db.Range{}); err != nil || len(list) != 0 {
			t.Errorf("something was stored: %+v, %v", list, err)
		}
	})
}

func TestAddSecret(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d, ring := p.For("default"), keyring(t)
		spa, none, err := create(t, d, application.Application{Name: "SPA", Type: application.SPA})
		if err != nil || none != "" {
			t.Fatalf("%q, %v", none, err)
		}
		machine, _, err := create(t, d, application.Application{Name: "M2M", Type: application.MachineToMachine})
		if err != nil {
			t.Fatal(err)
		}
		add := func(a *application.Application, name string) error {
			return d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := application.AddSecret(t.Context(), tx, now, ring, a, name, nil)
				return err
			})
		}
		if err := add(machine, "second"); err != nil {
			t.Fatal(err)
		}
		if e, ok := errs.As(add(machine, "second")); !ok || e.Code != "application.secret_name_exists" {
			t.Errorf("same name: %v", e)
		}
		if e, ok := errs.As(add(spa, "first")); !ok || e.Code != "entity.db_constraint_violated" {
			t.Errorf("public client: %v", e)
		}
		if secrets, err := application.Secrets(t.Context(), d, machine.ID); err != nil || len(secrets) != 2 {
			t.Errorf("%+v, %v", secrets, err)
		}
		if secrets, err := application.Secrets(t.Context(), d, spa.ID); err != nil || len(secrets) != 0 {
			t.Errorf("%+v, %v", secrets, err)
		}
	})
}
