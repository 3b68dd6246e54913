package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// elsewhere is a page at another origin, from which people come and to which they
// go back.
func elsewhere(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, "<!doctype html><title>Tidewater</title><h1>Tidewater settings</h1>")
	}))
	t.Cleanup(server.Close)
	return server.URL + "/settings"
}

func TestTask_LeadsBackToTheApplication(t *testing.T) {
	t.Parallel()
	withAndWithoutScript(t, func(t *testing.T, noScript bool) {
		everywhere(t, func(t *testing.T, app *apptest.App) {
			fixture.User(t, app, username)
			back := elsewhere(t)
			p := browser.New(t, browser.Options{NoScript: noScript})
			p.Open(app.URL + "/account/username?" + url.Values{"redirect": {back}, "identifier": {"wren"}}.Encode())
			p.Heading("Sign in")
			p.Fill("Username", username)
			p.Fill("Password", password)
			p.Click("Sign in")
			p.Heading("Check that it is you")
			p.Fill("Password", password)
			p.Click("Continue")
			p.Heading("Change your username")
			p.Click("Save username")
			p.Heading("Tidewater settings")

			p.Open(app.URL + "/account/password?" + url.Values{"redirect": {back}, "show_success": {"true"}}.Encode())
			p.Heading("Change your password")
			p.Fill("New password", "Green-Valley-77")
			p.Click("Save password")
			p.Heading("Your password is changed")
			p.Click("Done")
			p.Heading("Tidewater settings")
		})
	})
}

func TestPages_OfTasksLookRight(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, language string, say func(key string) string) {
		app := apptest.Start(t, inTheDark())
		fixture.User(t, app, username)
		query := "?" + url.Values{"redirect": {"https://a-very-long-name.of-an-application.example/settings"}, "show_success": {"true"}}.Encode()
		p := browser.New(t, browser.Options{Language: language})
		p.Open(app.URL + "/account/name" + query)
		signIn(p, say)
		p.Heading(say("edit_name.title"))
		p.Look("task-" + language)
		p.Fill(say("field.name"), "Robin")
		p.Click(say("edit_name.submit"))
		p.Heading(say("settings.name.saved"))
		p.Look("task-done-" + language)
	})
}
