package applicationapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// create makes an application through the API and returns its id.
func create(o *apptest.Operator, body string) string {
	return o.Want(200, "POST", "/api/applications", body).String("id")
}

// store puts rows into the default tenant that no operation can make yet.
func store(t *testing.T, app *apptest.App, statements ...string) {
	t.Helper()
	app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// imported are applications of types that cannot be created here.
func imported(t *testing.T, app *apptest.App) {
	t.Helper()
	store(t, app,
		`INSERT INTO applications (tenant_id, id, name, type, oidc_client_metadata, created_at)
			VALUES ($1, 'saml', 'SAML', 'SAML', '{"redirectUris":["https://sp.example/acs"],"postLogoutRedirectUris":[]}', 1)`,
		`INSERT INTO applications (tenant_id, id, name, type, oidc_client_metadata, protected_app_metadata, created_at)
			VALUES ($1, 'guarded', 'Guarded', 'Protected', '{"redirectUris":[],"postLogoutRedirectUris":[]}',
			'{"host":"a.example","origin":"https://o.example","sessionDuration":60,"pageRules":[],"customDomains":[{"domain":"d.example"}]}', 1)`)
}

func TestApplications_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		created := o.Want(200, "POST", "/api/applications", `{"name":"Shop","description":"","type":"Traditional","unknown":1,"tenantId":"admin"}`)
		id := created.String("id")
		for _, want := range []string{
			`"tenantId":"default"`, `"description":null`, `"oidcClientMetadata":{"redirectUris":[],"postLogoutRedirectUris":[]}`,
			`"customClientMetadata":{}`, `"protectedAppMetadata":null`, `"customData":{}`, `"isThirdParty":false`,
			`"appLevelAccessControlEnabled":false`, fmt.Sprintf(`"createdAt":%d`, app.Clock.Now().UnixMilli()),
		} {
			if !strings.Contains(created.Text, want) {
				t.Errorf("created without %s: %s", want, created.Text)
			}
		}
		if len(id) != 21 || strings.Contains(created.Text, `"secret"`) || strings.Contains(created.Text, "isAdmin") {
			t.Errorf("created %s", created.Text)
		}
		if got := o.Want(200, "GET", "/api/applications/"+id, ""); !strings.Contains(got.Text, `"isAdmin":false`) {
			t.Errorf("read %s", got.Text)
		}
		path := "/api/applications/" + id
		o.Want(200, "PATCH", path, `{"description":"Sells","customData":{"a":1,"b":2},"oidcClientMetadata":{"redirectUris":["https://s.example/cb"],"postLogoutRedirectUris":[],"logoUri":"https://s.example/l.png","backchannelLogoutSessionRequired":false},
			"customClientMetadata":{"idTokenTtl":60,"rotateRefreshToken":false}}`)
		changed := o.Want(200, "PATCH", path, `{"customData":{"c":3},"customClientMetadata":{"idTokenTtl":90}}`)
		for _, want := range []string{
			`"customData":{"c":3}`, `"customClientMetadata":{"idTokenTtl":90}`, `"description":"Sells"`,
			`"logoUri":"https://s.example/l.png"`, `"backchannelLogoutSessionRequired":false`,
		} {
			if !strings.Contains(changed.Text, want) {
				t.Errorf("changed without %s: %s", want, changed.Text)
			}
		}
		if same := o.Want(200, "PATCH", path, `{}`); same.Text != changed.Text {
			t.Errorf("an empty patch answers %s", same.Text)
		}
		if a := o.Want(200, "PATCH", path, `{"description":null,"type":"SPA","isThirdParty":true,"id":"x","createdAt":1}`); a.String("type") != "Traditional" ||
			a.String("id") != id || strings.Contains(a.Text, `"isThirdParty":true`) || !strings.Contains(a.Text, `"description":null`) {
			t.Errorf("what cannot change: %s", a.Text)
		}
		o.Want(204, "DELETE", path, "")
		o.Want(404, "GET", path, "", "entity.not_exists_with_id")
		if n := app.Count(t, tenant.Default, "application_secrets", "application_id = $2", id); n != 0 {
			t.Errorf("%d secrets outlive their application", n)
		}
		if names := app.EventNames(t, tenant.Default); len(names) != 0 {
			t.Errorf("applications have no events, got %v", names)
		}
	})
}

func TestApplications_CustomDataIsMerged(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		imported(t, app)
		path := "/api/applications/" + create(o, `{"name":"A","type":"SPA","customData":{"a":{"x":1},"b":2}}`)
		for _, step := range []struct{ body, want string }{
			{`{"a":{"y":1},"c":null}`, `{"a":{"y":1},"b":2,"c":null}`},
			{`{}`, `{"a":{"y":1},"b":2,"c":null}`},
		} {
			if a := o.Want(200, "PATCH", path+"/custom-data", step.body); a.Text != step.want {
				t.Errorf("%s gives %s", step.body, a.Text)
			}
		}
		o.Want(200, "PATCH", "/api/applications/saml/custom-data", `{"a":1}`)
		half := `{"k%d":"` + strings.Repeat("x", 150<<10) + `"}`
		o.Want(200, "PATCH", path+"/custom-data", fmt.Sprintf(half, 1))
		large := `"` + strings.Repeat("x", 1<<20) + `"`
		app.Refused(t,
			"PATCH "+path+"/custom-data {\"a\":"+large+"} -> 413 request.too_large",
			"PATCH "+path+" {\"customData\":{\"a\":"+large+"}} -> 413 request.too_large",
			`POST /api/applications {"name":"A","type":"SPA","customData":{"a":`+large+`}} -> 413 request.too_large`,
			"PATCH "+path+"/custom-data "+fmt.Sprintf(half, 2)+" -> 422 entity.value_too_long",
			"PATCH "+path+`/custom-data [] -> 400 guard.invalid_input`,
			`PATCH /api/applications/none/custom-data {"a":1} -> 404 entity.not_exists_with_id`,
			`PATCH /api/applications/demo-app/custom-data {"a":1} -> 404 entity.not_exists_with_id`,
		)
	})
}

func TestApplications_Lists(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		ids := map[string]string{}
		for _, a := range [][2]string{{"native", "Native"}, {"spa", "SPA"}, {"machine", "MachineToMachine"}} {
			app.Clock.Advance(time.Second)
			ids[a[0]] = create(o, fmt.Sprintf(`{"name":"The %s","type":%q,"description":"%% of %[1]s"}`, a[0], a[1]))
		}
		app.Clock.Advance(time.Second)
		ids["third"] = create(o, `{"name":"The third","type":"SPA","isThirdParty":true}`)
		o.Want(201, "POST", "/api/applications/"+ids["machine"]+"/roles", `{"roleIds":["admin-role"]}`)
		store(t, app, `INSERT INTO organizations (tenant_id, id, name, search_text, created_at) VALUES ($1, 'o', 'O', 'o', 1)`,
			`INSERT INTO organization_applications (tenant_id, organization_id, application_id, created_at) VALUES ($1, 'o', '`+ids["machine"]+`', 1)`)
		for query, want := range map[string]string{
			"":                               "third machine spa native",
			"?types=SPA":                     "third spa",
			"?types=SPA&types=Native":        "third spa native",
			"?isThirdParty=true":             "third",
			"?isThirdParty=false":            "machine spa native",
			"?excludeRoleId=admin-role":      "third spa native",
			"?excludeRoleId=none":            "third machine spa native",
			"?excludeOrganizationId=o":       "third spa native",
			"?search=%25MACH%25":             "machine",
			"?types=SPA&search=%25t%25":      "third spa", // the search narrows the types, it does not widen them
			"?search.name=The+spa":           "spa",
			"?search=" + ids["native"]:       "native",
			"?page=2&page_size=1":            "machine",
			"?page=1&page_size=1&types=SAML": "",
		} {
			a := o.Want(200, "GET", "/api/applications"+query, "")
			var list []application.Published
			a.JSON(t, &list)
			got := []string{}
			for _, found := range list {
				got = append(got, strings.TrimPrefix(found.Name, "The "))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %s", query, got, want)
			}
			if asked := strings.Contains(query, "page"); asked != (a.Header.Get("Total-Number") != "") {
				t.Errorf("%s: %v", query, a.Header)
			}
		}
		app.Refused(t,
			`GET /api/applications?excludeRoleId=a&excludeOrganizationId=b -> 400 request.invalid_input`,
			`GET /api/applications?types=Robot -> 400 guard.invalid_input`,
			`GET /api/applications?search.secret=x -> 400 request.invalid_input`,
			`GET /api/applications?page_size=101 -> 400 guard.invalid_pagination`,
		)
	})
}

func TestApplications_BuiltIn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		for id, kind := range map[string]string{
			"demo-app": `"type":"SPA"`, "account-center": `"type":"SPA"`, "device-demo-app": `"customClientMetadata":{"isDeviceFlow":true}`,
		} {
			a := o.Want(200, "GET", "/api/applications/"+id, "")
			for _, want := range []string{`"id":"` + id + `"`, `"secret":"N/A"`, kind, `"createdAt":0`, `"isAdmin":false`, `{"redirectUris":[],"postLogoutRedirectUris":[]}`} {
				if !strings.Contains(a.Text, want) {
					t.Errorf("no %s in %s", want, a.Text)
				}
			}
			path := "/api/applications/" + id
			app.Refused(t,
				"PATCH "+path+` {"name":"x"} -> 404 entity.not_exists_with_id`,
				"DELETE "+path+` -> 404 entity.not_exists_with_id`,
				"GET "+path+`/secrets -> 404 entity.not_exists_with_id`,
				"GET "+path+`/roles -> 404 entity.not_exists_with_id`,
				"GET "+path+`/organizations -> 404 entity.not_exists_with_id`,
				"GET "+path+`/access-control -> 404 entity.not_exists_with_id`,
				"PUT "+path+`/sign-in-experience {} -> 404 entity.not_exists_with_id`,
				"GET "+path+`/user-consent-scopes -> 404 entity.not_exists_with_id`,
			)
		}
		if a := o.Want(200, "GET", "/api/applications", ""); a.Text != "[]" {
			t.Errorf("a list shows %s", a.Text)
		}
	})
}

func TestApplications_CreationRefused(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		post := "POST /api/applications "
		app.Refused(t,
			// Of several reasons the first one of the published order is told.
			post+`{"name":"x","type":"SAML","isThirdParty":true,"customClientMetadata":{"isDeviceFlow":true}} -> 400 application.saml.use_saml_app_api`,
			post+`{"name":"x","type":"Protected","isThirdParty":true,"customClientMetadata":{"isDeviceFlow":true}} -> 422 application.device_flow_native_only`,
			post+`{"name":"x","type":"Protected","isThirdParty":true} -> 400 application.protected_app_metadata_is_required`,
			post+`{"name":"x","type":"Protected","isThirdParty":true,"protectedAppMetadata":{"subDomain":"a","origin":"https://o.example"}} -> 400 application.invalid_third_party_application_type`,
			post+`{"name":"x","type":"MachineToMachine","isThirdParty":true,"customClientMetadata":{"allowTokenExchange":true}} -> 400 application.invalid_third_party_application_type`,
			post+`{"name":"x","type":"SPA","isThirdParty":true,"customClientMetadata":{"allowTokenExchange":true}} -> 422 application.third_party_application_cannot_enable_token_exchange`,
			post+`{"name":"x","type":"Protected","protectedAppMetadata":{"subDomain":"a","origin":"https://o.example"}} -> 501 application.protected_app_not_configured`,
			// What has no shape is told before all of it.
			post+`{"name":"x","type":"SAML","oidcClientMetadata":{"redirectUris":["javascript:x"],"postLogoutRedirectUris":[]}} -> 400 guard.invalid_input`,
			post+`{"name":"x","type":"SPA","oidcClientMetadata":{"redirectUris":[]}} -> 400 guard.invalid_input`,
			post+`{"name":"x","type":"SPA","oidcClientMetadata":{"redirectUris":[],"postLogoutRedirectUris":[],"backchannelLogoutUri":"file:///etc/passwd"}} -> 400 guard.invalid_input`,
			// OpenID Connect Back-Channel Logout 1.0 section 2.2.
			post+`{"name":"x","type":"SPA","oidcClientMetadata":{"redirectUris":[],"postLogoutRedirectUris":[],"backchannelLogoutUri":"https://a.example/out#x"}} -> 400 guard.invalid_input`,
			post+`{"name":"x","type":"SPA","oidcClientMetadata":{"redirectUris":[],"postLogoutRedirectUris":[],"backchannelLogoutUri":"https://a.example/out#"}} -> 400 guard.invalid_input`,
			post+`{"name":"x","type":"SPA","customClientMetadata":{"refreshTokenTtlInDays":181}} -> 400 guard.invalid_input`,
			post+`{"name":"x","type":"SPA","customClientMetadata":{"maxAllowedGrants":0}} -> 400 guard.invalid_input`,
			post+`{"name":"x","type":"SPA","customData":null} -> 400 guard.invalid_input`,
			post+`{"name":"x","type":"Robot"} -> 400 guard.invalid_input`,
			post+`{"name":"","type":"SPA"} -> 400 guard.invalid_input`,
			post+`{"type":"SPA"} -> 400 guard.invalid_input`,
			post+`{"name":"`+strings.Repeat("x", 257)+`","type":"SPA"} -> 400 guard.invalid_input`,
		)
		create(app.Operator(t), `{"name":"`+strings.Repeat("ü", 256)+`","type":"SPA"}`)
	})
}

// What only protected applications have is not stored with others, so the answer
// does not show it either.
func TestCreate_AnswersNoProtectionThatIsNotStored(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		made := o.Want(200, "POST", "/api/applications", `{"name":"S","type":"SPA","protectedAppMetadata":{"subDomain":"a","origin":"https://o.example"}}`)
		if !strings.Contains(made.Text, `"protectedAppMetadata":null`) {
			t.Error(made.Text)
		}
	})
}

func TestSystem_HasNoProxyForProtectedApplications(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.Refused(t, `GET /api/systems/application -> 501 application.protected_app_not_configured`)
}

func TestApplications_ChangesRefused(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		imported(t, app)
		if a := o.Want(200, "GET", "/api/applications/saml", ""); strings.Contains(a.Text, "acs") {
			t.Errorf("metadata of a SAML application: %s", a.Text)
		}
		device := create(o, `{"name":"TV","type":"Native","customClientMetadata":{"isDeviceFlow":true}}`)
		spa := create(o, `{"name":"SPA","type":"SPA"}`)
		third := create(o, `{"name":"Third","type":"SPA","isThirdParty":true}`)
		foreign := app.OperatorAt(t, app.AdminURL, "x").Want(200, "POST", "/api/applications", `{"name":"F","type":"SPA"}`).String("id")
		patch := "PATCH /api/applications/"
		app.Refused(t,
			patch+`none {"isAdmin":true,"oidcClientMetadata":{"redirectUris":["/x"],"postLogoutRedirectUris":[]}} -> 400 guard.invalid_input`,
			patch+spa+` {"oidcClientMetadata":{"redirectUris":[],"postLogoutRedirectUris":[],"backchannelLogoutUri":"https://a.example/out#x"}} -> 400 guard.invalid_input`,
			patch+`none {} -> 404 entity.not_exists_with_id`,
			patch+foreign+` {"name":"mine"} -> 404 entity.not_exists_with_id`,
			patch+`saml {"name":"x","appLevelAccessControlEnabled":true} -> 400 application.saml.use_saml_app_api`,
			patch+third+` {"appLevelAccessControlEnabled":true,"customClientMetadata":{"allowTokenExchange":true}} -> 422 request.invalid_input`,
			patch+third+` {"customClientMetadata":{"allowTokenExchange":true,"isDeviceFlow":true}} -> 422 application.third_party_application_cannot_enable_token_exchange`,
			patch+spa+` {"customClientMetadata":{"isDeviceFlow":true},"isAdmin":true} -> 422 application.device_flow_not_changeable`,
			patch+device+` {"customClientMetadata":{}} -> 422 application.device_flow_not_changeable`,
			patch+device+` {"customClientMetadata":{"isDeviceFlow":false}} -> 422 application.device_flow_not_changeable`,
			patch+spa+` {"isAdmin":true,"protectedAppMetadata":{}} -> 422 application.invalid_type`,
			patch+spa+` {"protectedAppMetadata":{"sessionDuration":1},"name":"x"} -> 400 application.protected_application_only`,
			patch+`guarded {"protectedAppMetadata":{"sessionDuration":1}} -> 501 application.protected_app_not_configured`,
			patch+spa+` {"name":null} -> 400 guard.invalid_input`,
			patch+spa+` {"name":""} -> 400 guard.invalid_input`,
			patch+spa+` {"customData":"x"} -> 400 guard.invalid_input`,
			`DELETE /api/applications/none -> 404 entity.not_exists_with_id`,
			`DELETE /api/applications/saml -> 400 application.saml.use_saml_app_api`,
			`DELETE /api/applications/guarded -> 422 application.should_delete_custom_domains_first`,
			"DELETE /api/applications/"+foreign+` -> 404 entity.not_exists_with_id`,
			`GET /api/applications/none/protected-app-metadata/custom-domains -> 404 entity.not_exists_with_id`,
			"GET /api/applications/"+spa+`/protected-app-metadata/custom-domains -> 422 application.protected_application_only`,
			// The type is told before the body.
			"POST /api/applications/"+spa+`/protected-app-metadata/custom-domains {} -> 422 application.protected_application_only`,
			"DELETE /api/applications/"+spa+`/protected-app-metadata/custom-domains/d.example -> 422 application.protected_application_only`,
			`GET /api/applications/guarded/protected-app-metadata/custom-domains -> 501 application.protected_app_not_configured`,
			`POST /api/applications/guarded/protected-app-metadata/custom-domains {"domain":"e.example"} -> 501 application.protected_app_not_configured`,
			`DELETE /api/applications/guarded/protected-app-metadata/custom-domains/d.example -> 501 application.protected_app_not_configured`,
		)
		// What was never set is not changed by saying no.
		o.Want(200, "PATCH", "/api/applications/"+spa, `{"customClientMetadata":{"isDeviceFlow":false}}`)
		o.Want(200, "PATCH", "/api/applications/"+device, `{"customClientMetadata":{"isDeviceFlow":true,"idTokenTtl":9}}`)
		if a := o.Want(200, "GET", "/api/applications/guarded", ""); !strings.Contains(a.Text, `"sessionDuration":60`) {
			t.Errorf("imported metadata: %s", a.Text)
		}
	})
}

func TestApplications_DeletionEndsTheirTokens(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		doomed, other := app.CreateApp(t, application.Application{}), app.CreateApp(t, application.Application{})
		signIn := func(c *apptest.Client) (*apptest.Browser, *url.URL) {
			b := app.Browser(t)
			return b, b.SignIn(c, "robin", apptest.Password, "prompt", "consent", "scope", "openid offline_access")
		}
		b, redirect := signIn(doomed)
		tokens := b.Redeem(doomed, redirect)
		b, redirect = signIn(other)
		kept := b.Redeem(other, redirect)
		signIn(doomed) // a code that waits
		if n := app.Count(t, tenant.Default, "authorization_codes", "client_id = $2 AND consumed_at IS NULL", doomed.ID); n != 1 {
			t.Fatalf("%d codes wait", n)
		}
		app.Operator(t).Want(204, "DELETE", "/api/applications/"+doomed.ID, "")
		for _, table := range []string{"grants", "authorization_codes", "refresh_tokens", "access_tokens", "session_clients"} {
			if n := app.Count(t, tenant.Default, table, "client_id = $2", doomed.ID); n != 0 {
				t.Errorf("%d rows of %s outlive the application", n, table)
			}
		}
		me := func(token string) int {
			return b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+token).StatusCode
		}
		if status := me(tokens.Access); status != 401 {
			t.Errorf("its access token: %d", status)
		}
		if a := b.Token(doomed, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}}); a.String("error") != "invalid_client" {
			t.Errorf("its refresh token: %d %s", a.StatusCode, a.Text)
		}
		if status := me(kept.Access); status != 200 {
			t.Errorf("the access token of another: %d", status)
		}
		b.Refresh(other, kept.Refresh)
	})
}

// What an operator changes counts for the very next request.
func TestApplications_ChangedURIWorksAtOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, b := app.Operator(t), app.Browser(t)
		c := app.CreateApp(t, application.Application{})
		if a := b.Authorize(c); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("before: %d %s", a.StatusCode, a.Text)
		}
		o.Want(200, "PATCH", "/api/applications/"+c.ID, `{"oidcClientMetadata":{"redirectUris":["https://new.example/cb"],"postLogoutRedirectUris":[]}}`)
		if a := b.Authorize(c); a.StatusCode != http.StatusBadRequest {
			t.Errorf("the old URI: %d %s", a.StatusCode, a.Text)
		}
		if a := b.Authorize(c, "redirect_uri", "https://new.example/cb"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the new URI: %d %s", a.StatusCode, a.Text)
		}
	})
}
