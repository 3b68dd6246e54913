package userapi_test

import (
	"strings"
	"sync"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
)

func TestIdentities_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		ada := o.Want(200, "POST", "/api/users", `{}`).String("id")
		ben := o.Want(200, "POST", "/api/users", `{}`).String("id")
		path := "/api/users/" + ada
		if a := o.Want(201, "PUT", path+"/identities/github", `{"userId":"1"}`); a.Text != `{"github":{"userId":"1"}}` {
			t.Errorf("linked %s", a.Text)
		}
		o.Want(201, "PUT", path+"/identities/discord", `{"userId":"1","details":{"rawData":{"x":null}}}`)
		// The same again, and another account in its place.
		o.Want(200, "PUT", path+"/identities/github", `{"userId":"1"}`)
		if a := o.Want(200, "PUT", path+"/identities/github", `{"userId":"2","details":{"n":1}}`); a.Text != `{"discord":{"userId":"1","details":{"rawData":{"x":null}}},"github":{"userId":"2","details":{"n":1}}}` {
			t.Errorf("replaced %s", a.Text)
		}
		app.Tx(t, tenant.Default, ssoIdentity(ada))
		if a := o.Want(200, "GET", path+"/identities/github?includeTokenSecret=true", ""); a.Text != `{"identity":{"userId":"2","details":{"n":1}}}` {
			t.Errorf("read %s", a.Text)
		}
		sso := `{"tenantId":"default","id":"s1","userId":"` + ada + `","issuer":"https://idp.example","identityId":"ada","detail":{"a":1},"createdAt":7,"updatedAt":8,"ssoConnectorId":"okta"}`
		plain := func(a *apptest.Answer) string { return strings.ReplaceAll(a.Text, `"a": 1`, `"a":1`) }
		if got := plain(o.Want(200, "GET", path+"/sso-identities/okta", "")); got != `{"ssoIdentity":`+sso+`}` {
			t.Errorf("enterprise %s", got)
		}
		want := `{"socialIdentities":[{"identity":{"userId":"1","details":{"rawData":{"x":null}}},"target":"discord"},{"identity":{"userId":"2","details":{"n":1}},"target":"github"}],` +
			`"ssoIdentities":[{"ssoIdentity":` + sso + `,"ssoConnectorId":"okta"}]}`
		if got := plain(o.Want(200, "GET", path+"/all-identities", "")); got != want {
			t.Errorf("all %s", got)
		}
		contains(t, plain(o.Want(200, "GET", path+"?includeSsoIdentities=1", "")), `"ssoIdentities":[`+sso+`]`, `"discord":{"userId":"1"`)
		app.Refused(t,
			"PUT /api/users/"+ben+`/identities/github {"userId":"2"} -> 422 user.identity_already_in_use`,
			"PUT /api/users/"+ben+`/identities/github {"userId":""} -> 400 guard.invalid_input`,
			"PUT /api/users/"+ben+`/identities/github {"userId":"3","details":[]} -> 400 guard.invalid_input`,
			"GET /api/users/"+ben+"/identities/github -> 404 user.identity_not_exist",
			"DELETE /api/users/"+ben+"/identities/github -> 404 user.identity_not_exist",
			"GET /api/users/"+ben+"/sso-identities/okta -> 404 user.enterprise_sso_identity_not_exists",
			"POST /api/users/"+ben+`/identities {"connectorId":"none","connectorData":{}} -> 404 entity.not_found`,
			"POST /api/users/"+ben+`/identities {"connectorId":"none"} -> 400 guard.invalid_input`,
		)
		gone := o.Want(200, "DELETE", path+"/identities/github", "")
		if strings.Contains(gone.Text, "github") || gone.String("id") != ada {
			t.Errorf("removed %s", gone.Text)
		}
		o.Want(201, "PUT", "/api/users/"+ben+"/identities/github", `{"userId":"2"}`)
		if names := app.EventNames(t, tenant.Default); len(names) != 2 {
			t.Errorf("identities have no events, got %v", names)
		}
	})
}

// Identities stand wherever users are shown: in events and claims too.
func TestIdentities_AreShownToEverybody(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, robin := app.Operator(t), app.CreateUser(t, "robin")
		o.Want(201, "PUT", "/api/users/"+robin.ID+"/identities/github", `{"userId":"42"}`)
		app.Tx(t, tenant.Default, ssoIdentity(robin.ID))
		c, b := app.CreateApp(t, application.Application{}), app.Browser(t)
		tokens := b.Redeem(c, b.SignIn(c, "robin", apptest.Password, "scope", "openid identities"))
		me := b.Do("GET", "/oidc/me", "", "Authorization", "Bearer "+tokens.Access)
		contains(t, me.Text, `"identities":{"github":{"userId":"42"}}`, `"sso_identities":[{"issuer":"https://idp.example","identityId":"ada"`)
		data, _ := lastEvent(t, app, "PostSignIn")
		contains(t, strings.ReplaceAll(data, " ", ""), `"identities":{"github":{"userId":"42"}}`)
	})
}

func TestRoles_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		id := o.Want(200, "POST", "/api/users", `{}`).String("id")
		grantRoles(t, app, id)
		path := "/api/users/" + id + "/roles"
		if a := o.Want(201, "POST", path, `{"roleIds":["editor","member","member"]}`); a.Text != `{"roleIds":["editor","member","member"],"addedRoleIds":["member"]}` {
			t.Errorf("added %s", a.Text)
		}
		if a := o.Want(201, "POST", path, `{"roleIds":["editor"]}`); a.Text != `{"roleIds":["editor"],"addedRoleIds":[]}` {
			t.Errorf("added %s", a.Text)
		}
		all := o.Want(200, "GET", path, "")
		if want := `[{"tenantId":"default","id":"editor","name":"Editor","description":"Edits","type":"User","isDefault":false},` +
			`{"tenantId":"default","id":"member","name":"Member","description":"Is here","type":"User","isDefault":true}]`; all.Text != want || all.Header.Get("Total-Number") != "2" {
			t.Errorf("roles %v %s", all.Header, all.Text)
		}
		if a := o.Want(200, "GET", path+"?search.description=%25HERE", ""); a.Header.Get("Total-Number") != "1" || !strings.Contains(a.Text, "member") {
			t.Errorf("searched %s", a.Text)
		}
		app.Refused(t,
			"POST "+path+` {"roleIds":["machine"]} -> 422 user.invalid_role_type`,
			"POST "+path+` {"roleIds":["none"]} -> 404 entity.relation_foreign_key_not_found`,
			"POST "+path+` {"roleIds":[""]} -> 400 guard.invalid_input`,
			"POST "+path+` {} -> 400 guard.invalid_input`,
			"PUT "+path+` {"roleIds":["machine"]} -> 422 entity.db_constraint_violated`,
			"PUT "+path+` {"roleIds":["none"]} -> 404 entity.relation_foreign_key_not_found`,
			"DELETE "+path+"/machine -> 404 entity.not_found",
			"GET "+path+"?search.type=User -> 400 request.invalid_input",
		)
		if a := o.Want(200, "PUT", path, `{"roleIds":["member"]}`); a.Text != `{"roleIds":["member"]}` {
			t.Errorf("replaced %s", a.Text)
		}
		if n := app.Count(t, tenant.Default, "user_roles", "role_id = 'editor'"); n != 0 {
			t.Errorf("the editor is left")
		}
		o.Want(204, "DELETE", path+"/member", "")
		o.Want(200, "PUT", path, `{"roleIds":[]}`)
		if a := o.Want(200, "GET", path, ""); a.Text != "[]" {
			t.Errorf("roles %s", a.Text)
		}
		if n := app.Count(t, tenant.Default, "entity_counts", "kind = 'role-user' AND n <> 0"); n != 0 {
			t.Errorf("%d roles count holders that they do not have", n)
		}
		if names := app.EventNames(t, tenant.Default); len(names) != 1 {
			t.Errorf("roles of users have no events, got %v", names)
		}
	})
}

// Whoever gives the same role at the same time gets no error.
func TestRoles_ParallelAssignment(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		id := o.Want(200, "POST", "/api/users", `{}`).String("id")
		grantRoles(t, app, "")
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				method, status := "POST", 201
				if i%2 == 0 {
					method, status = "PUT", 200
				}
				if a := o.Do(method, "/api/users/"+id+"/roles", `{"roleIds":["editor","member"]}`); a.StatusCode != status {
					t.Errorf("%s: %d %s", method, a.StatusCode, a.Text)
				}
			})
		}
		group.Wait()
		if n := app.Count(t, tenant.Default, "entity_counts", "kind = 'role-user' AND n = 1"); n != 2 {
			t.Errorf("%d counts, want 2 of one holder each", n)
		}
	})
}

func TestOrganizations_OfAUser(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		id := o.Want(200, "POST", "/api/users", `{}`).String("id")
		if a := o.Want(200, "GET", "/api/users/"+id+"/organizations", ""); a.Text != "[]" {
			t.Errorf("none: %s", a.Text)
		}
		grantRoles(t, app, id)
		want := `[{"tenantId":"default","id":"harbour","name":"Harbour","description":null,"customData":{},"isMfaRequired":false,"color":{"primaryColor":"#123456"},` +
			`"branding":{},"customCss":null,"createdAt":7,"organizationRoles":[{"id":"keeper","name":"Keeper"}]}]`
		if a := o.Want(200, "GET", "/api/users/"+id+"/organizations", ""); a.Text != want {
			t.Errorf("organizations %s", a.Text)
		}
	})
}
