package organizationapi_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/tenant"
	"signet/internal/user"
)

func (w *world) deleteUser(id string) {
	w.t.Helper()
	w.app.Tx(w.t, tenant.Default, func(ctx context.Context, tx *db.Tx) error { return user.Delete(ctx, tx, id) })
}

func (w *world) deleteRow(table, id string) {
	w.t.Helper()
	w.app.Tx(w.t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE tenant_id = $1 AND id = $2", id)
		return err
	})
}

func TestUsers_Live(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.organization("A")
		path := "/api/organizations/" + id + "/users"
		robin, kim, ada := w.user("robin"), w.user("kim_li"), w.user("ada")
		echo := w.Want(201, "POST", path, `{"userIds":`+array(robin, kim, robin)+`}`)
		if echo.Text != `{"userIds":`+array(robin, kim, robin)+`}` {
			t.Errorf("echo %s", echo.Text)
		}
		w.Want(201, "POST", path, `{"userIds":`+array(kim)+`}`)
		editor, viewer := w.role("editor", "User"), w.role("viewer", "User")
		w.Want(201, "POST", path+"/roles", `{"userIds":`+array(kim)+`,"organizationRoleIds":`+array(viewer, editor)+`}`)
		w.Want(204, "PUT", path, `{"userIds":`+array(kim, ada, ada)+`}`)
		w.wantList(path, "id", sorted(kim, ada)...)
		w.wantList(path+"?q=M_L", "username", "kim_li")
		w.wantList(path+"?q=robin", "username")
		w.wantList(path+"?organizationRoleId="+viewer, "username", "kim_li")
		w.wantList("/api/organizations/none/users", "id")
		page := w.Want(200, "GET", path+"?organizationRoleId="+editor, "")
		if page.Header.Get("Total-Number") != "1" || strings.Contains(page.Text, "hasPassword") ||
			!strings.Contains(page.Text, `"organizationRoles":[{"id":"`+editor+`","name":"editor"},{"id":"`+viewer+`","name":"viewer"}]`) {
			t.Errorf("a member keeps its roles, and shows them: %v %s", page.Header, page.Text)
		}
		if a := w.Want(200, "GET", path+"?page_size=1&page=2", ""); a.Header.Get("Total-Number") != "2" {
			t.Errorf("members are counted: %v", a.Header)
		}
		w.Want(204, "DELETE", path+"/"+kim, "")
		w.Want(204, "PUT", path, `{"userIds":[]}`)
		w.Want(204, "PUT", path, `{"userIds":[]}`)
		want := []string{
			`{"addedUserIds":` + array(sorted(robin, kim)...) + `,"organizationId":"` + id + `"}`,
			`{"organizationId":"` + id + `"}`,
			`{"addedUserIds":` + array(ada) + `,"organizationId":"` + id + `","removedUserIds":` + array(robin) + `}`,
			`{"organizationId":"` + id + `","removedUserIds":` + array(kim) + `}`,
			`{"organizationId":"` + id + `","removedUserIds":` + array(ada) + `}`,
			`{"organizationId":"` + id + `"}`,
		}
		if got := w.changes(); !slices.Equal(sorted(got...), sorted(want...)) {
			t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestApplications_Live(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.organization("A")
		path := "/api/organizations/" + id + "/applications"
		one, two, three := w.machine("Bot one"), w.machine("Bot two"), w.machine("Bot three")
		if a := w.Want(201, "POST", path, `{"applicationIds":`+array(one, two, one)+`}`); a.Text != "" {
			t.Errorf("answer %s", a.Text)
		}
		bot := w.role("bot", "MachineToMachine")
		w.Want(201, "POST", path+"/roles", `{"applicationIds":`+array(one, two)+`,"organizationRoleIds":`+array(bot)+`}`)
		w.Want(204, "PUT", path, `{"applicationIds":`+array(two, three)+`}`)
		if got := w.list(path, "id"); !slices.Equal(sorted(got...), sorted(two, three)) {
			t.Errorf("members %q", got)
		}
		found := w.Want(200, "GET", path+"?q=T+TW", "")
		if found.Header.Get("Total-Number") != "1" || strings.Contains(found.Text, "secret") ||
			!strings.Contains(found.Text, `"organizationRoles":[{"id":"`+bot+`","name":"bot"}]`) || !strings.Contains(found.Text, `"protectedAppMetadata":null`) {
			t.Errorf("found %v %s", found.Header, found.Text)
		}
		w.wantList("/api/organizations/none/applications", "id")
		w.Want(204, "DELETE", path+"/"+two, "")
		w.Want(204, "PUT", path, `{"applicationIds":[]}`)
		if n := w.count("organization_application_roles"); n != 0 {
			t.Errorf("%d roles are left", n)
		}
		if got := w.changes(); len(got) != 4 || !slices.Contains(got, `{"addedApplicationIds":`+array(three)+`,"organizationId":"`+id+`","removedApplicationIds":`+array(one)+`}`) {
			t.Errorf("events %q", got)
		}
	})
}

func TestMembers_Refuse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := "/api/organizations/" + w.organization("A")
		robin, bot := w.user("robin"), w.machine("Bot")
		spa := w.app.CreateApp(t, application.Application{}).ID
		foreign := w.app.CreateUserIn(t, tenant.Admin, "robin").ID
		w.app.Refused(t,
			"POST "+one+`/users {"userIds":[]} -> 400 guard.invalid_input`,
			"POST "+one+`/users {"userIds":[""]} -> 400 guard.invalid_input`,
			"POST "+one+`/users {} -> 400 guard.invalid_input`,
			"POST "+one+`/users {"userIds":`+long(10_000)+`} -> 400 guard.invalid_input`,
			"PUT "+one+`/users {"userIds":`+long(10_000)+`} -> 400 guard.invalid_input`,
			"POST "+one+`/users {"userIds":["`+robin+`","none"]} -> 422 entity.relation_foreign_key_not_found`,
			"POST "+one+`/users {"userIds":["`+foreign+`"]} -> 422 entity.relation_foreign_key_not_found`,
			`POST /api/organizations/none/users {"userIds":["`+robin+`"]} -> 422 entity.relation_foreign_key_not_found`,
			"PUT "+one+`/users {"userIds":["`+robin+`","none"]} -> 422 entity.relation_foreign_key_not_found`,
			`PUT /api/organizations/none/users {"userIds":[]} -> 422 entity.relation_foreign_key_not_found`,
			"DELETE "+one+"/users/"+robin+` -> 404 entity.not_found`,
			`DELETE /api/organizations/none/users/`+robin+` -> 404 entity.not_found`,
			"GET "+one+`/users?page_size=0 -> 400 guard.invalid_pagination`,
			"GET "+one+`/users?organizationRoleId= -> 400 guard.invalid_input`,

			"POST "+one+`/applications {"applicationIds":[]} -> 400 guard.invalid_input`,
			"POST "+one+`/applications {"applicationIds":`+long(10_000)+`} -> 400 guard.invalid_input`,
			"POST "+one+`/applications {"applicationIds":["`+bot+`","`+spa+`"]} -> 422 entity.db_constraint_violated`,
			"PUT "+one+`/applications {"applicationIds":["`+bot+`","`+spa+`"]} -> 422 entity.db_constraint_violated`,
			"POST "+one+`/applications {"applicationIds":["`+bot+`","none"]} -> 422 entity.relation_foreign_key_not_found`,
			"POST "+one+`/applications {"applicationIds":["demo-app"]} -> 422 entity.relation_foreign_key_not_found`,
			`POST /api/organizations/none/applications {"applicationIds":["`+bot+`"]} -> 422 entity.relation_foreign_key_not_found`,
			`PUT /api/organizations/none/applications {"applicationIds":[]} -> 422 entity.relation_foreign_key_not_found`,
			"DELETE "+one+"/applications/"+bot+` -> 404 entity.not_found`,
		)
	})
}

// However many add the same people at once, each is a member once and counted
// once; of several who replace them, one set stands whole.
func TestMembers_Parallel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		path := "/api/organizations/" + w.organization("A") + "/users"
		people := []string{w.user("a"), w.user("b"), w.user("c"), w.user("d")}
		both := func(method string, bodies ...string) {
			var group sync.WaitGroup
			for range 4 {
				for _, body := range bodies {
					group.Go(func() {
						if a := w.Do(method, path, `{"userIds":`+body+`}`); a.StatusCode >= http.StatusBadRequest {
							t.Errorf("%s %s: %d %s", method, body, a.StatusCode, a.Text)
						}
					})
				}
			}
			group.Wait()
		}
		both("POST", array(people...), array(people[3], people[2], people[1], people[0]))
		if total := w.Want(200, "GET", path, "").Header.Get("Total-Number"); total != "4" || w.count("organization_users") != 4 {
			t.Errorf("%s members counted, %d there", total, w.count("organization_users"))
		}
		both("PUT", array(people[:2]...), array(people[2:]...))
		got := w.list(path, "id")
		if !slices.Equal(got, sorted(people[:2]...)) && !slices.Equal(got, sorted(people[2:]...)) {
			t.Errorf("two sets were mixed: %q of %q", got, people)
		}
		if total := w.Want(200, "GET", path, "").Header.Get("Total-Number"); total != "2" {
			t.Errorf("%s members counted", total)
		}
		if added := len(w.changes()); added != 16 {
			t.Errorf("%d events for 16 requests", added)
		}
	})
}

func TestMemberships_OfAMember(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := w.organization("First"), w.organization("Second")
		robin, bot := w.user("robin"), w.machine("Bot")
		editor, runner := w.role("editor", "User"), w.role("runner", "MachineToMachine")
		for _, id := range []string{second, first} {
			w.Want(201, "POST", "/api/organizations/"+id+"/users", `{"userIds":`+array(robin)+`}`)
			w.Want(201, "POST", "/api/organizations/"+id+"/applications", `{"applicationIds":`+array(bot)+`}`)
			w.app.Clock.Advance(time.Millisecond)
		}
		w.Want(201, "POST", "/api/organizations/"+second+"/users/"+robin+"/roles", `{"organizationRoleIds":`+array(editor)+`}`)
		w.Want(201, "POST", "/api/organizations/"+first+"/applications/"+bot+"/roles", `{"organizationRoleIds":`+array(runner)+`}`)
		d := w.app.Pool.For(tenant.Default)
		ofUser, err := organization.OfUser(t.Context(), d, robin)
		if err != nil || len(ofUser) != 2 || ofUser[0].ID != second || ofUser[0].TenantID != "default" ||
			!slices.Equal(ofUser[0].OrganizationRoles, []organization.Named{{ID: editor, Name: "editor"}}) || ofUser[1].OrganizationRoles == nil || len(ofUser[1].OrganizationRoles) != 0 {
			t.Errorf("of the user: %+v, %v", ofUser, err)
		}
		ofApp, total, err := organization.OfApplication(t.Context(), d, bot, db.Range{Limit: 1, Offset: 1})
		if err != nil || total != 2 || len(ofApp) != 1 || ofApp[0].ID != first || len(ofApp[0].OrganizationRoles) != 1 {
			t.Errorf("of the application: %+v of %d, %v", ofApp, total, err)
		}
		if none, err := organization.OfUser(t.Context(), d, "none"); err != nil || len(none) != 0 {
			t.Errorf("of nobody: %+v, %v", none, err)
		}
	})
}
