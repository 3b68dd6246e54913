package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/tenant"
)

// What applications ask for all day, each through the whole server.
func BenchmarkRequests(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.Pool{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		app := apptest.Start(b, apptest.OnPool(open(b)))
		app.CreateUser(b, "robin")
		c := app.CreateApp(b, application.Application{Type: application.Traditional})
		spa := app.CreateApp(b, application.Application{Type: application.SPA})
		machine := app.CreateMachine(b, tenant.Default, apptest.ManagementRole)
		browser := app.Browser(b)
		held := browser.Redeem(spa, browser.SignIn(spa, "robin", apptest.Password, "scope", "openid profile email offline_access", "prompt", "consent"))
		handler, _ := app.Server.With(func(web.Guard) web.Table { return web.Table{} })
		basic := func(c *apptest.Client) string {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.ID+":"+c.Secret))
		}
		for _, op := range []struct {
			name, method, path, authorization string
			form                              func() url.Values
		}{
			{"ClientCredentials", "POST", proto.PathToken, basic(machine), func() url.Values {
				return url.Values{"grant_type": {"client_credentials"}, "resource": {resource.ManagementIndicator(tenant.Default)}, "scope": {resource.ManagementScope}}
			}},
			{"Refresh", "POST", proto.PathToken, "", func() url.Values {
				return url.Values{"grant_type": {"refresh_token"}, "client_id": {spa.ID}, "refresh_token": {held.Refresh}}
			}},
			{"Userinfo", "GET", proto.PathUserinfo, "Bearer " + held.Access, nil},
			{"Introspection", "POST", proto.PathIntrospection, basic(c), func() url.Values { return url.Values{"token": {held.Access}} }},
			{"JWKS", "GET", proto.PathJWKS, "", nil},
			{"Discovery", "GET", "/oidc/.well-known/openid-configuration", "", nil},
		} {
			b.Run(op.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					body := ""
					if op.form != nil {
						body = op.form().Encode()
					}
					r := httptest.NewRequest(op.method, app.URL+op.path, strings.NewReader(body))
					if op.method == "GET" {
						r.Header.Set("Accept-Encoding", "gzip")
					}
					if body != "" {
						r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					}
					if op.authorization != "" {
						r.Header.Set("Authorization", op.authorization)
					}
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, r)
					if w.Code != http.StatusOK {
						b.Fatal(w.Code, w.Body)
					}
					if op.name == "Refresh" {
						var next struct {
							Refresh string `json:"refresh_token"`
						}
						if json.Unmarshal(w.Body.Bytes(), &next); next.Refresh != "" {
							held.Refresh = next.Refresh
						}
					}
				}
			})
		}
	}
}
