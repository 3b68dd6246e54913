package server_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"signet/internal/account"
	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/dpop/dpoptest"
	"signet/internal/resource"
	"signet/internal/tenant"
)

// RFC 9449 section 7: at every API of ours a bound token needs its proof, and
// scripts of other origins may send one.
func TestDPoP_BoundTokensAtTheAPIs(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.Operator(t).Want(200, "PATCH", "/api/configs/oidc/dpop", `{"enabled":true}`)
		key, other := dpoptest.New(t), dpoptest.New(t)
		proof := func(k *dpoptest.Key, method, path string, claims map[string]any) string {
			return k.Proof(method, app.URL+path, app.Clock.Now().UnixMilli(), claims)
		}
		token := func(c *apptest.Client, form url.Values) (access string) {
			t.Helper()
			header := []string{"Content-Type", "application/x-www-form-urlencoded", "DPoP", proof(key, "POST", "/oidc/token", nil)}
			if c.Secret != "" {
				header = append(header, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.ID+":"+c.Secret)))
			}
			a := apptest.Do(t, app.Client(t), http.MethodPost, app.URL+"/oidc/token", form.Encode(), header...)
			if a.StatusCode != 200 || a.String("token_type") != "DPoP" {
				t.Fatalf("%d %s", a.StatusCode, a.Text)
			}
			return a.String("access_token")
		}
		machine := app.CreateMachine(t, tenant.Default, apptest.ManagementRole)
		person := app.CreateApp(t, application.Application{})
		b := app.Browser(t)
		back := b.Register(person, "ann", apptest.Password, "scope", account.AllScopes, "dpop_jkt", key.Thumbprint)
		for path, access := range map[string]string{
			"/api/applications": token(machine, url.Values{
				"grant_type": {"client_credentials"}, "scope": {"all"}, "resource": {resource.ManagementIndicator(tenant.Default)},
			}),
			"/api/my-account": token(person, url.Values{
				"grant_type": {"authorization_code"}, "client_id": {person.ID}, "code": {back.Query().Get("code")},
				"redirect_uri": {person.Redirect()}, "code_verifier": {apptest.Verifier},
			}),
		} {
			about := dpoptest.About(access)
			used := proof(key, "GET", path, about)
			call := func(scheme, proof string) *apptest.Answer {
				return apptest.Do(t, app.Client(t), http.MethodGet, app.URL+path, "", "Authorization", scheme+" "+access, "DPoP", proof)
			}
			if a := call("DPoP", used); a.StatusCode != 200 {
				t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
			}
			for name, a := range map[string]*apptest.Answer{
				"as bearer":      call("Bearer", proof(key, "GET", path, about)),
				"used before":    call("DPoP", used),
				"another key":    call("DPoP", proof(other, "GET", path, about)),
				"about nothing":  call("DPoP", proof(key, "GET", path, nil)),
				"another method": call("DPoP", proof(key, "POST", path, about)),
			} {
				if a.StatusCode != 401 || a.Code() != "auth.unauthorized" || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "DPoP error=") || strings.Contains(a.Text, "WWW") {
					t.Errorf("%s %s: %d %s %v", path, name, a.StatusCode, a.Text, a.Header)
				}
			}
		}
		preflight := apptest.Do(t, app.Client(t), http.MethodOptions, app.URL+"/api/my-account", "", "Origin", "https://app.example",
			"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization,dpop")
		if preflight.StatusCode != 204 || preflight.Header.Get("Access-Control-Allow-Headers") != "authorization,dpop" {
			t.Errorf("%d %v", preflight.StatusCode, preflight.Header)
		}
	})
}

// The verifier of another program that forwards a token cannot have its proof.
func TestDPoP_BoundTokenAtAWebhookCountsForNothing(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	u, c := app.CreateUser(t, "ann"), app.CreateApp(t, application.Application{})
	const api = "https://orders.example.com"
	claims := app.ManagementClaims(tenant.Default, tenant.Default, u.ID, c.ID, map[string]any{"aud": api})
	ask := func() string {
		t.Helper()
		return apptest.Do(t, app.Client(t), http.MethodGet, app.URL+"/api/authn/hasura?resource="+url.QueryEscape(api)+"&unauthorizedRole=nobody", "",
			"Authorization", "Bearer "+app.SignJWT(t, tenant.Default, nil, claims)).Text
	}
	if got := ask(); !strings.Contains(got, u.ID) {
		t.Errorf("unbound: %s", got)
	}
	claims["cnf"] = map[string]any{"jkt": dpoptest.New(t).Thumbprint}
	if got := ask(); strings.Contains(got, u.ID) {
		t.Errorf("bound: %s", got)
	}
}

func TestDPoP_Configuration(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		for _, c := range []struct{ method, body, want string }{
			{"GET", "", `{"enabled":false,"nonceRequired":false}`},
			{"PATCH", `{"enabled":true}`, `{"enabled":true,"nonceRequired":false}`},
			{"PATCH", `{"nonceRequired":true}`, `{"enabled":true,"nonceRequired":true}`},
			{"GET", "", `{"enabled":true,"nonceRequired":true}`},
		} {
			if got := o.Want(200, c.method, "/api/configs/oidc/dpop", c.body).Text; got != c.want {
				t.Errorf("%s %s: %s", c.method, c.body, got)
			}
		}
		app.Refused(t, `PATCH /api/configs/oidc/dpop {} -> 422 entity.invalid_input`,
			`PATCH /api/configs/oidc/dpop {"enabled":"yes"} -> 400 guard.invalid_input`)
	})
}
