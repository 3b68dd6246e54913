package signinpages_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/internal/signinexp"
)

// weaker lets everybody in by password alone, whatever keys they have.
func weaker(t *testing.T, app *apptest.App) {
	t.Helper()
	configure(t, app, func(s *signinexp.Settings) { s.MFA = signinexp.MFA{Policy: signinexp.PolicyMandatory} })
}

// synced is a passkey that its device may copy to others.
func synced() *softkey.Key {
	key := softkey.New()
	key.Flags |= softkey.BE | softkey.BS
	return key
}

// idToken redeems the code that the application has got.
func (b *browser) idToken() map[string]any {
	b.t.Helper()
	b.signedIn()
	answer := apptest.Do(b.t, b.client, "POST", b.app.URL+"/oidc/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {b.appID}, "redirect_uri": {callback},
		"code": {mustParse(b.t, b.at).Query().Get("code")}, "code_verifier": {apptest.Verifier},
	}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	parts := strings.Split(answer.String("id_token"), ".")
	if len(parts) != 3 {
		b.t.Fatalf("%s", answer.Text)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		b.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		b.t.Fatal(err)
	}
	return claims
}

// says asserts what an ID token says about the sign-in; "" demands nothing.
func (b *browser) says(class string, methods ...any) {
	b.t.Helper()
	claims := b.idToken()
	if class == "" {
		if claims["acr"] != nil || claims["amr"] != nil || claims["auth_time"] != nil {
			b.t.Errorf("nobody asked: %v", claims)
		}
		return
	}
	if claims["acr"] != class || !reflect.DeepEqual(claims["amr"], methods) || claims["auth_time"] == nil {
		b.t.Errorf("acr %v, amr %v, auth_time %v, want %s %v", claims["acr"], claims["amr"], claims["auth_time"], class, methods)
	}
}

// refusedAs asserts what the application is told.
func (b *browser) refusedAs(code string) {
	b.t.Helper()
	query := mustParse(b.t, b.at).Query()
	if !strings.HasPrefix(b.at, callback) || query.Get("error") != code || query.Get("state") != "s1" || query.Get("code") != "" {
		b.t.Errorf("at %s, want %s", b.at, code)
	}
}

// RFC 9470: a session that began with a password becomes stronger by a key, and
// nothing else is asked again.
func TestStepUp_AsksAKeyOfSomebodyWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		key := enrolled(t, app, "robin")
		weaker(t, app)
		b := open(t, app).authorize().submit("identifier", "robin", "password", apptest.Password)
		b.says("")
		b.authorize("prompt", "none", "acr_values", "phr").refusedAs("interaction_required")
		b.authorize("acr_values", "phr").on("/mfa-verification/WebAuthn").sees(200, ">Check that it is you</h1>", ">robin</strong>")
		b.useKey(key).says("phr", "hwk", "mfa")
		// From now on the session is as strong as that.
		b.authorize("prompt", "none", "acr_values", "phrh").says("phrh", "hwk", "mfa")
		b.authorize("acr_values", "urn:example:unknown phrh phr").says("phrh", "hwk", "mfa")
		b.authorize("acr_values", "urn:example:unknown").says("")
		b.authorize().says("")
	})
}

func TestStepUp_SyncedPasskeyIsNoHardwareKey(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	key := enrolledWith(t, app, "robin", synced())
	weaker(t, app)
	b := open(t, app).authorize().submit("identifier", "robin", "password", apptest.Password)
	b.signedIn()
	b.authorize("acr_values", "phrh").refusedAs("unmet_authentication_requirements")
	b.authorize("acr_values", "phrh phr").on("/mfa-verification/WebAuthn").useKey(key).says("phr", "swk", "mfa")
	b.authorize("prompt", "none", "acr_values", "phrh").refusedAs("interaction_required")
}

// Whoever has no key is not kept: the application learns that it asks too much.
func TestStepUp_OfSomebodyWithoutAKey(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	addUser(t, app, "robin")
	weaker(t, app)
	b := open(t, app)
	b.authorize("prompt", "none", "acr_values", "phr").refusedAs("login_required")
	b.authorize("acr_values", "phr").on("/sign-in").submit("identifier", "robin", "password", apptest.Password)
	b.refusedAs("unmet_authentication_requirements")
	b.authorize("acr_values", "phr").refusedAs("unmet_authentication_requirements")
	b.authorize().signedIn()
}

// A sign-in from the beginning asks for password and key.
func TestStepUp_FromTheBeginning(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	key := enrolled(t, app, "robin")
	weaker(t, app)
	b := open(t, app)
	b.authorize("acr_values", "phr").on("/sign-in").submit("identifier", "robin", "password", apptest.Password)
	b.on("/mfa-verification/WebAuthn").useKey(key).says("phr", "pwd", "hwk", "mfa")
	b.authorize("acr_values", "phr", "max_age", "0").says("phr", "pwd", "hwk", "mfa")
	app.Clock.Advance(2_000_000_000)
	b.authorize("acr_values", "phr", "max_age", "1").on("/sign-in").submit("identifier", "robin", "password", apptest.Password)
	b.on("/mfa-verification/WebAuthn").useKey(key).says("phr", "pwd", "hwk", "mfa")
}

// Attack 39: step-up needs the stated method, not any fresh sign-in.
func TestStepUp_NothingButTheKeyWillDo(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	key := enrolled(t, app, "robin")
	weaker(t, app)
	b := open(t, app).authorize().submit("identifier", "robin", "password", apptest.Password)
	b.signedIn()
	b.authorize("acr_values", "phr").on("/mfa-verification/WebAuthn")
	_, hidden := b.form()
	for _, path := range []string{"/sign-in", "/mfa-onboarding", "/mfa-binding", "/create-passkey", "/register"} {
		values := url.Values{"token": {hidden.Get("token")}, "identifier": {"robin"}, "username": {"robin"}, "password": {apptest.Password}, "skip": {"on"}, "choice": {"skip"}}
		b.post(path+"?app_id="+b.appID, values)
		if strings.HasPrefix(b.at, callback) {
			t.Fatalf("POST %s: at %s", path, b.at)
		}
	}
	for _, call := range [][3]string{
		{"PUT", "/api/experience", `{"interactionEvent":"SignIn"}`},
		{"PUT", "/api/experience", `{"interactionEvent":"Register"}`},
	} {
		apptest.Do(t, b.client, call[0], app.URL+call[1], call[2], "Content-Type", "application/json", "Logto-App-Id", b.appID, "Origin", origin(t, app.URL))
		if a := apptest.Do(t, b.client, "POST", app.URL+"/api/experience/submit", "", "Logto-App-Id", b.appID, "Origin", origin(t, app.URL)); a.StatusCode != 403 || a.Code() != "session.mfa.require_mfa_verification" {
			t.Errorf("%v: %d %s", call, a.StatusCode, a.Text)
		}
	}
	b.get("/sign-in?app_id=" + b.appID).on("/mfa-verification/WebAuthn")
	if len(credentials(t, app, "robin")) != 1 {
		t.Error("a key was added on the way")
	}
	b.useKey(key).says("phr", "hwk", "mfa")
}

// The key is asked for in the language of the request.
func TestStepUp_SpeaksTheLanguageOfTheRequest(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	enrolled(t, app, "robin")
	weaker(t, app)
	b := open(t, app).authorize().submit("identifier", "robin", "password", apptest.Password)
	b.authorize("acr_values", "phr", "ui_locales", "de").on("/mfa-verification/WebAuthn").sees(200, `<html lang="de"`)
}

// Where this browser cannot repeat the request, no link promises that.
func TestStepUp_NobodyElseWhereTheClientAsks(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	enrolled(t, app, "robin")
	weaker(t, app)
	yes := true
	c := app.CreateApp(t, application.Application{Type: application.Traditional, Custom: application.CustomMetadata{RequirePushedAuthorizationRequests: &yes}})
	b := open(t, app).authorize().submit("identifier", "robin", "password", apptest.Password)
	_, query, _ := strings.Cut(apptest.AuthorizeURL(c, "acr_values", "phr", "client_secret", c.Secret), "?")
	pushed := apptest.Do(t, b.client, "POST", app.URL+"/oidc/request", query)
	b.get("/oidc/auth?" + url.Values{"client_id": {c.ID}, "request_uri": {pushed.String("request_uri")}}.Encode())
	b.on("/mfa-verification/WebAuthn").sees(200, "Verify via passkey")
	if strings.Contains(b.page.Text, "Use a different account") {
		t.Errorf("it leads back to where it stands: %s", b.page.Text)
	}
}

// Whoever is somebody else may say so.
func TestStepUp_AnotherAccount(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	enrolled(t, app, "robin")
	other := enrolled(t, app, "wren")
	weaker(t, app)
	b := open(t, app).authorize().submit("identifier", "robin", "password", apptest.Password)
	b.authorize("acr_values", "phr").on("/mfa-verification/WebAuthn").sees(200, "Use a different account", "acr_values=phr")
	b.authorize("acr_values", "phr", "prompt", "login").on("/sign-in").submit("identifier", "wren", "password", apptest.Password)
	b.on("/mfa-verification/WebAuthn").useKey(other).says("phr", "pwd", "hwk", "mfa")
}
