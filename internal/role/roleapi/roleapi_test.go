package roleapi_test

import (
	"fmt"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/tenant"
	"signet/internal/user"
)

// world is what roles are given and grant.
type world struct {
	*apptest.App
	o            *apptest.Operator
	robin, kim   string // users
	machine      string
	read, write  string // scopes
	user, robots string // roles
}

func setup(t *testing.T, app *apptest.App) world {
	t.Helper()
	w := world{App: app, o: app.Operator(t)}
	w.robin, w.kim = app.CreateUser(t, "robin").ID, app.CreateUser(t, "kim").ID
	w.machine = app.CreateApp(t, application.Application{Name: "Robot", Type: application.MachineToMachine}).ID
	api := w.o.Want(201, "POST", "/api/resources", `{"name":"Orders","indicator":"https://orders.example"}`).String("id")
	w.read = w.o.Want(201, "POST", "/api/resources/"+api+"/scopes", `{"name":"read"}`).String("id")
	w.write = w.o.Want(201, "POST", "/api/resources/"+api+"/scopes", `{"name":"write"}`).String("id")
	w.user = w.o.Want(200, "POST", "/api/roles", `{"name":"Editor","description":"Edits"}`).String("id")
	w.robots = w.o.Want(200, "POST", "/api/roles", `{"name":"Robots","description":"Work","type":"MachineToMachine"}`).String("id")
	return w
}

func each(t *testing.T, fn func(t *testing.T, w world)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, app *apptest.App) { fn(t, setup(t, app)) })
}

func TestRoles_Live(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		created := w.o.Want(200, "POST", "/api/roles", fmt.Sprintf(`{"name":"Reader","description":"Reads","isDefault":true,"scopeIds":[%q,%q]}`, w.read, w.read))
		if created.String("type") != "User" || !strings.Contains(created.Text, `"isDefault":true`) || created.String("tenantId") != "default" {
			t.Errorf("created %s", created.Text)
		}
		id := created.String("id")
		if a := w.o.Want(200, "GET", "/api/roles/"+id+"/scopes", ""); strings.Count(a.Text, `"resourceId"`) != 1 ||
			!strings.Contains(a.Text, `"indicator":"https://orders.example"`) || a.Header.Get("Total-Number") != "" {
			t.Errorf("scopes %s", a.Text)
		}
		changed := w.o.Want(200, "PATCH", "/api/roles/"+id, `{"name":"Viewer","type":"MachineToMachine","isDefault":false}`)
		if changed.String("name") != "Viewer" || changed.String("type") != "User" || changed.String("description") != "Reads" {
			t.Errorf("changed %s", changed.Text)
		}
		w.o.Want(201, "POST", "/api/roles/"+id+"/users", fmt.Sprintf(`{"userIds":[%q]}`, w.robin))
		w.o.Want(204, "DELETE", "/api/roles/"+id, "")
		w.o.Want(404, "GET", "/api/roles/"+id, "", "entity.not_exists_with_id")
		if n := w.Count(t, tenant.Default, "user_roles", "role_id = $2", id) + w.Count(t, tenant.Default, "entity_counts", "ref_id = $2", id); n != 0 {
			t.Errorf("%d traces of a deleted role", n)
		}
		got := strings.Join(w.EventNames(t, tenant.Default), " ")
		if got != "Role.Created Role.Created Role.Created Role.Data.Updated Role.Deleted Role.Scopes.Updated Scope.Created Scope.Created" {
			t.Errorf("events %s", got)
		}
	})
}

func TestRoles_AreListedWithTheirHolders(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		w.o.Want(201, "POST", "/api/roles/"+w.user+"/users", fmt.Sprintf(`{"userIds":[%q,%q,%q]}`, w.robin, w.kim, w.robin))
		w.o.Want(201, "POST", "/api/roles/"+w.robots+"/applications", fmt.Sprintf(`{"applicationIds":[%q]}`, w.machine))
		list := w.o.Want(200, "GET", "/api/roles?search.name=Editor&mode=exact", "")
		if list.Header.Get("Total-Number") != "1" || !strings.Contains(list.Text, `"usersCount":2`) || strings.Count(list.Text, `"avatar"`) != 2 {
			t.Errorf("%v %s", list.Header, list.Text)
		}
		machines := w.o.Want(200, "GET", "/api/roles?type=MachineToMachine&page_size=100", "")
		if !strings.Contains(machines.Text, `"applicationsCount":1`) || !strings.Contains(machines.Text, `"name":"Robot"`) ||
			strings.Contains(machines.Text, "#internal:") || strings.Contains(machines.Text, `"Editor"`) {
			t.Errorf("%s", machines.Text)
		}
		for query, absent := range map[string]string{"excludeUserId=" + w.robin: "Editor", "excludeApplicationId=" + w.machine: "Robots"} {
			if a := w.o.Want(200, "GET", "/api/roles?page_size=100&"+query, ""); strings.Contains(a.Text, absent) {
				t.Errorf("%s lists %s", query, absent)
			}
		}
		// A joint of searched fields must not escape the other filters.
		if a := w.o.Want(200, "GET", "/api/roles?type=User&search.name=%25&search.description=%25", ""); strings.Contains(a.Text, "MachineToMachine") {
			t.Errorf("the search escapes its filter: %s", a.Text)
		}
		w.o.Want(200, "GET", "/api/roles/admin-role", "")
	})
}

func TestRoles_GoToUsersAndBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		users := "/api/roles/" + w.user + "/users"
		w.o.Want(201, "POST", users, fmt.Sprintf(`{"userIds":[%q]}`, w.robin))
		if a := w.o.Want(200, "GET", users, ""); a.Header.Get("Total-Number") != "1" || !strings.Contains(a.Text, `"username":"robin"`) || strings.Contains(a.Text, "hasPassword") {
			t.Errorf("%v %s", a.Header, a.Text)
		}
		if a := w.o.Want(200, "GET", users+"?search=%25kim%25", ""); a.Text != "[]" {
			t.Errorf("searched %s", a.Text)
		}
		w.Refused(t,
			`POST `+users+fmt.Sprintf(` {"userIds":[%q,%q]} -> 422 role.user_exists`, w.kim, w.robin),
			`POST `+users+fmt.Sprintf(` {"userIds":[%q,"nobody"]} -> 404 entity.relation_foreign_key_not_found`, w.kim),
			`POST `+users+` {"userIds":[]} -> 400 guard.invalid_input`,
			`POST `+users+` {} -> 400 guard.invalid_input`,
			`POST `+users+` {"userIds":[`+strings.Repeat(`"x",`, 9_999)+`"x"]} -> 400 guard.invalid_input`,
			`POST /api/roles/none/users {"userIds":["x"]} -> 404 entity.not_exists_with_id`,
			`POST /api/roles/`+w.robots+fmt.Sprintf(`/users {"userIds":[%q]} -> 422 entity.db_constraint_violated`, w.kim),
			`DELETE `+users+`/`+w.kim+` -> 404 entity.not_found`,
			`DELETE /api/roles/none/users/`+w.kim+` -> 404 entity.not_exists_with_id`,
			`GET /api/roles/none/users -> 404 entity.not_exists_with_id`,
			`GET `+users+`?search= -> 400 request.invalid_input`,
		)
		w.o.Want(204, "DELETE", users+"/"+w.robin, "")
		if n, err := db.Total(t.Context(), w.DB(), user.CountedRoles, w.user); err != nil || n != 0 {
			t.Errorf("%d are counted, %v", n, err)
		}
	})
}

func TestRoles_GoToApplicationsAndBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		web := w.CreateApp(t, application.Application{}).ID
		applications := "/api/roles/" + w.robots + "/applications"
		w.o.Want(201, "POST", applications, fmt.Sprintf(`{"applicationIds":[%q]}`, w.machine))
		if a := w.o.Want(200, "GET", applications+"?search=%25ROB%25", ""); a.Header.Get("Total-Number") != "1" || !strings.Contains(a.Text, `"Robot"`) {
			t.Errorf("%v %s", a.Header, a.Text)
		}
		w.Refused(t,
			`GET /api/roles/none/applications -> 404 entity.not_exists_with_id`,
			`POST `+applications+fmt.Sprintf(` {"applicationIds":[%q]} -> 422 role.application_exists`, w.machine),
			`POST `+applications+fmt.Sprintf(` {"applicationIds":[%q]} -> 422 entity.db_constraint_violated`, web),
			`POST `+applications+` {"applicationIds":["none"]} -> 404 entity.relation_foreign_key_not_found`,
			`POST /api/roles/`+w.user+fmt.Sprintf(`/applications {"applicationIds":[%q]} -> 422 entity.db_constraint_violated`, w.machine),
			`DELETE `+applications+`/none -> 404 entity.not_found`,
		)
		w.o.Want(204, "DELETE", applications+"/"+w.machine, "")
		if n := w.Count(t, tenant.Default, "application_roles", "role_id = $2", w.robots); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

func TestRoles_GrantScopes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w world) {
		scopes := "/api/roles/" + w.user + "/scopes"
		w.o.Want(201, "POST", scopes, fmt.Sprintf(`{"scopeIds":[%q]}`, w.read))
		all := w.o.Want(201, "POST", scopes, fmt.Sprintf(`{"scopeIds":[%q]}`, w.write))
		if !strings.Contains(all.Text, `"read"`) || !strings.Contains(all.Text, `"write"`) || strings.Contains(all.Text, "indicator") {
			t.Errorf("the answer is all scopes without resources: %s", all.Text)
		}
		if a := w.o.Want(200, "GET", scopes+"?page=1&page_size=1", ""); a.Header.Get("Total-Number") != "2" || strings.Count(a.Text, `"indicator"`) != 1 {
			t.Errorf("%v %s", a.Header, a.Text)
		}
		w.Refused(t,
			`POST `+scopes+fmt.Sprintf(` {"scopeIds":[%q]} -> 422 role.scope_exists`, w.read),
			`POST `+scopes+` {"scopeIds":["none"]} -> 404 entity.relation_foreign_key_not_found`,
			`POST `+scopes+` {"scopeIds":["management-api-all"]} -> 400 role.management_api_scopes_not_assignable_to_user_role`,
			`DELETE `+scopes+`/management-api-all -> 404 entity.not_found`,
			`DELETE /api/roles/none/scopes/`+w.read+` -> 404 entity.not_exists_with_id`,
			`POST /api/roles {"name":"X","description":"x","scopeIds":["none"]} -> 404 entity.relation_foreign_key_not_found`,
			`POST /api/roles {"name":"X","description":"x","scopeIds":[]} -> 422 entity.invalid_input`,
			`POST /api/roles {"name":"X","description":"x","scopeIds":["management-api-all"]} -> 400 role.management_api_scopes_not_assignable_to_user_role`,
			`POST /api/roles {"name":"Editor","description":"x"} -> 422 role.name_in_use`,
			`POST /api/roles {"name":"X","description":""} -> 400 guard.invalid_input`,
			`POST /api/roles {"name":"X","description":"x","type":"Robot"} -> 400 guard.invalid_input`,
			`POST /api/roles {"name":"X","description":"x","type":null} -> 400 guard.invalid_input`,
			`PATCH /api/roles/`+w.user+` {"name":"Robots"} -> 422 role.name_in_use`,
			`PATCH /api/roles/`+w.user+` {} -> 422 entity.invalid_input`,
			`PATCH /api/roles/none {"name":"X"} -> 404 entity.not_exists_with_id`,
			`DELETE /api/roles/none -> 404 entity.not_exists_with_id`,
			`GET /api/roles?type=Robot -> 400 guard.invalid_input`,
		)
		w.o.Want(204, "DELETE", scopes+"/"+w.read, "")
		// Machines may have what people may not.
		w.o.Want(201, "POST", "/api/roles/"+w.robots+"/scopes", `{"scopeIds":["management-api-all"]}`)
	})
}
