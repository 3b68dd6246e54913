package accountpages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
)

// tidewater is where the pages below lead back to.
const tidewater = "https://app.example/settings?tab=me#top"

// from is the query of a task that an application sends people to.
func from(redirect string, more ...string) string {
	query := url.Values{"redirect": {redirect}}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return "?" + query.Encode()
}

// sendTo is send for a form whose success leads to want, which is not followed.
func (p *person) sendTo(want string, fields ...string) {
	p.t.Helper()
	action, form := p.form()
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	a := p.browser.Do(http.MethodPost, action, form.Encode())
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != want {
		p.t.Errorf("%s led to %d %q, want %q", action, a.StatusCode, a.Header.Get("Location"), want)
	}
}

// policy is the content security policy of the page at a path.
func (p *person) policy(path string) string {
	p.t.Helper()
	return p.browser.Do(http.MethodGet, path, "").Header.Get("Content-Security-Policy")
}

func TestTask_LeadsBackThroughSignInStepUpAndMistakes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		app.CreateUser(t, "taken")
		p := visitor(t, app)
		p.open("/account/username" + from(tidewater, "identifier", "prefilled1"))
		p.send("identifier", "robin", "password", apptest.Password)
		p.sees("Check that it is you")
		p.send("password", "wrong")
		p.sees("This password is not right")
		p.send("password", apptest.Password)
		p.sees("Change your username", `value="prefilled1"`, "You go to app.example next")
		p.send("username", "taken")
		p.sees("This username is taken", `value="taken"`, "You go to app.example next")
		p.sendTo(tidewater, "username", "prefilled1")

		p.open("/account/password" + from(tidewater))
		p.send("password", "short")
		p.sees("at least 8")
		p.sendTo(tidewater, "password", "Another-Harbour-43")

		p.open("/account/name" + from(tidewater))
		p.sendTo(tidewater, "name", "Robin Example")
	})
}

// A passkey is made on two pages.
func TestTask_LeadsBackFromAPasskey(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.open("/account/passkey/add" + from(tidewater))
	p.send("password", apptest.Password)
	p.send("credential", "{", "kind", "security-key")
	p.sees("The passkey could not be created")
	p.create()
	p.send("name", "")
	p.sees("Type a name.", "You go to app.example next")
	p.sendTo(tidewater, "name", "Blue key")
}

func TestTask_SaysThatItIsDoneFirst(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.open("/account/passkey/add" + from(tidewater, "show_success", "1"))
	p.send("password", apptest.Password)
	p.create()
	p.send("name", "Blue key")
	p.sees("Your passkey is ready", `href="`+tidewater+`">Done`, "You go to app.example next")
	p.open("/account/username" + from(tidewater, "show_success", "true"))
	p.send("username", "robin_two")
	p.sees("Your username is saved", `href="`+tidewater+`">Done`)
	p.open("/account/username" + from(tidewater, "show_success", "false"))
	p.sendTo(tidewater, "username", "robin_three")
	p.open("/account/password/success")
	p.sees("Your password is changed", `href="/account">Done`)
}

// An application's form may only be answered with a redirect to where the page
// said that it leads: browsers hold form-action against each redirect.
func TestTask_NamesItsOriginInThePolicy(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	for path, want := range map[string]string{
		"/account/name" + from(tidewater):                      "form-action 'self' https://app.example;",
		"/account/name" + from("http://localhost:9999/x"):      "form-action 'self' http://localhost:9999;",
		"/account/name" + from(tidewater, "show_success", "1"): "form-action 'self';",
		"/account/name": "form-action 'self';",
	} {
		if policy := p.policy(path); !strings.Contains(policy, want) {
			t.Errorf("%s: %s", path, policy)
		}
	}
	p.open("/account/name" + from(app.URL+"/account/security"))
	p.doesNotSee("next.")
	p.sendTo(app.URL+"/account/security", "name", "Robin Example")
}

// Attack 5: what is no web address, or would look like another one, counts for
// nothing.
func TestTask_LeadsToNothingButTheWeb(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	for _, redirect := range []string{
		"javascript:alert(1)", "data:text/html,x", "//evil.example/", "/account/security", "evil.example", "ftp://evil.example/", "io.app://x",
		"https://user:secret@evil.example/", "https://app.example@evil.example/", "https:///evil.example", "https:evil.example", "https://",
		"https://evil.example\\@app.example/", "https://app.example/\r\nSet-Cookie: x=y", " https://app.example/", "https://app.example/\x00",
		"ht\ntps://app.example/", "https://app.example;script-src *", "https://%61pp.example/", "https://app.example/\xff",
		"https://app.example/" + strings.Repeat("a", 1024),
	} {
		p.open("/account/name" + from(redirect))
		p.sees("Change your name")
		p.doesNotSee("You go to")
		p.sendTo("/account?done=name#name", "name", "Robin Example")
		p.open("/account/name/success" + from(redirect))
		p.sees(`href="/account">Done`)
		if policy := p.policy("/account/name" + from(redirect)); !strings.Contains(policy, "form-action 'self';") {
			t.Errorf("%q: %s", redirect, policy)
		}
	}
}

func TestTask_IsFilledInWithWhatPeopleCanType(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.open("/account/username")
	p.send("password", apptest.Password)
	p.sees(`value="robin"`)
	for identifier, want := range map[string]string{
		`"><script>alert(1)</script>`: `value=""><script>alert(1)</script>"`, // the text of the page, unescaped
		strings.Repeat("x", 300):      `value="robin"`, "a\x00b": `value="robin"`, "\xff": `value="robin"`,
	} {
		p.open("/account/username?" + url.Values{"identifier": {identifier}}.Encode())
		p.sees(want)
		if strings.Contains(p.page, "<script>") {
			t.Error("an identifier is markup")
		}
	}
}

// The session ends while the page is open: the way back is not lost.
func TestTask_SurvivesAnEndedSession(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.open("/account/name" + from(tidewater))
	open := *p
	_, form := p.form()
	p.browser.Do(http.MethodPost, "/account/sign-out", form.Encode())
	open.send("name", "Robin Example")
	open.sees("Change your name")
	open.sendTo(tidewater, "name", "Robin Example")
}

// The page for another passkey, in place of one that was named too late, works.
func TestAccount_PasskeyNamedTooLateIsMadeAgain(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.open("/account/passkey/add" + from(tidewater))
	p.send("password", apptest.Password)
	app.Clock.Advance(5 * time.Minute)
	p.open("/account/passkey/add" + from(tidewater))
	app.Clock.Advance(6 * time.Minute)
	p.create() // the confirmation has ended meanwhile, so nothing is saved yet
	p.send("password", apptest.Password)
	p.sees("Name your passkey")
	app.Clock.Advance(5 * time.Minute)
	p.send("name", "Blue key")
	p.sees("This page was open for too long", `href="/account/passkey/add?`)
	if action, _ := p.form(); !strings.HasPrefix(action, "/account/passkey/add?") || strings.Contains(p.page, `"/account/passkey/name`) {
		t.Errorf("the form leads to %s: %s", action, p.page)
	}
	p.create()
	p.sees("Name your passkey")
	p.sendTo(tidewater, "name", "Blue key")
}
