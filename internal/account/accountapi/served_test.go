package accountapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"signet/internal/account"
	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
)

// member is a person at the real server, with a browser and an access token.
type member struct {
	t       *testing.T
	app     *apptest.App
	browser *apptest.Browser
	token   string
}

func (m *member) call(method, path string, body any, headers ...string) *apptest.Answer {
	m.t.Helper()
	text := ""
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			m.t.Fatal(err)
		}
		text = string(raw)
	}
	headers = append([]string{"Authorization", "Bearer " + m.token}, headers...)
	return apptest.Do(m.t, m.app.Client(m.t), method, m.app.URL+path, text, headers...)
}

func (m *member) must(a *apptest.Answer, status int, code string) *apptest.Answer {
	m.t.Helper()
	if a.StatusCode != status || a.Code() != code {
		m.t.Fatalf("%s: got %d %s, want %d %q", a.Request.URL.Path, a.StatusCode, a.Text, status, code)
	}
	return a
}

func property(t *testing.T, a *apptest.Answer, name string) any {
	t.Helper()
	var object map[string]any
	a.JSON(t, &object)
	return object[name]
}

// TestServed_SecurityKeyJourney signs up, adds a key, signs out, and signs in
// with the key as second factor, at the real server.
func TestServed_SecurityKeyJourney(t *testing.T) {
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		client := app.CreateApp(t, application.Application{})
		m := &member{t: t, app: app, browser: app.Browser(t)}
		scope := []string{"scope", account.AllScopes}
		m.token = m.browser.Redeem(client, m.browser.Register(client, "ann", apptest.Password, scope...)).Access

		proof := m.must(m.call("POST", "/api/verifications/password", map[string]string{"password": apptest.Password}), 201, "")
		stepUp := []string{"logto-verification-id", proof.String("verificationRecordId")}
		key := softkey.New()
		begun := m.must(m.call("POST", "/api/verifications/web-authn/registration", nil), 200, "")
		id := begun.String("verificationRecordId")
		page := app.Tenant("default").Origin()
		m.must(m.call("POST", "/api/verifications/web-authn/registration/verify", map[string]any{
			"verificationRecordId": id, "payload": key.Create(page, property(t, begun, "registrationOptions")),
		}), 200, "")
		m.must(m.call("POST", "/api/my-account/mfa-verifications", map[string]string{
			"type": "WebAuthn", "newIdentifierVerificationRecordId": id, "name": "Blue key",
		}, stepUp...), 204, "")

		// The next sign-in asks for the key.
		app.Clock.Advance(time.Hour)
		m.browser = app.Browser(t)
		m.browser.Identify(client, "ann", apptest.Password, scope...)
		m.must(m.browser.Experience("POST", "/submit", ""), 403, "session.mfa.require_mfa_verification")
		asked := m.browser.Step("POST", "/verification/web-authn/authentication", "")
		answered, err := json.Marshal(map[string]any{
			"verificationId": asked.String("verificationId"),
			"payload":        key.Get(page, property(t, asked, "authenticationOptions")),
		})
		if err != nil {
			t.Fatal(err)
		}
		m.browser.Step("POST", "/verification/web-authn/authentication/verify", string(answered))
		m.token = m.browser.Redeem(client, m.browser.Submit()).Access
		if list := m.must(m.call("GET", "/api/my-account/mfa-verifications", nil), 200, ""); !strings.Contains(list.Text, `"name":"Blue key"`) ||
			!strings.Contains(list.Text, `"lastUsedAt":"`+app.Clock.Now().UTC().Format("2006-01-02T15:")) {
			t.Errorf("factors %s", list.Text)
		}
	})
}

// TestServed_AnyOriginMayCallWithATokenButNeverWithCookies.
func TestServed_AnyOriginMayCallWithATokenButNeverWithCookies(t *testing.T) {
	app := apptest.Start(t)
	c := app.Client(t)
	const spa = "https://spa.example.net"
	for _, path := range []string{"/api/my-account", "/api/my-account/mfa-verifications", "/api/verifications/password"} {
		asked := apptest.Do(t, c, http.MethodOptions, app.URL+path, "", "Origin", spa,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,logto-verification-id")
		if asked.StatusCode >= 300 || asked.Header.Get("Access-Control-Allow-Origin") != spa ||
			!strings.Contains(strings.ToLower(asked.Header.Get("Access-Control-Allow-Headers")), "logto-verification-id") {
			t.Errorf("%s: preflight %d %v", path, asked.StatusCode, asked.Header)
		}
		sent := apptest.Do(t, c, http.MethodPost, app.URL+path, "{}", "Origin", spa, "Sec-Fetch-Site", "cross-site")
		if sent.Header.Get("Access-Control-Allow-Origin") != spa || sent.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: headers %v", path, sent.Header)
		}
	}
	restricted := apptest.Do(t, c, http.MethodGet, app.URL+"/api/.well-known/account-center", "", "Origin", spa)
	if restricted.StatusCode != 200 || restricted.Header.Get("Access-Control-Allow-Origin") == spa {
		t.Errorf("settings: %d %v", restricted.StatusCode, restricted.Header)
	}
}

// TestServed_CookiesOpenNothing: the account pages' session is no way in.
func TestServed_CookiesOpenNothing(t *testing.T) {
	app := apptest.Start(t)
	client := app.CreateApp(t, application.Application{})
	b := app.Browser(t)
	b.Register(client, "ann", apptest.Password)
	for _, path := range []string{"/api/my-account", "/api/my-account/sessions"} {
		if a := b.Do("GET", path, ""); a.StatusCode != 401 || a.Code() != "auth.authorization_header_missing" {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
		}
	}
}
