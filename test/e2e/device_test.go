package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"signet/internal/apptest"
	"signet/internal/oidc/client"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// beginDevice has a program without a browser ask for a code, and returns its
// answer.
func beginDevice(t *testing.T, app *apptest.App, clientID string) *apptest.Answer {
	t.Helper()
	a := app.Browser(t).Do(http.MethodPost, "/oidc/device/auth", url.Values{
		"client_id": {clientID}, "scope": {"openid offline_access profile"},
	}.Encode())
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.Text)
	}
	return a
}

func pollDevice(t *testing.T, app *apptest.App, clientID string, begun *apptest.Answer) *apptest.Answer {
	t.Helper()
	return app.Browser(t).Do(http.MethodPost, "/oidc/token", url.Values{
		"client_id": {clientID}, "device_code": {begun.String("device_code")},
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"},
	}.Encode())
}

// Somebody mistypes a code, types it right, and signs a device in; then says no
// to one that they were sent a link for.
func TestDevice_SignsInOnAnotherScreen(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, app *apptest.App) {
		withAndWithoutScript(t, func(t *testing.T, noScript bool) {
			who := username + fmt.Sprint(noScript)
			fixture.User(t, app, who)
			p := browser.New(t, browser.Options{NoScript: noScript})
			begun := beginDevice(t, app, client.DeviceDemoApp)
			p.Open(begun.String("verification_uri"))
			p.Heading("Connect a device")
			p.Fill("Code", "bbbb bbbb")
			p.Click("Continue")
			p.Sees("No device waits with this code.")
			p.Fill("Code", begun.String("user_code"))
			p.Click("Continue")
			p.Sees("Sign in to Device demo app on a device?", begun.String("user_code"), "choose “It is not mine”")
			p.Click("The codes match")
			p.Fill("Username", who)
			p.Fill("Password", password)
			p.Click("Sign in")
			p.Heading("The device is connected")
			if a := pollDevice(t, app, client.DeviceDemoApp, begun); a.String("refresh_token") == "" {
				t.Errorf("the device gets %d %s", a.StatusCode, a.Text)
			}
			sent := beginDevice(t, app, client.DeviceDemoApp)
			p.Open(sent.String("verification_uri_complete"))
			p.Click("It is not mine")
			p.Sees("The device stays signed out")
			if a := pollDevice(t, app, client.DeviceDemoApp, sent); a.String("error") != "access_denied" {
				t.Errorf("the device gets %d %s", a.StatusCode, a.Text)
			}
		})
	})
}

func TestPages_OfDevicesLookRight(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, language string, say func(key string) string) {
		app := apptest.Start(t, inTheDark())
		fixture.User(t, app, username)
		begun := beginDevice(t, app, client.DeviceDemoApp)
		p := browser.New(t, browser.Options{Language: language})
		p.Open(begun.String("verification_uri"))
		p.Look("device-" + language)
		p.Fill(say("device.code"), "BBBB-BBBB")
		p.Click(say("layout.continue"))
		p.Sees(say("device.error.unknown"))
		p.Look("device-wrong-" + language)
		p.Open(begun.String("verification_uri_complete"))
		p.Sees(begun.String("user_code"))
		p.Look("device-confirm-" + language)
		p.Click(say("device.confirm.submit"))
		p.Fill(say("field.username"), username)
		p.Fill(say("field.password"), password)
		p.Click(say("sign_in.submit"))
		p.Heading(say("device.done.title"))
		p.Look("device-done-" + language)
	})
}
