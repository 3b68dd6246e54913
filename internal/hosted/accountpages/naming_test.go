package accountpages_test

import (
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/tenant"
)

// Whoever leaves the page on which a new passkey is named has it all the same.
func TestAccount_PasskeyIsKeptWhenItsNamingIsLeft(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		bound := func(where string, args ...any) int {
			return app.Count(t, tenant.Default, "webauthn_credentials", "user_id = $2"+where, append([]any{u.ID}, args...)...)
		}
		p := signedIn(t, app, "robin")
		p.open("/account/passkey/add")
		p.send("password", apptest.Password)
		action, form := p.form()
		form.Set("credential", credential(p.key.Create(p.origin(), p.ceremony())))
		p.post(action, form)
		p.sees("Name your passkey", "The passkey is saved")
		naming := p.at
		p.open("/account")
		p.sees("Security key (USB)")
		if n := bound(" AND name = $3", "Security key (USB)"); n != 1 {
			t.Fatalf("%d passkeys under the suggested name", n)
		}
		// The same answer once more, as a browser sends it that reloads, adds nothing.
		p.post(action, form)
		p.sees("This page was open for too long")
		p.open(naming)
		p.open(naming)
		p.send("name", "Blue key")
		p.sees("“Blue key” is ready")
		if n := bound(""); n != 1 || bound(" AND name = $3", "Blue key") != 1 {
			t.Errorf("%d passkeys", n)
		}
	})
}

// createLate makes a passkey by a page that was opened while a step-up held, and
// sends it when that no longer does.
func (p *person) createLate() {
	p.t.Helper()
	p.open("/account/verified-action?next=%2Faccount%2Fpasskey%2Fadd")
	p.send("password", apptest.Password)
	p.app.Clock.Advance(6 * time.Minute)
	p.open("/account/passkey/add")
	p.app.Clock.Advance(5 * time.Minute)
	p.create()
}

// Attack 39: a passkey is bound only by who has stepped up at that moment. One
// who is late does so, and need not touch the key again.
func TestAccount_PasskeyWaitsForTheStepUp(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		bound := func() int { return app.Count(t, tenant.Default, "webauthn_credentials", "user_id = $2", u.ID) }
		p := signedIn(t, app, "robin")
		p.createLate()
		p.sees("Check that it is you")
		if n := bound(); n != 0 {
			t.Fatalf("%d passkeys without a step-up", n)
		}
		p.send("password", apptest.Password)
		p.sees("Name your passkey", "One more step until the passkey is saved")
		if n := bound(); n != 0 {
			t.Fatalf("%d passkeys by a GET", n)
		}
		p.send("name", "Blue key")
		p.sees("“Blue key” is ready")
		if n := bound(); n != 1 {
			t.Errorf("%d passkeys", n)
		}
	})
}

// A name is changed by who has stepped up, and on their own passkeys only.
func TestAccount_NamingANewPasskeyNeedsAStepUp(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	app.CreateUser(t, "mallory")
	p := signedIn(t, app, "robin")
	p.open("/account/passkey/add")
	p.send("password", apptest.Password)
	p.create()
	naming := p.at
	action, form := p.form()
	app.Clock.Advance(11 * time.Minute)
	p.post(action, form, "name", "Blue key")
	p.sees("Check that it is you")
	p.send("password", apptest.Password)
	p.sees("Name your passkey", "Security key (USB)")
	mallory := signedIn(t, app, "mallory")
	mallory.open("/account/verified-action")
	mallory.send("password", apptest.Password)
	mallory.open("/account/name")
	_, theirs := mallory.form()
	mallory.open(naming)
	mallory.sees("This passkey is no longer on your account")
	mallory.post(action, theirs, "name", "Mallory was here")
	mallory.sees("This passkey is no longer on your account")
	p.open("/account")
	p.sees("Security key (USB)")
	p.doesNotSee("Mallory was here")
}
