package e2e_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"signet/internal/apptest"
	"signet/internal/platform/i18n"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// The whole way of somebody who has just got a security key, from creating the
// account to signing in with the key.
func TestJourney_SecurityKey(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, app *apptest.App) {
		p := browser.New(t, browser.Options{})
		key := p.PlugIn(browser.KeyOptions{})

		p.Open(app.URL + "/demo-app")
		p.Click("Sign in")
		p.Heading("Sign in")
		p.Click("Create account")
		p.Heading("Create your account")
		p.Fill("Username", username)
		p.Fill("Password", password)
		p.Click("Create account")
		p.Heading("Hello, " + username)

		p.Click("Account menu")
		p.Click("Profile")
		p.Heading("Account settings")
		p.Sees("Two-factor authentication", "Passkeys", "Sessions")
		p.Click("Add", "Passkeys")
		p.Heading("Check that it is you")
		p.Fill("Password", password)
		p.Click("Continue")
		p.Heading("Create a passkey")
		p.Sees("You type its PIN, then touch it.")
		p.Click("Security key")

		p.Heading("Name your passkey")
		if got := p.Value("Name"); got != "Security key (USB)" {
			t.Errorf("the suggested name is %q", got)
		}
		p.Fill("Name", "Blue key")
		p.Click("Save name")
		p.Heading("Account settings")
		p.Sees("“Blue key” is ready", "Security key", "not used yet", "Add a spare soon")
		if n := len(key.Credentials()); n != 1 {
			t.Fatalf("the key holds %d credentials", n)
		}

		leave(p, english)

		p.Open(app.URL + "/demo-app")
		p.Heading("Demo app")
		p.Click("Sign in")
		p.Heading("Sign in")
		p.Fill("Username", username)
		p.Fill("Password", password)
		p.Click("Sign in")
		p.Heading("Check that it is you")
		p.Sees("Your browser asks next.")
		p.Click("Verify via passkey")
		p.Heading("Hello, " + username)

		p.Open(app.URL + "/account")
		p.Heading("Account settings")
		p.Sees("Blue key", "last used")
		p.Lacks("not used yet")
	})
}

// Every page of the journey, in both schemes and three widths.
func TestPages_OfTheSecurityKeyLookRight(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, language string, say func(key string) string) {
		app := apptest.Start(t, inTheDark())
		fixture.User(t, app, username)
		p := browser.New(t, browser.Options{Language: language})
		p.PlugIn(browser.KeyOptions{})
		p.Open(app.URL + "/account")
		p.Heading(say("sign_in.title"))
		p.Fill(say("field.username"), username)
		p.Fill(say("field.password"), password)
		p.Click(say("sign_in.submit"))
		p.Heading(say("settings.title"))
		p.Look("settings-new-" + language)
		p.Click(say("settings.add"), say("settings.passkeys.title"))
		p.Heading(say("step_up.title"))
		p.Look("step-up-" + language)
		p.Fill(say("field.password"), password)
		p.Click(say("layout.continue"))
		p.Heading(say("create_passkey.title"))
		p.Look("create-passkey-" + language)
		p.Click(say("create_passkey.security_key"))
		p.Heading(say("name_passkey.title"))
		p.Look("name-passkey-" + language)
		p.Click(say("name_passkey.submit"))
		p.Heading(say("settings.title"))
		p.Look("settings-" + language)
		p.Click(say("lost_key.link"))
		p.Heading(say("lost_key.title"))
		p.Look("lost-key-" + language)
		p.Click(say("lost_key.back"))
		p.Click(say("settings.remove"))
		p.Look("remove-passkey-" + language)
		p.Click(say("remove_passkey.keep"))
		p.Heading(say("settings.title"))
		p.Click(say("menu.label"))
		p.Look("menu-" + language)
		p.Press(kb.Escape)
		leave(p, say)
		signIn(p, say)
		p.Heading(say("verify_passkey.title"))
		p.Look("verify-passkey-" + language)
	})
}

// A phone in the dark, in German: the smallest screen there is.
func TestJourney_SecurityKeyDarkGermanNarrow(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		fixture.User(t, app, username)
		p := browser.New(t, browser.Options{Width: 320, Height: 640, Dark: true, Language: "de"})
		p.PlugIn(browser.KeyOptions{})
		p.Open(app.URL + "/account")
		p.Heading("Anmelden")
		if !p.IsDark() {
			t.Error("the page is light for somebody who prefers dark")
		}
		signIn(p, german)
		p.Heading(german("settings.title"))
		addKey(p, german, "Blauer Schlüssel")
		p.Sees("Blauer Schlüssel")
		leave(p, german)
		signIn(p, german)
		p.Click(german("verify_passkey.submit"))
		p.Heading(german("settings.title"))
	}, inTheDark())
}

// english gives the words of the pages in English.
func english(key string) string { return i18n.T("en", key, nil) }

// german gives the words of the pages in German.
func german(key string) string { return i18n.T("de", key, nil) }

// signIn gives username and password.
func signIn(p *browser.Page, say func(string) string) {
	p.Heading(say("sign_in.title"))
	p.Fill(say("field.username"), username)
	p.Fill(say("field.password"), password)
	p.Click(say("sign_in.submit"))
}

// addKey adds the plugged key on the settings page, proving the password on the
// way.
func addKey(p *browser.Page, say func(string) string, name string) {
	toCreatePasskey(p, say)
	p.Click(say("create_passkey.security_key"))
	p.Heading(say("name_passkey.title"))
	p.Fill(say("field.passkey_name"), name)
	p.Click(say("name_passkey.submit"))
	p.Heading(say("settings.title"))
}

func toCreatePasskey(p *browser.Page, say func(string) string) {
	p.Click(say("settings.add"), say("settings.passkeys.title"))
	p.Heading(say("step_up.title"))
	p.Fill(say("field.password"), password)
	p.Click(say("layout.continue"))
	p.Heading(say("create_passkey.title"))
}
