package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/tenant"
)

// A client registers itself, signs people in, who are asked, changes what it has
// registered, and goes.
func TestRegistration(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		metadata := func() *apptest.Answer { return app.Browser(t).Do("GET", "/oidc/.well-known/openid-configuration", "") }
		if strings.Contains(metadata().Text, "registration_endpoint") {
			t.Error("said to be on")
		}
		o, initial := letRegister(t, app, `{"enabled":true}`)
		contains(t, metadata(), `"registration_endpoint":"`+app.URL+regPath+`"`)
		n, a := registerClient(t, app, initial, members{"tos_uri": "https://app.example.com/terms"})
		contains(t, a, `"client_name":"Robot"`, `"scope":"profile openid offline_access"`, `"response_types":["code"]`, `"application_type":"web"`,
			`"grant_types":["authorization_code","refresh_token"]`, `"token_endpoint_auth_method":"none"`, `"tos_uri":"https://app.example.com/terms"`)
		if strings.Contains(a.Text, "client_secret") || strings.Contains(a.Text, "unknown") {
			t.Errorf("registered %s", a.Text)
		}
		contains(t, o.Want(200, "GET", "/api/applications/"+n.ID, ""), `"type":"SPA"`, `"isThirdParty":true`,
			`"registration":{"grantTypes":["authorization_code","refresh_token"],"tokenEndpointAuthMethod":"none"}`)

		b := app.Browser(t)
		page := asks(t, b, apptest.AuthorizeURL(n.Client, "scope", "openid profile offline_access", "prompt", "consent"))
		contains(t, page, "Allow Robot to use your account?", "You go to app.example.com next.", "Nobody here has checked", "https://app.example.com/terms")
		tokens := b.Redeem(n.Client, allow(t, b, page))
		if tokens.Scope != "openid profile offline_access" {
			t.Fatalf("%+v", tokens)
		}
		tokens = b.Refresh(n.Client, tokens.Refresh)

		o.Want(200, "PATCH", "/api/applications/"+n.ID, `{"name":"Known robot"}`)
		read := asClient(t, "GET", n.URI, n.Token, "")
		contains(t, read, `"client_name":"Known robot"`, `"registration_access_token":"`+n.Token+`"`)
		put := asClient(t, "PUT", n.URI, n.Token, registering(members{"client_id": n.ID, "client_name": "Robot 2", "redirect_uris": []string{"https://two.example/cb"}}))
		contains(t, put, `"client_name":"Robot 2"`, `"redirect_uris":["https://two.example/cb"]`)
		if strings.Contains(put.Text, "tos_uri") {
			t.Errorf("what was left out stays: %s", put.Text)
		}
		if a := app.Browser(t).Authorize(n.Client); a.Code() != "oidc.invalid_redirect_uri" {
			t.Errorf("the old redirect URI: %d %s", a.StatusCode, a.Text)
		}

		if a := asClient(t, "DELETE", n.URI, n.Token, ""); a.StatusCode != http.StatusNoContent {
			t.Fatalf("%d %s", a.StatusCode, a.Text)
		}
		again := b.Token(n.Client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}})
		if again.Code() != "oidc.invalid_client" {
			t.Errorf("deleted: %d %s", again.StatusCode, again.Text)
		}
		if a := asClient(t, "GET", n.URI, n.Token, ""); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("deleted: %d %s", a.StatusCode, a.Text)
		}
		o.Want(404, "GET", "/api/applications/"+n.ID, "")
		for table, where := range map[string]string{"grants": "TRUE", "registration_tokens": "TRUE", "applications": "registration IS NOT NULL"} {
			if left := app.Count(t, tenant.Default, table, where); left != 0 {
				t.Errorf("%d %s are left", left, table)
			}
		}
		keys := strings.Join(app.AuditKeys(t, tenant.Default), " ")
		for _, key := range []string{"ClientRegistration.Create", "ClientRegistration.Update", "ClientRegistration.Delete"} {
			if !strings.Contains(keys, key) {
				t.Errorf("the trail lacks %s: %s", key, keys)
			}
		}
	})
}

// What a client authenticates with is what it registered for.
func TestRegistration_Secrets(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		o, initial := letRegister(t, app, `{"enabled":true}`)
		for method, has := range map[string]bool{
			"": true, "client_secret_basic": true, "client_secret_post": true, "client_secret_jwt": true, "private_key_jwt": false, "none": false,
		} {
			changes := members{"token_endpoint_auth_method": method, "jwks": nil}
			if method == "private_key_jwt" {
				changes["jwks"] = clientKeys(t)
			}
			n, a := registerClient(t, app, initial, changes)
			if (n.Secret != "") != has || strings.Contains(a.Text, `"client_secret_expires_at":0`) != has {
				t.Errorf("%s: %s", method, a.Text)
			}
			if method != "" {
				contains(t, a, `"token_endpoint_auth_method":"`+method+`"`)
			}
			if read := asClient(t, "GET", n.URI, n.Token, ""); read.String("client_secret") != n.Secret {
				t.Errorf("%s: read %s", method, read.Text)
			}
		}
		n, _ := registerClient(t, app, initial, members{"token_endpoint_auth_method": "client_secret_post"})
		b := app.Browser(t)
		if a := b.Authorize(n.Client, "code_challenge", "", "code_challenge_method", ""); a.Code() != "oidc.invalid_request" {
			t.Errorf("without PKCE: %d %s", a.StatusCode, a.Text)
		}
		tokens := b.Redeem(n.Client, allow(t, b, asks(t, b, apptest.AuthorizeURL(n.Client))))
		// However it proves to be itself, it is trusted with nothing of others.
		other, _ := registerClient(t, app, initial, members{"token_endpoint_auth_method": "client_secret_basic"})
		ask := func(c *newcomer, path, token string) *apptest.Answer {
			form := url.Values{"client_id": {c.ID}, "client_secret": {c.Secret}, "token": {token}}
			return apptest.Do(t, http.DefaultClient, "POST", app.URL+path, form.Encode())
		}
		if a := ask(other, "/oidc/token/introspection", tokens.Access); a.Text != `{"active":false}` {
			t.Errorf("a stranger learns %s", a.Text)
		}
		if a := ask(other, "/oidc/token/revocation", tokens.Access); a.StatusCode != 200 {
			t.Errorf("a stranger revokes: %d %s", a.StatusCode, a.Text)
		}
		contains(t, ask(n, "/oidc/token/introspection", tokens.Access), `"active":true`)
		// Operators replace secrets; the client sees which one is good.
		fresh := o.Want(201, "POST", "/api/applications/"+n.ID+"/secrets", `{"name":"new","expiresAt":2000000000000}`).String("value")
		o.Want(204, "DELETE", "/api/applications/"+n.ID+"/secrets/Default%20secret", "")
		contains(t, asClient(t, "GET", n.URI, n.Token, ""), `"client_secret":"`+fresh+`"`, `"client_secret_expires_at":2000000000`)
		a := asClient(t, "PUT", n.URI, n.Token, registering(members{"client_id": n.ID, "client_secret": n.Secret, "token_endpoint_auth_method": "client_secret_post"}))
		if a.Code() != "oidc.invalid_client_metadata" {
			t.Errorf("an old secret: %d %s", a.StatusCode, a.Text)
		}
	})
}

// What people have to say yes to has the ceiling of all clients that nobody has
// vetted, and what operators add for the one.
func TestRegistration_Ceiling(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin")
		app.Shop(t, robin.ID)
		o, initial := letRegister(t, app, `{"enabled":true}`)
		n, a := registerClient(t, app, initial, members{"scope": "openid email all read:orders", "isThirdParty": false})
		contains(t, a, `"scope":"profile openid offline_access"`)
		b := app.Browser(t)
		if a := b.Authorize(n.Client, "scope", "openid email"); a.Code() != "oidc.invalid_scope" {
			t.Errorf("beyond the ceiling: %d %s", a.StatusCode, a.Text)
		}
		begin := func() string {
			return apptest.AuthorizeURL(n.Client, "scope", "openid offline_access read:orders write:orders all", "prompt", "consent",
				"resource", apptest.Orders)
		}
		scopeOf := func(tokens apptest.Tokens) string {
			a := b.Token(n.Client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "resource": {apptest.Orders}})
			if a.StatusCode != 200 {
				t.Fatalf("%d %s", a.StatusCode, a.Text)
			}
			return a.String("scope")
		}
		if got := scopeOf(b.Redeem(n.Client, allow(t, b, asks(t, b, begin())))); strings.Contains(got, "orders") {
			t.Errorf("beyond the ceiling: %q", got)
		}
		var resources []struct {
			Indicator string
			Scopes    []struct{ ID, Name string }
		}
		o.Want(200, "GET", "/api/resources?includeScopes=true", "").JSON(t, &resources)
		for _, r := range resources {
			for _, s := range r.Scopes {
				if s.Name == "read:orders" {
					o.Want(201, "POST", "/api/applications/"+n.ID+"/user-consent-scopes", `{"resourceScopes":["`+s.ID+`"]}`)
				}
			}
		}
		contains(t, asClient(t, "GET", n.URI, n.Token, ""), `"scope":"profile openid offline_access read:orders"`)
		if got := scopeOf(b.Redeem(n.Client, allow(t, b, asks(t, b, begin())))); got != "read:orders" {
			t.Errorf("within the ceiling: %q", got)
		}
		o.Want(204, "DELETE", "/api/cimd/user-consent-scopes/user-scopes/profile", "")
		contains(t, asClient(t, "GET", n.URI, n.Token, ""), `"scope":"openid offline_access read:orders"`)
	})
}
