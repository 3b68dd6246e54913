package accountpages_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/internal/tenant"
)

// person is somebody with a browser without JavaScript, and a security key.
type person struct {
	t       *testing.T
	app     *apptest.App
	browser *apptest.Browser
	key     *softkey.Key
	// at is the path of the page that is shown, page its text.
	at   string
	page string
	code int
}

func visitor(t *testing.T, app *apptest.App) *person {
	t.Helper()
	return &person{t: t, app: app, browser: app.Browser(t), key: softkey.New()}
}

// signedIn is a person whose account settings are open.
func signedIn(t *testing.T, app *apptest.App, username string) *person {
	t.Helper()
	p := visitor(t, app)
	p.open("/account")
	p.send("identifier", username, "password", apptest.Password)
	if !strings.HasPrefix(p.at, "/account") {
		t.Fatalf("signed in to %s: %d %s", p.at, p.code, p.text())
	}
	return p
}

// open requests a path and follows redirects, as a browser does.
func (p *person) open(path string) {
	p.t.Helper()
	p.show(p.browser.Do(http.MethodGet, path, ""))
}

func (p *person) show(a *apptest.Answer) {
	p.t.Helper()
	for range 12 {
		location := a.Header.Get("Location")
		if location == "" {
			p.at, p.page, p.code = a.Request.URL.RequestURI(), a.Text, a.StatusCode
			return
		}
		next, err := a.Request.URL.Parse(location)
		if err != nil {
			p.t.Fatal(err)
		}
		a = p.browser.Do(http.MethodGet, next.String(), "")
	}
	p.t.Fatal("redirects without end")
}

var (
	forms   = regexp.MustCompile(`(?s)<form[^>]*method="post"[^>]*>.*?</form>`)
	actions = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hidden  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	options = regexp.MustCompile(`data-options="([^"]*)"`)
	tags    = regexp.MustCompile(`(?s)<(style|svg|template).*?</(style|svg|template)>|<[^>]*>|\s+`)
)

// form returns the action and hidden fields of the page's main form: the last
// one, since the menu's comes first.
func (p *person) form() (action string, fields url.Values) {
	p.t.Helper()
	all := forms.FindAllString(p.page, -1)
	if len(all) == 0 {
		p.t.Fatalf("%s has no form: %s", p.at, p.text())
	}
	main := all[len(all)-1]
	action, fields = p.at, url.Values{}
	if m := actions.FindStringSubmatch(main); m != nil {
		action = html.UnescapeString(m[1])
	}
	for _, m := range hidden.FindAllStringSubmatch(main, -1) {
		fields.Set(m[1], html.UnescapeString(m[2]))
	}
	return action, fields
}

// text is what a reader sees of the page.
func (p *person) text() string {
	return strings.TrimSpace(html.UnescapeString(tags.ReplaceAllString(p.page, " ")))
}

// send fills the page's form and posts it; fields are names and values in turn.
func (p *person) send(fields ...string) {
	p.t.Helper()
	action, form := p.form()
	p.post(action, form, fields...)
}

func (p *person) post(action string, form url.Values, fields ...string) {
	p.t.Helper()
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	p.show(p.browser.Do(http.MethodPost, action, form.Encode()))
}

// ceremony returns the options of the page's passkey ceremony.
func (p *person) ceremony() (opts map[string]any) {
	p.t.Helper()
	m := options.FindStringSubmatch(p.page)
	if m == nil {
		p.t.Fatalf("%s asks for no passkey: %s", p.at, p.text())
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(m[1])), &opts); err != nil {
		p.t.Fatal(err)
	}
	return opts
}

func (p *person) origin() string {
	u, _ := url.Parse(p.app.URL)
	return u.Scheme + "://" + u.Host
}

func credential(answer map[string]any) string {
	raw, _ := json.Marshal(answer)
	return string(raw)
}

// create answers the page's request for a new passkey with the person's key.
func (p *person) create() {
	p.t.Helper()
	p.send("credential", credential(p.key.Create(p.origin(), p.ceremony())), "kind", "security-key")
}

// prove answers the page's request for a passkey.
func (p *person) prove() {
	p.t.Helper()
	p.send("credential", credential(p.key.Get(p.origin(), p.ceremony())))
}

func (p *person) sees(texts ...string) {
	p.t.Helper()
	shown := html.UnescapeString(p.page)
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			p.t.Errorf("%s does not say %q: %s", p.at, text, p.text())
		}
	}
}

func (p *person) doesNotSee(text string) {
	p.t.Helper()
	if strings.Contains(html.UnescapeString(p.page), text) {
		p.t.Errorf("%s says %q", p.at, text)
	}
}

// addKey walks from the settings to a named key.
func (p *person) addKey(name string) {
	p.t.Helper()
	p.open("/account/passkey/add")
	if strings.HasPrefix(p.at, "/account/verified-action") {
		p.send("password", apptest.Password)
	}
	p.create()
	p.sees("Name your passkey")
	p.send("name", name)
	p.sees("“"+name+"” is ready", name, "Security key")
}

func TestAccount_SecurityKeyIsAddedNamedAndAskedFor(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		p := signedIn(t, app, "robin")
		p.sees("Account settings", "Account menu", "Two-factor authentication", "Passkeys", "Profile", "Sign out")
		p.open("/account/passkey/add")
		if !strings.HasPrefix(p.at, "/account/verified-action") {
			t.Fatalf("a sign-in counted as a step-up: %s", p.at)
		}
		p.send("password", "wrong")
		p.sees("This password is not right")
		p.send("password", apptest.Password)
		p.sees("Create a passkey", "Security key", "This device")
		p.create()
		p.sees("Name your passkey", "Security key (USB)")
		p.send("name", "")
		p.sees("Type a name.")
		p.send("name", "Blue key")
		p.sees("“Blue key” is ready", "Add a spare soon")
		p.open("/account/passkey/lost")
		p.sees("signet user reset-mfa robin")

		other := visitor(t, app)
		other.key = p.key
		other.open("/account")
		other.send("identifier", "robin", "password", apptest.Password)
		other.sees("Verify via passkey")
		other.prove()
		other.sees("Account settings", "Blue key", "last used")
		if n := app.Count(t, tenant.Default, "webauthn_credentials", "user_id = $2", u.ID); n != 1 {
			t.Errorf("%d credentials", n)
		}
	})
}

// Attack 39: the step-up has to be of this page session and not older than ten
// minutes; another session's does not count, nor does a sign-in.
func TestAccount_StepUpBelongsToOneSessionForTenMinutes(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p, other := signedIn(t, app, "robin"), signedIn(t, app, "robin")
	p.open("/account/password")
	p.send("password", apptest.Password)
	p.sees("Change your password")
	other.open("/account/password")
	other.sees("Check that it is you")
	app.Clock.Advance(10*time.Minute + time.Second)
	p.open("/account/password")
	p.sees("Check that it is you")
	_, form := other.form()
	other.post("/account/password", form, "password", "Another-Harbour-43")
	other.sees("Check that it is you")
	later := visitor(t, app)
	later.open("/account")
	later.send("identifier", "robin", "password", "Another-Harbour-43")
	later.doesNotSee("Account settings")
}

func TestAccount_WhoHoldsAKeyMayProveItInstead(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.addKey("Blue key")
	app.Clock.Advance(11 * time.Minute)
	p.open("/account/verified-action?next=%2Faccount%2Fusername&by=passkey")
	p.prove()
	p.sees("Change your username")
	p.send("username", "robin_two")
	p.sees("Your username is saved", "robin_two")
}

func TestAccount_RenameAndRemove(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		p := signedIn(t, app, "robin")
		p.addKey("Blue key")
		rename := regexp.MustCompile(`href="([^"]*/rename)"`).FindStringSubmatch(p.page)[1]
		remove := regexp.MustCompile(`href="([^"]*/remove)"`).FindStringSubmatch(p.page)[1]
		p.open(rename)
		p.send("name", strings.Repeat("x", 65))
		p.sees("at most 64")
		p.send("name", "<b>Red</b> key")
		p.sees("“<b>Red</b> key”")
		if strings.Contains(p.page, "<b>Red") {
			t.Error("a name is markup")
		}
		p.open(remove)
		p.sees("This is your last passkey")
		twin := signedInAs(t, app, "robin", p.key)
		twin.open("/account/verified-action?next=" + url.QueryEscape(remove))
		twin.send("password", apptest.Password)
		twin.send()
		twin.sees("is removed")
		p.send()
		p.sees("This passkey is no longer on your account")
		p.open(rename)
		p.sees("This passkey is no longer on your account")
		if n := app.Count(t, tenant.Default, "webauthn_credentials", "user_id = $2", u.ID); n != 0 {
			t.Errorf("%d credentials", n)
		}
	})
}

func signedInAs(t *testing.T, app *apptest.App, username string, key *softkey.Key) *person {
	t.Helper()
	p := visitor(t, app)
	p.key = key
	p.open("/account")
	p.send("identifier", username, "password", apptest.Password)
	p.prove()
	p.sees("Account settings")
	return p
}

func TestAccount_CeremonyThatFailsSaysWhyAndGoesOn(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.addKey("Blue key")
	p.open("/account/passkey/add")
	p.send("credential", "{", "kind", "security-key")
	p.sees("The passkey could not be created", "Start again")

	p.open("/account/passkey/add")
	app.Clock.Advance(9 * time.Minute)
	answer := credential(softkey.New().Create(p.origin(), p.ceremony()))
	action, form := p.form()
	app.Clock.Advance(2 * time.Minute)
	p.post(action, form, "credential", answer)
	p.sees("This page was open for too long")

	// The key that is there already answers all the same: the server refuses.
	p.open("/account/verified-action?next=%2Faccount%2Fpasskey%2Fadd")
	p.send("password", apptest.Password)
	opts := p.ceremony()
	held := opts["excludeCredentials"].([]any)[0].(map[string]any)["id"].(string)
	delete(opts, "excludeCredentials")
	raw, err := base64.RawURLEncoding.DecodeString(held)
	if err != nil {
		t.Fatal(err)
	}
	same := func(c *softkey.Ceremony) { c.CredentialID = raw }
	p.send("credential", credential(softkey.New().Create(p.origin(), opts, same)))
	p.sees("This key is already on your account")
}

func TestAccount_FormsOfAnotherSessionAreRefused(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	u := app.CreateUser(t, "robin")
	app.CreateUser(t, "mallory")
	p, mallory := signedIn(t, app, "robin"), signedIn(t, app, "mallory")
	mallory.open("/account/name")
	_, foreign := mallory.form()
	for name, token := range map[string]string{"foreign": foreign.Get("token"), "none": "", "nonsense": "x"} {
		p.post("/account/name", url.Values{}, "name", "Mallory was here", "token", token)
		if p.code != http.StatusForbidden {
			t.Errorf("%s token: %d", name, p.code)
		}
	}
	if n := app.Count(t, tenant.Default, "users", "id = $2 AND name = $3", u.ID, "Mallory was here"); n != 0 {
		t.Error("a foreign form was obeyed")
	}
	// A request that says it comes from another site does not even get so far.
	a := p.browser.Do(http.MethodPost, "/account/name", "name=x", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	if a.StatusCode != http.StatusForbidden {
		t.Errorf("cross-site: %d", a.StatusCode)
	}
}

// The pages' cookies are no bearer tokens.
func TestAccount_CookiesOpenNoAPI(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	for _, path := range []string{"/api/my-account", "/api/my-account/mfa-verifications", "/api/my-account/sessions"} {
		if a := p.browser.Do(http.MethodGet, path, ""); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
		}
	}
	if a := p.browser.Do(http.MethodPost, "/api/verifications/password", `{"password":"`+apptest.Password+`"}`); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("verification: %d %s", a.StatusCode, a.Text)
	}
}

func TestAccount_PersonalPages(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	app.CreateUser(t, "taken")
	p := signedIn(t, app, "robin")
	p.open("/account/name")
	p.send("name", "Robin Example")
	p.sees("Your name is saved", "Robin Example")
	p.open("/account/name")
	p.send("name", strings.Repeat("x", 129))
	p.sees("too long")
	p.send("name", "")
	p.sees("Your name is removed", "No name yet")
	if n := app.Count(t, tenant.Default, "users", "username = 'robin' AND name IS NULL"); n != 1 {
		t.Error("the name is not null")
	}
	p.open("/account/username")
	p.sees("how your account is protected")
	p.send("password", apptest.Password)
	p.send("username", "taken")
	p.sees("This username is taken")
	p.send("username", "9lives")
	p.sees("username")
	p.open("/account/password")
	p.send("password", "short")
	p.sees("at least 8")
	p.send("password", apptest.Password)
	p.doesNotSee("Your password is changed")
	p.send("password", "Another-Harbour-43")
	p.sees("Your password is changed")
}

func TestAccount_OtherSessionsAreSeenAndEnded(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p, other := signedIn(t, app, "robin"), signedIn(t, app, "robin")
	p.open("/account")
	p.sees("Your sessions are hidden")
	p.open("/account/verified-action?next=%2Faccount%23sessions")
	p.sees("for your eyes only")
	p.doesNotSee("how your account is protected")
	p.send("password", apptest.Password)
	p.sees("This device")
	links := regexp.MustCompile(`href="([^"]*/end)"`).FindAllStringSubmatch(p.page, -1)
	if len(links) != 1 {
		t.Fatalf("%d sessions can be ended", len(links))
	}
	p.open(links[0][1])
	p.send()
	p.sees("The session is signed out")
	other.open("/account")
	other.sees("Sign in")
	p.open("/account")
	p.sees("Account settings")
}

func TestAccount_ReturnsToThePageThatWasAskedFor(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := visitor(t, app)
	p.open("/account/name")
	p.send("identifier", "robin", "password", apptest.Password)
	p.sees("Change your name")
}

// Attack 5: a step-up leads to account pages only.
func TestAccount_StepUpLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	for _, next := range []string{"https://evil.example/account", "//evil.example/account", "/account/../sign-in", "/account//evil", "/\\evil", "javascript:alert(1)"} {
		p.open("/account/verified-action?next=" + url.QueryEscape(next))
		action, form := p.form()
		form.Set("password", apptest.Password)
		a := p.browser.Do(http.MethodPost, action, form.Encode())
		if location := a.Header.Get("Location"); location != "/account" {
			t.Errorf("%q led to %q", next, location)
		}
	}
}

// The session ends while a page is open: what its forms post to has no page of its
// own, and leads to one all the same.
func TestAccount_FormsWithoutAPageSurviveAnEndedSession(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.open("/account/name")
	_, form := p.form()
	p.browser.Do(http.MethodPost, "/account/sign-out", form.Encode()) // here, and not yet where they signed in
	open := *p
	open.post("/account/sign-out", form)
	if !strings.HasPrefix(open.at, "/oidc/session/end?") || open.code != http.StatusOK {
		t.Errorf("signing out: %d %s %s", open.code, open.at, open.text())
	}
	p.post("/account/avatar/remove", form)
	if p.sees("Change your picture"); p.at != "/account/avatar" || p.code != http.StatusOK {
		t.Errorf("the picture: %d %s", p.code, p.at)
	}
}
