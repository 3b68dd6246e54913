package applicationapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
)

func TestAccess_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		robin, wren := app.CreateUser(t, "robin").ID, app.CreateUser(t, "wren").ID
		first, second := min(robin, wren), max(robin, wren)
		seedRoles(t, app)
		seedOrganizations(t, app, robin)
		store(t, app, `INSERT INTO organization_roles (tenant_id, id, name, type) VALUES ($1, 'or2', 'Owner', 'User')`)
		id := create(o, `{"name":"S","type":"SPA"}`)
		path := "/api/applications/" + id
		none := `{"userIds":[],"userRoleIds":[],"organizationIds":[],"organizationRoleRules":[]}`
		if a := o.Want(200, "GET", path+"/access-control", ""); a.Text != none {
			t.Errorf("begins with %s", a.Text)
		}
		raw := fmt.Sprintf(`{"userIds":[%q,%q,%[1]q],"userRoleIds":["people","people"],"organizationIds":["o2","o1","o2"],
			"organizationRoleRules":[{"organizationId":"o2","organizationRoleIds":["or2"]},{"organizationId":"o1","organizationRoleIds":["or2","or1"]},{"organizationId":"o2","organizationRoleIds":["or1","or2"]}]}`, second, first)
		want := fmt.Sprintf(`{"userIds":[%q,%q],"userRoleIds":["people"],"organizationIds":["o1","o2"],`+
			`"organizationRoleRules":[{"organizationId":"o1","organizationRoleIds":["or1","or2"]},{"organizationId":"o2","organizationRoleIds":["or1","or2"]}]}`, first, second)
		for range 2 {
			if a := o.Want(200, "PUT", path+"/access-control", raw); a.Text != want {
				t.Errorf("stored %s\nwant %s", a.Text, want)
			}
		}
		if a := o.Want(200, "GET", path+"/access-control", ""); a.Text != want {
			t.Errorf("read %s", a.Text)
		}
		if a := o.Want(200, "PATCH", path, `{"appLevelAccessControlEnabled":true}`); !strings.Contains(a.Text, `"appLevelAccessControlEnabled":true`) {
			t.Errorf("enabled %s", a.Text)
		}
		app.Refused(t,
			"PUT "+path+"/access-control "+none+" -> 422 request.invalid_input",
			"PUT "+path+"/access-control "+strings.Replace(raw, `["or2"]`, `[]`, 1)+" -> 422 request.invalid_input",
			"PUT "+path+"/access-control "+strings.Replace(raw, `"or1"`, `"om1"`, 1)+" -> 422 entity.db_constraint_violated",
			"PUT "+path+"/access-control "+strings.Replace(raw, `"people"`, `"r1"`, 1)+" -> 422 entity.db_constraint_violated",
			"PUT "+path+"/access-control "+strings.Replace(raw, `"people"`, `"none"`, 1)+" -> 404 entity.relation_foreign_key_not_found",
			"PUT "+path+"/access-control "+strings.Replace(raw, first, "none", 1)+" -> 404 entity.relation_foreign_key_not_found",
			"PUT "+path+"/access-control "+strings.Replace(raw, `"o2"`, `"none"`, 1)+" -> 404 entity.relation_foreign_key_not_found",
			"PUT "+path+"/access-control "+strings.Replace(raw, `"or1"`, `"none"`, 1)+" -> 404 entity.relation_foreign_key_not_found",
			"PUT "+path+`/access-control {"userIds":[],"userRoleIds":[],"organizationIds":[]} -> 400 guard.invalid_input`,
			"PUT "+path+"/access-control "+strings.Replace(raw, `["people","people"]`, many(1001, true), 1)+" -> 400 guard.invalid_input",
			"PUT "+path+"/access-control "+strings.Replace(raw, `["people","people"]`, many(2001, false), 1)+" -> 400 guard.invalid_input",
			"PUT /api/applications/none/access-control "+raw+" -> 404 entity.not_exists_with_id",
			"GET /api/applications/none/access-control -> 404 entity.not_exists_with_id",
		)
		o.Want(200, "PUT", path+"/access-control", strings.Replace(raw, `["people","people"]`, strings.ReplaceAll(many(2000, false), `"x"`, `"people"`), 1))
		o.Want(200, "PATCH", path, `{"appLevelAccessControlEnabled":false}`)
		o.Want(200, "PUT", path+"/access-control", none)
		app.Refused(t, "PATCH "+path+` {"appLevelAccessControlEnabled":true,"name":"x"} -> 422 request.invalid_input`)
	})
}

// many is a list of n ids, which are different or all the same.
func many(n int, different bool) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = "x"
		if different {
			ids[i] += fmt.Sprint(i)
		}
	}
	raw, _ := json.Marshal(ids)
	return string(raw)
}

// Any rule that fits admits; none does without rules.
func TestAccess_Admits(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		// robin is a person who edits o1; wren belongs to o2 and edits nothing.
		robin, wren := app.CreateUser(t, "robin").ID, app.CreateUser(t, "wren").ID
		seedRoles(t, app)
		seedOrganizations(t, app, robin)
		o.Want(201, "POST", "/api/users/"+robin+"/roles", `{"roleIds":["people"]}`)
		o.Want(201, "POST", "/api/organizations/o2/users", `{"userIds":["`+wren+`"]}`)
		store(t, app, `INSERT INTO organization_user_roles (tenant_id, user_id, organization_id, organization_role_id) VALUES ($1, '`+robin+`', 'o1', 'or1')`)
		id := create(o, `{"name":"S","type":"SPA"}`)
		path := "/api/applications/" + id
		check := func(what string, users ...string) {
			t.Helper()
			for _, who := range []string{robin, wren, "none"} {
				want := strings.Contains(strings.Join(users, " "), who)
				if got, err := application.Admits(t.Context(), app.DB(), id, who); err != nil || got != want {
					t.Errorf("%s admits %s: %v, %v", what, who, got, err)
				}
			}
		}
		rule := func(key, value string) {
			t.Helper()
			rules := map[string]json.RawMessage{"userIds": []byte("[]"), "userRoleIds": []byte("[]"), "organizationIds": []byte("[]"), "organizationRoleRules": []byte("[]")}
			rules[key] = []byte(value)
			raw, _ := json.Marshal(rules)
			o.Want(200, "PUT", path+"/access-control", string(raw))
		}
		rule("userIds", `["`+wren+`"]`)
		check("no limit", robin, wren, "none")
		o.Want(200, "PATCH", path, `{"appLevelAccessControlEnabled":true}`)
		check("a user", wren)
		rule("userRoleIds", `["people"]`)
		check("a role", robin)
		rule("organizationIds", `["o2"]`)
		check("an organization", wren)
		rule("organizationRoleRules", `[{"organizationId":"o1","organizationRoleIds":["or1"]}]`)
		check("a role in an organization", robin)
		rule("organizationRoleRules", `[{"organizationId":"o2","organizationRoleIds":["or1"]}]`)
		check("the role in another organization")
		o.Want(200, "PUT", path+"/access-control", `{"userIds":["`+wren+`"],"userRoleIds":["people"],"organizationIds":[],"organizationRoleRules":[]}`)
		check("either of two", robin, wren)
		if ok, err := application.Admits(t.Context(), app.Pool.For("admin"), id, wren); ok || err != nil {
			t.Errorf("another tenant: %v, %v", ok, err)
		}
		// What rules name may vanish; the limit stays.
		rule("organizationIds", `["o2"]`)
		store(t, app, `DELETE FROM organizations WHERE tenant_id = $1 AND id = 'o2'`)
		check("the rest of vanished rules")
		o.Want(204, "DELETE", path, "")
		check("what is deleted")
	})
}
