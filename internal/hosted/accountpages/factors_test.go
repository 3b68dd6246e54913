package accountpages_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/mfa"
	"signet/internal/platform/db"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// nameless adds the person's key under no name, as signing in and the Account API do.
func (p *person) nameless(name *string) {
	p.t.Helper()
	p.open("/account/passkey/add")
	if strings.Contains(p.at, "verified-action") {
		p.send("password", apptest.Password)
	}
	p.create()
	p.app.Tx(p.t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE webauthn_credentials SET name = $2 WHERE tenant_id = $1`, name)
		return err
	})
}

// A passkey that has no name, or one that nobody can see, is called by what is
// known of it.
func TestAccount_PasskeysWithoutANameAreCalledByWhatTheyAre(t *testing.T) {
	t.Parallel()
	blank := " \u200b"
	for what, name := range map[string]*string{"no name": nil, "a blank one": &blank} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			app := apptest.Start(t)
			app.CreateUser(t, "robin")
			p := signedIn(t, app, "robin")
			p.nameless(name)
			naming := p.at
			p.open("/account")
			p.sees("Security key (USB)")
			list := p.page
			p.open(naming)
			p.sees("Name your passkey")
			if !strings.Contains(p.page, `value="Security key (USB)"`) {
				t.Error("no name is suggested")
			}
			p.page = list
			p.follow("/rename")
			p.sees("It is called “Security key (USB)” now.")
			p.page = list
			p.follow("/remove")
			p.sees("Remove “Security key (USB)”?")
		})
	}
}

// follow opens the link of the page that ends so.
func (p *person) follow(end string) {
	p.t.Helper()
	before, _, ok := strings.Cut(p.page, end+`"`)
	if !ok {
		p.t.Fatalf("no link to %s", end)
	}
	p.open(before[strings.LastIndex(before, `"`)+1:] + end)
}

// A name is something that people can see.
func TestAccount_NamesOfPasskeysCanBeSeen(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.open("/account/passkey/add")
	p.send("password", apptest.Password)
	p.create()
	for _, name := range []string{"", "   ", "\u00a0", "\u200b\u200d", "\u202e"} {
		if p.send("name", name); p.code != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d at %s", name, p.code, p.at)
		}
		p.sees("Type a name.")
	}
	for _, name := range []string{"👩\u200d💻", "מפתח כחול", "میز\u200cکار"} {
		p.open("/account")
		p.follow("/rename")
		p.send("name", name)
		p.sees("The passkey is now called “" + name + "”")
	}
}

// The list tells whether signing in asks for a second factor, whatever that is and
// whoever demands it.
func TestAccount_TellsWhetherSigningInAsksForASecondFactor(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		p := signedIn(t, app, "robin")
		is := func(state string) {
			t.Helper()
			if p.open("/account"); !strings.Contains(p.text(), "Two-factor authentication  "+state) {
				t.Errorf("not %q: %s", state, p.text())
			}
		}
		is("Off")
		addTOTP(t, app, u.ID)
		is("Off") // no factor of this tenant
		factors(t, app, signinexp.PolicyNoPrompt, signinexp.FactorWebAuthn, signinexp.FactorTOTP)
		is("On")
		factors(t, app, signinexp.PolicyNoPrompt, signinexp.FactorWebAuthn)
		p.nameless(nil)
		is("On")
		skip := true
		app.UpdateUser(t, u.ID, user.Patch{IsMFASkippedOnSignIn: &skip})
		is("Off")
		factors(t, app, signinexp.PolicyMandatory, signinexp.FactorWebAuthn)
		is("On")
		app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) {
			s.MFA.Factors, s.PasskeySignIn.Enabled = nil, true
		})
		is("Off")
	})
}

// Who removes the last passkey is told what protects the account then, and above
// all where nothing would let them in any more.
func TestAccount_TellsWhatRemovingTheLastPasskeyLeaves(t *testing.T) {
	t.Parallel()
	const alone, again, locked, other = "your password alone protects your account.", "add a new one at your next sign-in", "you can no longer sign in here", "asks for another second factor"
	for what, c := range map[string]struct {
		totp  bool
		apply func(t *testing.T, app *apptest.App)
		sees  string
	}{
		"a password":          {false, func(*testing.T, *apptest.App) {}, alone},
		"a factor not in use": {true, func(*testing.T, *apptest.App) {}, alone},
		"a mandatory factor": {false, func(t *testing.T, app *apptest.App) {
			factors(t, app, signinexp.PolicyMandatory, signinexp.FactorWebAuthn)
		}, again},
		"codes of an app": {true, func(t *testing.T, app *apptest.App) {
			factors(t, app, signinexp.PolicyNoPrompt, signinexp.FactorWebAuthn, signinexp.FactorTOTP)
		}, locked},
		"codes, and other pages": {true, func(t *testing.T, app *apptest.App) {
			app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) {
				s.MFA.Factors, s.CustomUIAssets = []signinexp.Factor{signinexp.FactorWebAuthn, signinexp.FactorTOTP}, &signinexp.CustomUIAssets{ID: "ui", CreatedAt: 1}
			})
		}, other},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			app := apptest.Start(t)
			u := app.CreateUser(t, "robin")
			p := signedIn(t, app, "robin")
			p.nameless(nil)
			if c.totp {
				addTOTP(t, app, u.ID)
			}
			c.apply(t, app)
			p.open("/account")
			p.follow("/remove")
			p.sees("This is your last passkey")
			for _, text := range []string{alone, again, locked, other} {
				if strings.Contains(p.text(), text) != (text == c.sees) {
					t.Errorf("%q: %s", text, p.text())
				}
			}
			have(t, app, u.ID, 1)
			p.open(p.at)
			p.doesNotSee("This is your last passkey")
		})
	}
}

// Where a tenant has switched passkeys off, nobody is asked to make one first.
func TestAccount_NoPasskeyIsMadeWherePasskeysAreOff(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	factors(t, app, signinexp.PolicyNoPrompt)
	p.open("/account/passkey/add")
	p.sees("This second factor is not available here.")
	if p.code != http.StatusBadRequest || p.at != "/account/passkey/add" {
		t.Errorf("%d %s", p.code, p.at)
	}
}

func factors(t *testing.T, app *apptest.App, policy signinexp.MFAPolicy, list ...signinexp.Factor) {
	t.Helper()
	app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) { s.MFA.Factors, s.MFA.Policy = list, policy })
}

// addTOTP gives a user an authenticator application, as an operator does.
func addTOTP(t *testing.T, app *apptest.App, userID string) {
	t.Helper()
	app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		return mfa.AddTOTP(ctx, tx, app.Clock.Now().UnixMilli(), app.Keyring, userID, mfa.NewTOTPSecret())
	})
}
