package signinpages_test

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/db"
	"signet/internal/signinexp"
	"signet/internal/user"
)

var optionsAttr = regexp.MustCompile(`data-options="([^"]*)"`)

// options are those of the ceremony that the page is about to start.
func (b *browser) options() json.RawMessage {
	b.t.Helper()
	m := optionsAttr.FindStringSubmatch(b.page.Text)
	if m == nil {
		b.t.Fatalf("no ceremony at %s: %s", b.at, b.page.Text)
	}
	return json.RawMessage(html.UnescapeString(m[1]))
}

// useKey does what the page's script does: it lets the key answer and posts the
// page's own form.
func (b *browser) useKey(key *softkey.Key, tweaks ...softkey.Tweak) *browser {
	b.t.Helper()
	return b.postCredential(key.Get(origin(b.t, b.app.URL), b.options(), tweaks...))
}

func (b *browser) makeKey(key *softkey.Key) *browser {
	b.t.Helper()
	return b.postCredential(key.Create(origin(b.t, b.app.URL), b.options()), "kind", "security-key")
}

func (b *browser) postCredential(answer map[string]any, more ...string) *browser {
	b.t.Helper()
	raw, err := json.Marshal(answer)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.submit(append([]string{"credential", string(raw)}, more...)...)
}

// policy makes passkeys a second factor.
func policy(t *testing.T, app *apptest.App, p signinexp.MFAPolicy) {
	t.Helper()
	configure(t, app, func(s *signinexp.Settings) {
		s.MFA = signinexp.MFA{Factors: []signinexp.Factor{signinexp.FactorWebAuthn}, Policy: p}
	})
}

// enrolled makes a user who has bound a key while signing up.
func enrolled(t *testing.T, app *apptest.App, username string) *softkey.Key {
	t.Helper()
	return enrolledWith(t, app, username, softkey.New())
}

func enrolledWith(t *testing.T, app *apptest.App, username string, key *softkey.Key) *softkey.Key {
	t.Helper()
	policy(t, app, signinexp.PolicyMandatory)
	b := open(t, app).authorize("first_screen", "register")
	b.submit("username", username, "password", apptest.Password).on("/mfa-binding/WebAuthn")
	b.sees(200, ">Create a passkey</h1>", ">Security key</button>", ">This device</button>")
	if strings.Contains(b.page.Text, "Not now") {
		t.Error("a mandatory factor can be declined")
	}
	b.makeKey(key).signedIn()
	return key
}

func credentials(t *testing.T, app *apptest.App, username string) []mfa.Credential {
	t.Helper()
	u, err := user.ByUsername(t.Context(), app.DB(), username, true)
	if err != nil {
		t.Fatal(err)
	}
	list, err := mfa.CredentialsOf(t.Context(), app.DB(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func toPasskey(t *testing.T, app *apptest.App, username string) *browser {
	t.Helper()
	b := open(t, app).authorize().submit("identifier", username, "password", apptest.Password)
	return b.on("/mfa-verification/WebAuthn").sees(200, ">Check that it is you</h1>", ">Verify via passkey</button>", ">"+username+"</strong>", "Use a different account")
}

func TestPasskey_BoundAtSignUpAndAskedForAtSignIn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		key := enrolled(t, app, "robin")
		if got := credentials(t, app, "robin"); len(got) != 1 {
			t.Fatalf("%d credentials", len(got))
		}
		b := toPasskey(t, app, "robin")
		if strings.Contains(b.page.Text, "another way") {
			t.Error("another way is offered, there is none")
		}
		b.useKey(key).signedIn()
		if used := credentials(t, app, "robin")[0].LastUsedAt; used == nil {
			t.Error("the use of the key is not recorded")
		}
	})
}

// Attack 32: nothing but the key leads past the page that asks for it.
func TestPasskey_CannotBeSkipped(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	enrolled(t, app, "robin")
	b := toPasskey(t, app, "robin")
	action, hidden := b.form()
	for name, values := range map[string]url.Values{
		"nothing":     {},
		"empty":       {"credential": {""}},
		"no JSON":     {"credential": {"x"}},
		"wrong shape": {"credential": {`{"type":"WebAuthn"}`}},
		"skip":        {"skip": {"on"}},
	} {
		values.Set("token", hidden.Get("token"))
		values.Set("record", hidden.Get("record"))
		b.post(action, values).on("/mfa-verification/WebAuthn").sees(400, "The passkey could not be checked", ">Verify via passkey</button>")
		if strings.HasPrefix(b.at, callback) {
			t.Fatalf("%s: signed in", name)
		}
	}
	for _, path := range []string{"/", "/mfa-onboarding", "/mfa-binding/WebAuthn", "/create-passkey", "/continue/username"} {
		b.get(path + "?app_id=" + b.appID).on("/mfa-verification/WebAuthn")
	}
	// Posting to the pages of other steps does not help either.
	_, hidden = b.form()
	hidden.Set("choice", "skip")
	hidden.Set("skip", "on")
	for _, path := range []string{"/mfa-onboarding", "/mfa-binding", "/mfa-binding/WebAuthn", "/create-passkey"} {
		b.post("/"+strings.TrimPrefix(path, "/")+"?app_id="+b.appID, hidden)
		if strings.HasPrefix(b.at, callback) {
			t.Fatalf("POST %s: signed in", path)
		}
		b.get("/?app_id=" + b.appID).on("/mfa-verification/WebAuthn")
	}
}

func TestPasskey_EachFailureHasItsOwnSentence(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	key := enrolled(t, app, "robin")
	b := toPasskey(t, app, "robin")

	b.useKey(key, func(c *softkey.Ceremony) { c.Flags = softkey.UP }).sees(400, "The passkey could not be checked")

	answer := key.Get(origin(t, app.URL), b.options())
	b.get(b.at) // a new challenge; the old record is gone
	raw, _ := json.Marshal(answer)
	b.submit("credential", string(raw), "record", "nosuchrecord").sees(404, "This page was open for too long")

	stranger := softkey.New()
	stranger.Create(origin(t, app.URL), createOptions)
	b.postCredential(stranger.Sign(origin(t, app.URL), b.options())).sees(400, "This key is not on your account")

	b.useKey(key).signedIn()
}

var createOptions = json.RawMessage(`{"challenge":"AAAA","rp":{"id":"localhost","name":"localhost"},"user":{"id":"AAAA","name":"x","displayName":"x"},
	"pubKeyCredParams":[{"type":"public-key","alg":-7}],"authenticatorSelection":{"userVerification":"required"}}`)

// Attack 34: guesses are counted, and the right key waits too.
func TestPasskey_LockedOut(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	key := enrolled(t, app, "robin")
	two := 2
	configure(t, app, func(s *signinexp.Settings) { s.SentinelPolicy.MaxAttempts = &two })
	b := toPasskey(t, app, "robin")
	for range two {
		b.useKey(key, func(c *softkey.Ceremony) { c.Flags = softkey.UP })
	}
	b.useKey(key).sees(400, "Too many tries")
}

// The answer to one page's challenge is worth nothing on another.
func TestPasskey_AnswerOfAnotherBrowserIsRefused(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	key := enrolled(t, app, "robin")
	mine, other := toPasskey(t, app, "robin"), toPasskey(t, app, "robin")
	answer := key.Get(origin(t, app.URL), other.options())
	mine.postCredential(answer).sees(400).on("/mfa-verification/WebAuthn")
	other.postCredential(answer).signedIn()
}

func TestOnboarding_TurnedOnOrSkipped(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	policy(t, app, signinexp.PolicyPromptAlways)

	b := open(t, app).authorize("first_screen", "register").submit("username", "robin", "password", apptest.Password)
	b.on("/mfa-onboarding").sees(200, "Make your account safer", ">Turn it on</button>", ">Not now</button>")
	b.submit("choice", "skip").signedIn()
	again := open(t, app).authorize().submit("identifier", "robin", "password", apptest.Password)
	again.signedIn() // who said no is not asked again

	b = open(t, app).authorize("first_screen", "register").submit("username", "ada", "password", apptest.Password)
	b.on("/mfa-onboarding").submit("choice", "on").on("/mfa-binding/WebAuthn").sees(200, ">Not now</button>")
	b.makeKey(softkey.New()).signedIn()
	if got := credentials(t, app, "ada"); len(got) != 1 {
		t.Errorf("%d credentials", len(got))
	}

	b = open(t, app).authorize("first_screen", "register").submit("username", "grace", "password", apptest.Password)
	b.submit("choice", "on").on("/mfa-binding/WebAuthn").submit("skip", "on").signedIn()
	if got := credentials(t, app, "grace"); len(got) != 0 {
		t.Errorf("%d credentials", len(got))
	}
}

func TestCreatePasskey_ForSigningIn(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	configure(t, app, func(s *signinexp.Settings) {
		s.MFA = signinexp.MFA{Policy: signinexp.PolicyNoPrompt}
		s.PasskeySignIn.Enabled = true
	})
	b := open(t, app).authorize("first_screen", "register").submit("username", "robin", "password", apptest.Password)
	b.on("/create-passkey").sees(200, ">Create a passkey</h1>", ">Not now</button>").submit("skip", "on").signedIn()
	b = open(t, app).authorize("first_screen", "register").submit("username", "ada", "password", apptest.Password)
	b.on("/create-passkey").makeKey(softkey.New()).signedIn()
	if got := credentials(t, app, "ada"); len(got) != 1 {
		t.Errorf("%d credentials", len(got))
	}
}

func TestBinding_RefusedAnswerStartsAgain(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	policy(t, app, signinexp.PolicyMandatory)
	b := open(t, app).authorize("first_screen", "register").submit("username", "robin", "password", apptest.Password)
	key := softkey.New()
	key.Flags = softkey.UP // no PIN
	b.makeKey(key).sees(400, "The passkey could not be created", ">Security key</button>")
	if got := credentials(t, app, "robin"); len(got) != 0 {
		t.Errorf("%d credentials after a refusal", len(got))
	}
	b.submit("skip", "on").sees(422)
	b.get("/?app_id=" + b.appID).makeKey(softkey.New()).signedIn()
}

func TestContinue_ProfileThatIsMissing(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	hash, err := app.Hasher.Hash(t.Context(), apptest.Password)
	if err != nil {
		t.Fatal(err)
	}
	inTx(t, app, func(tx *db.Tx) error {
		_, err := user.Create(t.Context(), tx, app.Clock.Now().UnixMilli(), user.New{PrimaryEmail: "robin@example.com", PasswordHash: hash})
		return err
	})
	addUser(t, app, "taken")
	configure(t, app, func(s *signinexp.Settings) {
		s.SignIn.Methods = append(s.SignIn.Methods, signinexp.SignInMethod{Identifier: signinexp.Email, Password: true, IsPasswordPrimary: true})
	})
	b := open(t, app).authorize().sees(200, ">Email or username</label>")
	b.submit("identifier", "robin@example.com", "password", apptest.Password).on("/continue/username").sees(200, "Choose a username")
	b.submit("username", "taken").sees(422, "This username is taken.", `value="taken"`)
	b.submit("username", "robin").signedIn()
}

func TestSignIn_IdentifierFirstWhereACodeCouldServe(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	addUser(t, app, "robin")
	configure(t, app, func(s *signinexp.Settings) {
		s.SignIn.Methods = []signinexp.SignInMethod{{Identifier: signinexp.Username, Password: true, VerificationCode: true, IsPasswordPrimary: true}}
	})
	b := open(t, app).authorize().sees(200, ">Continue</button>")
	if strings.Contains(b.page.Text, `type="password"`) {
		t.Error("the first page asks for the password")
	}
	b.submit("identifier", "robin").on("/sign-in/password").sees(200, "Enter your password", "for robin")
	b.submit("password", "wrong").sees(422, "is not right").on("/sign-in/password")
	b.submit("password", apptest.Password).signedIn()
}

// What these pages cannot do is said, and nobody is sent round in a circle.
func TestPolicy_BeyondThePages(t *testing.T) {
	t.Parallel()
	beyond := func(t *testing.T, b *browser, code string) {
		t.Helper()
		b.sees(422, "something that these pages cannot do", "Send this to the people who run this service", code, ">Error ID</dt>")
		if strings.Contains(b.page.Text, "Start again") {
			t.Error("starting again is offered, which leads to the same page")
		}
	}
	set := func(t *testing.T, app *apptest.App, factors ...signinexp.Factor) {
		t.Helper()
		configure(t, app, func(s *signinexp.Settings) { s.MFA.Factors, s.MFA.Policy = factors, signinexp.PolicyMandatory })
	}
	t.Run("another factor", func(t *testing.T) {
		t.Parallel()
		app := apptest.Start(t)
		addUser(t, app, "robin")
		set(t, app, signinexp.FactorTOTP)
		b := open(t, app).authorize().submit("identifier", "robin", "password", apptest.Password)
		beyond(t, b, "user.missing_mfa")
		beyond(t, b.get("/?app_id="+b.appID), "user.missing_mfa")
	})
	t.Run("backup codes", func(t *testing.T) {
		t.Parallel()
		app := apptest.Start(t)
		key := enrolled(t, app, "robin")
		set(t, app, signinexp.FactorWebAuthn, signinexp.FactorBackupCode)
		beyond(t, toPasskey(t, app, "robin").useKey(key), "session.mfa.backup_code_required")
	})
}
