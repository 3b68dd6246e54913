package server_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/server"
	"signet/internal/tenant"
)

// A client that nobody has registered signs people in, who are asked every time.
func TestDescribedClient(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin")
		o := allowDescribed(t, app)
		d := describe(t, nil)
		c, b := d.party(), app.Browser(t)
		host := strings.TrimPrefix(d.URL, "https://")
		begin := apptest.AuthorizeURL(c, "scope", "openid profile offline_access", "prompt", "consent")
		page := asks(t, b, begin)
		for _, text := range []string{"Allow Robot (" + host + ") to use your account?", "See your name, picture and profile", "You go to app.example.com next."} {
			if !strings.Contains(page.Text, text) {
				t.Errorf("the page lacks %q", text)
			}
		}
		api := b.Do("GET", "/api/interaction/consent?"+url.Values{"app_id": {d.id}}.Encode(), "")
		if !strings.Contains(api.Text, `"name":"Robot"`) || !strings.Contains(api.Text, `"displayName":"Robot (`+host+`)"`) {
			t.Errorf("the API tells %s", api.Text)
		}
		tokens := b.Redeem(c, allow(t, b, page))
		if tokens.Scope != "openid profile offline_access" || tokens.Refresh == "" || tokens.ID == "" {
			t.Fatalf("%+v", tokens)
		}
		tokens = b.Refresh(c, tokens.Refresh)
		// In the same session, and for what was allowed before.
		if to := allow(t, b, asks(t, b, begin)); b.Redeem(c, to).Access == "" {
			t.Errorf("again: %s", to)
		}
		if to := b.Follow(apptest.AuthorizeURL(c, "prompt", "none")); to.Query().Get("error") != "consent_required" {
			t.Errorf("silently: %s", to)
		}
		if n := app.Count(t, tenant.Default, "grants", "client_kind = 'cimd' AND revoked_at IS NULL"); n != 2 {
			t.Errorf("%d grants", n)
		}
		if n := d.calls.Load(); n != 1 {
			t.Errorf("fetched %d times", n)
		}
		if u := o.Want(200, "GET", "/api/users/"+robin.ID, ""); !strings.Contains(u.Text, `"cimdClientId":"`+d.id+`"`) || !strings.Contains(u.Text, `"applicationId":null`) {
			t.Errorf("the user: %s", u.Text)
		}
		d.Close()
		grants := o.Want(200, "GET", "/api/users/"+robin.ID+"/grants?appType=thirdParty", "")
		if !strings.Contains(grants.Text, `"application":{"id":"`+d.id+`","name":"Robot (`+host+`)"}`) {
			t.Errorf("the grants: %s", grants.Text)
		}
		named := func(row apptest.AuditRow) bool {
			return row.Payload.V["cimdClientId"] == d.id && row.Payload.V["applicationId"] == nil
		}
		if !slices.ContainsFunc(app.Audit(t, tenant.Default), named) {
			t.Error("the trail does not name the client")
		}
		// What operators allow counts at each issuance, and so does the switch.
		o.Want(204, "DELETE", "/api/cimd/user-consent-scopes/user-scopes/profile", "")
		if a := b.Do("GET", begin, ""); !strings.Contains(a.Header.Get("Location"), "error=invalid_scope") {
			t.Errorf("beyond the ceiling: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		o.Want(200, "PATCH", "/api/configs/cimd", `{"enabled":false}`)
		refused := b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}})
		if refused.StatusCode != 400 || refused.Code() != "oidc.invalid_client" {
			t.Errorf("switched off: %d %s", refused.StatusCode, refused.Text)
		}
	}, apptest.ReachingTests())
}

// Attack 22: a client that nobody has registered may prove to be itself, but is
// trusted with nothing of others for it.
func TestDescribedClient_WithKeys(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		allowDescribed(t, app)
		d := describe(t, map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": clientKeys(t)})
		c, b := d.party(), app.Browser(t)
		send := func(path string, pairs ...string) *apptest.Answer {
			t.Helper()
			form := url.Values{
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
				"client_assertion": {signClaims(t, clientKey(), "", map[string]any{
					"iss": d.id, "sub": d.id, "aud": app.URL + "/oidc", "exp": app.Clock.Now().Unix() + 60, "jti": rand.Text(),
				})},
			}
			for i := 0; i < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
			return apptest.Do(t, http.DefaultClient, "POST", app.URL+path, form.Encode())
		}
		to := allow(t, b, asks(t, b, apptest.AuthorizeURL(c)))
		redeem := []string{"grant_type", "authorization_code", "code", to.Query().Get("code"), "redirect_uri", c.Redirect(), "code_verifier", apptest.Verifier}
		if a := b.Token(c, url.Values{"grant_type": {"authorization_code"}}); a.StatusCode != 401 {
			t.Errorf("without a proof: %d %s", a.StatusCode, a.Text)
		}
		own := send("/oidc/token", redeem...)
		if own.StatusCode != 200 {
			t.Fatalf("%d %s", own.StatusCode, own.Text)
		}
		other := app.CreateApp(t, application.Application{Type: application.SPA})
		foreign := b.Redeem(other, b.Follow(apptest.AuthorizeURL(other)))
		for token, want := range map[string]string{own.String("access_token"): `"active":true`, foreign.Access: `{"active":false}`} {
			if a := send("/oidc/token/introspection", "token", token); !strings.Contains(a.Text, want) {
				t.Errorf("introspection: %d %s, want %s", a.StatusCode, a.Text, want)
			}
		}
		if a := send("/oidc/token/revocation", "token", foreign.Access); a.StatusCode != 200 {
			t.Errorf("revocation: %d %s", a.StatusCode, a.Text)
		}
		if n := app.Count(t, tenant.Default, "grants", "revoked_at IS NOT NULL"); n != 0 {
			t.Error("a stranger revoked a grant")
		}
	}, apptest.ReachingTests())
}

// At most one organization is opened, and to one grant.
func TestDescribedClient_OneOrganization(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin")
		crew := app.Shop(t, robin.ID)
		o := allowDescribed(t, app)
		second := o.Want(201, "POST", "/api/organizations", `{"name":"Second"}`).String("id")
		other := o.Want(201, "POST", "/api/organizations", `{"name":"Other"}`).String("id")
		o.Want(201, "POST", "/api/organizations/"+second+"/users", `{"userIds":["`+robin.ID+`"]}`)
		d := describe(t, nil)
		c, b := d.party(), app.Browser(t)
		begin := apptest.AuthorizeURL(c, "scope", "openid offline_access urn:logto:scope:organizations", "prompt", "consent")
		asks(t, b, begin)
		consent := func(ids string) *apptest.Answer {
			return b.Do("POST", "/api/interaction/consent?"+url.Values{"app_id": {d.id}}.Encode(), `{"organizationIds":`+ids+`}`, "Content-Type", "application/json")
		}
		if a := consent(`["` + crew + `","` + second + `"]`); a.StatusCode != 400 || a.Code() != "oidc.invalid_request" {
			t.Errorf("two: %d %s", a.StatusCode, a.Text)
		}
		if a := consent(`["` + other + `"]`); a.StatusCode != 422 || a.Code() != "organization.require_membership" {
			t.Errorf("a foreign one: %d %s", a.StatusCode, a.Text)
		}
		if n := app.Count(t, tenant.Default, "grants", "TRUE"); n != 0 {
			t.Errorf("%d grants were made", n)
		}
		first := b.Redeem(c, b.Follow(consent(`["`+crew+`"]`).String("redirectTo")))
		none := b.Redeem(c, allow(t, b, asks(t, b, begin)))
		get := func(refresh, organization string) *apptest.Answer {
			return b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "organization_id": {organization}})
		}
		if a := get(first.Refresh, second); a.StatusCode != 403 {
			t.Errorf("another organization: %d %s", a.StatusCode, a.Text)
		}
		if a := get(none.Refresh, crew); a.StatusCode != 403 {
			t.Errorf("under another grant: %d %s", a.StatusCode, a.Text)
		}
		a := get(first.Refresh, crew)
		if a.StatusCode != 200 {
			t.Fatalf("the organization: %d %s", a.StatusCode, a.Text)
		}
		o.Want(204, "DELETE", "/api/organizations/"+crew+"/users/"+robin.ID, "")
		if a := get(a.String("refresh_token"), crew); a.StatusCode != 403 {
			t.Errorf("after leaving: %d %s", a.StatusCode, a.Text)
		}
	}, apptest.ReachingTests())
}

// Attacks 1, 4 and 53: what is no good document makes no client, and no redirect.
func TestDescribedClient_Refused(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		allowDescribed(t, app)
		refused := func(name, id, code string) {
			t.Helper()
			c := (&described{id: id}).party()
			a := app.Browser(t).Authorize(c)
			if a.StatusCode != 400 || a.Code() != "oidc."+code || a.Header.Get("Location") != "" {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.Text)
			}
		}
		type m = map[string]any
		for name, changes := range map[string]m{
			"another id": {"client_id": "https://evil.example/client.json"}, "no id": {"client_id": nil}, "id is a number": {"client_id": 1},
			"no redirect URI": {"redirect_uris": nil}, "script": {"redirect_uris": []string{"javascript:alert(1)"}},
			"wildcard": {"redirect_uris": []string{"https://*.app.example.com/callback"}},
			"too many": {"redirect_uris": slices.Repeat([]string{"https://a.example/"}, 33)},
			"secret":   {"client_secret": "x"}, "Basic": {"token_endpoint_auth_method": "client_secret_basic"},
			"secret JWT": {"token_endpoint_auth_method": "client_secret_jwt"}, "no keys": {"token_endpoint_auth_method": "private_key_jwt"},
			"inner key set": {"jwks_uri": "http://app.example.com/jwks"}, "no key set": {"jwks": m{"keys": []string{}}},
			"operator's setting": {"maxAllowedGrants": 1}, "custom metadata": {"customClientMetadata": m{}}, "access rules": {"appLevelAccessControlEnabled": true},
			"ID token algorithm": {"id_token_signed_response_alg": "HS256"}, "implicit": {"response_types": []string{"id_token"}},
			"machine": {"grant_types": []string{"client_credentials"}}, "long name": {"client_name": strings.Repeat("x", 129)},
			// What the page says of name and place must not be written backwards, or hide.
			"backwards": {"client_name": "Trusted\u202e"}, "lines": {"client_name": "Trusted\n"}, "invisible": {"client_name": "Tru\u200bsted"},
			"host backwards": {"redirect_uris": []string{"https://\u202emoc.elpmaxe.example/cb"}}, "host in disguise": {"redirect_uris": []string{"https://%E2%80%AEmoc.elpmaxe.example/cb"}},
			"back to a host that looks like another": {"post_logout_redirect_uris": []string{"https://app.example.com\u2044evil.example/"}},
		} {
			refused(name, describe(t, changes).id, "invalid_client_metadata")
		}
		for name, h := range map[string]http.HandlerFunc{
			"nothing":  http.NotFound,
			"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other.json", http.StatusFound) },
			"page":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) },
			"no JSON": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte("x"))
			},
			"too large": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(strings.Repeat(" ", 6<<10)))
			},
		} {
			d := describe(t, nil)
			d.answer.Store(h)
			refused(name, d.id, "invalid_client")
			refused(name+" again", d.id, "invalid_client")
			if n := d.calls.Load(); n != 1 {
				t.Errorf("%s: fetched %d times", name, n)
			}
		}
		good := describe(t, nil)
		for name, id := range map[string]string{
			"no path": good.URL, "dots": good.URL + "/x/../client.json", "encoded dots": good.URL + "/x/%2e%2e/client.json", "fragment": good.id + "#x",
			"credentials": strings.Replace(good.id, "https://", "https://user:pw@", 1), "http": strings.Replace(good.id, "https", "http", 1),
			"backslash": good.URL + `\client.json`, "too long": good.id + "?" + strings.Repeat("x", 2048),
		} {
			refused(name, id, "invalid_client")
		}
		if good.calls.Load() != 0 {
			t.Error("a bad address was fetched")
		}
		c := good.party()
		c.OIDC.RedirectURIs = []string{apptest.CallbackURI + "/"}
		if a := app.Browser(t).Authorize(c); a.StatusCode != 400 || a.Code() != "oidc.invalid_redirect_uri" {
			t.Errorf("another redirect URI: %d %s", a.StatusCode, a.Text)
		}
		if n := app.Count(t, tenant.Default, "interactions", "TRUE"); n != 0 {
			t.Errorf("%d interactions began", n)
		}
	}, apptest.ReachingTests())
}

// A document is used as long as it says, within bounds; then what is there now.
func TestDescribedClient_Cache(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.ReachingTests())
	allowDescribed(t, app)
	for control, life := range map[string]time.Duration{
		"": time.Hour, "max-age=600": 10 * time.Minute, "no-store": time.Minute, "max-age=0": time.Minute,
		"public, max-age=31536000": 24 * time.Hour, "max-age=x": time.Minute,
	} {
		d := describe(t, nil)
		d.control = control
		ask := func(status int, calls int64) {
			t.Helper()
			if a := app.Browser(t).Authorize(d.party()); a.StatusCode != status || d.calls.Load() != calls {
				t.Errorf("%q: %d %s, fetched %d times", control, a.StatusCode, a.Text, d.calls.Load())
			}
		}
		ask(303, 1)
		app.Clock.Advance(life - time.Millisecond)
		ask(303, 1)
		d.publish(map[string]any{"redirect_uris": []string{"https://elsewhere.example/"}})
		app.Clock.Advance(time.Millisecond)
		ask(400, 2)
	}
}

// Anybody can name an address: nobody has us call one after the other.
func TestDescribedClient_LimitsFetches(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.ReachingTests(), trusting)
	allowDescribed(t, app)
	d := describe(t, nil)
	ask := func(id, address string) int {
		return app.Browser(t).Do("GET", apptest.AuthorizeURL(d.party(), "client_id", id), "", "X-Forwarded-For", address).StatusCode
	}
	if status := ask(d.id, "192.0.2.1"); status != http.StatusSeeOther {
		t.Fatalf("a good one: %d", status)
	}
	status := 0
	for i := range 30 {
		if status = ask(fmt.Sprintf("%s?%d", d.id, i), "192.0.2.1"); i < 29 && status != http.StatusBadRequest {
			t.Fatalf("%d: %d", i, status)
		}
	}
	calls := d.calls.Load()
	if status != http.StatusTooManyRequests || calls != 30 {
		t.Errorf("the last gets %d; %d calls", status, calls)
	}
	if status := ask(d.id, "192.0.2.1"); status != http.StatusSeeOther {
		t.Errorf("a document that is known: %d", status)
	}
	if status := ask(d.id+"?other", "198.51.100.1"); status != http.StatusBadRequest || d.calls.Load() != calls+1 {
		t.Errorf("somebody else: %d", status)
	}
}

func TestDescribedClient_Guarded(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	if a := app.Browser(t).Do("GET", "/oidc/.well-known/openid-configuration", ""); strings.Contains(a.Text, "client_id_metadata_document_supported") {
		t.Error("said to be on")
	}
	o := allowDescribed(t, app)
	if a := app.Browser(t).Do("GET", "/.well-known/oauth-authorization-server/oidc", ""); !strings.Contains(a.Text, `"client_id_metadata_document_supported":true`) {
		t.Errorf("not said to be on: %s", a.Text)
	}
	d := describe(t, nil)
	if a := app.Browser(t).Authorize(d.party()); a.StatusCode != 400 || a.Code() != "oidc.invalid_client" || d.calls.Load() != 0 {
		t.Errorf("reached a private address: %d %s", a.StatusCode, a.Text)
	}
	o.Want(400, "PATCH", "/api/configs/cimd", `{"enabled":"yes"}`)
	o.Want(201, "POST", "/api/cimd/user-consent-scopes", `{"userScopes":["profile"]}`)
	o.Want(422, "POST", "/api/cimd/user-consent-scopes", `{"resourceScopes":["none"]}`, "application.user_consent_scopes_not_found")
	o.Want(404, "DELETE", "/api/cimd/user-consent-scopes/user-scopes/email", "")
	if a := o.Want(200, "GET", "/api/cimd/user-consent-scopes", ""); !strings.Contains(a.Text, `"userScopes":["profile","urn:logto:scope:organizations"]`) {
		t.Errorf("the ceiling: %s", a.Text)
	}
	open := apptest.Start(t, apptest.With(func(o *server.Options) { o.AllowPrivateCalls = true })).Operator(t)
	open.Want(422, "PATCH", "/api/configs/cimd", `{"enabled":true}`, "request.invalid_input")
	open.Want(200, "PATCH", "/api/configs/cimd", `{"enabled":false}`)
}
