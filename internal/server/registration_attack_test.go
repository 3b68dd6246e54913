package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/server"
	"signet/internal/tenant"
)

// Attack 7: what cannot be registered is refused with its name, and leaves nothing
// behind but its audit entry; the initial access token is not spent either.
func TestRegistration_RefusesMetadata(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		_, initial := letRegister(t, app, `{"enabled":true,"loopbackRedirectUrisAllowed":false}`)
		before := app.Snapshot(t)
		refuse := func(name, code, body string) {
			t.Helper()
			if a := asClient(t, "POST", app.URL+regPath, initial, body); a.StatusCode != 400 || a.Code() != "oidc."+code || a.String("error") != code {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.Text)
			}
		}
		for _, uri := range []string{
			"javascript:alert(1)", "data:text/html,x", "https://*.app.example.com/", "https://app.example.com/*", "http://app.example.com/",
			"http://127.0.0.1/callback", "http://localhost.evil.example/", "com.example.app:/callback", "https://u:p@app.example.com/", "https://app.example.com/#x",
			"https://app.example.com/../x", "/callback", "",
			"https://\u202emoc.elpmaxe.example/", "https://%E2%80%AEmoc.elpmaxe.example/", "https://app.example.com\u2044evil.example/", "https://app.example.com/" + strings.Repeat("x", 2048),
		} {
			refuse(uri, "invalid_redirect_uri", registering(members{"redirect_uris": []string{uri}}))
			if uri != "" {
				refuse("back to "+uri, "invalid_client_metadata", registering(members{"post_logout_redirect_uris": []string{uri}}))
			}
		}
		for name, changes := range map[string]members{
			"no redirect URI": {"redirect_uris": nil}, "too many": {"redirect_uris": slices.Repeat([]string{apptest.CallbackURI}, 33)},
			"redirect URIs are text": {"redirect_uris": apptest.CallbackURI}, "machine": {"grant_types": []string{"client_credentials"}},
			"password": {"grant_types": []string{"authorization_code", "password"}}, "implicit": {"grant_types": []string{"authorization_code", "implicit"}},
			"exchange":     {"grant_types": []string{"authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"}},
			"refresh only": {"grant_types": []string{"refresh_token"}}, "device is off": {"grant_types": []string{deviceGrant}, "redirect_uris": nil},
			"token": {"response_types": []string{"token"}}, "hybrid": {"response_types": []string{"code", "code id_token"}}, "no code": {"response_types": []string{}},
			"method": {"token_endpoint_auth_method": "tls_client_auth"}, "no keys": {"token_endpoint_auth_method": "private_key_jwt"},
			"inner keys": {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://app.example.com/jwks"},
			"two sets":   {"jwks_uri": "https://app.example.com/jwks", "jwks": clientKeys(t)}, "no key": {"jwks": members{"keys": []string{}}},
			"private key":  {"jwks": members{"keys": []members{{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}}}},
			"unsigned":     {"require_signed_request_object": true},
			"HMAC":         {"token_endpoint_auth_method": "private_key_jwt", "jwks": clientKeys(t), "token_endpoint_auth_signing_alg": "HS256"},
			"no algorithm": {"id_token_signed_response_alg": "none"}, "no key for it": {"id_token_signed_response_alg": "RS256"},
			"type": {"application_type": "browser"}, "long name": {"client_name": strings.Repeat("x", 129)}, "NUL": {"client_name": "a\x00"},
			"backwards": {"client_name": "a\u202eb"}, "logo": {"logo_uri": "javascript:alert(1)"}, "terms": {"tos_uri": "data:,x"},
			"policy": {"policy_uri": `https://x.example/"onload=`}, "inner logout": {"backchannel_logout_uri": "http://10.0.0.1/"},
			"logout fragment": {"backchannel_logout_uri": "https://app.example.com/out#x"}, "empty fragment": {"backchannel_logout_uri": "https://app.example.com/out#"},
		} {
			refuse(name, "invalid_client_metadata", registering(changes))
		}
		refuse("statement", "unapproved_software_statement", registering(members{"software_statement": "e30.e30."}))
		for _, body := range []string{"[]", "{", `{"redirect_uris":`, strings.Replace(registering(nil), "Robot", "\xff", 1), registering(nil) + " {}"} {
			if a := asClient(t, "POST", app.URL+regPath, initial, body, "Content-Type", "application/json"); a.Code() != "oidc.invalid_client_metadata" {
				t.Errorf("%s: %d %s", body, a.StatusCode, a.Text)
			}
		}
		if a := asClient(t, "POST", app.URL+regPath, initial, "client_name=x"); a.StatusCode != 400 || a.Code() != "oidc.invalid_request" {
			t.Errorf("a form: %d %s", a.StatusCode, a.Text)
		}
		if a := asClient(t, "POST", app.URL+regPath, initial, registering(members{"x": strings.Repeat("x", 65<<10)})); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("too large: %d %s", a.StatusCode, a.Text)
		}
		before.Same(t, app.Snapshot(t))
		for _, row := range app.Audit(t, tenant.Default) {
			if text := fmt.Sprint(row.Payload.V); strings.Contains(text, initial) {
				t.Errorf("the trail has the token: %s", text)
			}
		}
	})
}

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// What the tenant allows more, clients may be, and no more.
func TestRegistration_Policy(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, initial := letRegister(t, app, `{"enabled":true,"customSchemeRedirectUrisAllowed":true,"grantTypes":["authorization_code","`+deviceGrant+`"]}`)
		local, a := registerClient(t, app, initial, members{"grant_types": nil, "client_name": nil, "redirect_uris": []string{"http://127.0.0.1/cb", "com.example.app:/cb"}})
		contains(t, a, `"application_type":"native"`, `"grant_types":["authorization_code"]`, `"client_name":"127.0.0.1"`)
		app.CreateUser(t, "robin")
		b := app.Browser(t)
		local.OIDC.RedirectURIs = []string{"http://127.0.0.1:50123/cb"} // RFC 8252 section 7.3
		tokens := b.Redeem(local.Client, allow(t, b, asks(t, b, apptest.AuthorizeURL(local.Client, "scope", "openid offline_access", "prompt", "consent"))))
		if tokens.Refresh != "" {
			t.Error("a refresh token for a client that is not registered for any")
		}
		if a := b.Token(local.Client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}); a.Code() != "oidc.unauthorized_client" {
			t.Errorf("a grant that it is not registered for: %d %s", a.StatusCode, a.Text)
		}
		device, a := registerClient(t, app, initial, members{"grant_types": []string{deviceGrant}, "redirect_uris": nil})
		contains(t, a, `"response_types":[]`, `"application_type":"native"`)
		begun := apptest.Do(t, http.DefaultClient, "POST", app.URL+"/oidc/device/auth", "client_id="+device.ID)
		contains(t, begun, `"user_code"`)
		if a := asClient(t, "POST", app.URL+regPath, initial, registering(nil)); a.Code() != "oidc.invalid_client_metadata" {
			t.Errorf("refresh_token: %d %s", a.StatusCode, a.Text)
		}
		for _, uri := range []string{"http://app.example.com/", "http://127.0.0.1.evil.example/", "http://localhost@evil.example/"} {
			if a := asClient(t, "POST", app.URL+regPath, initial, registering(members{"grant_types": nil, "redirect_uris": []string{uri}})); a.Code() != "oidc.invalid_redirect_uri" {
				t.Errorf("%s: %d %s", uri, a.StatusCode, a.Text)
			}
		}
		if a := asClient(t, "PUT", local.URI, local.Token, registering(members{"client_id": local.ID, "grant_types": []string{deviceGrant}, "redirect_uris": nil})); a.Code() != "oidc.invalid_client_metadata" {
			t.Errorf("another kind: %d %s", a.StatusCode, a.Text)
		}
		// Nobody has allowed the device anything for a day, and so it goes.
		o.Want(200, "PATCH", "/api/configs/client-registration", `{"unusedClientDays":1}`)
		app.Clock.Advance(24*time.Hour + time.Second)
		registerClient(t, app, initial, members{"grant_types": nil})
		o.Want(404, "GET", "/api/applications/"+device.ID, "")
		o.Want(200, "GET", "/api/applications/"+local.ID, "")

		o.Want(200, "PATCH", "/api/configs/client-registration", `{"enabled":false}`)
		for _, method := range []string{"GET", "PUT", "DELETE", "POST"} {
			target := local.URI
			if method == "POST" {
				target = app.URL + regPath
			}
			if a := asClient(t, method, target, local.Token, registering(nil)); a.StatusCode != 404 || a.Code() != "oidc.invalid_request" {
				t.Errorf("%s while switched off: %d %s", method, a.StatusCode, a.Text)
			}
		}
		o.Want(200, "GET", "/api/applications/"+local.ID, "")
	})
}

// Attack 30: fifty at once register with one token, as many get in as it says.
func TestRegistration_ParallelUses(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, _ := letRegister(t, app, `{"enabled":true}`)
		initial := initialToken(o, `{"name":"Three","maxUses":3}`)
		var mu sync.Mutex
		answers := map[int]int{}
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				a := asClient(t, "POST", app.URL+regPath, initial, registering(nil))
				mu.Lock()
				defer mu.Unlock()
				answers[a.StatusCode]++
			})
		}
		group.Wait()
		n := app.Count(t, tenant.Default, "applications", "registration IS NOT NULL")
		if answers[201] != 3 || answers[401] != 47 || n != 3 {
			t.Errorf("answers %v, %d clients", answers, n)
		}
		contains(t, o.Want(200, "GET", "/api/initial-access-tokens", ""), `"maxUses":3,"uses":3`)
	})
}

// Attacks on the tokens: none is good for anything but its own.
func TestRegistration_RefusesTokens(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, initial := letRegister(t, app, `{"enabled":true}`)
		mine, _ := registerClient(t, app, initial, nil)
		other, _ := registerClient(t, app, initial, nil)
		machine := app.CreateMachine(t, tenant.Default)
		foreign := app.OperatorAt(t, app.AdminURL, "x")
		foreign.Want(200, "PATCH", "/api/configs/client-registration", `{"enabled":true}`)
		abroad := initialToken(foreign, `{"name":"Abroad"}`)
		brief := initialToken(o, fmt.Sprintf(`{"name":"Brief","expiresAt":%d}`, app.Clock.Now().UnixMilli()+1000))
		a := o.Want(201, "POST", "/api/initial-access-tokens", `{"name":"Gone"}`)
		gone := a.String("value")
		o.Want(204, "DELETE", "/api/initial-access-tokens/"+a.String("id"), "")
		app.Clock.Advance(time.Second)
		before := app.Snapshot(t)
		refuse := func(name, method, target, token, body string) {
			t.Helper()
			a := asClient(t, method, target, token, body)
			if a.StatusCode != 401 || a.Code() != "oidc.invalid_token" || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), `Bearer realm="`) {
				t.Errorf("%s, %s: %d %s", name, method, a.StatusCode, a.Text)
			}
		}
		for name, token := range map[string]string{
			"none": "", "unknown": "x", "of a client": mine.Token, "of another tenant": abroad, "expired": brief, "deleted": gone, "a secret": machine.Secret,
		} {
			refuse(name, "POST", app.URL+regPath, token, registering(nil))
			refuse(name+" and bad metadata", "POST", app.URL+regPath, token, `{"redirect_uris":1}`)
		}
		for name, token := range map[string]string{"none": "", "unknown": "x", "initial": initial, "of another client": other.Token} {
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				refuse(name, method, mine.URI, token, registering(members{"client_id": mine.ID}))
			}
		}
		refuse("at another tenant", "DELETE", strings.Replace(mine.URI, app.URL, app.AdminURL, 1), mine.Token, "")
		refuse("a client of an operator", "DELETE", app.URL+regPath+"/"+machine.ID, mine.Token, "")
		refuse("nobody", "GET", app.URL+regPath+"/none", mine.Token, "")
		for name, changes := range map[string]members{
			"no id": {}, "another id": {"client_id": other.ID}, "a secret": {"client_id": mine.ID, "client_secret": "x"},
			"its token": {"client_id": mine.ID, "registration_access_token": mine.Token}, "its time": {"client_id": mine.ID, "client_id_issued_at": 1},
			"its address": {"client_id": mine.ID, "registration_client_uri": mine.URI}, "expiry": {"client_id": mine.ID, "client_secret_expires_at": 0},
		} {
			if a := asClient(t, "PUT", mine.URI, mine.Token, registering(changes)); a.StatusCode != 400 || a.Code() != "oidc.invalid_client_metadata" {
				t.Errorf("PUT with %s: %d %s", name, a.StatusCode, a.Text)
			}
		}
		before.Same(t, app.Snapshot(t))
		for _, table := range []string{"initial_access_tokens", "registration_tokens"} {
			if n := app.Count(t, tenant.Default, table, "token_hash = $2 OR token_hash = $3", []byte(initial), []byte(mine.Token)); n != 0 {
				t.Errorf("%s has a token as it is", table)
			}
		}
	})
}

// What operators demand of a client, or it of itself, it cannot shake off, and what
// they set stays.
func TestRegistration_KeepsWhatOperatorsSet(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, initial := letRegister(t, app, `{"enabled":true}`)
		n, a := registerClient(t, app, initial, members{"dpop_bound_access_tokens": true, "backchannel_logout_uri": "https://app.example.com/out"})
		contains(t, a, `"dpop_bound_access_tokens":true`, `"backchannel_logout_uri":"https://app.example.com/out"`)
		o.Want(200, "PATCH", "/api/applications/"+n.ID, `{"customClientMetadata":{"dpopBoundAccessTokens":true,"requirePushedAuthorizationRequests":true,"idTokenTtl":60},"customData":{"checked":true}}`)
		put := asClient(t, "PUT", n.URI, n.Token, registering(members{"client_id": n.ID, "dpop_bound_access_tokens": false, "require_pushed_authorization_requests": nil}))
		contains(t, put, `"dpop_bound_access_tokens":true`, `"require_pushed_authorization_requests":true`)
		app2 := o.Want(200, "GET", "/api/applications/"+n.ID, "")
		contains(t, app2, `"idTokenTtl":60`, `"customData":{"checked":true}`, `"isThirdParty":true`)
		if strings.Contains(put.Text+app2.Text, "app.example.com/out") {
			t.Errorf("what was left out stays: %s", put.Text)
		}
		o.Want(422, "PATCH", "/api/applications/"+n.ID, `{"customClientMetadata":{"allowTokenExchange":true}}`)
	})
}

// Anybody could fill the database: one address registers a few clients a minute.
func TestRegistration_LimitsAddresses(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		letRegister(t, app, `{"enabled":true,"initialAccessTokenRequired":false}`)
		from := func(address string) int {
			return asClient(t, "POST", app.URL+regPath, "", registering(nil), "X-Forwarded-For", address).StatusCode
		}
		for i := range 20 {
			if status := from("192.0.2.1"); status != http.StatusCreated {
				t.Fatalf("%d: %d", i, status)
			}
		}
		if status := from("192.0.2.1"); status != http.StatusTooManyRequests {
			t.Errorf("one too many: %d", status)
		}
		if n := app.Count(t, tenant.Default, "applications", "registration IS NOT NULL"); n != 20 {
			t.Errorf("%d clients", n)
		}
		if keys := app.AuditKeys(t, tenant.Default); len(slices.DeleteFunc(keys, func(key string) bool { return key != "ClientRegistration.Create" })) != 20 {
			t.Error("what is not looked at fills the trail")
		}
		if status := from("198.51.100.1"); status != http.StatusCreated {
			t.Errorf("somebody else: %d", status)
		}
	}, trusting)
}

// Attack 53: an address that a client names reaches nothing of ours.
func TestRegistration_KeySetsReachNoPrivateNetwork(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	_, initial := letRegister(t, app, `{"enabled":true}`)
	d := describe(t, nil)
	n, _ := registerClient(t, app, initial, members{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": d.URL + "/jwks"})
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {"x"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion": {signClaims(t, clientKey(), "", members{"iss": n.ID, "sub": n.ID, "aud": app.URL + "/oidc", "exp": app.Clock.Now().Unix() + 60, "jti": "1"})},
	}
	a := apptest.Do(t, http.DefaultClient, "POST", app.URL+"/oidc/token", form.Encode())
	if a.StatusCode != 401 || a.Code() != "oidc.invalid_client" || d.calls.Load() != 0 {
		t.Errorf("%d %s, fetched %d times", a.StatusCode, a.Text, d.calls.Load())
	}
	open := apptest.Start(t, apptest.With(func(o *server.Options) { o.AllowPrivateCalls = true }))
	open.Refused(t, `PATCH /api/configs/client-registration {"enabled":true} -> 422 request.invalid_input`)
	open.Operator(t).Want(200, "PATCH", "/api/configs/client-registration", `{"initialAccessTokenRequired":false}`)
}

// Browsers of other origins register too, as MCP clients in them do.
func TestRegistration_CORS(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	_, initial := letRegister(t, app, `{"enabled":true}`)
	pre := apptest.Do(t, http.DefaultClient, "OPTIONS", app.URL+regPath+"/x", "", "Origin", "https://app.example.com",
		"Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "authorization,content-type")
	if pre.StatusCode != http.StatusNoContent || !strings.Contains(pre.Header.Get("Access-Control-Allow-Methods"), "PUT") || pre.Header.Get("Access-Control-Allow-Headers") == "" {
		t.Errorf("%d %v", pre.StatusCode, pre.Header)
	}
	a := asClient(t, "POST", app.URL+regPath, initial, registering(nil), "Origin", "https://app.example.com", "Sec-Fetch-Site", "cross-site")
	if a.StatusCode != http.StatusCreated || a.Header.Get("Access-Control-Allow-Origin") != "https://app.example.com" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}
