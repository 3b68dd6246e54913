package organizationapi_test

import (
	"slices"
	"strings"
	"testing"

	"signet/internal/tenant"
)

func TestScopes_Live(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		read := w.Want(201, "POST", "/api/organization-scopes", `{"name":"read all","description":"","tenantId":"admin","id":"mine"}`)
		if id := read.String("id"); len(id) != 21 || read.Text != `{"tenantId":"default","id":"`+id+`","name":"read all","description":null}` {
			t.Errorf("created %s", read.Text)
		}
		w.scope("Édit")
		w.scope("a_b")
		w.wantList("/api/organization-scopes", "name", "a_b", "read all", "Édit")
		w.wantList("/api/organization-scopes?q=%C3%A9D", "name", "Édit")
		w.wantList("/api/organization-scopes?q=_", "name", "a_b")
		w.wantList("/api/organization-scopes?q=%25", "name")
		whole := w.Want(200, "GET", "/api/organization-scopes?q=read", "")
		page := w.Want(200, "GET", "/api/organization-scopes?page_size=1", "")
		if whole.Header.Get("Total-Number")+whole.Header.Get("Link") != "" || page.Header.Get("Total-Number") != "3" || page.Header.Get("Link") == "" {
			t.Errorf("headers %v and %v", whole.Header, page.Header)
		}
		one := "/api/organization-scopes/" + read.String("id")
		if a := w.Want(200, "PATCH", one, `{"name":"read","description":"Reads"}`); a.String("name") != "read" || a.String("description") != "Reads" {
			t.Errorf("changed %s", a.Text)
		}
		if a := w.Want(200, "GET", one, ""); a.String("name") != "read" {
			t.Errorf("read %s", a.Text)
		}
		w.Want(204, "DELETE", one, "")
		w.Want(404, "GET", one, "", "entity.not_exists_with_id")
		w.wantEvents("OrganizationScope.Created", "OrganizationScope.Created", "OrganizationScope.Created",
			"OrganizationScope.Data.Updated", "OrganizationScope.Deleted")
	})
}

func (w *world) wantEvents(want ...string) {
	w.t.Helper()
	if got := w.app.EventNames(w.t, tenant.Default); !slices.Equal(got, want) {
		w.t.Errorf("events %q\nwant   %q", got, want)
	}
}

// api creates an API resource with a scope and returns the scope's id.
func (w *world) api(name string) string {
	w.t.Helper()
	resource := w.create("/api/resources", `{"name":%q,"indicator":"https://%s.example"}`, name, name)
	return w.create("/api/resources/"+resource+"/scopes", `{"name":"%s:read"}`, name)
}

func TestRoles_Live(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		write, read, api := w.scope("write"), w.scope("read"), w.api("orders")
		id := w.create("/api/organization-roles", `{"name":"Editor","organizationScopeIds":%s,"resourceScopeIds":%s}`,
			array(write, read, write), array(api))
		bot := w.role("bot", "MachineToMachine")
		all := w.Want(200, "GET", "/api/organization-roles", "")
		if all.Header.Get("Total-Number") != "2" || !strings.Contains(all.Text, `"type":"User","scopes":[{"id":"`+read+`","name":"read"},{"id":"`+write+`","name":"write"}],"resourceScopes":[{"id":"`+api+`","name":"orders:read","resource":{"id":"`) ||
			!strings.Contains(all.Text, `"type":"MachineToMachine","scopes":[],"resourceScopes":[]`) {
			t.Errorf("list %v %s", all.Header, all.Text)
		}
		w.wantList("/api/organization-roles", "name", "Editor", "bot")
		w.wantList("/api/organization-roles?q=DITOR", "name", "Editor")
		w.wantList("/api/organization-roles?q="+bot[3:], "name", "bot")
		one := "/api/organization-roles/" + id
		if a := w.Want(200, "GET", one, ""); strings.Contains(a.Text, "copes") || a.String("type") != "User" {
			t.Errorf("read %s", a.Text)
		}
		changed := w.Want(200, "PATCH", one, `{"type":"MachineToMachine","description":"Edits","unknown":1}`)
		if changed.String("type") != "MachineToMachine" || changed.String("description") != "Edits" || changed.String("name") != "Editor" {
			t.Errorf("changed %s", changed.Text)
		}
		w.Want(204, "DELETE", one, "")
		w.Want(404, "GET", one, "", "entity.not_found")
		for _, table := range []string{"organization_role_scopes", "organization_role_resource_scopes"} {
			if n := w.count(table); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
		w.wantEvents("OrganizationRole.Created", "OrganizationRole.Created", "OrganizationRole.Data.Updated", "OrganizationRole.Deleted",
			"OrganizationRole.Scopes.Updated", "OrganizationScope.Created", "OrganizationScope.Created", "Scope.Created")
		for _, e := range w.app.Events(t, tenant.Default) {
			if e.Name == "OrganizationRole.Scopes.Updated" && !strings.Contains(string(e.Origin.V.Beside), `"`+id+`"`) {
				t.Errorf("the event says %s", e.Origin.V.Beside)
			}
		}
	})
}

func TestRoles_Grants(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := "/api/organization-roles/" + w.role("editor", "User")
		c, a, b := w.scope("c"), w.scope("a"), w.scope("b")
		x, y := w.api("x"), w.api("y")
		for _, relation := range []struct {
			path, key string
			ids       []string
			names     []string
		}{
			{one + "/scopes", "organizationScopeIds", []string{c, a, b}, []string{"c", "a", "b"}},
			{one + "/resource-scopes", "scopeIds", []string{y, x, "management-api-all"}, []string{"y:read", "x:read", "all"}},
		} {
			body := func(ids ...string) string { return `{"` + relation.key + `":` + array(ids...) + `}` }
			w.wantList(relation.path, "id")
			w.Want(201, "POST", relation.path, body(relation.ids[0]))
			w.Want(201, "POST", relation.path, body(relation.ids[0], relation.ids[1], relation.ids[1]))
			w.wantList(relation.path, "name", relation.names[1], relation.names[0])
			if page := w.Want(200, "GET", relation.path+"?page=2&page_size=1", ""); page.Header.Get("Total-Number") != "2" || !strings.Contains(page.Text, relation.ids[0]) {
				t.Errorf("page %v %s", page.Header, page.Text)
			}
			w.Want(204, "PUT", relation.path, body(relation.ids[1]))
			w.wantList(relation.path, "id", relation.ids[1])
			w.Want(204, "DELETE", relation.path+"/"+relation.ids[1], "")
			w.Want(404, "DELETE", relation.path+"/"+relation.ids[1], "", "entity.not_found")
			w.Want(204, "PUT", relation.path, body(relation.ids[0]))
			w.Want(204, "PUT", relation.path, body())
			w.wantList(relation.path, "id")
		}
		told := 0
		for _, name := range w.app.EventNames(t, tenant.Default) {
			if name == "OrganizationRole.Scopes.Updated" {
				told++
			}
		}
		if told != 6 {
			t.Errorf("%d events tell of scopes; those of resources tell nothing", told)
		}
	})
}

func TestTemplate_Refuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		scope, editor, bot := w.scope("s"), w.role("editor", "User"), w.role("bot", "MachineToMachine")
		w.Want(201, "POST", "/api/organization-roles/"+bot+"/resource-scopes", `{"scopeIds":["management-api-all"]}`)
		foreign := w.app.OperatorAt(t, w.app.AdminURL, "x").Want(201, "POST", "/api/organization-scopes", `{"name":"s"}`).String("id")
		role := "/api/organization-roles/" + editor
		long129 := strings.Repeat("é", 129)
		w.app.Refused(t,
			`POST /api/organization-scopes {"name":"s"} -> 422 entity.unique_integrity_violation`,
			`POST /api/organization-scopes {"name":""} -> 400 guard.invalid_input`,
			`POST /api/organization-scopes {"name":"`+long129+`"} -> 400 guard.invalid_input`,
			`POST /api/organization-scopes {"name":"t","description":"`+long129+long129+`"} -> 400 guard.invalid_input`,
			`POST /api/organization-scopes {} -> 400 guard.invalid_input`,
			"PATCH /api/organization-scopes/"+scope+` {} -> 422 entity.invalid_input`,
			"PATCH /api/organization-scopes/"+scope+` {"name":null} -> 400 guard.invalid_input`,
			`PATCH /api/organization-scopes/none {"name":"t"} -> 404 entity.not_exists`,
			"PATCH /api/organization-scopes/"+foreign+` {"name":"t"} -> 404 entity.not_exists`,
			"DELETE /api/organization-scopes/"+foreign+` -> 404 entity.not_found`,
			`GET /api/organization-scopes/none -> 404 entity.not_exists_with_id`,
			`GET /api/organization-scopes?page=0 -> 400 guard.invalid_pagination`,
			`GET /api/organization-scopes?q=`+strings.Repeat("x", 257)+` -> 400 guard.invalid_input`,

			`POST /api/organization-roles {"name":"editor"} -> 422 entity.unique_integrity_violation`,
			`POST /api/organization-roles {"name":"new","type":"Robot"} -> 400 guard.invalid_input`,
			`POST /api/organization-roles {"name":"new","organizationScopeIds":["`+scope+`","none"]} -> 422 entity.relation_foreign_key_not_found`,
			`POST /api/organization-roles {"name":"new","organizationScopeIds":["`+scope+`"],"resourceScopeIds":["none"]} -> 422 entity.relation_foreign_key_not_found`,
			`POST /api/organization-roles {"name":"new","organizationScopeIds":["`+foreign+`"]} -> 422 entity.relation_foreign_key_not_found`,
			`POST /api/organization-roles {"name":"new","resourceScopeIds":["management-api-all"]} -> 422 entity.db_constraint_violated`,
			`POST /api/organization-roles {"name":"new","organizationScopeIds":`+long(10_000)+`} -> 400 guard.invalid_input`,
			"PATCH "+role+` {} -> 422 entity.invalid_input`,
			"PATCH "+role+` {"name":"bot"} -> 422 entity.unique_integrity_violation`,
			"PATCH "+role+` {"type":null} -> 400 guard.invalid_input`,
			"PATCH /api/organization-roles/"+bot+` {"type":"User"} -> 422 entity.db_constraint_violated`,
			`PATCH /api/organization-roles/none {"name":"t"} -> 404 entity.not_exists`,
			`DELETE /api/organization-roles/none -> 404 entity.not_found`,
			`GET /api/organization-roles/none -> 404 entity.not_found`,
			`GET /api/organization-roles?page_size=101 -> 400 guard.invalid_pagination`,

			`GET /api/organization-roles/none/scopes -> 404 entity.not_found`,
			`GET /api/organization-roles/none/resource-scopes -> 404 entity.not_found`,
			"POST "+role+`/scopes {"organizationScopeIds":[]} -> 400 guard.invalid_input`,
			"POST "+role+`/scopes {"organizationScopeIds":[""]} -> 400 guard.invalid_input`,
			"POST "+role+`/scopes {"organizationScopeIds":`+long(10_000)+`} -> 400 guard.invalid_input`,
			"POST "+role+`/scopes {"organizationScopeIds":["`+scope+`","none"]} -> 422 entity.relation_foreign_key_not_found`,
			`POST /api/organization-roles/none/scopes {"organizationScopeIds":["`+scope+`"]} -> 422 entity.relation_foreign_key_not_found`,
			"PUT "+role+`/scopes {} -> 400 guard.invalid_input`,
			"PUT "+role+`/scopes {"organizationScopeIds":["`+scope+`","`+scope+`"]} -> 422 entity.unique_integrity_violation`,
			`PUT /api/organization-roles/none/scopes {"organizationScopeIds":[]} -> 422 entity.relation_foreign_key_not_found`,
			`DELETE /api/organization-roles/none/scopes/`+scope+` -> 404 entity.not_found`,
			"POST "+role+`/resource-scopes {"scopeIds":[]} -> 400 guard.invalid_input`,
			"POST "+role+`/resource-scopes {"scopeIds":["management-api-all"]} -> 422 entity.db_constraint_violated`,
			"PUT "+role+`/resource-scopes {"scopeIds":["management-api-all"]} -> 422 entity.db_constraint_violated`,
			"PUT "+role+`/resource-scopes {"scopeIds":["none"]} -> 422 entity.relation_foreign_key_not_found`,
			`PUT /api/organization-roles/none/resource-scopes {"scopeIds":[]} -> 422 entity.relation_foreign_key_not_found`,
			"DELETE "+role+`/resource-scopes/none -> 404 entity.not_found`,
		)
	})
}
