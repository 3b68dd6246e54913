package organizationapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"signet/internal/organization"
	"signet/internal/tenant"
)

func TestOrganizations_Live(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		plain := w.Want(201, "POST", "/api/organizations", `{"name":"Harbour","description":"","createdAt":1,"tenantId":"admin","id":"mine"}`)
		id := plain.String("id")
		if want := fmt.Sprintf(`{"tenantId":"default","id":"%s","name":"Harbour","description":null,"customData":{},"isMfaRequired":false,"color":{},"branding":{},"customCss":null,"createdAt":%d}`,
			id, w.app.Clock.Now().UnixMilli()); len(id) != 12 || plain.Text != want {
			t.Errorf("created %s\nwant    %s", plain.Text, want)
		}
		one := "/api/organizations/" + id
		full := `{"name":"Harbour","description":"Ships","isMfaRequired":true,"customCss":"a{}","customData":{"a":{"b":[1,null]}},` +
			`"color":{"primaryColor":"#ABCdef","isDarkModeEnabled":false},"branding":{"logoUrl":"ipfs://x","favicon":"https://x.example/i"}}`
		changed := w.Want(200, "PATCH", one, full)
		for _, want := range []string{`"customData":{"a":{"b":[1,null]}}`, `"isMfaRequired":true`, `"color":{"primaryColor":"#ABCdef","isDarkModeEnabled":false}`,
			`"branding":{"logoUrl":"ipfs://x","favicon":"https://x.example/i"}`, `"customCss":"a{}"`} {
			if !strings.Contains(changed.Text, want) {
				t.Errorf("%s is missing in %s", want, changed.Text)
			}
		}
		replaced := w.Want(200, "PATCH", one, `{"customData":{"c":1},"color":{"darkPrimaryColor":"#fff"},"branding":{},"customCss":"","createdAt":5}`)
		if want := fmt.Sprintf(`"customData":{"c":1},"isMfaRequired":true,"color":{"darkPrimaryColor":"#fff"},"branding":{},"customCss":null,"createdAt":%d}`,
			w.app.Clock.Now().UnixMilli()); !strings.HasSuffix(replaced.Text, want) {
			t.Errorf("JSON is replaced as a whole: %s", replaced.Text)
		}
		if a := w.Want(200, "GET", one, ""); a.Text != replaced.Text {
			t.Errorf("read %s", a.Text)
		}
		w.Want(201, "POST", "/api/organizations", full)
		w.Want(204, "DELETE", one, "")
		w.Want(404, "GET", one, "", "entity.not_exists_with_id")
		w.wantEvents("Organization.Created", "Organization.Created", "Organization.Data.Updated", "Organization.Data.Updated", "Organization.Deleted")
	})
}

func TestOrganizations_ListAndSearch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := map[string]string{}
		for _, name := range []string{"Zürich Crew", "50% off_x", "50 percent"} {
			ids[name] = w.organization(name)
			w.app.Clock.Advance(time.Second)
		}
		all := w.Want(200, "GET", "/api/organizations", "")
		if all.Header.Get("Total-Number") != "3" || strings.Contains(all.Text, "usersCount") {
			t.Errorf("all %v %s", all.Header, all.Text)
		}
		w.wantList("/api/organizations", "name", "Zürich Crew", "50% off_x", "50 percent")
		w.wantList("/api/organizations?page=2&page_size=2", "name", "50 percent")
		for q, want := range map[string][]string{
			"Z%C3%9CRICH": {"Zürich Crew"}, "50%25": {"50% off_x"}, "f_x": {"50% off_x"}, "f%5Cx": {}, "crew50": {},
			ids["50 percent"][1:11]: {"50 percent"},
		} {
			w.wantList("/api/organizations?q="+q, "name", want...)
		}
		w.Want(200, "PATCH", "/api/organizations/"+ids["50 percent"], `{"name":"Half"}`)
		w.wantList("/api/organizations?q=percent", "name")
		w.wantList("/api/organizations?q=HALF", "name", "Half")

		members := []string{w.user("u1"), w.user("u2"), w.user("u3"), w.user("u4")}
		w.Want(201, "POST", "/api/organizations/"+ids["Zürich Crew"]+"/users", `{"userIds":`+array(members...)+`}`)
		var list []struct {
			UsersCount    int
			FeaturedUsers []organization.Featured
		}
		w.Want(200, "GET", "/api/organizations?showFeatured=yes&page_size=2", "").JSON(t, &list)
		if len(list) != 2 || list[0].UsersCount != 4 || len(list[0].FeaturedUsers) != 3 || list[0].FeaturedUsers[0].ID != sorted(members...)[0] ||
			list[1].UsersCount != 0 || list[1].FeaturedUsers == nil || len(list[1].FeaturedUsers) != 0 {
			t.Errorf("featured %+v", list)
		}
	})
}

func TestOrganizations_Refuse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := "/api/organizations/" + w.organization("A")
		foreign := w.app.OperatorAt(t, w.app.AdminURL, "x").Want(201, "POST", "/api/organizations", `{"name":"B"}`).String("id")
		w.app.Refused(t,
			`POST /api/organizations {} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":""} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":"`+strings.Repeat("é", 129)+`"} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":"B","description":"`+strings.Repeat("é", 257)+`"} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":"B","customData":[]} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":"B","color":{"primaryColor":"red"}} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":"B","color":{"primaryColor":"#12345"}} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":"B","branding":{"logoUrl":"nowhere"}} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":"B","isMfaRequired":null} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":"B","customCss":"`+strings.Repeat("x", 65_537)+`"} -> 400 guard.invalid_input`,
			`POST /api/organizations {"name":"a\u0000b"} -> 400 guard.invalid_input`,
			"PATCH "+one+` {} -> 422 entity.invalid_input`,
			"PATCH "+one+` {"createdAt":1,"tenantId":"x"} -> 422 entity.invalid_input`,
			"PATCH "+one+` {"customData":null} -> 400 guard.invalid_input`,
			"PATCH "+one+` {"name":"","description":"x"} -> 400 guard.invalid_input`,
			"PATCH "+one+` {"name":"x","color":{"darkPrimaryColor":""}} -> 400 guard.invalid_input`,
			`PATCH /api/organizations/none {"name":"x"} -> 404 entity.not_exists`,
			"PATCH /api/organizations/"+foreign+` {"name":"x"} -> 404 entity.not_exists`,
			"GET /api/organizations/"+foreign+` -> 404 entity.not_exists_with_id`,
			"DELETE /api/organizations/"+foreign+` -> 404 entity.not_found`,
			`GET /api/organizations?page=x -> 400 guard.invalid_pagination`,
		)
	})
}

// What ends takes its links along, and nothing else.
func TestOrganizations_Cascades(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		type scene struct {
			organization, user, app, editor, bot, scope, api string
		}
		build := func(suffix string) scene {
			s := scene{
				organization: w.organization(suffix), user: w.user("user" + suffix), app: w.machine("app" + suffix),
				scope: w.scope("scope" + suffix), api: w.api("api" + suffix),
			}
			grants := fmt.Sprintf(`"organizationScopeIds":%s,"resourceScopeIds":%s`, array(s.scope), array(s.api))
			s.editor = w.create("/api/organization-roles", `{"name":"editor%s",%s}`, suffix, grants)
			s.bot = w.create("/api/organization-roles", `{"name":"bot%s","type":"MachineToMachine",%s}`, suffix, grants)
			one := "/api/organizations/" + s.organization
			w.Want(201, "POST", one+"/users", `{"userIds":`+array(s.user)+`}`)
			w.Want(201, "POST", one+"/applications", `{"applicationIds":`+array(s.app)+`}`)
			w.Want(201, "POST", one+"/users/roles", `{"userIds":`+array(s.user)+`,"organizationRoleIds":`+array(s.editor)+`}`)
			w.Want(201, "POST", one+"/applications/roles", `{"applicationIds":`+array(s.app)+`,"organizationRoleIds":`+array(s.bot)+`}`)
			return s
		}
		stays := build("stays")
		tables := map[string]string{
			"organization_users": "user_id", "organization_user_roles": "user_id",
			"organization_applications": "application_id", "organization_application_roles": "application_id",
			"organization_role_scopes": "organization_scope_id", "organization_role_resource_scopes": "scope_id",
		}
		for what, test := range map[string]struct {
			end  func(s scene)
			gone string // tables
		}{
			"organization": {func(s scene) { w.Want(204, "DELETE", "/api/organizations/"+s.organization, "") },
				"organization_users organization_user_roles organization_applications organization_application_roles"},
			"role": {func(s scene) { w.Want(204, "DELETE", "/api/organization-roles/"+s.editor, "") }, "organization_user_roles"},
			"user": {func(s scene) { w.deleteUser(s.user) }, "organization_users organization_user_roles"},
			"application": {func(s scene) { w.deleteRow("applications", s.app) },
				"organization_applications organization_application_roles"},
			"scope":          {func(s scene) { w.Want(204, "DELETE", "/api/organization-scopes/"+s.scope, "") }, "organization_role_scopes"},
			"resource scope": {func(s scene) { w.deleteRow("scopes", s.api) }, "organization_role_resource_scopes"},
			"member": {func(s scene) {
				w.Want(204, "DELETE", "/api/organizations/"+s.organization+"/users/"+s.user, "")
			}, "organization_users organization_user_roles"},
		} {
			s := build(strings.ReplaceAll(what, " ", ""))
			ids := map[string]string{"user_id": s.user, "application_id": s.app, "organization_scope_id": s.scope, "scope_id": s.api}
			test.end(s)
			for table, column := range tables {
				left := w.app.Count(t, tenant.Default, table, column+" = $2", ids[column])
				if gone := strings.Contains(" "+test.gone+" ", " "+table+" "); gone != (left == 0) {
					t.Errorf("without the %s: %d rows of %s", what, left, table)
				}
			}
			members := w.Want(200, "GET", "/api/organizations/"+s.organization+"/users", "").Header.Get("Total-Number")
			if left := w.app.Count(t, tenant.Default, "organization_users", "organization_id = $2", s.organization); members != fmt.Sprint(left) {
				t.Errorf("without the %s: %s members counted, %d there", what, members, left)
			}
		}
		w.wantList("/api/organizations/"+stays.organization+"/users/"+stays.user+"/roles", "name", "editorstays")
		w.wantList("/api/organizations/"+stays.organization+"/applications/"+stays.app+"/roles", "name", "botstays")
		w.wantList("/api/organization-roles/"+stays.editor+"/scopes", "name", "scopestays")
	})
}
