package e2e_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

func TestAccount_NameUsernamePassword(t *testing.T) {
	t.Parallel()
	withAndWithoutScript(t, func(t *testing.T, noScript bool) {
		onBoth(t, func(t *testing.T, app *apptest.App) {
			fixture.User(t, app, username)
			p := settings(t, app, browser.Options{NoScript: noScript})

			p.Click("Edit", "Name")
			p.Heading("Change your name")
			p.Fill("Name", "Robin Example")
			p.Click("Save name")
			p.Sees("Your name is saved", "Robin Example")

			p.Click("Change", "Username")
			p.Heading("Check that it is you")
			p.Fill("Password", "wrong")
			p.Click("Continue")
			p.Sees("This password is not right.")
			p.Fill("Password", password)
			p.Click("Continue")
			p.Heading("Change your username")
			p.Fill("Username", "not a username")
			p.Click("Save username")
			p.Heading("Change your username")
			p.Fill("Username", "wren")
			p.Click("Save username")
			p.Sees("Your username is saved", "wren")

			p.Click("Change", "Password")
			p.Heading("Change your password")
			p.Fill("New password", "short")
			p.Click("Save password")
			p.Heading("Change your password")
			p.Fill("New password", "Green-Valley-77")
			p.Click("Save password")
			p.Sees("Your password is changed")

			leave(p, english)
			p.Fill("Username", "wren")
			p.Fill("Password", "Green-Valley-77")
			p.Click("Sign in")
			p.Heading("Account settings")
			p.Sees("Robin Example")
		})
	})
}

func TestAccount_StepUpIsAskedAgainAfterTenMinutes(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	p := settings(t, app, browser.Options{})
	p.Click("Change", "Password")
	p.Heading("Check that it is you")
	p.Fill("Password", password)
	p.Click("Continue")
	p.Heading("Change your password")
	p.Click("Cancel")
	p.Click("Change", "Password")
	p.Heading("Change your password")
	app.Clock.Advance(11 * time.Minute)
	p.Open(app.URL + "/account")
	p.Click("Change", "Password")
	p.Heading("Check that it is you")
}

func TestAccount_SignsAnotherSessionOut(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		fixture.User(t, app, username)
		p := settings(t, app, browser.Options{})
		elsewhere := settings(t, app, browser.Options{})
		p.Reload()
		if p.Offers("Show", "Sessions") {
			p.Click("Show", "Sessions")
			p.Heading("Check that it is you")
			p.Fill("Password", password)
			p.Click("Continue")
			p.Heading("Account settings")
		}
		p.Sees("This device")
		p.Click("Sign out", "Linux")
		p.Heading("Sign out this session?")
		p.Click("Sign out")
		p.Sees("The session is signed out")

		elsewhere.Open(app.URL + "/account")
		elsewhere.Heading("Sign in")
		p.Reload()
		p.Heading("Account settings")
	})
}

// An open menu lies over the page: it closes when the keyboard goes on, so that it
// never hides what has the focus.
func TestAccount_MenuClosesWhenTheKeyboardGoesOn(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	p := settings(t, app, browser.Options{Width: 320, Height: 640})
	tabTo(t, p, "Account menu")
	p.Press(kb.Enter)
	p.Sees("Profile")
	tabTo(t, p, "Sign out")
	p.Press(kb.Tab)
	p.FocusOn("Add")
	p.Lacks("Profile")
}
