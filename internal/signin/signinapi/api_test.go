package signinapi_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/clock"
	"signet/internal/signin"
	"signet/internal/signin/signinapi"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

const unknownID = "000000000000000000000"

// want fails the test unless a has the status and, if given, the error code.
func want(t *testing.T, a *apptest.Answer, status int, code string) {
	t.Helper()
	if a.StatusCode != status || (code != "" && a.Code() != code) {
		t.Fatalf("%s %s: %d %s, want %d %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.Text, status, code)
	}
	if status == http.StatusNoContent && a.Text != "" {
		t.Errorf("a body with 204: %q", a.Text)
	}
}

// arrive opens the sign-in of an application in a fresh browser.
func arrive(t *testing.T, app *apptest.App) (*apptest.Browser, *apptest.Client) {
	t.Helper()
	c := app.CreateApp(t, application.Application{})
	b := app.Browser(t)
	if a := b.Authorize(c); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("authorize: %d %s", a.StatusCode, a.Text)
	}
	return b, c
}

func put(b *apptest.Browser, path, body string) *apptest.Answer {
	return b.Experience(http.MethodPut, path, body)
}

func post(b *apptest.Browser, path, body string) *apptest.Answer {
	return b.Experience(http.MethodPost, path, body)
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// The contract's journey: registration, a security key bound in it, and the
// next sign-in with both, status by status.
func TestJourney_RegisterBindAKeyAndComeBack(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) { s.MFA.Policy = signinexp.PolicyMandatory })
		b, c := arrive(t, app)
		key := softkey.New()
		want(t, put(b, "", `{"interactionEvent":"Register"}`), 204, "")
		want(t, post(b, "/profile", `{"type":"username","value":"ada"}`), 204, "")
		missing := post(b, "/identification", `{}`)
		want(t, missing, 422, "user.missing_profile")
		if !strings.Contains(missing.Text, `"data":{"missingProfile":["password"]}`) {
			t.Errorf("body %s", missing.Text)
		}
		want(t, post(b, "/profile", `{"type":"password","value":"`+apptest.Password+`"}`), 204, "")
		want(t, post(b, "/identification", ""), 201, "")
		refused := post(b, "/submit", "")
		want(t, refused, 422, "user.missing_mfa")
		if !strings.Contains(refused.Text, `"data":{"availableFactors":["WebAuthn"]}`) {
			t.Errorf("body %s", refused.Text)
		}
		want(t, post(b, "/profile/mfa/mfa-skipped", ""), 422, "session.mfa.mfa_policy_not_user_controlled")

		begun := post(b, "/verification/web-authn/registration", "")
		want(t, begun, 200, "")
		id := begun.String("verificationId")
		answer := key.Create(app.URL, property(t, begun, "registrationOptions"))
		verified := post(b, "/verification/web-authn/registration/verify", text(t, map[string]any{"verificationId": id, "payload": answer}))
		want(t, verified, 200, "")
		if verified.String("verificationId") != id {
			t.Errorf("body %s", verified.Text)
		}
		want(t, post(b, "/profile/mfa", `{"type":"WebAuthn","verificationId":"`+id+`"}`), 204, "")
		view := b.Experience(http.MethodGet, "/interaction", "")
		want(t, view, 200, "")
		if !strings.Contains(view.Text, `"mfaEnabled":true`) || strings.Contains(view.Text, "argon2") {
			t.Errorf("view %s", view.Text)
		}
		b.Redeem(c, b.Submit())

		back := app.Browser(t)
		back.Identify(c, "ada", apptest.Password)
		refused = post(back, "/submit", "")
		want(t, refused, 403, "session.mfa.require_mfa_verification")
		if !strings.Contains(refused.Text, `"data":{"availableFactors":["WebAuthn"],"maskedIdentifiers":{}}`) {
			t.Errorf("body %s", refused.Text)
		}
		begun = post(back, "/verification/web-authn/authentication", "")
		want(t, begun, 200, "")
		id = begun.String("verificationId")
		payload := text(t, map[string]any{"verificationId": id, "payload": key.Get(app.URL, property(t, begun, "authenticationOptions"))})
		want(t, post(back, "/verification/web-authn/authentication/verify", payload), 200, "")
		want(t, post(back, "/verification/web-authn/authentication/verify", payload), 400, "session.mfa.pending_info_not_found")
		back.Redeem(c, back.Submit())
	})
}

func property(t *testing.T, a *apptest.Answer, name string) any {
	t.Helper()
	var body map[string]any
	a.JSON(t, &body)
	return body[name]
}

func TestNobodyTakesPartWithoutACookie(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := app.Browser(t)
	for _, rt := range signinapi.Routes(&signinapi.Handlers{Engine: &signin.Engine{Clock: clock.System}}).Routes {
		a := b.Do(rt.Method, rt.Pattern, "")
		want(t, a, 400, "session.not_found")
	}
}

// An interaction in which nobody began: every step but those that begin.
func TestNothingWorksBeforeTheStart(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b, _ := arrive(t, app)
	want(t, b.Experience(http.MethodGet, "/sso-connectors?email=a@b.c", ""), 200, "")
	for call, body := range wellFormed {
		method, path, _ := strings.Cut(call, " ")
		want(t, b.Experience(method, path, body), 404, "session.interaction_not_found")
	}
}

// wellFormed has a sound body for every operation but the first.
var wellFormed = map[string]string{
	"PUT /interaction-event":                             `{"interactionEvent":"Register"}`,
	"GET /interaction":                                   "",
	"POST /identification":                               `{"verificationId":"` + unknownID + `"}`,
	"POST /submit":                                       "",
	"POST /verification/password":                        `{"identifier":{"type":"username","value":"ada"},"password":"x"}`,
	"POST /verification/new-password-identity":           `{"identifier":{"type":"username","value":"ada"},"password":"x"}`,
	"POST /verification/web-authn/registration":          "",
	"POST /verification/web-authn/registration/verify":   `{"verificationId":"` + unknownID + `","payload":` + registration + `}`,
	"POST /verification/web-authn/authentication":        "",
	"POST /verification/web-authn/authentication/verify": `{"verificationId":"` + unknownID + `","payload":` + assertion + `}`,
	"POST /profile":                                      `{"type":"username","value":"eve"}`,
	"POST /user-assets/avatar":                           avatar,
	"POST /profile/mfa":                                  `{"type":"WebAuthn","verificationId":"` + unknownID + `"}`,
	"POST /profile/mfa/passkey":                          `{"verificationId":"` + unknownID + `"}`,
	"POST /profile/mfa/mfa-enabled":                      "",
	"POST /profile/mfa/mfa-skipped":                      "",
	"POST /profile/mfa/mfa-suggestion-skipped":           "",
	"POST /profile/mfa/passkey-skipped":                  "",
}

const (
	avatar       = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nGIF89a;\r\n--x--\r\n"
	registration = `{"type":"WebAuthn","id":"AQ","rawId":"AQ","response":{"clientDataJSON":"AQ","attestationObject":"AQ"},"clientExtensionResults":{}}`
	assertion    = `{"type":"WebAuthn","id":"AQ","rawId":"AQ","response":{"clientDataJSON":"AQ","authenticatorData":"AQ","signature":"AQ"},"clientExtensionResults":{}}`
)

// Every table entry above must name a route, and every route an entry.
func TestTheTableOfCallsIsComplete(t *testing.T) {
	t.Parallel()
	exempt := map[string]bool{"PUT ": true, "GET /sso-connectors": true}
	routes := map[string]bool{}
	for _, rt := range signinapi.Routes(&signinapi.Handlers{Engine: &signin.Engine{}}).Routes {
		call := rt.Method + " " + strings.TrimPrefix(rt.Pattern, "/api/experience")
		routes[call] = true
		if _, ok := wellFormed[call]; !ok && !exempt[call] {
			t.Errorf("%s has no call in the tables of this test", call)
		}
	}
	for call := range wellFormed {
		if !routes[call] {
			t.Errorf("%s is no route", call)
		}
	}
}

// What is malformed is refused as such, and nothing is stored.
func TestBadInputChangesNothing(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "ada")
		c := app.CreateApp(t, application.Application{})
		b := app.Browser(t)
		b.Identify(c, "ada", apptest.Password)
		const trail = "audit_logs_rest" // a partition of the trail on PostgreSQL
		before := app.Snapshot(t, trail)
		for _, bad := range badInput() {
			a := b.Experience(bad.method, bad.path, bad.body)
			if a.StatusCode != bad.status || a.Code() != bad.code {
				t.Errorf("%s %s %.120s: %d %.200s, want %d %s", bad.method, bad.path, bad.body, a.StatusCode, a.Text, bad.status, bad.code)
			}
		}
		before.Same(t, app.Snapshot(t, trail))
	})
}

type badCall struct {
	method, path, body string
	status             int
	code               string
}

// badInput is a table of broken requests: what every operation must refuse, and
// what each has of its own.
func badInput() []badCall {
	invalid := func(call string, bodies ...string) []badCall {
		method, path, _ := strings.Cut(call, " ")
		var list []badCall
		for _, body := range bodies {
			list = append(list, badCall{method, path, body, 400, "guard.invalid_input"})
		}
		return list
	}
	var list []badCall
	for call, body := range wellFormed {
		method, path, _ := strings.Cut(call, " ")
		if !strings.HasPrefix(body, "{") {
			continue
		}
		list = append(list,
			badCall{method, path, body[:len(body)-1], 400, ""},
			badCall{method, path, body + "{}", 400, ""},
			badCall{method, path, `{"x":"` + strings.Repeat("y", 300<<10) + `"}`, 413, "request.too_large"},
			badCall{method, path, `{"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, 400, "guard.invalid_input"},
		)
		list = append(list, invalid(call, "[]", `{"verificationId":7,"interactionEvent":7,"type":7,"identifier":7,"password":7,"payload":7}`)...)
	}
	list = append(list, invalid("PUT ", "", `{}`, `{"interactionEvent":"Steal"}`, `{"interactionEvent":null}`, `{"interactionEvent":["SignIn"]}`,
		`{"interactionEvent":"SignIn","captchaToken":7}`)...)
	list = append(list, badCall{http.MethodPut, "", `{"interactionEvent":"SignIn","captchaToken":"x"}`, 422, "session.captcha_failed"})
	list = append(list, invalid("PUT /interaction-event", `{}`, `{"interactionEvent":"signin"}`)...)
	list = append(list, invalid("POST /identification", `{}`, `{"verificationId":"a\u0000"}`, `{"verificationId":"`+strings.Repeat("x", 200)+`"}`,
		`{"verificationId":"x","linkSocialIdentity":"yes"}`)...)
	list = append(list, badCall{http.MethodPost, "/identification", `{"verificationId":"` + unknownID + `"}`, 404, "session.verification_session_not_found"})
	list = append(list, invalid("POST /verification/password", `{}`,
		`{"identifier":{"type":"username","value":"ada"}}`, `{"identifier":{"type":"username","value":"ada"},"password":""}`,
		`{"identifier":{"type":"iris","value":"ada"},"password":"x"}`, `{"identifier":{"value":"ada"},"password":"x"}`,
		`{"identifier":{"type":"username","value":"a\u0000"},"password":"x"}`, `{"identifier":{"type":"username","value":"ada"},"password":"a\u0000"}`,
		`{"identifier":{"type":"username","value":"`+strings.Repeat("x", 300)+`"},"password":"x"}`,
		`{"identifier":{"type":"username","value":"ada"},"password":"`+strings.Repeat("x", 5000)+`"}`)...)
	list = append(list, invalid("POST /verification/new-password-identity",
		`{"identifier":{"type":"email","value":"a@b.c"},"password":"x"}`, `{"identifier":{"type":"username","value":"1a"},"password":"x"}`,
		`{"identifier":{"type":"username","value":"a b"},"password":"x"}`)...)
	list = append(list, invalid("POST /profile", `{}`, `{"type":"iris"}`, `{"type":"username"}`, `{"type":"username","value":"é"}`,
		`{"type":"password"}`, `{"type":"email"}`, `{"type":"extraProfile"}`, `{"type":"extraProfile","values":[]}`)...)
	list = append(list, badCall{http.MethodPost, "/profile", `{"type":"email","verificationId":"` + unknownID + `"}`, 404, "session.verification_session_not_found"})
	list = append(list, badCall{http.MethodPost, "/profile", `{"type":"extraProfile","values":{"email":"a@b.c"}}`, 400, "custom_profile_fields.name_conflict_sign_in_identifier"})
	list = append(list, invalid("POST /profile/mfa", `{}`, `{"type":"Palm","verificationId":"x"}`, `{"type":"WebAuthn"}`)...)
	list = append(list, badCall{http.MethodPost, "/profile/mfa", `{"type":"WebAuthn","verificationId":"` + unknownID + `"}`, 404, "session.verification_session_not_found"})
	list = append(list, badCall{http.MethodPost, "/profile/mfa", `{"type":"Totp","verificationId":"` + unknownID + `"}`, 400, "session.mfa.mfa_factor_not_enabled"})
	list = append(list, invalid("POST /verification/web-authn/registration/verify",
		`{"verificationId":"x"}`, `{"verificationId":"x","payload":{"type":"public-key"}}`,
		`{"verificationId":"x","payload":`+strings.Replace(registration, `"clientExtensionResults":{}`, `"clientExtensionResults":null`, 1)+`}`,
		`{"verificationId":"x","payload":`+strings.Replace(registration, `"AQ"`, `""`, 1)+`}`)...)
	list = append(list, badCall{http.MethodPost, "/verification/web-authn/authentication", "", 400, "session.mfa.webauthn_verification_not_found"})
	list = append(list, badCall{http.MethodGet, "/sso-connectors", "", 400, "guard.invalid_input"})
	list = append(list, badCall{http.MethodGet, "/sso-connectors?email=none", "", 400, "guard.invalid_input"})
	list = append(list, badCall{http.MethodGet, "/sso-connectors?email=a@b.c&email=d@e.f", "", 400, "guard.invalid_input"})
	return list
}

// What belongs to features that do not exist yet is not there.
func TestAbsentFeaturesAreNotRouted(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b, _ := arrive(t, app)
	want(t, put(b, "", `{"interactionEvent":"SignIn"}`), 204, "")
	for _, path := range []string{
		"/verification/verification-code", "/verification/verification-code/verify", "/verification/mfa-verification-code",
		"/verification/mfa-verification-code/verify", "/verification/social/x/authorization-uri", "/verification/social/x/verify",
		"/verification/sso/x/authorization-uri", "/verification/sso/x/verify", "/verification/totp/secret", "/verification/totp/verify",
		"/verification/backup-code/generate", "/verification/backup-code/verify", "/verification/one-time-token/verify",
		"/verification/sign-in-passkey/authentication", "/verification/sign-in-passkey/authentication/verify",
		"/preflight/sign-in-passkey/authentication",
	} {
		if a := post(b, path, "{}"); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
		}
	}
	if a := put(b, "/profile/password", `{"password":"x"}`); a.StatusCode != http.StatusNotFound {
		t.Errorf("password reset: %d %s", a.StatusCode, a.Text)
	}
}

// Attack 46: closed registration is closed on every path of the API.
func TestRegister_ClosedOnEveryPathOfTheAPI(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) { s.SignInMode = signinexp.ModeSignIn })
		b, _ := arrive(t, app)
		want(t, put(b, "", `{"interactionEvent":"SignIn"}`), 204, "")
		want(t, put(b, "/interaction-event", `{"interactionEvent":"Register"}`), 403, "auth.forbidden")
		want(t, put(b, "", `{"interactionEvent":"Register"}`), 204, "")
		want(t, post(b, "/profile", `{"type":"username","value":"eve"}`), 204, "")
		want(t, post(b, "/profile", `{"type":"password","value":"`+apptest.Password+`"}`), 204, "")
		want(t, post(b, "/identification", ""), 403, "auth.forbidden")
		identity := post(b, "/verification/new-password-identity", `{"identifier":{"type":"username","value":"eve"},"password":"`+apptest.Password+`"}`)
		want(t, identity, 200, "")
		want(t, post(b, "/identification", `{"verificationId":"`+identity.String("verificationId")+`"}`), 403, "auth.forbidden")
		want(t, post(b, "/submit", ""), 404, "session.identifier_not_found")
		if n := app.Count(t, tenant.Default, "users", "TRUE"); n != 0 {
			t.Errorf("%d users", n)
		}
	})
}

// Attack 46 for the admin tenant: without the setup link nobody becomes its
// first administrator, although it lets people register.
func TestRegister_AdminTenantNeedsTheSetupLink(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	c := app.CreateAppIn(t, tenant.Admin, application.Application{})
	b := app.BrowserAt(t, app.AdminURL)
	if a := b.Authorize(c); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("authorize: %d %s", a.StatusCode, a.Text)
	}
	want(t, put(b, "", `{"interactionEvent":"Register"}`), 204, "")
	want(t, post(b, "/profile", `{"type":"username","value":"eve"}`), 204, "")
	want(t, post(b, "/profile", `{"type":"password","value":"`+apptest.Password+`"}`), 204, "")
	want(t, post(b, "/identification", ""), 403, "auth.forbidden")
	if n := app.Count(t, tenant.Admin, "users", "TRUE"); n != 0 {
		t.Errorf("%d users", n)
	}
}

// Attack 36: the answers about users who exist and who do not are one answer.
func TestVerifyPassword_AnswersAreEqual(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "ada")
		app.CreateUserIn(t, tenant.Default, "bare", func(n *user.New) { n.PasswordHash = "" })
		b, _ := arrive(t, app)
		want(t, put(b, "", `{"interactionEvent":"SignIn"}`), 204, "")
		known := b.VerifyPassword("ada", "wrong")
		want(t, known, 422, "session.invalid_credentials")
		for _, name := range []string{"bare", "nobody"} {
			other := b.VerifyPassword(name, "wrong")
			for _, header := range []string{"Date", "Logto-Core-Request-Id"} {
				known.Header.Del(header)
				other.Header.Del(header)
			}
			if other.StatusCode != known.StatusCode || other.Text != known.Text || !reflect.DeepEqual(other.Header, known.Header) {
				t.Errorf("%s: %d %s %v, and for a known user %s %v", name, other.StatusCode, other.Text, other.Header, known.Text, known.Header)
			}
		}
	})
}

// Attack 49: who signs in is never taken from a body.
func TestBodyCannotNameTheUser(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	victim := app.CreateUser(t, "ada")
	b, _ := arrive(t, app)
	claim := `"userId":"` + victim.ID + `","tenantId":"admin","created":true,"verified":true`
	want(t, put(b, "", `{"interactionEvent":"SignIn",`+claim+`}`), 204, "")
	want(t, post(b, "/identification", `{"verificationId":"`+unknownID+`",`+claim+`}`), 404, "session.verification_session_not_found")
	want(t, post(b, "/submit", `{`+claim+`}`), 404, "session.identifier_not_found")
}

// Attack 37, in part: the interaction of one tab is out of reach for the header
// of another application, and for another tenant.
func TestInteractionBelongsToItsApplicationAndTenant(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "ada")
	b, first := arrive(t, app)
	second := app.CreateApp(t, application.Application{})
	want(t, b.Authorize(second), http.StatusSeeOther, "")
	want(t, put(b, "", `{"interactionEvent":"SignIn"}`), 204, "")
	// The second tab began last; the first is found by its name.
	b.Header.Set("Logto-App-Id", first.ID)
	want(t, b.Experience(http.MethodGet, "/interaction", ""), 404, "session.interaction_not_found")
	want(t, put(b, "", `{"interactionEvent":"Register"}`), 204, "")
	b.Header.Set("Logto-App-Id", second.ID)
	if a := b.Experience(http.MethodGet, "/interaction", ""); !strings.Contains(a.Text, `"SignIn"`) {
		t.Errorf("second: %s", a.Text)
	}
	b.Header.Set("Logto-App-Id", "another")
	want(t, b.Experience(http.MethodGet, "/interaction", ""), 400, "session.not_found")
	b.Header.Del("Logto-App-Id")
	b.Endpoint = app.AdminURL
	want(t, b.Experience(http.MethodGet, "/interaction", ""), 400, "session.not_found")
}

// Attack 38: B signs in where A began, and nothing of A is left.
func TestSignIn_StartingOverLeavesNothingOfTheOther(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "ada")
		eve := app.CreateUser(t, "eve")
		c := app.CreateApp(t, application.Application{})
		b := app.Browser(t)
		b.Identify(c, "ada", apptest.Password)
		proof := b.VerifyPassword("eve", apptest.Password)
		want(t, post(b, "/identification", `{"verificationId":"`+proof.String("verificationId")+`"}`), 409, "session.identity_conflict")
		want(t, put(b, "", `{"interactionEvent":"SignIn"}`), 204, "")
		if a := b.Experience(http.MethodGet, "/interaction", ""); strings.Contains(a.Text, "userId") || strings.Contains(a.Text, "ada") {
			t.Errorf("left over: %s", a.Text)
		}
		proof = b.VerifyPassword("eve", apptest.Password)
		want(t, post(b, "/identification", `{"verificationId":"`+proof.String("verificationId")+`"}`), 204, "")
		tokens := b.Redeem(c, b.Submit())
		if me := b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+tokens.Access); me.String("sub") != eve.ID {
			t.Errorf("signed in: %s", me.Text)
		}
	})
}

func TestSuspendedUserIsToldSo(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	ada, yes := app.CreateUser(t, "ada"), true
	b, _ := arrive(t, app)
	want(t, put(b, "", `{"interactionEvent":"SignIn"}`), 204, "")
	app.UpdateUser(t, ada.ID, user.Patch{IsSuspended: &yes})
	want(t, b.VerifyPassword("ada", "wrong"), 422, "session.invalid_credentials")
	want(t, b.VerifyPassword("ada", apptest.Password), 401, "user.suspended")
}

func TestErrorsSpeakTheLanguageOfTheBrowser(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b, _ := arrive(t, app)
	b.Header.Set("Accept-Language", "de")
	want(t, put(b, "", `{"interactionEvent":"SignIn"}`), 204, "")
	if a := b.VerifyPassword("ada", "x"); !strings.Contains(a.String("message"), "Passwort") {
		t.Errorf("message %q", a.String("message"))
	}
}
