package applicationapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/role"
	"signet/internal/tenant"
)

// seedRoles makes roles of both types: r1 and r2 for machines, people for users.
func seedRoles(t *testing.T, app *apptest.App) {
	t.Helper()
	store(t, app, `INSERT INTO roles (tenant_id, id, name, description, type, created_at) VALUES
		($1, 'r1', 'Reader', 'Reads', 'MachineToMachine', 1), ($1, 'r2', 'Writer', 'Writes', 'MachineToMachine', 1), ($1, 'people', 'Person', 'Is', 'User', 1)`)
}

func TestRoles_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		seedRoles(t, app)
		path := "/api/applications/" + create(o, `{"name":"M","type":"MachineToMachine"}`)
		held := func(query string) string {
			var roles []role.Published
			o.Want(200, "GET", path+"/roles"+query, "").JSON(t, &roles)
			names := []string{}
			for _, r := range roles {
				names = append(names, r.Name)
			}
			return strings.Join(names, " ")
		}
		if a := o.Want(201, "POST", path+"/roles", `{"roleIds":["r1","r1"]}`); a.Text != `{"roleIds":["r1","r1"],"addedRoleIds":["r1"]}` {
			t.Errorf("given %s", a.Text)
		}
		if a := o.Want(201, "POST", path+"/roles", `{"roleIds":["r1","r2"]}`); a.Text != `{"roleIds":["r1","r2"],"addedRoleIds":["r2"]}` {
			t.Errorf("given more %s", a.Text)
		}
		if a := o.Want(201, "POST", path+"/roles", `{"roleIds":["r1"]}`); a.Text != `{"roleIds":["r1"],"addedRoleIds":[]}` {
			t.Errorf("given again %s", a.Text)
		}
		for query, want := range map[string]string{"": "Reader Writer", "?search=%25rit%25": "Writer", "?page=2&page_size=1": "Writer"} {
			if got := held(query); got != want {
				t.Errorf("%s: %s", query, got)
			}
		}
		for _, step := range []struct{ ids, want string }{{`["r2"]`, "Writer"}, {`["r2","r1","r1"]`, "Reader Writer"}, {`[]`, ""}, {`[]`, ""}} {
			o.Want(200, "PUT", path+"/roles", `{"roleIds":`+step.ids+`}`)
			if got := held(""); got != step.want {
				t.Errorf("%s: %s", step.ids, got)
			}
		}
		o.Want(201, "POST", path+"/roles", `{"roleIds":["r1"]}`)
		o.Want(204, "DELETE", path+"/roles/r1", "")
		// Internal roles are in force though lists do not show them.
		isAdmin := func() bool { return strings.Contains(o.Want(200, "GET", path, "").Text, `"isAdmin":true`) }
		o.Want(200, "PATCH", path, `{"isAdmin":true}`)
		if !isAdmin() || held("") != "" {
			t.Error("an administrator")
		}
		o.Want(200, "PATCH", path, `{"isAdmin":false}`)
		o.Want(200, "PATCH", path, `{"isAdmin":false,"name":"N"}`)
		if isAdmin() {
			t.Error("no longer an administrator")
		}
	})
}

func TestRoles_Refuse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		seedRoles(t, app)
		machine := "/api/applications/" + create(o, `{"name":"M","type":"MachineToMachine"}`) + "/roles"
		spa := "/api/applications/" + create(o, `{"name":"S","type":"SPA"}`) + "/roles"
		o.Want(201, "POST", machine, `{"roleIds":["r1"]}`)
		app.Refused(t,
			"POST "+machine+` {"roleIds":["r2","people"]} -> 422 application.invalid_role_type`,
			"POST "+machine+` {"roleIds":["r2","none"]} -> 404 entity.relation_foreign_key_not_found`,
			"POST "+machine+` {"roleIds":[""]} -> 400 guard.invalid_input`,
			"POST "+machine+` {} -> 400 guard.invalid_input`,
			"PUT "+machine+` {"roleIds":["people"]} -> 422 entity.db_constraint_violated`,
			"PUT "+machine+` {"roleIds":["r2","none"]} -> 404 entity.relation_foreign_key_not_found`,
			"DELETE "+machine+`/r2 -> 404 entity.not_found`,
			"GET "+spa+` -> 422 application.invalid_type`,
			"POST "+spa+` {"roleIds":["people"]} -> 422 application.invalid_type`,
			"PUT "+spa+` {"roleIds":[]} -> 422 application.invalid_type`,
			"DELETE "+spa+`/r1 -> 422 application.invalid_type`,
			`GET /api/applications/none/roles -> 404 entity.not_exists_with_id`,
			`POST /api/applications/none/roles {"roleIds":["r1"]} -> 404 entity.not_exists_with_id`,
			"GET "+machine+`?search.type=User -> 400 request.invalid_input`,
		)
	})
}

// seedOrganizations makes two organizations; the user belongs to the first one.
func seedOrganizations(t *testing.T, app *apptest.App, userID string) {
	t.Helper()
	store(t, app,
		`INSERT INTO organizations (tenant_id, id, name, search_text, color, created_at) VALUES
			($1, 'o1', 'One', 'one', '{"primaryColor":"#123456"}', 1), ($1, 'o2', 'Two', 'two', '{}', 2)`,
		`INSERT INTO organization_roles (tenant_id, id, name, type) VALUES ($1, 'or1', 'Editor', 'User'), ($1, 'om1', 'Robot', 'MachineToMachine')`,
		`INSERT INTO organization_scopes (tenant_id, id, name) VALUES ($1, 'os1', 'read:it'), ($1, 'os2', 'write:it')`)
	app.Operator(t).Want(201, "POST", "/api/organizations/o1/users", `{"userIds":["`+userID+`"]}`)
}

func TestOrganizations_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		seedOrganizations(t, app, app.CreateUser(t, "robin").ID)
		id := create(o, `{"name":"M","type":"MachineToMachine"}`)
		store(t, app, `INSERT INTO organization_applications (tenant_id, organization_id, application_id, created_at) VALUES ($1, 'o1', '`+id+`', 1), ($1, 'o2', '`+id+`', 1)`,
			`INSERT INTO organization_application_roles (tenant_id, organization_id, application_id, organization_role_id) VALUES ($1, 'o1', '`+id+`', 'om1')`)
		all := o.Want(200, "GET", "/api/applications/"+id+"/organizations", "")
		want := `[{"tenantId":"default","id":"o1","name":"One","description":null,"customData":{},"isMfaRequired":false,"color":{"primaryColor":"#123456"},"branding":{},"customCss":null,"createdAt":1,"organizationRoles":[{"id":"om1","name":"Robot"}]},`
		if !strings.HasPrefix(all.Text, want) || !strings.HasSuffix(all.Text, `"organizationRoles":[]}]`) || all.Header.Get("Total-Number") != "" {
			t.Errorf("everything: %s", all.Text)
		}
		if page := o.Want(200, "GET", "/api/applications/"+id+"/organizations?page=2&page_size=1", ""); page.Header.Get("Total-Number") != "2" || strings.Contains(page.Text, "o1") {
			t.Errorf("a page: %s", page.Text)
		}
		o.Want(404, "GET", "/api/applications/none/organizations", "", "entity.not_exists_with_id")
	})
}

func TestConsentOrganizations(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		robin, wren := app.CreateUser(t, "robin").ID, app.CreateUser(t, "wren").ID
		seedOrganizations(t, app, robin)
		o.Want(201, "POST", "/api/organizations/o2/users", `{"userIds":["`+robin+`"]}`)
		third := "/api/applications/" + create(o, `{"name":"T","type":"SPA","isThirdParty":true}`) + "/users/"
		own := "/api/applications/" + create(o, `{"name":"S","type":"SPA"}`) + "/users/"
		path := third + robin + "/consent-organizations"
		open := func() string {
			a := o.Want(200, "GET", path, "")
			ids := []string{}
			for _, id := range []string{"o1", "o2"} {
				if strings.Contains(a.Text, `"id":"`+id+`"`) {
					ids = append(ids, id)
				}
			}
			if !strings.HasPrefix(a.Text, `{"organizations":[`) || a.Header.Get("Total-Number") != fmt.Sprint(len(ids)) {
				t.Errorf("list %v %s", a.Header, a.Text)
			}
			return strings.Join(ids, " ")
		}
		for _, step := range []struct{ method, path, body, want string }{
			{"POST", path, `{"organizationIds":["o1","o1"]}`, "o1"},
			{"POST", path, `{"organizationIds":["o1","o2"]}`, "o1 o2"},
			{"PUT", path, `{"organizationIds":["o2"]}`, "o2"},
			{"PUT", path, `{"organizationIds":["o1","o2"]}`, "o1 o2"},
			{"DELETE", path + "/o2", "", "o1"},
		} {
			status := map[string]int{"POST": 201, "PUT": 204, "DELETE": 204}[step.method]
			o.Want(status, step.method, step.path, step.body)
			if got := open(); got != step.want {
				t.Errorf("%s %s: %s", step.method, step.body, got)
			}
		}
		body := `{"organizationIds":["o1"]}`
		app.Refused(t,
			"POST "+third+wren+"/consent-organizations "+body+" -> 422 organization.require_membership",
			"PUT "+third+wren+"/consent-organizations "+body+" -> 422 organization.require_membership",
			"PUT "+path+` {"organizationIds":["o2","none"]} -> 422 organization.require_membership`,
			"DELETE "+path+"/o2 -> 404 entity.not_found",
			"POST "+path+` {"organizationIds":[""]} -> 400 guard.invalid_input`,
			// Application, its kind and the user come before the body.
			"POST /api/applications/none/users/"+robin+"/consent-organizations {} -> 404 entity.not_exists_with_id",
			"POST "+own+"none/consent-organizations {} -> 422 application.third_party_application_only",
			"POST "+third+"none/consent-organizations {} -> 404 entity.not_found",
			"GET "+third+"none/consent-organizations?page=0 -> 404 entity.not_found",
			"GET "+path+"?page=0 -> 400 guard.invalid_pagination",
		)
		store(t, app, `DELETE FROM organization_users WHERE tenant_id = $1 AND organization_id = 'o1'`)
		if got := open(); got != "" {
			t.Errorf("after leaving: %s", got)
		}
	})
}

func TestConsentScopes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		seedOrganizations(t, app, app.CreateUser(t, "robin").ID)
		resource := o.Want(201, "POST", "/api/resources", `{"name":"Orders","indicator":"https://orders.example"}`).String("id")
		scope := o.Want(201, "POST", "/api/resources/"+resource+"/scopes", `{"name":"see"}`).String("id")
		app1 := create(o, `{"name":"T","type":"SPA","isThirdParty":true}`)
		third, own := "/api/applications/"+app1+"/user-consent-scopes", "/api/applications/"+create(o, `{"name":"S","type":"SPA"}`)+"/user-consent-scopes"
		everything := fmt.Sprintf(`{"userScopes":["profile","email","email"],"organizationScopes":["os1"],"resourceScopes":[%q],"organizationResourceScopes":[%[1]q]}`, scope)
		for range 2 {
			o.Want(201, "POST", third, everything)
		}
		o.Want(201, "POST", third, `{}`)
		api := fmt.Sprintf(`[{"resource":{"id":%q,"name":"Orders","indicator":"https://orders.example"},"scopes":[{"id":%q,"name":"see","description":null}]}]`, resource, scope)
		want := `{"organizationScopes":[{"id":"os1","name":"read:it","description":null}],"resourceScopes":` + api + `,"organizationResourceScopes":` + api + `,"userScopes":["email","profile"]}`
		if a := o.Want(200, "GET", third, ""); a.Text != want {
			t.Errorf("may ask for %s\nwant %s", a.Text, want)
		}
		none := `{"organizationScopes":[],"resourceScopes":[],"organizationResourceScopes":[],"userScopes":[]}`
		if a := o.Want(200, "GET", own, ""); a.Text != none {
			t.Errorf("our own application: %s", a.Text)
		}
		unknown := o.Want(422, "POST", third, `{"userScopes":["phone"],"resourceScopes":["x","`+scope+`"],"organizationScopes":["os2","y"],"organizationResourceScopes":["z"]}`, "application.user_consent_scopes_not_found")
		if !strings.Contains(unknown.Text, `"data":{"invalidOrganizationScopes":["y"],"invalidResourceScopes":["x"],"invalidOrganizationResourceScopes":["z"]}`) {
			t.Errorf("unknown scopes: %s", unknown.Text)
		}
		app.Refused(t,
			"POST "+own+" "+everything+" -> 422 application.third_party_application_only",
			`POST /api/applications/none/user-consent-scopes {} -> 404 entity.not_exists_with_id`,
			`GET /api/applications/none/user-consent-scopes -> 404 entity.not_exists_with_id`,
			"POST "+third+` {"userScopes":["phone","openid"]} -> 400 guard.invalid_input`,
			"POST "+third+` {"userScopes":["phone"],"resourceScopes":["management-api-all"]} -> 422 application.consent_management_api_scopes_not_allowed`,
			"POST "+third+` {"userScopes":["phone"],"organizationResourceScopes":["management-api-all"]} -> 422 application.consent_management_api_scopes_not_allowed`,
			"DELETE "+third+`/user-scopes/phone -> 404 entity.not_found`,
			"DELETE "+third+`/resource-scopes/os1 -> 404 entity.not_found`,
			"DELETE "+third+`/other-scopes/os1 -> 400 guard.invalid_input`,
			"DELETE "+own+`/user-scopes/email -> 404 entity.not_found`,
			`DELETE /api/applications/none/user-consent-scopes/user-scopes/email -> 404 entity.not_exists_with_id`,
		)
		for _, path := range []string{"/user-scopes/email", "/user-scopes/profile", "/organization-scopes/os1", "/resource-scopes/" + scope} {
			o.Want(204, "DELETE", third+path, "")
		}
		if n := app.Count(t, tenant.Default, "consent_scopes", "kind = 'organization-resource'"); n != 1 || app.Count(t, tenant.Default, "consent_scopes", "TRUE") != 1 {
			t.Error("a deletion took the wrong ones")
		}
		o.Want(204, "DELETE", "/api/resources/"+resource, "")
		if a := o.Want(200, "GET", third, ""); a.Text != none {
			t.Errorf("after its API is gone: %s", a.Text)
		}
	})
}

func TestExperience(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		id := create(o, `{"name":"S","type":"MachineToMachine"}`)
		path := "/api/applications/" + id + "/sign-in-experience"
		o.Want(404, "GET", path, "", "entity.not_exists_with_id")
		bare := `{"tenantId":"default","applicationId":"` + id + `","color":{},"branding":{},"customCss":null,"termsOfUseUrl":null,"privacyPolicyUrl":null,"displayName":null}`
		if a := o.Want(201, "PUT", path, `{}`); a.Text != bare {
			t.Errorf("created %s", a.Text)
		}
		o.Want(200, "PUT", path, `{"color":{"primaryColor":"#abc","isDarkModeEnabled":false},"branding":{"logoUrl":"https://s.example/l.png"},"displayName":"Shop","termsOfUseUrl":"https://s.example/t","customCss":"a{}"}`)
		changed := o.Want(200, "PUT", path, `{"color":{"darkPrimaryColor":"#AABBCC"},"termsOfUseUrl":"","privacyPolicyUrl":null,"customCss":null}`)
		want := `{"tenantId":"default","applicationId":"` + id + `","color":{"darkPrimaryColor":"#AABBCC"},"branding":{"logoUrl":"https://s.example/l.png"},"customCss":null,"termsOfUseUrl":null,"privacyPolicyUrl":null,"displayName":"Shop"}`
		if a := o.Want(200, "GET", path, ""); a.Text != want || changed.Text != want {
			t.Errorf("changed %s, read %s", changed.Text, a.Text)
		}
		refused := []string{
			"PUT " + path + ` {} -> 422 entity.invalid_input`,
			`PUT /api/applications/none/sign-in-experience {} -> 404 entity.not_exists_with_id`,
			`GET /api/applications/none/sign-in-experience -> 404 entity.not_exists_with_id`,
		}
		for _, body := range []string{
			`{"color":{"primaryColor":"red"}}`, `{"color":null}`, `{"branding":{"logoUrl":"javascript:alert(1)"}}`, `{"branding":{"favicon":null}}`,
			`{"termsOfUseUrl":"javascript:alert(1)"}`, `{"privacyPolicyUrl":"terms"}`, `{"displayName":"` + strings.Repeat("x", 257) + `"}`,
			`{"customCss":"` + strings.Repeat("x", 65537) + `"}`, `{"termsOfUseUrl":"https://` + strings.Repeat("x", 2048) + `"}`,
		} {
			refused = append(refused, "PUT "+path+" "+body+" -> 400 guard.invalid_input")
		}
		app.Refused(t, slices.Compact(refused)...)
	})
}
