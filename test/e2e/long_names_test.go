package e2e_test

import (
	"net/http"
	"testing"

	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// Names that no line can break at a space.
const (
	longUsername = "wolfeschlegelsteinhausenbergerdorff_1969"
	longPasskey  = "Sicherheitsschlüssel_der_Hauptverwaltung_Nord1"
	longApp      = "Kundenbeziehungsmanagementplattform_Nord"
)

// Nobody scrolls sideways because somebody, or something, has a long name (WCAG
// 1.4.10).
func TestPages_LongNamesFit(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, inTheDark())
	fixture.User(t, app, longUsername)
	shop := openTidewater(t, app)
	estranged(t, app, shop.client.ID)
	app.Operator(t).Want(http.StatusOK, "PATCH", "/api/applications/"+shop.client.ID, `{"name":"`+longApp+`"}`)
	p := browser.New(t, browser.Options{})
	p.PlugIn(browser.KeyOptions{})
	p.Open(shop.URL)
	p.Click("Sign in with Signet")
	p.Sees(longApp)
	p.Look("long-sign-in")
	p.Fill("Username", longUsername)
	p.Fill("Password", password)
	p.Click("Sign in")
	p.Heading("Allow " + longApp + " to use your account?")
	p.Look("long-consent")
	p.Click("Allow")
	p.Heading("Hello " + longUsername)
	p.Open(app.URL + "/unknown-session?app_id=" + shop.client.ID)
	p.Heading("This sign-in is no longer open")
	p.Look("long-unknown-session")
	p.Open(app.URL + "/demo-app/sign-in")
	p.Heading("Hello, " + longUsername)
	p.Look("long-demo")

	p.Open(app.URL + "/account")
	addKey(p, english, longPasskey)
	p.Sees("“" + longPasskey + "” is ready")
	p.Look("long-settings")
	p.Click("Rename")
	p.Heading("Rename a passkey")
	p.Look("long-rename-passkey")
	p.Click("Cancel")
	p.Click("Remove")
	p.Heading("Remove “" + longPasskey + "”?")
	p.Look("long-remove-passkey")
	p.Click("Keep it")
	p.Click("Take back")
	p.Heading("Take back the access of " + longApp + "?")
	p.Look("long-remove-app")
}

// Somebody who reads large text in German, whose words are long.
func TestPages_GermanFitsInLargeText(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	p := browser.New(t, browser.Options{Language: "de"})
	p.Open(app.URL + "/account/passkey/add")
	signIn(p, german)
	p.Heading(german("step_up.title"))
	p.LookLarge("step-up-de")
	p.Fill(german("field.password"), password)
	p.Click(german("layout.continue"))
	p.Heading(german("create_passkey.title"))
	p.LookLarge("create-passkey-de")
	p.Open(app.URL + "/account")
	p.Heading(german("settings.title"))
	p.LookLarge("settings-de")
}
