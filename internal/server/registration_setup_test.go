package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
)

const regPath = "/oidc/reg"

type members = map[string]any

// newcomer is a client that has registered itself.
type newcomer struct {
	*apptest.Client

	Token, URI string
}

// letRegister has clients register themselves: with an initial access token,
// which is returned, unless the settings say otherwise.
func letRegister(t *testing.T, app *apptest.App, settings string) (*apptest.Operator, string) {
	t.Helper()
	o := app.Operator(t)
	o.Want(200, "PATCH", "/api/configs/client-registration", settings)
	o.Want(201, "POST", "/api/cimd/user-consent-scopes", `{"userScopes":["profile"]}`)
	return o, initialToken(o, `{"name":"Partner"}`)
}

func initialToken(o *apptest.Operator, body string) string {
	return o.Want(201, "POST", "/api/initial-access-tokens", body).String("value")
}

// registering returns a registration; changes replace its members, nil leaves one
// out.
func registering(changes members) string {
	doc := members{
		"client_name": "Robot", "redirect_uris": []string{apptest.CallbackURI}, "token_endpoint_auth_method": "none",
		"grant_types": []string{"authorization_code", "refresh_token"}, "unknown": members{"x": 1},
	}
	maps.Copy(doc, changes)
	for name, value := range changes {
		if value == nil {
			delete(doc, name)
		}
	}
	raw, _ := json.Marshal(doc)
	return string(raw)
}

// asClient sends a request of a client, with a token unless it is "".
func asClient(t *testing.T, method, target, token, body string, headers ...string) *apptest.Answer {
	t.Helper()
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	return apptest.Do(t, http.DefaultClient, method, target, body, headers...)
}

// registerClient registers a client that must be accepted.
func registerClient(t *testing.T, app *apptest.App, token string, changes members) (*newcomer, *apptest.Answer) {
	t.Helper()
	a := asClient(t, "POST", app.URL+regPath, token, registering(changes))
	if a.StatusCode != http.StatusCreated || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", a.StatusCode, a.Text)
	}
	n := &newcomer{Token: a.String("registration_access_token"), URI: a.String("registration_client_uri")}
	var info struct {
		RedirectURIs []string `json:"redirect_uris"`
	}
	a.JSON(t, &info)
	n.Client = &apptest.Client{Secret: a.String("client_secret"), Application: &application.Application{
		ID: a.String("client_id"), OIDC: application.ClientMetadata{RedirectURIs: info.RedirectURIs},
	}}
	if n.URI != app.URL+regPath+"/"+n.ID || n.Token == "" {
		t.Fatalf("registered %s", a.Text)
	}
	return n, a
}

// contains demands pieces of an answer.
func contains(t *testing.T, a *apptest.Answer, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		if !strings.Contains(a.Text, piece) {
			t.Errorf("no %s in %d %s", piece, a.StatusCode, a.Text)
		}
	}
}
