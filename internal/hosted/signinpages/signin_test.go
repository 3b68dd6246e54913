package signinpages_test

import (
	"regexp"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/signinexp"
	"signet/internal/user"
)

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
	b.submit("identifier", "robin", "password", "wrong-"+apptest.Password).sees(422, "The username or password is not right", `value="robin"`,
		`<div id="trouble">`, `aria-describedby="trouble" autofocus`)
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
	b.submit("username", "1st", "password", "abc").sees(422, "A username cannot begin with a digit.", "Use at least 8 characters.", `value="1st"`)
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
