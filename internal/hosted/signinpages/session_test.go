package signinpages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/signinexp"
)

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
	victim.post(action, foreign).sees(403, "We started again", `value="robin"`)
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
