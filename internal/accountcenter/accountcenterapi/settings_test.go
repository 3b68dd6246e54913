package accountcenterapi_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"signet/internal/apptest"
	"signet/internal/tenant"
)

const path = "/api/account-center"

func TestSettings_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		seeded := o.Want(200, "GET", path, "").Text
		if back := o.Want(200, "PATCH", path, seeded).Text; back != seeded {
			t.Errorf("read  %s\nwrote %s", seeded, back)
		}
		changed := o.Want(200, "PATCH", path, `{"fields":{"mfa":"Edit","passkey":"Off","trustedDevice":"Edit"},"deleteAccountUrl":"https://example.com/leave",
			"webauthnRelatedOrigins":["https://b.example","https://a.example","https://b.example"],"profileFields":[{"name":"name"}],"customCss":"a{}"}`)
		for _, want := range []string{
			`"fields":{"mfa":"Edit","passkey":"Off"}`, `"webauthnRelatedOrigins":["https://b.example","https://a.example"]`,
			`"deleteAccountUrl":"https://example.com/leave"`, `"profileFields":[{"name":"name"}]`, `"enabled":true`,
		} {
			if !strings.Contains(changed.Text, want) {
				t.Errorf("%s is not in %s", want, changed.Text)
			}
		}
		if public := app.Browser(t).Do(http.MethodGet, "/api/.well-known/account-center", "").Text; public != changed.Text {
			t.Errorf("everybody reads %s", public)
		}
		for given, want := range map[string]string{
			`[{"name":"unknownx"},{"name":"avatar"},{"name":"Name"},{"name":"name"}]`: `"profileFields":[{"name":"avatar"},{"name":"name"}]`,
			`[{"name":"unknownx"}]`: `"profileFields":[]`, `[]`: `"profileFields":[]`,
		} {
			if a := o.Want(200, "PATCH", path, `{"profileFields":`+given+`}`); !strings.Contains(a.Text, want) {
				t.Errorf("%s became %s", given, a.Text)
			}
		}
		if a := o.Want(200, "PATCH", path, `{"deleteAccountUrl":"","customCss":null,"profileFields":null,"enabled":false}`); !strings.Contains(a.Text, `"deleteAccountUrl":null,"customCss":null,"profileFields":null`) {
			t.Errorf("cleared %s", a.Text)
		}
		app.Refused(t,
			`PATCH /api/account-center {} -> 422 entity.invalid_input`,
			`PATCH /api/account-center {"id":"default","tenantId":"default"} -> 422 entity.invalid_input`,
			`PATCH /api/account-center {"enabled":true,"fields":{"name":"Maybe"}} -> 400 guard.invalid_input`,
			`PATCH /api/account-center {"deleteAccountUrl":"javascript:alert(1)"} -> 400 guard.invalid_input`,
			`PATCH /api/account-center {"enabled":true,"profileFields":[{"name":"a"},{"name":"a"}]} -> 400 request.invalid_input`,
			`PATCH /api/account-center {"webauthnRelatedOrigins":null} -> 400 guard.invalid_input`,
		)
	})
}

// Changes of different properties at once: none is lost, none is refused.
func TestSettings_ParallelChanges(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		var group sync.WaitGroup
		for _, body := range []string{`{"customCss":"x"}`, `{"deleteAccountUrl":"https://x.example"}`, `{"webauthnRelatedOrigins":["https://x.example"]}`, `{"enabled":false}`} {
			group.Go(func() {
				if a := o.Do("PATCH", path, body); a.StatusCode != 200 {
					t.Errorf("%s: %d %s", body, a.StatusCode, a.Text)
				}
			})
		}
		group.Wait()
		if n := app.Count(t, tenant.Default, "account_centers", "NOT is_enabled AND custom_css = 'x' AND delete_account_url IS NOT NULL AND version = 5"); n != 1 {
			t.Error("a change was lost: " + o.Want(200, "GET", path, "").Text)
		}
	})
}
