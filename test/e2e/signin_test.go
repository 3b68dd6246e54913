package e2e_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

func TestJourney_RegisterSignOutSignIn(t *testing.T) {
	t.Parallel()
	withAndWithoutScript(t, func(t *testing.T, noScript bool) {
		everywhere(t, func(t *testing.T, app *apptest.App) {
			client := openTidewater(t, app)
			p := browser.New(t, browser.Options{NoScript: noScript})

			p.Open(client.URL)
			p.Click("Sign in with Signet")
			p.Heading("Sign in")
			p.Sees("to continue to Tidewater")
			p.Click("Create account")
			p.Heading("Create your account")
			p.Fill("Username", username)
			p.Fill("Password", password)
			if p.Scripts() {
				p.Click("Show password")
				p.Click("Hide password")
			}
			p.Click("Create account")
			p.Heading("Hello " + username)

			signOut(p)

			p.Open(client.URL)
			p.Click("Sign in with Signet")
			p.Heading("Sign in")
			p.Fill("Username", username)
			p.Fill("Password", "not "+password)
			p.Click("Sign in")
			p.Sees("The username or password is not right")
			if got := p.Value("Username"); got != username {
				t.Errorf("after a wrong password the username field holds %q", got)
			}
			p.Fill("Password", password)
			p.Click("Sign in")
			p.Heading("Hello " + username)

			// The session lasts: the next sign-in asks nothing.
			p.Open(client.URL)
			p.Click("Sign in with Signet")
			p.Heading("Hello " + username)
		})
	})
}

// signOut leaves Tidewater and the server. The confirmation page sends itself
// where scripts run.
func signOut(p *browser.Page) {
	p.Click("Sign out of Tidewater")
	if !p.Scripts() {
		p.Heading("Sign out")
		p.Click("Sign out")
	}
	p.Heading("Goodbye")
}

func TestSignIn_ByKeyboardAlone(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	client := openTidewater(t, app)
	p := browser.New(t, browser.Options{})
	p.Open(client.URL)
	p.Click("Sign in with Signet")
	p.Heading("Sign in")
	tabTo(t, p, "Username")
	p.Type(username)
	tabTo(t, p, "Password")
	p.Type(password)
	p.Press(kb.Enter)
	p.Heading("Hello " + username)
}

// tabTo moves the focus forward until it is on what has this name.
func tabTo(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	var passed []string
	for range 15 {
		focused := p.Focused()
		if focused == name {
			return
		}
		passed = append(passed, focused)
		p.Press(kb.Tab)
	}
	t.Fatalf("%q cannot be reached by keyboard, only %q", name, passed)
}

// After a POST, browsers apply form-action to the redirect as well: an
// application on another origin or with a scheme of its own must be in it.
func TestSignIn_ReturnsToACustomScheme(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	client := fixture.App(t, app, application.Native, "io.tidewater.app://callback", "io.tidewater.app://goodbye")
	withAndWithoutScript(t, func(t *testing.T, noScript bool) {
		p := browser.New(t, browser.Options{NoScript: noScript})
		left := p.Leaves("io.tidewater.app:")
		p.Open(app.URL + "/oidc/auth?" + url.Values{
			"client_id": {client.ID}, "redirect_uri": {client.Redirect}, "response_type": {"code"}, "scope": {"openid"},
			"state": {"s"}, "code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
		}.Encode())
		p.Heading("Sign in")
		p.Fill("Username", username)
		p.Fill("Password", password)
		p.Click("Sign in")
		if to := left(); !strings.HasPrefix(to, "io.tidewater.app://callback?code=") {
			t.Errorf("the sign-in went to %q", to)
		}
	})
}

func TestDemoApp_SignsInShowsClaimsSignsOut(t *testing.T) {
	t.Parallel()
	withAndWithoutScript(t, func(t *testing.T, noScript bool) {
		everywhere(t, func(t *testing.T, app *apptest.App) {
			fixture.User(t, app, username)
			p := browser.New(t, browser.Options{NoScript: noScript})
			p.Open(app.URL + "/demo-app")
			p.Heading("Demo app")
			p.Click("Sign in")
			p.Heading("Sign in")
			p.Fill("Username", username)
			p.Fill("Password", password)
			p.Click("Sign in")
			p.Heading("Hello, " + username)
			p.Sees("Claims of the ID token", "sub", app.URL+"/oidc")
			p.Click("Account menu")
			p.Click("Sign out")
			if noScript {
				p.Heading("Sign out")
				p.Click("Sign out")
			}
			p.Heading("Demo app")
		})
	})
}

func TestPages_LookRight(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, inTheDark())
	fixture.User(t, app, username)
	client := openTidewater(t, app)
	eachLanguage(t, func(t *testing.T, language string, _ func(key string) string) {
		p := browser.New(t, browser.Options{Language: language})
		p.Open(client.URL)
		p.Click("Sign in with Signet")
		p.AtURL(app.URL + "/sign-in")
		p.Look("sign-in-" + language)
		p.Open(app.URL + "/demo-app")
		p.Look("demo-" + language)
		p.Open(app.URL + "/unknown-session")
		p.Look("unknown-session-" + language)
		p.Open(app.URL + "/oidc/auth?client_id=nobody")
		p.Look("error-" + language)
	})
}

// Who follows a broken link of an application reads what is wrong, in words that
// the link cannot choose.
func TestSignIn_BrokenLinkSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, inTheDark())
	shop := openTidewater(t, app)
	p := browser.New(t, browser.Options{})
	for query, words := range map[string]string{
		"?client_id=" + shop.client.ID + "&redirect_uri=https%3A%2F%2Fevil.example%2Fcb&response_type=code&scope=openid": "an address that is not registered for it",
		"?client_id=Call-0800-123&response_type=code":                                                                    "The app could not be identified.",
		"": "The request is not valid.",
	} {
		p.Open(app.URL + "/oidc/auth" + query)
		p.Heading("We could not finish this")
		p.Sees(words, "Error ID")
		p.Lacks("evil.example", "0800", "Start again")
	}
	p.Look("broken-link")
}
