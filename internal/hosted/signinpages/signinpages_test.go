package signinpages_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/signinexp"
	"signet/internal/user"
)

const callback = "https://client.example/callback"

// browser is somebody's browser without script, at one page.
type browser struct {
	t      *testing.T
	app    *apptest.App
	client *http.Client
	appID  string
	// at is the address of the page, and page the last answer.
	at   string
	page *apptest.Answer
}

// open makes a browser and an application that people sign in to.
func open(t *testing.T, app *apptest.App) *browser {
	t.Helper()
	b := &browser{t: t, app: app, client: app.Client(t)}
	inTx(t, app, func(tx *db.Tx) error {
		a, _, err := application.Create(t.Context(), tx, app.Clock.Now().UnixMilli(), app.Keyring, application.Application{
			Name: "Tidewater", Type: application.SPA,
			OIDC: application.ClientMetadata{RedirectURIs: []string{callback}},
		})
		if err == nil {
			b.appID = a.ID
		}
		return err
	})
	return b
}

func inTx(t *testing.T, app *apptest.App, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := app.DB().Tx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// authorize starts to sign in, with further parameters of the request.
func (b *browser) authorize(more ...string) *browser {
	b.t.Helper()
	query := url.Values{
		"client_id": {b.appID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"s1"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return b.get("/oidc/auth?" + query.Encode())
}

// get goes to a path or URL and follows redirects as far as they stay here.
func (b *browser) get(target string) *browser {
	b.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.app.URL + target
	}
	b.at = target
	b.page = apptest.Do(b.t, b.client, "GET", target, "")
	return b.follow()
}

func (b *browser) follow() *browser {
	b.t.Helper()
	for range 10 {
		location := b.page.Header.Get("Location")
		if location == "" {
			return b
		}
		next, err := url.Parse(b.at)
		if err != nil {
			b.t.Fatal(err)
		}
		if next, err = next.Parse(location); err != nil {
			b.t.Fatal(err)
		}
		b.at = next.String()
		if !strings.HasPrefix(b.at, b.app.URL+"/") {
			return b
		}
		b.page = apptest.Do(b.t, b.client, "GET", b.at, "")
	}
	b.t.Fatalf("too many redirects, now at %s", b.at)
	return b
}

var (
	formTag   = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hiddenTag = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

// form returns where the page's form goes and what is hidden in it.
func (b *browser) form() (action string, values url.Values) {
	b.t.Helper()
	m := formTag.FindStringSubmatch(b.page.Text)
	if m == nil {
		b.t.Fatalf("no form at %s: %s", b.at, b.page.Text)
	}
	values = url.Values{}
	for _, hidden := range hiddenTag.FindAllStringSubmatch(b.page.Text, -1) {
		values.Set(hidden[1], html.UnescapeString(hidden[2]))
	}
	return html.UnescapeString(m[1]), values
}

// submit fills the page's form with names and values in turn and posts it.
func (b *browser) submit(filled ...string) *browser {
	b.t.Helper()
	action, values := b.form()
	for i := 0; i+1 < len(filled); i += 2 {
		values.Set(filled[i], filled[i+1])
	}
	return b.post(action, values)
}

func (b *browser) post(action string, values url.Values) *browser {
	b.t.Helper()
	b.at = b.app.URL + strings.TrimPrefix(action, mustParse(b.t, b.app.URL).Path)
	b.page = apptest.Do(b.t, b.client, "POST", b.at, values.Encode(), "Origin", origin(b.t, b.app.URL), "Sec-Fetch-Site", "same-origin")
	return b.follow()
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func origin(t *testing.T, text string) string {
	u := mustParse(t, text)
	return u.Scheme + "://" + u.Host
}

// sees fails unless the page has the status and holds the texts.
func (b *browser) sees(status int, texts ...string) *browser {
	b.t.Helper()
	if b.page.StatusCode != status {
		b.t.Fatalf("at %s: status %d, want %d: %s", b.at, b.page.StatusCode, status, b.page.Text)
	}
	for _, text := range texts {
		if !strings.Contains(b.page.Text, text) {
			b.t.Fatalf("at %s: no %q in %s", b.at, text, b.page.Text)
		}
	}
	return b
}

// path is the path of the page below the endpoint.
func (b *browser) path() string {
	return strings.TrimPrefix(mustParse(b.t, b.at).Path, mustParse(b.t, b.app.URL).Path)
}

func (b *browser) on(path string) *browser {
	b.t.Helper()
	if b.path() != path {
		b.t.Fatalf("at %s, want %s: %s", b.at, path, b.page.Text)
	}
	return b
}

// signedIn fails unless the application has got a code.
func (b *browser) signedIn() {
	b.t.Helper()
	u := mustParse(b.t, b.at)
	if !strings.HasPrefix(b.at, callback) || u.Query().Get("code") == "" || u.Query().Get("state") != "s1" {
		b.t.Fatalf("at %s, want a code: %s", b.at, b.page.Text)
	}
}

// addUser makes a user with the test password.
func addUser(t *testing.T, app *apptest.App, username string) *user.User {
	t.Helper()
	hash, err := app.Hasher.Hash(t.Context(), apptest.Password)
	if err != nil {
		t.Fatal(err)
	}
	var u *user.User
	inTx(t, app, func(tx *db.Tx) (err error) {
		u, err = user.Create(t.Context(), tx, app.Clock.Now().UnixMilli(), user.New{Username: username, PasswordHash: hash, CaseSensitive: true})
		return err
	})
	return u
}

func users(t *testing.T, app *apptest.App) int {
	t.Helper()
	n, err := db.One[int](t.Context(), app.DB(), `SELECT count(*) FROM users WHERE tenant_id = $1`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// configure changes the tenant's sign-in experience.
func configure(t *testing.T, app *apptest.App, change func(s *signinexp.Settings)) {
	t.Helper()
	settings, err := signinexp.Get(t.Context(), app.DB())
	if err != nil {
		t.Fatal(err)
	}
	change(settings)
	inTx(t, app, func(tx *db.Tx) error {
		if _, err := tx.Exec(t.Context(), `DELETE FROM sign_in_experiences WHERE tenant_id = $1`); err != nil {
			return err
		}
		if err := signinexp.Insert(t.Context(), tx, app.Clock.Now().UnixMilli(), settings); err != nil {
			return err
		}
		return tx.Touch(t.Context(), "experience")
	})
}

func TestSignIn_WithoutScript(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		addUser(t, app, "robin")
		b := open(t, app).authorize().on("/sign-in").sees(200, "to continue to Tidewater", ">Username</label>", ">Create account</a>")
		if csp := b.page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://client.example;") {
			t.Errorf("the redirect to the application would be blocked: %s", csp)
		}
		b.submit("identifier", "robin", "password", apptest.Password).signedIn()
	})
}

func TestSignIn_BelowAPath(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.Below("/auth"))
	addUser(t, app, "robin")
	b := open(t, app).authorize().on("/sign-in").sees(200, `href="/auth/assets/signet.`, `href="/auth/register?app_id=`)
	b.submit("identifier", "robin", "password", apptest.Password).signedIn()
}

// Attack 36: nothing tells a wrong password from an unknown user.
func TestSignIn_WrongCredentialsAreOneAnswer(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	addUser(t, app, "robin")
	b := open(t, app).authorize()
	b.submit("identifier", "robin", "password", "wrong-"+apptest.Password).sees(422, "The username or password is not right.", `value="robin"`)
	known := b.page.Text
	b.submit("identifier", "nobody", "password", "wrong-"+apptest.Password).sees(422)
	unknown := strings.ReplaceAll(b.page.Text, `value="nobody"`, `value="robin"`)
	nonce := regexp.MustCompile(`nonce="[^"]+"`)
	if nonce.ReplaceAllString(known, "") != nonce.ReplaceAllString(unknown, "") {
		t.Errorf("the answers differ:\n%s\n%s", known, unknown)
	}
	if strings.Contains(known, apptest.Password) {
		t.Error("the page repeats the password")
	}
}

func TestSignIn_EmptyAndOverlongInput(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app).authorize()
	b.submit("identifier", "  ", "password", "x").sees(422, "This is needed.", `aria-invalid="true"`)
	b.submit("identifier", "robin", "password", "").sees(422, "This is needed.", `value="robin"`)
	b.submit("identifier", strings.Repeat("a", 257), "password", "x").sees(422, "This is too long.")
	b.submit("identifier", "robin", "password", strings.Repeat("p", 5000)).sees(422, "This is too long.")
}

// Attack 7: malformed forms are refused, never a 500.
func TestSignIn_MalformedForms(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		b := open(t, app).authorize()
		action, hidden := b.form()
		for name, body := range map[string]string{
			"NUL":        "identifier=a%00b&password=x",
			"bad UTF-8":  "identifier=%ff%fe&password=x",
			"twice":      "identifier=a&identifier=b&password=x",
			"bad escape": "identifier=%zz",
		} {
			answer := apptest.Do(t, b.client, "POST", app.URL+action, body+"&token="+hidden.Get("token"), "Sec-Fetch-Site", "same-origin")
			if answer.StatusCode != 400 {
				t.Errorf("%s: %d", name, answer.StatusCode)
			}
		}
		for _, query := range []string{"login_hint=%00", "login_hint=%ff", "ui_locales=%00%ff", "app_id=%00", "app_id=%ff"} {
			for _, path := range []string{"/sign-in", "/sign-in/password", "/register", "/unknown-session", "/account-suspended"} {
				if answer := apptest.Do(t, b.client, "GET", app.URL+path+"?"+query, ""); answer.StatusCode >= 500 {
					t.Errorf("%s?%s: %d", path, query, answer.StatusCode)
				}
			}
		}
		if answer := apptest.Do(t, b.client, "POST", app.URL+action, "identifier="+strings.Repeat("a", 300<<10)); answer.StatusCode != 413 {
			t.Errorf("huge form: %d", answer.StatusCode)
		}
	})
}

func TestSignIn_SuspendedUser(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	u := addUser(t, app, "robin")
	suspended := true
	inTx(t, app, func(tx *db.Tx) error {
		_, err := user.Update(t.Context(), tx, app.Clock.Now().UnixMilli(), u.ID, user.Patch{IsSuspended: &suspended})
		return err
	})
	b := open(t, app).authorize().submit("identifier", "robin", "password", apptest.Password)
	b.on("/account-suspended").sees(403, "Your account is suspended", "Use a different account")
}

// Attack 35: the lockout holds on the page too, for the right password as well.
func TestSignIn_LockedOut(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	addUser(t, app, "robin")
	two := 2
	configure(t, app, func(s *signinexp.Settings) { s.SentinelPolicy.MaxAttempts = &two })
	b := open(t, app).authorize()
	for range two {
		b.submit("identifier", "robin", "password", "wrong")
	}
	b.submit("identifier", "robin", "password", apptest.Password).sees(400, `notice-error`).on("/sign-in")
	if strings.Contains(b.page.Text, "is not right") {
		t.Error("the page does not tell of the lockout")
	}
}

func TestRegister_WithoutScript(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		b := open(t, app).authorize("first_screen", "register").on("/register").sees(200, ">Create account</button>", "At least 8 characters.")
		b.submit("username", "robin", "password", apptest.Password).signedIn()
		u, err := user.ByUsername(t.Context(), app.DB(), "robin", true)
		if err != nil || !u.HasPassword() {
			t.Fatalf("user: %+v, %v", u, err)
		}
	})
}

func TestRegister_TellsWhatIsWrongWithBothFieldsAtOnce(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	addUser(t, app, "taken")
	b := open(t, app).authorize("first_screen", "register")
	b.submit("username", "1st", "password", "abc").sees(422, "A username cannot begin with a number.", "Use at least 8 characters.", `value="1st"`)
	b.submit("username", "taken", "password", apptest.Password).sees(422, "This username is taken.", "autofocus")
	if n := users(t, app); n != 1 {
		t.Errorf("%d users, want 1", n)
	}
	b.submit("username", "robin", "password", apptest.Password).signedIn()
}

func TestRegister_UsernameFirstThenPassword(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app).authorize("first_screen", "register")
	action, hidden := b.form()
	hidden.Set("username", "robin")
	b.post(action, hidden).on("/register/password").sees(200, "You will sign in as robin with it.", `value="robin"`)
	b.submit("password", "short").sees(422, "Use at least 8 characters.").on("/register/password")
	if n := users(t, app); n != 0 {
		t.Errorf("%d users before the password", n)
	}
	b.submit("password", apptest.Password).signedIn()
}

// Attack 46: closed registration is closed on the page too.
func TestRegister_Closed(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app).authorize("first_screen", "register")
	action, hidden := b.form()
	configure(t, app, func(s *signinexp.Settings) { s.SignInMode = signinexp.ModeSignIn })
	hidden.Set("username", "robin")
	hidden.Set("password", apptest.Password)
	b.post(action, hidden).sees(403)
	if n := users(t, app); n != 0 {
		t.Errorf("%d users", n)
	}
	b.get("/register?app_id=" + b.appID).on("/sign-in")
	if strings.Contains(b.page.Text, "Create account") {
		t.Error("the page offers what is closed")
	}
}

func TestRegister_TermsMustBeAgreedTo(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	terms := "https://northlight.example/terms"
	configure(t, app, func(s *signinexp.Settings) {
		s.TermsOfUseURL, s.AgreeToTermsPolicy = &terms, signinexp.TermsManualRegistrationOnly
	})
	b := open(t, app).authorize("first_screen", "register").sees(200, `name="terms"`)
	b.submit("username", "robin", "password", apptest.Password).sees(422, "Agree to the terms to continue.")
	if n := users(t, app); n != 0 {
		t.Errorf("%d users", n)
	}
	b.submit("username", "robin", "password", apptest.Password, "terms", "on").signedIn()
}

// The first of two clicks has done it all; the second answer is the one that
// the browser shows.
func TestDoubleSubmit_IsHarmless(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for name, start := range map[string]struct{ screen, field string }{
		"sign-in": {"sign_in", "identifier"}, "register": {"register", "username"},
	} {
		b := open(t, app).authorize("first_screen", start.screen)
		action, values := b.form()
		username := "robin_" + start.screen
		if name == "sign-in" {
			addUser(t, app, username)
		}
		values.Set(start.field, username)
		values.Set("password", apptest.Password)
		lost := apptest.Do(t, b.client, "POST", app.URL+action, values.Encode(), "Sec-Fetch-Site", "same-origin")
		if lost.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", name, lost.StatusCode, lost.Text)
		}
		b.post(action, values).signedIn()
	}
	if n := users(t, app); n != 2 {
		t.Errorf("%d users, want 2", n)
	}
}

// Attack 37: a form that another interaction, or another site, has made does
// nothing.
func TestForm_OfAnotherInteractionIsRefused(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	addUser(t, app, "robin")
	attacker, victim := open(t, app), open(t, app)
	_, foreign := attacker.authorize().form()
	action, _ := victim.authorize().form()
	foreign.Set("identifier", "robin")
	foreign.Set("password", apptest.Password)
	victim.post(action, foreign).sees(403, "so we started again", `value="robin"`)
	for _, token := range []string{"", "x", foreign.Get("token") + "x"} {
		foreign.Set("token", token)
		victim.post(action, foreign).sees(403)
	}
	answer := apptest.Do(t, victim.client, "POST", app.URL+action, foreign.Encode(), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if answer.StatusCode != 403 {
		t.Errorf("cross-site form: %d", answer.StatusCode)
	}
}

func TestGuard_PagesWithoutAnInteractionExplain(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app)
	for _, path := range []string{"/", "/sign-in", "/sign-in/password", "/register", "/register/x", "/consent", "/single-sign-on",
		"/social/register", "/forgot-password", "/mfa-verification/WebAuthn", "/mfa-binding", "/create-passkey", "/continue/username"} {
		b.get(path).on("/unknown-session").sees(200, "This sign-in is no longer open", `href="/account"`)
	}
	b.get("/sign-in?app_id="+b.appID).on("/unknown-session").sees(200, "Start again with Tidewater", `href="https://client.example/"`)
	b.get("/sign-in?app_id=demo-app").sees(200, `href="/demo-app"`)
	b.get("/sign-in?app_id=account-center").sees(200, `href="/account"`)
	b.get("/sign-in?app_id=unknown").sees(200, `href="/account"`)
	if strings.Contains(b.page.Text, "Start again") {
		t.Error("an unknown application is started")
	}
	post := apptest.Do(t, b.client, "POST", app.URL+"/sign-in", "identifier=a&password=b", "Sec-Fetch-Site", "same-origin")
	if post.StatusCode != http.StatusSeeOther || !strings.HasSuffix(post.Header.Get("Location"), "/unknown-session") {
		t.Errorf("POST: %d to %s", post.StatusCode, post.Header.Get("Location"))
	}
}

func TestGuard_RedirectsWhereTheTenantSays(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app)
	for setting, want := range map[string]string{
		"https://www.example/start": "https://www.example/start",
		"javascript:alert(1)":       app.URL + "/unknown-session",
	} {
		configure(t, app, func(s *signinexp.Settings) { s.UnknownSessionRedirectURL = &setting })
		if b.get("/sign-in"); b.at != want {
			t.Errorf("%s: at %s, want %s", setting, b.at, want)
		}
	}
}

func TestExpiredInteraction_StartsTheSameApplicationAgain(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	addUser(t, app, "robin")
	b := open(t, app).authorize()
	app.Clock.Advance(61 * time.Minute)
	b.submit("identifier", "robin", "password", apptest.Password).on("/unknown-session").sees(200, "Start again with Tidewater")
}

// Two applications sign in side by side; each page stays with its own.
func TestTwoApplications_InOneBrowser(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	addUser(t, app, "robin")
	first := open(t, app)
	second := open(t, app)
	second.client = first.client
	first.authorize()
	second.authorize()
	first.submit("identifier", "robin", "password", apptest.Password).signedIn()
	second.get("/sign-in?app_id="+second.appID).on("/sign-in").sees(200, "to continue to Tidewater")
}

func TestBack_ToSignInBeginsAnew(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	addUser(t, app, "robin")
	b := open(t, app).authorize("first_screen", "register")
	action, hidden := b.form()
	hidden.Set("username", "newcomer")
	b.post(action, hidden).on("/register/password")
	b.get("/sign-in?app_id="+b.appID).submit("identifier", "robin", "password", apptest.Password).signedIn()
	if n := users(t, app); n != 1 {
		t.Errorf("%d users, want 1", n)
	}
}

func TestStepPages_LeadToTheStepThatIsDue(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app).authorize()
	for _, path := range []string{"/", "/mfa-verification", "/mfa-verification/WebAuthn", "/mfa-binding/WebAuthn", "/mfa-onboarding",
		"/continue/username", "/continue/password", "/register/password", "/forgot-password", "/direct/social/github", "/sign-in/password"} {
		b.get(path + "?app_id=" + b.appID).on("/sign-in").sees(200)
	}
}

func TestLanguage_FollowsRequestChoiceAndBrowser(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app).authorize("ui_locales", "de").sees(200, `<html lang="de" dir="ltr"`, ">Benutzername</label>")
	b.get("/sign-in?app_id="+b.appID).sees(200, `<html lang="de"`)
	b.get("/sign-in?ui_locales=en&app_id="+b.appID).sees(200, `<html lang="en"`)
	b.get("/sign-in?app_id="+b.appID).sees(200, `<html lang="en"`)
	fresh := open(t, app)
	answer := apptest.Do(t, fresh.client, "GET", app.URL+"/unknown-session", "", "Accept-Language", "de-AT,en;q=0.5")
	if got := answer.Header.Get("Content-Language"); got != "de" {
		t.Errorf("Content-Language %q", got)
	}
	configure(t, app, func(s *signinexp.Settings) {
		s.LanguageInfo = signinexp.LanguageInfo{AutoDetect: false, FallbackLanguage: "de"}
	})
	fresh.get("/unknown-session").sees(200, `<html lang="de"`)
}

func TestBranding_ComesFromTheSettings(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	css := ".btn-main{border-radius:0}"
	configure(t, app, func(s *signinexp.Settings) {
		s.Color = signinexp.Color{PrimaryColor: "#0a7", IsDarkModeEnabled: true}
		s.Branding.LogoURL, s.CustomCSS = "https://northlight.example/logo.svg", &css
	})
	b := open(t, app).authorize().sees(200, "--brand-light:#00aa77", `src="https://northlight.example/logo.svg"`, `data-theme="auto"`, css)
	b.get("/sign-in?preview=true&app_id="+b.appID).sees(200, "--brand-light:#00aa77")
	if strings.Contains(b.page.Text, css) {
		t.Error("the preview has the stored CSS")
	}
}

func TestPreview_NeedsNoInteraction(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app)
	for _, path := range []string{"/sign-in", "/register", "/register/password", "/continue/username", "/mfa-onboarding",
		"/mfa-verification/WebAuthn", "/mfa-binding/WebAuthn", "/mfa-binding", "/mfa-verification"} {
		b.get(path + "?preview").on(path).sees(200)
		if strings.Contains(b.page.Text, `name="token"`) {
			t.Errorf("%s: the preview has a token", path)
		}
	}
}

// Attack 38 and the tenants' separation: a sign-in of one tenant means nothing
// to the other.
func TestTenants_ShareNoInteraction(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app).authorize()
	answer := apptest.Do(t, b.client, "GET", app.AdminURL+"/sign-in?app_id="+b.appID, "")
	if location := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || !strings.Contains(location, "/admin/unknown-session") {
		t.Errorf("%d to %q", answer.StatusCode, location)
	}
}
