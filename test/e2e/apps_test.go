package e2e_test

import (
	"fmt"
	"testing"

	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// Somebody takes back what they allowed an application of others, which has to ask
// again.
func TestAccount_TakesBackWhatAnAppMayDo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		withAndWithoutScript(t, func(t *testing.T, noScript bool) {
			person := username + fmt.Sprint(noScript)
			fixture.User(t, app, person)
			shop := openTidewater(t, app)
			estranged(t, app, shop.client.ID)
			p := browser.New(t, browser.Options{NoScript: noScript})
			p.Open(shop.URL)
			p.Click("Sign in with Signet")
			p.Fill("Username", person)
			p.Fill("Password", password)
			p.Click("Sign in")
			p.Click("Allow")
			p.Heading("Hello " + person)

			p.Open(app.URL + "/account")
			p.Sees("Apps with access", "The apps are hidden")
			p.Click("Show", "Apps with access")
			p.Heading("Check that it is you")
			p.Fill("Password", password)
			p.Click("Continue")
			p.Heading("Account settings")
			p.Click("Take back")
			p.Sees("Take back the access of")
			p.Click("Keep it")
			p.Click("Take back")
			p.Click("Take back")
			p.Sees("The app no longer has access", "No app of others has access")

			// The person is still signed in, and only this application has to ask anew.
			p.Open(app.URL + "/demo-app/sign-in")
			p.Heading("Hello, " + person)
			p.Open(shop.URL)
			p.Click("Sign in with Signet")
			p.Sees("to use your account?")
		})
	})
}

func TestPages_OfAppsLookRight(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, language string, say func(key string) string) {
		app := apptest.Start(t, inTheDark())
		fixture.User(t, app, username)
		shop := openTidewater(t, app)
		estranged(t, app, shop.client.ID)
		p := browser.New(t, browser.Options{Language: language})
		p.Open(shop.URL)
		p.Click("Sign in with Signet")
		p.Fill(say("field.username"), username)
		p.Fill(say("field.password"), password)
		p.Click(say("sign_in.submit"))
		p.Click(say("consent.allow"))
		p.Open(app.URL + "/account/verified-action?next=%2Faccount%23apps")
		p.Fill(say("field.password"), password)
		p.Click(say("layout.continue"))
		p.Sees(say("settings.apps.title"))
		p.Look("settings-apps-" + language)
		p.Click(say("settings.apps.remove"))
		p.Sees(say("remove_app.text"))
		p.Look("remove-app-" + language)
		p.Click(say("settings.apps.remove"))
		p.Sees(say("settings.apps.removed"), say("settings.apps.none"))
		p.Look("settings-no-apps-" + language)
	})
}
