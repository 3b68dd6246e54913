package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/tenant"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// estranged makes the application a third party's, which may ask for the profile
// and the organizations of its users.
func estranged(t *testing.T, app *apptest.App, id string) {
	t.Helper()
	app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE applications SET is_third_party = TRUE WHERE tenant_id = $1 AND id = $2`, id); err != nil {
			return err
		}
		return tx.Touch(ctx, application.Family)
	})
	app.Operator(t).Want(http.StatusCreated, "POST", "/api/applications/"+id+"/user-consent-scopes",
		`{"userScopes":["profile","email","urn:logto:scope:organizations"]}`)
}

// Somebody says no to an application of others, and then yes.
func TestConsent_ToAThirdPartyApplication(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		withAndWithoutScript(t, func(t *testing.T, noScript bool) {
			fixture.User(t, app, username+fmt.Sprint(noScript))
			shop := openTidewater(t, app)
			estranged(t, app, shop.client.ID)
			p := browser.New(t, browser.Options{NoScript: noScript})
			p.Open(shop.URL)
			p.Click("Sign in with Signet")
			p.Fill("Username", username+fmt.Sprint(noScript))
			p.Fill("Password", password)
			p.Click("Sign in")
			p.Sees("to use your account?", "See your name, picture and profile", "You go to 127.0.0.1")
			p.Click("Cancel")
			p.AtURL(shop.URL)
			p.Heading("Refused: access_denied End-User aborted interaction")
			p.Open(shop.URL)
			p.Click("Sign in with Signet")
			p.Sees("to use your account?")
			p.Click("Allow")
			p.AtURL(shop.URL)
			p.Heading("Hello " + username + fmt.Sprint(noScript))
			// From now on it is known.
			p.Open(shop.URL)
			p.Click("Sign in with Signet")
			p.Heading("Hello " + username + fmt.Sprint(noScript))
		})
	})
}

func TestPages_OfConsentLookRight(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, language string, say func(key string) string) {
		app := apptest.Start(t, inTheDark())
		o := app.Operator(t)
		robin := fixture.User(t, app, username)
		client := fixture.App(t, app, application.Native, "io.tidewater.app://callback", "io.tidewater.app://goodbye")
		estranged(t, app, client.ID)
		o.Want(http.StatusCreated, "PUT", "/api/applications/"+client.ID+"/sign-in-experience",
			`{"displayName":"Tidewater Reports","termsOfUseUrl":"https://reports.example/terms","privacyPolicyUrl":"https://reports.example/privacy"}`)
		api := o.Want(http.StatusCreated, "POST", "/api/resources", `{"name":"Billing","indicator":"https://billing.example"}`).String("id")
		scope := o.Want(http.StatusCreated, "POST", "/api/resources/"+api+"/scopes", `{"name":"read:invoices","description":"Read your invoices"}`).String("id")
		role := o.Want(http.StatusOK, "POST", "/api/roles", `{"name":"customer","description":"Buys.","scopeIds":["`+scope+`"]}`).String("id")
		o.Want(http.StatusCreated, "POST", "/api/users/"+robin+"/roles", `{"roleIds":["`+role+`"]}`)
		o.Want(http.StatusCreated, "POST", "/api/applications/"+client.ID+"/user-consent-scopes", `{"resourceScopes":["`+scope+`"]}`)
		for _, name := range []string{"Harbour Office", "Riverside Studio"} {
			id := o.Want(http.StatusCreated, "POST", "/api/organizations", `{"name":"`+name+`"}`).String("id")
			o.Want(http.StatusCreated, "POST", "/api/organizations/"+id+"/users", `{"userIds":["`+robin+`"]}`)
		}
		p := browser.New(t, browser.Options{Language: language})
		left := p.Leaves("io.tidewater.app:")
		p.Open(app.URL + "/oidc/auth?" + url.Values{
			"client_id": {client.ID}, "redirect_uri": {client.Redirect}, "response_type": {"code"}, "prompt": {"consent"},
			"scope":    {"openid offline_access profile email urn:logto:scope:organizations read:invoices"},
			"resource": {"https://billing.example"}, "state": {"s"},
			"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
		}.Encode())
		p.Fill(say("field.username"), username)
		p.Fill(say("field.password"), password)
		p.Click(say("sign_in.submit"))
		p.Sees("Tidewater Reports", "Read your invoices", "Harbour Office", say("consent.offline"), "io.tidewater.app")
		p.Look("consent-" + language)
		p.Click("Harbour Office")
		p.Click(say("consent.allow"))
		if to := left(); !strings.HasPrefix(to, "io.tidewater.app://callback?code=") {
			t.Errorf("agreeing led to %q", to)
		}
	})
}
