package e2e_test

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// settings opens the account settings of a new person in a new browser.
func settings(t *testing.T, app *apptest.App, o browser.Options) *browser.Page {
	t.Helper()
	p := browser.New(t, o)
	p.Open(app.URL + "/account")
	signIn(p, english)
	p.Heading("Account settings")
	return p
}

// withKey opens the settings of a person who has added one key, "Blue key".
func withKey(t *testing.T, app *apptest.App) (*browser.Page, *browser.Key) {
	t.Helper()
	fixture.User(t, app, username)
	p := settings(t, app, browser.Options{})
	key := p.PlugIn(browser.KeyOptions{})
	addKey(p, english, "Blue key")
	p.Sees("“Blue key” is ready")
	return p, key
}

// leave signs out of the account pages, is told so, and asks to sign in again. The
// form between the two sends itself where scripts run.
func leave(p *browser.Page, say func(string) string) {
	p.Click(say("menu.label"))
	p.Click(say("menu.sign_out"))
	if !p.Scripts() {
		p.Heading(say("sign_out.title"))
		p.Click(say("sign_out.submit"))
	}
	p.Heading(say("signed_out.title"))
	p.Click(say("signed_out.again"))
	p.Heading(say("sign_in.title"))
}

// toVerify signs out and gives the password again.
func toVerify(p *browser.Page) {
	leave(p, english)
	signIn(p, english)
	p.Heading("Check that it is you")
}

func TestKey_WithoutPINIsRefusedPlainly(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		fixture.User(t, app, username)
		p := settings(t, app, browser.Options{})
		key := p.PlugIn(browser.KeyOptions{NoPIN: true})
		toCreatePasskey(p, english)
		p.Click("Security key")
		// Chromium tells a key that cannot verify its user apart from a closed
		// dialog by nothing; the page says what holds for both.
		p.Sees("No passkey was created and nothing changed.")
		if n := len(key.Credentials()); n != 0 {
			t.Errorf("the key holds %d credentials", n)
		}
		p.Click("Not now")
		p.Heading("Account settings")
		if p.Offers("Rename") {
			t.Error("a passkey is listed")
		}
	})
}

func TestKey_CancelledDialogCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	p := settings(t, app, browser.Options{})
	key := p.PlugIn(browser.KeyOptions{WrongPIN: true})
	toCreatePasskey(p, english)
	p.Click("Security key")
	p.Sees("The request was closed", "Start again whenever you like.")
	p.FocusOn("The request was closed")
	key.Verifies(true)
	p.Click("Security key")
	p.Heading("Name your passkey")
	p.Click("Save name")
	p.Sees("“Security key (USB)” is ready")
	p.FocusOn("“Security key (USB)” is ready")

	// The same at the next sign-in.
	key.Verifies(false)
	toVerify(p)
	p.Click("Verify via passkey")
	p.Sees("No key answered")
	p.FocusOn("No key answered")
	key.Verifies(true)
	p.Click("Verify via passkey")
	p.Heading("Account settings")
}

// The key has been touched: whatever happens to the page that asks for a name,
// it is on the account, once.
func TestKey_IsKeptWhenThePageThatNamesItIsLeft(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		fixture.User(t, app, username)
		p := settings(t, app, browser.Options{})
		p.PlugIn(browser.KeyOptions{})
		toCreatePasskey(p, english)
		p.Click("Security key")
		p.Heading("Name your passkey")
		p.Sees("The passkey is saved.")
		p.Reload()
		p.Heading("Name your passkey")
		p.Back()
		p.Heading("Create a passkey")
		p.Click("Security key")
		p.Sees("This key is already on your account")
		p.Click("Not now")
		p.Heading("Account settings")
		p.Sees("Security key (USB)", "not used yet")
		if !p.Offers("Rename") { // there is exactly one
			t.Error("there is not one passkey")
		}
		toVerify(p)
		p.Click("Verify via passkey")
		p.Heading("Account settings")
	})
}

func TestKey_OfAnotherAccountIsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		p, key := withKey(t, app)
		toVerify(p)
		key.Unplug()
		p.PlugIn(browser.KeyOptions{})
		p.Click("Verify via passkey")
		p.Sees("No key answered")
		p.Open(app.URL + "/account")
		p.Lacks("Blue key")
	})
}

func TestKey_AlreadyAddedSaysSo(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	p, key := withKey(t, app)
	p.Click("Add", "Passkeys")
	p.Heading("Create a passkey") // the step-up of a minute ago still counts
	p.Click("Security key")
	p.Sees("This key is already on your account")
	if n := len(key.Credentials()); n != 1 {
		t.Errorf("the key holds %d credentials", n)
	}
}

func TestKey_SecondRenamedRemoved(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		p, first := withKey(t, app)
		held := first.Credentials()
		first.Unplug()
		second := p.PlugIn(browser.KeyOptions{})
		p.Click("Add", "Passkeys")
		p.Heading("Create a passkey")
		p.Click("Security key")
		p.Heading("Name your passkey")
		p.Fill("Name", "Spare")
		p.Click("Save name")
		p.Sees("“Spare” is ready", "Blue key")
		p.Lacks("Add a spare soon") // this was the spare

		p.Click("Rename", "Blue key")
		p.Heading("Rename a passkey")
		if got := p.Value("Name"); got != "Blue key" {
			t.Errorf("the name to change is %q", got)
		}
		p.Fill("Name", "Red key")
		p.Click("Save name")
		p.Sees("The passkey is now called “Red key”")
		p.Lacks("Blue key")

		p.Click("Remove", "Spare")
		p.Heading("Remove “Spare”?")
		p.Lacks("This is your last passkey")
		p.Click("Keep it")
		p.Heading("Account settings")
		p.Sees("Spare")
		p.Click("Remove", "Spare")
		p.Click("Remove")
		p.Sees("The passkey is removed")

		// The removed key opens nothing, the other one does.
		toVerify(p)
		p.Click("Verify via passkey")
		p.Sees("No key answered")
		second.Unplug()
		p.PlugIn(browser.KeyOptions{}).Hold(held...)
		p.Click("Verify via passkey")
		p.Heading("Account settings")

		p.Click("Remove", "Red key")
		p.Heading("Check that it is you")
		p.Click("Use a passkey") // who holds a key may prove it instead of the password
		p.Click("Verify via passkey")
		p.Heading("Remove “Red key”?")
		p.Sees("This is your last passkey")
		p.Click("Remove")
		p.Sees("The passkey is removed")

		// The password alone is enough again.
		leave(p, english)
		signIn(p, english)
		p.Heading("Account settings")
	})
}

func TestKey_RemovedByAnotherSessionMeanwhile(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		p, key := withKey(t, app)
		blue := key.Credentials()
		key.Unplug()
		p.PlugIn(browser.KeyOptions{})
		p.Click("Add", "Passkeys")
		p.Heading("Create a passkey")
		p.Click("Security key")
		p.Heading("Name your passkey")
		p.Fill("Name", "Spare")
		p.Click("Save name")
		p.Sees("“Spare” is ready")

		elsewhere := browser.New(t, browser.Options{})
		elsewhere.PlugIn(browser.KeyOptions{}).Hold(blue...)
		elsewhere.Open(app.URL + "/account")
		signIn(elsewhere, english)
		elsewhere.Heading("Check that it is you")

		p.Click("Remove", "Blue key")
		p.Heading("Remove “Blue key”?")
		p.Click("Remove")
		p.Sees("The passkey is removed")

		elsewhere.Click("Verify via passkey")
		elsewhere.Sees("This key is not on your account")
		elsewhere.Open(app.URL + "/account")
		elsewhere.Lacks("Account settings")
	})
}

// A copy of a key answers with a counter that the server has seen before.
func TestKey_CopiedIsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		p, key := withKey(t, app)
		toVerify(p)
		p.Click("Verify via passkey")
		p.Heading("Account settings")
		copied := key.Credentials()
		for _, c := range copied {
			c.SignCount = 0
		}
		toVerify(p)
		key.Unplug()
		p.PlugIn(browser.KeyOptions{}).Hold(copied...)
		p.Click("Verify via passkey")
		p.Sees("The passkey could not be checked")
	})
}

func TestKey_WithAForgedSignatureIsRefused(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	p, key := withKey(t, app)
	toVerify(p)
	key.Forge()
	p.Click("Verify via passkey")
	p.Sees("The passkey could not be checked")
}

// Without JavaScript everything works up to the passkey, and the page says why
// it ends there.
func TestKey_WithoutJavaScriptTheJourneyEndsWithAnExplanation(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		p, _ := withKey(t, app)
		leave(p, english)
		plain := browser.New(t, browser.Options{NoScript: true})
		plain.Open(app.URL + "/account")
		signIn(plain, english)
		plain.Heading("Check that it is you")
		plain.Sees("Passkeys need JavaScript.")
		if plain.Offers("Verify via passkey") {
			t.Error("a button is offered that does nothing")
		}
	})
}

func TestKey_CannotBeAddedWithoutJavaScript(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	p := settings(t, app, browser.Options{NoScript: true})
	toCreatePasskey(p, english)
	p.Sees("Passkeys need JavaScript.")
	if p.Offers("Security key") || p.Offers("This device") {
		t.Error("a button is offered that does nothing")
	}
	p.Click("Not now")
	p.Heading("Account settings")
}

func TestKey_OnAnIPAddressIsExplained(t *testing.T) {
	t.Parallel()
	var backend *url.URL
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(backend)
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}})
	t.Cleanup(front.Close)
	app := apptest.Start(t, apptest.Behind(front.URL))
	backend = &url.URL{Scheme: "http", Host: app.Address}
	fixture.User(t, app, username)
	p := settings(t, app, browser.Options{})
	p.Sees("Passkeys need a name, not a number")
	if p.Offers("Add", "Passkeys") {
		t.Error("a passkey can be added where none can work")
	}
}

// The device's own authenticator is the second choice on the page.
func TestKey_ThisDevice(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	p := settings(t, app, browser.Options{})
	key := p.PlugIn(browser.KeyOptions{Internal: true})
	toCreatePasskey(p, english)
	p.Click("This device")
	p.Heading("Name your passkey")
	p.Fill("Name", "Work laptop")
	p.Click("Save name")
	p.Sees("“Work laptop” is ready", "This device")
	if n := len(key.Credentials()); n != 1 {
		t.Fatalf("the device holds %d credentials", n)
	}
	toVerify(p)
	p.Click("Verify via passkey")
	p.Heading("Account settings")
}
