package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"signet/internal/apptest"
	"signet/internal/platform/i18n"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// A client that registered itself asks, and people are told that nobody has checked
// it; they say yes with and without JavaScript.
func TestConsent_ToAClientThatRegisteredItself(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, app *apptest.App) {
		begin, landed := registeredItself(t, app)
		withAndWithoutScript(t, func(t *testing.T, noScript bool) {
			fixture.User(t, app, username+fmt.Sprint(noScript))
			p := browser.New(t, browser.Options{NoScript: noScript})
			p.Open(begin)
			p.Fill("Username", username+fmt.Sprint(noScript))
			p.Fill("Password", password)
			p.Click("Sign in")
			p.Sees("Deckhand", i18n.T("en", "consent.unchecked", nil), "You go to 127.0.0.1")
			p.Click("Allow")
			p.AtURL(landed)
			p.Heading("A code")
		})
	})
}

func TestPages_OfSelfRegisteredClientsLookRight(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, language string, say func(key string) string) {
		app := apptest.Start(t, inTheDark())
		begin, _ := registeredItself(t, app)
		fixture.User(t, app, username)
		p := browser.New(t, browser.Options{Language: language})
		p.Open(begin)
		p.Fill(say("field.username"), username)
		p.Fill(say("field.password"), password)
		p.Click(say("sign_in.submit"))
		p.Sees("Deckhand", say("consent.unchecked"))
		p.Look("consent-unchecked-" + language)
	})
}

// registeredItself has a program on the user's device register itself; it begins
// at the first address and people land at the other.
func registeredItself(t *testing.T, app *apptest.App) (begin, landed string) {
	t.Helper()
	device := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Query().Get("code") != "" {
			_, _ = fmt.Fprint(w, "<!doctype html><title>Deckhand</title><h1>A code</h1>")
		}
	}))
	t.Cleanup(device.Close)
	landed = device.URL + "/callback"
	o := app.Operator(t)
	o.Want(http.StatusOK, "PATCH", "/api/configs/client-registration", `{"enabled":true}`)
	o.Want(http.StatusCreated, "POST", "/api/cimd/user-consent-scopes", `{"userScopes":["profile"]}`)
	token := o.Want(http.StatusCreated, "POST", "/api/initial-access-tokens", `{"name":"Deckhand"}`).String("value")
	client := app.Browser(t).Do("POST", "/oidc/reg", `{"client_name":"Deckhand","redirect_uris":["`+landed+`"],"token_endpoint_auth_method":"none"}`,
		"Content-Type", "application/json", "Authorization", "Bearer "+token)
	if client.StatusCode != http.StatusCreated {
		t.Fatalf("registration: %d %s", client.StatusCode, client.Text)
	}
	return app.URL + "/oidc/auth?" + url.Values{
		"client_id": {client.String("client_id")}, "redirect_uri": {landed}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"s"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}.Encode(), landed
}
