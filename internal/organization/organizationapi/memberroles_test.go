package organizationapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestUserRoles_Live(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := "/api/organizations/" + w.organization("A")
		robin := w.user("robin")
		w.Want(201, "POST", one+"/users", `{"userIds":`+array(robin)+`}`)
		path := one + "/users/" + robin + "/roles"
		write, read := w.scope("write"), w.scope("read")
		editor := w.create("/api/organization-roles", `{"name":"editor","organizationScopeIds":%s}`, array(write, read))
		viewer := w.create("/api/organization-roles", `{"name":"viewer","organizationScopeIds":%s,"resourceScopeIds":%s}`, array(read), array(w.api("orders")))
		w.wantList(path, "id")
		given := w.Want(201, "POST", path, `{"organizationRoleIds":`+array(viewer, viewer)+`,"organizationRoleNames":["viewer","editor","editor"]}`)
		if given.Text != `{"organizationRoleIds":`+array(viewer, editor)+`}` {
			t.Errorf("given %s", given.Text)
		}
		w.Want(201, "POST", path, `{"organizationRoleNames":["viewer"]}`)
		if a := w.Want(201, "POST", path, `{}`); a.Text != `{"organizationRoleIds":[]}` {
			t.Errorf("nothing given: %s", a.Text)
		}
		w.wantList(path, "name", "editor", "viewer")
		if page := w.Want(200, "GET", path+"?page=2&page_size=1", ""); page.Header.Get("Total-Number") != "2" || !strings.Contains(page.Text, viewer) {
			t.Errorf("page %v %s", page.Header, page.Text)
		}
		w.wantList(one+"/users/"+robin+"/scopes", "name", "read", "write")
		w.wantList(one+"/users/none/scopes", "name")
		w.Want(204, "DELETE", path+"/"+editor, "")
		w.Want(404, "DELETE", path+"/"+editor, "", "entity.not_found")
		w.wantList(one+"/users/"+robin+"/scopes", "name", "read")
		w.Want(204, "PUT", path, `{"organizationRoleNames":["editor"]}`)
		w.wantList(path, "name", "editor")
		w.Want(204, "PUT", path, `{}`)
		w.wantList(path, "name")
		for _, name := range w.app.EventNames(t, "default") {
			if strings.HasPrefix(name, "Organization.") && name != "Organization.Created" && name != "Organization.Membership.Updated" {
				t.Errorf("roles of members have no event, got %s", name)
			}
		}
	})
}

func TestApplicationRoles_Live(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := "/api/organizations/" + w.organization("A")
		bot := w.machine("Bot")
		w.Want(201, "POST", one+"/applications", `{"applicationIds":`+array(bot)+`}`)
		path := one + "/applications/" + bot + "/roles"
		b, a := w.role("b", "MachineToMachine"), w.role("a", "MachineToMachine")
		if answer := w.Want(201, "POST", path, `{"organizationRoleIds":`+array(b, a, b)+`}`); answer.Text != "" {
			t.Errorf("answer %s", answer.Text)
		}
		w.Want(201, "POST", path, `{"organizationRoleIds":`+array(b)+`}`)
		w.wantList(path, "name", "a", "b")
		w.Want(204, "PUT", path, `{"organizationRoleIds":`+array(b)+`}`)
		w.wantList(path, "name", "b")
		w.Want(204, "DELETE", path+"/"+b, "")
		w.Want(404, "DELETE", path+"/"+b, "", "entity.not_found")
	})
}

func TestRolesForMany(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := "/api/organizations/" + w.organization("A")
		people := []string{w.user("a"), w.user("b"), w.user("c")}
		w.Want(201, "POST", one+"/users", `{"userIds":`+array(people...)+`}`)
		x, y := w.role("x", "User"), w.role("y", "User")
		w.Want(201, "POST", one+"/users/"+people[0]+"/roles", `{"organizationRoleIds":`+array(y)+`}`)
		w.Want(201, "POST", one+"/users/roles", `{"userIds":`+array(people[0], people[1], people[0])+`,"organizationRoleIds":`+array(x, y, y)+`}`)
		for i, want := range [][]string{{"x", "y"}, {"x", "y"}, {}} {
			w.wantList(one+"/users/"+people[i]+"/roles", "name", want...)
		}
	})
}

func TestMemberRoles_Refuse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := "/api/organizations/" + w.organization("A")
		other := "/api/organizations/" + w.organization("B")
		robin, stranger, bot, tool := w.user("robin"), w.user("stranger"), w.machine("Bot"), w.machine("Tool")
		human, machine := w.role("human", "User"), w.role("machine", "MachineToMachine")
		w.Want(201, "POST", one+"/users", `{"userIds":`+array(robin)+`}`)
		w.Want(201, "POST", one+"/applications", `{"applicationIds":`+array(bot)+`}`)
		calls := []string{}
		for _, of := range []struct{ members, member, outsider, right, wrong string }{
			{"users", robin, stranger, human, machine}, {"applications", bot, tool, machine, human},
		} {
			path := one + "/" + of.members + "/"
			key := map[string]string{"users": "userIds", "applications": "applicationIds"}[of.members]
			many := func(members, roles string) string {
				return "POST " + path + "roles {\"" + key + `":` + members + `,"organizationRoleIds":` + roles + "}"
			}
			// Outside, everything is refused before the body is looked at.
			for _, outside := range []string{path + of.outsider, path + "none", other + "/" + of.members + "/" + of.member, "/api/organizations/none/" + of.members + "/" + of.member, path + "%00", path + "%FF"} {
				status := "422 organization.require_membership"
				if strings.HasSuffix(outside, "%00") || strings.HasSuffix(outside, "%FF") {
					status = "400 guard.invalid_input"
				}
				calls = append(calls, "GET "+outside+"/roles -> "+status, "POST "+outside+`/roles {"organizationRoleIds":7} -> `+status,
					"PUT "+outside+`/roles {"organizationRoleIds":7} -> `+status, "DELETE "+outside+"/roles/"+of.right+" -> "+status)
			}
			calls = append(calls,
				"GET "+path+of.outsider+"/roles?page=0 -> 422 organization.require_membership",
				"GET "+path+of.member+"/roles?page=0 -> 400 guard.invalid_pagination",
				"DELETE "+path+of.member+"/roles/"+of.right+" -> 404 entity.not_found",
				many(array(of.member), array(of.right, of.wrong))+" -> 422 entity.db_constraint_violated",
				many(array(of.member), array(of.right, "none"))+" -> 422 entity.relation_foreign_key_not_found",
				many(array(of.member, of.outsider), array(of.right))+" -> 422 entity.relation_foreign_key_not_found",
				many("[]", array(of.right))+" -> 400 guard.invalid_input",
				many(array(of.member), "[]")+" -> 400 guard.invalid_input",
				many(long(10_000), array(of.right))+" -> 400 guard.invalid_input",
				many(long(500), long(21))+" -> 400 guard.invalid_input",
			)
			for _, method := range []string{"POST ", "PUT "} {
				roles := method + path + of.member + `/roles {"organizationRoleIds":`
				calls = append(calls,
					roles+array(of.right, of.wrong)+"} -> 422 entity.db_constraint_violated",
					roles+array(of.right, "none")+"} -> 422 entity.relation_foreign_key_not_found",
					roles+`[""]} -> 400 guard.invalid_input`,
					roles+long(10_000)+"} -> 400 guard.invalid_input")
				if of.members == "applications" {
					calls = append(calls, roles+"[]} -> 400 guard.invalid_input", method+path+of.member+"/roles {} -> 400 guard.invalid_input")
				} else {
					calls = append(calls, method+path+of.member+`/roles {"organizationRoleNames":["human","nobody"]} -> 422 organization.role_names_not_found`,
						method+path+of.member+`/roles {"organizationRoleIds":["none"],"organizationRoleNames":["nobody"]} -> 422 organization.role_names_not_found`,
						method+path+of.member+`/roles {"organizationRoleNames":["machine"]} -> 422 entity.db_constraint_violated`)
				}
			}
		}
		w.app.Refused(t, calls...)
	})
}

// Of several who replace the roles of a member, one set stands whole, and who
// gives one that is held already is not refused.
func TestMemberRoles_Parallel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one := "/api/organizations/" + w.organization("A")
		robin := w.user("robin")
		w.Want(201, "POST", one+"/users", `{"userIds":`+array(robin)+`}`)
		path := one + "/users/" + robin + "/roles"
		roles := []string{w.role("a", "User"), w.role("b", "User"), w.role("c", "User"), w.role("d", "User")}
		var group sync.WaitGroup
		for i := range 12 {
			group.Go(func() {
				body := fmt.Sprintf(`{"organizationRoleIds":%s}`, array(roles[i%2*2:i%2*2+2]...))
				if a := w.Do("PUT", path, body); a.StatusCode != http.StatusNoContent {
					t.Errorf("PUT: %d %s", a.StatusCode, a.Text)
				}
			})
		}
		group.Wait()
		if got := w.list(path, "name"); !slices.Equal(got, []string{"a", "b"}) && !slices.Equal(got, []string{"c", "d"}) {
			t.Errorf("two sets were mixed: %q", got)
		}
	})
}
