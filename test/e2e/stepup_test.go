package e2e_test

import (
	"testing"

	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

const refusedClass = "Refused: unmet_authentication_requirements the End-User has no authenticator of the requested class"

// Somebody who signed in with a password is asked for a key by an application
// that wants one, and for nothing else.
func TestJourney_StepUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key      browser.KeyOptions
		hardware string // what an application learns that demands a hardware key
	}{
		"security key":   {browser.KeyOptions{}, "Hello " + username + ", phrh"},
		"synced passkey": {browser.KeyOptions{Internal: true, Synced: true}, refusedClass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, app *apptest.App) {
				a := openTidewater(t, app)
				fixture.User(t, app, username)
				p := browser.New(t, browser.Options{})
				p.PlugIn(c.key)
				p.Open(app.URL + "/account")
				signIn(p, english)
				p.Heading(english("settings.title"))

				p.Open(a.URL + "/?acr_values=phr")
				p.Click("Sign in with Signet")
				p.Heading(refusedClass)

				p.Open(app.URL + "/account")
				toCreatePasskey(p, english)
				if c.key.Internal {
					p.Click(english("create_passkey.this_device"))
				} else {
					p.Click(english("create_passkey.security_key"))
				}
				p.Heading(english("name_passkey.title"))
				p.Click(english("name_passkey.submit"))
				p.Heading(english("settings.title"))

				p.Open(a.URL + "/?acr_values=phr")
				p.Click("Sign in with Signet")
				p.Heading(english("verify_passkey.title"))
				p.Sees(username, "An app asks for more than your password.", "Use a different account")
				p.Look("step-up-" + map[bool]string{true: "synced", false: "key"}[c.key.Synced])
				p.Click(english("verify_passkey.submit"))
				p.Heading("Hello " + username + ", phr")

				p.Open(a.URL + "/?acr_values=phrh")
				p.Click("Sign in with Signet")
				p.Heading(c.hardware)
			}, inTheDark())
		})
	}
}
