package userapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/role"
	"signet/internal/tenant"
	"signet/internal/user"
)

// contains fails the test unless text has every part.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s\nlacks %s", text, part)
		}
	}
}

// lastEvent returns the newest event of a name.
func lastEvent(t *testing.T, app *apptest.App, name string) (data, route string) {
	t.Helper()
	for _, e := range app.Events(t, tenant.Default) {
		if e.Name == name {
			data, route = string(e.Data.V), e.Origin.V.Method+" "+e.Origin.V.Route
		}
	}
	if data == "" {
		t.Fatalf("no event %s in %v", name, app.EventNames(t, tenant.Default))
	}
	return strings.ReplaceAll(strings.ReplaceAll(data, `": `, `":`), `, "`, `,"`), route
}

func TestUsers_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		if a := o.Want(200, "POST", "/api/users", `{}`); len(a.String("id")) != 12 {
			t.Errorf("created %s", a.Text)
		}
		created := o.Want(200, "POST", "/api/users", `{"username":"Ada","primaryEmail":"Ada@Example.com","primaryPhone":"610412345678",
			"name":"Ada","avatar":"","customData":{"a":1},"profile":{"nickname":"A","address":{"locality":"X"}},"unknown":1}`)
		path := "/api/users/" + created.String("id")
		contains(t, created.Text, `"primaryEmail":"Ada@Example.com"`, `"primaryPhone":"61412345678"`, `"avatar":null`, `"identities":{}`,
			`"hasPassword":false`, `"isSuspended":false`, `"lastSignInAt":null`, `"profile":{"nickname":"A","address":{"locality":"X"}}`)
		if strings.Contains(created.Text, "passwordDigest") || strings.Contains(created.Text, "ssoIdentities") {
			t.Errorf("not asked for: %s", created.Text)
		}
		contains(t, o.Want(200, "GET", path+"?includeSsoIdentities=1&includePasswordHash=true", "").Text,
			`"ssoIdentities":[]`, `"passwordDigest":null`, `"passwordAlgorithm":null`)
		data, route := lastEvent(t, app, "User.Created")
		contains(t, data, `"hasPassword":false`, `"username":"Ada"`)
		if route != "POST /api/users" {
			t.Errorf("event of %s", route)
		}

		changed := o.Want(200, "PATCH", path, `{"username":null,"primaryEmail":"","name":"Lady Ada","customData":{"b":2},"profile":{"gender":"f"}}`)
		contains(t, changed.Text, `"username":null`, `"primaryEmail":null`, `"name":"Lady Ada"`, `"customData":{"b":2}`, `"profile":{"gender":"f"}`)
		// What she gave up is free for others at once.
		o.Want(200, "POST", "/api/users", `{"username":"Ada","primaryEmail":"ada@example.com"}`)
		// Her own identifiers are no collision.
		o.Want(200, "PATCH", path, `{"primaryPhone":"61412345678"}`)

		if a := o.Want(200, "PATCH", path+"/custom-data", `{"customData":{"c":{"d":null}}}`); a.Text != `{"b":2,"c":{"d":null}}` {
			t.Errorf("merged %s", a.Text)
		}
		if data, _ := lastEvent(t, app, "User.Data.Updated"); strings.ReplaceAll(data, " ", "") != `{"b":2,"c":{"d":null}}` {
			t.Errorf("the event shows %s", data)
		}
		if a := o.Want(200, "GET", path+"/custom-data", ""); a.Text != `{"b":2,"c":{"d":null}}` {
			t.Errorf("read %s", a.Text)
		}
		if a := o.Want(200, "PATCH", path+"/profile", `{"profile":{"nickname":""}}`); a.Text != `{"nickname":"","gender":"f"}` {
			t.Errorf("merged %s", a.Text)
		}
		o.Want(200, "PATCH", path+"/logto-configs", `{"mfa":{"skipped":true}}`)
		want := `{"mfa":{"skipped":true,"skipMfaOnSignIn":true},"passkeySignIn":{"skipped":false}}`
		if a := o.Want(200, "PATCH", path+"/logto-configs", `{"mfa":{"skipMfaOnSignIn":true}}`); a.Text != want {
			t.Errorf("choices %s", a.Text)
		}
		if a := o.Want(200, "GET", path+"/logto-configs", ""); a.Text != want {
			t.Errorf("choices %s", a.Text)
		}

		o.Want(204, "DELETE", path, "")
		data, route = lastEvent(t, app, "User.Deleted")
		contains(t, data, `"name":"Lady Ada"`)
		if strings.Contains(data, "hasPassword") || route != "DELETE /api/users/{userId}" {
			t.Errorf("%s: %s", route, data)
		}
		o.Want(404, "GET", path, "", "entity.not_found")
		o.Want(200, "POST", "/api/users", `{"primaryPhone":"61412345678"}`)
	})
}

func TestUsers_List(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		ids := map[string]string{}
		for _, name := range []string{"ada", "ben", "cleo"} {
			app.Clock.Advance(1e9)
			ids[name] = o.Want(200, "POST", "/api/users", `{"username":"`+name+`","password":"x"}`).String("id")
		}
		grantRoles(t, app, ids["ben"])
		o.Want(201, "PUT", "/api/users/"+ids["ben"]+"/identities/github", `{"userId":"42"}`)
		names := func(query string) string {
			var users []struct{ Username string }
			o.Want(200, "GET", "/api/users"+query, "").JSON(t, &users)
			got := []string{}
			for _, u := range users {
				got = append(got, u.Username)
			}
			return strings.Join(got, " ")
		}
		for query, want := range map[string]string{
			"":                                 "cleo ben ada",
			"?page=2&page_size=2":              "ada",
			"?search.username=%25E%25":         "cleo ben",
			"?search.username=ada&mode=exact":  "ada",
			"?search=" + ids["cleo"]:           "cleo",
			"?excludeRoleId=editor":            "cleo ada",
			"?excludeOrganizationId=harbour":   "cleo ada",
			"?excludeRoleId=editor&search=%25": "cleo ada",
			"?excludeRoleId=none":              "cleo ben ada",
		} {
			if got := names(query); got != want {
				t.Errorf("%q: %s, want %s", query, got, want)
			}
		}
		page := o.Want(200, "GET", "/api/users?page_size=2&includePasswordHash=yes", "")
		contains(t, page.Text, `"passwordAlgorithm":"Argon2id"`, `"passwordDigest":"$argon2id$`, `"hasPassword":true`, `"github":{"userId":"42"}`)
		if page.Header.Get("Total-Number") != "3" {
			t.Errorf("total %v", page.Header)
		}
		app.Refused(t,
			"GET /api/users?page_size=101 -> 400 guard.invalid_pagination",
			"GET /api/users?search.avatar=x -> 400 request.invalid_input",
			"GET /api/users?excludeRoleId=a&excludeRoleId=b -> 400 guard.invalid_input",
		)
	})
}

func TestUsers_CreateRefuses(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		o.Want(200, "POST", "/api/users", `{"username":"ada","primaryEmail":"Ada@example.com","primaryPhone":"61412345678"}`)
		o.Want(200, "POST", "/api/users", `{"primaryPhone":"390612345678"}`)
		o.Want(200, "POST", "/api/users", `{"username":"ADA"}`) // case tells them apart
		long := strings.Repeat("x", 129)
		app.Refused(t,
			`POST /api/users {"username":"1a"} -> 400 guard.invalid_input`,
			`POST /api/users {"username":""} -> 400 guard.invalid_input`,
			`POST /api/users {"username":"ä"} -> 400 guard.invalid_input`,
			`POST /api/users {"primaryEmail":"ada"} -> 400 guard.invalid_input`,
			`POST /api/users {"primaryPhone":"+4912345678"} -> 400 guard.invalid_input`,
			`POST /api/users {"avatar":"javascript:alert(1)"} -> 400 guard.invalid_input`,
			`POST /api/users {"profile":{"website":"javascript:alert(1)"}} -> 400 guard.invalid_input`,
			`POST /api/users {"password":""} -> 400 guard.invalid_input`,
			`POST /api/users {"password":"`+strings.Repeat("x", 1025)+`"} -> 400 guard.invalid_input`,
			`POST /api/users {"customData":[]} -> 400 guard.invalid_input`,
			`POST /api/users {"profile":{"address":"x"}} -> 400 guard.invalid_input`,
			`POST /api/users {"passwordDigest":"`+strings.Repeat("x", 257)+`","passwordAlgorithm":"MD5"} -> 400 guard.invalid_input`,
			`POST /api/users {"passwordDigest":"x","passwordAlgorithm":"ROT13"} -> 400 guard.invalid_input`,
			// The order: body, both passwords, no algorithm, phone, collisions, Legacy.
			`POST /api/users {"password":"x","passwordDigest":"y","username":"ada"} -> 400 user.password_and_digest`,
			`POST /api/users {"passwordDigest":"y","username":"ada"} -> 400 user.password_algorithm_required`,
			`POST /api/users {"primaryPhone":"1","username":"ada"} -> 422 user.invalid_phone`,
			`POST /api/users {"primaryPhone":"99912345678"} -> 422 user.invalid_phone`,
			`POST /api/users {"username":"ada","primaryEmail":"ada@example.com","passwordDigest":"x","passwordAlgorithm":"Legacy"} -> 422 user.username_already_in_use`,
			`POST /api/users {"primaryEmail":"aDa@EXAMPLE.com","primaryPhone":"61412345678"} -> 422 user.email_already_in_use`,
			`POST /api/users {"primaryPhone":"61412345678"} -> 422 user.phone_already_in_use`,
			`POST /api/users {"primaryPhone":"610412345678"} -> 422 user.phone_already_in_use`,
			`POST /api/users {"primaryPhone":"39612345678"} -> 422 user.phone_already_in_use`,
			`POST /api/users {"passwordDigest":"x","passwordAlgorithm":"Legacy"} -> 400 password.invalid_legacy_password_format`,
			`POST /api/users {"passwordDigest":"[\"rot13\",[\"@\"],\"00\"]","passwordAlgorithm":"Legacy"} -> 400 password.unsupported_legacy_hash_algorithm`,
			`POST /api/users {"passwordDigest":"[\"sm3\",[\"@\"],\"00\"]","passwordAlgorithm":"Legacy"} -> 400 password.unsupported_legacy_hash_algorithm`,
			`POST /api/users {"passwordAlgorithm":"Legacy"} -> 400 password.unsupported_encryption_method`,
			`POST /api/users {"name":"`+long+`"} -> 422 entity.value_too_long`,
			`POST /api/users {"username":"`+long+`"} -> 422 entity.value_too_long`,
		)
	})
}

func TestUsers_ChangesRefuse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		o.Want(200, "POST", "/api/users", `{"username":"ben","primaryEmail":"ben@example.com","primaryPhone":"61412345678"}`)
		ada := o.Want(200, "POST", "/api/users", `{"username":"ada"}`).String("id")
		foreign := app.OperatorAt(t, app.AdminURL, "x").Want(200, "POST", "/api/users", `{}`).String("id")
		path := "/api/users/" + ada
		calls := []string{
			"PATCH " + path + ` {} -> 422 entity.invalid_input`,
			"PATCH " + path + ` {"primaryEmail":"BEN@example.com","primaryPhone":"61412345678"} -> 422 user.email_already_in_use`,
			"PATCH " + path + ` {"primaryPhone":"610412345678","username":"ben"} -> 422 user.phone_already_in_use`,
			"PATCH " + path + ` {"username":"ben"} -> 422 user.username_already_in_use`,
			"PATCH " + path + ` {"primaryPhone":"0"} -> 422 user.invalid_phone`,
			"PATCH " + path + ` {"username":"a b"} -> 400 guard.invalid_input`,
			"PATCH " + path + ` {"customData":null} -> 400 guard.invalid_input`,
			"PATCH " + path + ` {"avatar":"x"} -> 400 guard.invalid_input`,
			"PATCH " + path + ` {"profile":{"website":"data:text/html,x"}} -> 400 guard.invalid_input`,
			"PATCH " + path + `/profile {"profile":{"website":" JavaScript:alert(1)"}} -> 400 guard.invalid_input`,
			"PATCH " + path + "/custom-data {} -> 400 guard.invalid_input",
			"PATCH " + path + `/profile {"profile":{"nickname":null}} -> 400 guard.invalid_input`,
			"PATCH " + path + `/is-suspended {"isSuspended":"yes"} -> 400 guard.invalid_input`,
			"PATCH " + path + `/password {"password":""} -> 400 guard.invalid_input`,
			"PATCH " + path + `/password/expiration {"isExpired":true} -> 400 sign_in_experiences.password_expiration_not_enabled`,
			"POST " + path + `/password/verify {"password":"x"} -> 422 session.invalid_credentials`,
			"DELETE /api/users/test-operator -> 400 user.cannot_delete_self",
		}
		for _, missing := range []string{"none", foreign} {
			for _, call := range []string{
				"GET {}", "DELETE {}", `PATCH {} {"name":"x"}`, `PATCH {}/is-suspended {"isSuspended":true}`,
				"GET {}/custom-data", `PATCH {}/custom-data {"customData":{}}`, `PATCH {}/profile {"profile":{}}`,
				"GET {}/logto-configs", "PATCH {}/logto-configs {}", "GET {}/organizations", "GET {}/has-password",
				`PATCH {}/password {"password":"x"}`, `PATCH {}/password/expiration {"isExpired":false}`, `POST {}/password/verify {"password":"x"}`,
				`POST {}/identities {"connectorId":"x","connectorData":{}}`, `PUT {}/identities/github {"userId":"1"}`, "GET {}/identities/github",
				"DELETE {}/identities/github", "GET {}/sso-identities/okta", "GET {}/all-identities",
				"GET {}/roles", `POST {}/roles {"roleIds":[]}`, `PUT {}/roles {"roleIds":[]}`, "DELETE {}/roles/x",
			} {
				calls = append(calls, strings.Replace(call, "{}", "/api/users/"+missing, 1)+" -> 404 entity.not_found")
			}
		}
		app.Refused(t, calls...)
	})
}

// Of parallel creations with one identifier one wins; nobody gets a 500.
func TestUsers_ParallelCreation(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		for body, code := range map[string]string{
			`{"username":"ada","password":"x%d"}`:                      "user.username_already_in_use",
			`{"primaryEmail":"ada@example.com","customData":{"n":%d}}`: "user.email_already_in_use",
			`{"primaryPhone":"61412345678","customData":{"n":%d}}`:     "user.phone_already_in_use",
		} {
			before := app.Count(t, tenant.Default, "users", "TRUE")
			var group sync.WaitGroup
			for i := range 8 {
				group.Go(func() {
					if a := o.Do("POST", "/api/users", fmt.Sprintf(body, i)); a.StatusCode != 200 && (a.StatusCode != 422 || a.Code() != code) {
						t.Errorf("%s: %d %s", body, a.StatusCode, a.Text)
					}
				})
			}
			group.Wait()
			if n := app.Count(t, tenant.Default, "users", "TRUE") - before; n != 1 {
				t.Errorf("%s: %d users", body, n)
			}
		}
		if n := len(app.EventNames(t, tenant.Default)); n != 3 {
			t.Errorf("%d events", n)
		}
	})
}

// Where case does not tell usernames apart, it tells none apart here.
func TestUsers_CaseOfUsernames(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		ignoreCase(t, app)
		o := app.Operator(t)
		o.Want(200, "POST", "/api/users", `{"username":"Ada"}`)
		ben := o.Want(200, "POST", "/api/users", `{"username":"ben"}`).String("id")
		app.Refused(t,
			`POST /api/users {"username":"aDA"} -> 422 user.username_already_in_use`,
			"PATCH /api/users/"+ben+` {"username":"ADA"} -> 422 user.username_already_in_use`,
		)
		o.Want(200, "PATCH", "/api/users/"+ben, `{"username":"BEN"}`)
	})
}

func TestUsers_DefaultRoles(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		grantRoles(t, app, "")
		o := app.Operator(t)
		id := o.Want(200, "POST", "/api/users", `{}`).String("id")
		var roles []struct{ ID string }
		o.Want(200, "GET", "/api/users/"+id+"/roles", "").JSON(t, &roles)
		if len(roles) != 1 || roles[0].ID != "member" {
			t.Errorf("roles %v", roles)
		}
	})
}

// Who names roles for everybody in the configuration must have them.
func TestUsers_NamedDefaultRoles(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		grantRoles(t, app, "")
		o := app.Operator(t)
		id := o.Want(200, "POST", "/api/users", `{}`).String("id")
		if n := app.Count(t, tenant.Default, "user_roles", "user_id = $2", id); n != 2 {
			t.Errorf("%d roles", n)
		}
		app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error { return role.Delete(ctx, tx, "editor") })
		app.Refused(t, `POST /api/users {"username":"ada"} -> 400 role.default_role_missing`)
	}, apptest.GivingRoles("Editor"))
}

// Every kind of hash that may be imported is kept with its algorithm.
func TestUsers_ImportedHashes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		for algorithm, digest := range map[string]string{
			"Argon2i":  "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
			"Argon2id": "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
			"MD5":      "5f4dcc3b5aa765d61d8327deb882cf99",
			"SHA1":     "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
			"SHA256":   "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
			"Legacy":   `["sha256",["@"],"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"]`,
		} {
			body, err := json.Marshal(map[string]string{"passwordAlgorithm": algorithm, "passwordDigest": digest})
			if err != nil {
				t.Fatal(err)
			}
			path := "/api/users/" + o.Want(200, "POST", "/api/users", string(body)).String("id")
			kept := o.Want(200, "GET", path+"?includePasswordHash=1", "")
			if kept.String("passwordDigest") != digest || kept.String("passwordAlgorithm") != algorithm {
				t.Errorf("%s is kept as %s", algorithm, kept.Text)
			}
			o.Want(422, "POST", path+"/password/verify", `{"password":"passwore"}`, "session.invalid_credentials")
			o.Want(204, "POST", path+"/password/verify", `{"password":"password"}`)
			// What was proved is hashed anew.
			if kept := o.Want(200, "GET", path+"?includePasswordHash=1", ""); kept.String("passwordAlgorithm") != "Argon2id" || kept.String("passwordDigest") == digest {
				t.Errorf("%s becomes %s", algorithm, kept.Text)
			}
			o.Want(204, "POST", path+"/password/verify", `{"password":"password"}`)
		}
	})
}

// A phone is looked up in either form.
func TestUsers_PhoneIsFoundWithItsTrunkZero(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		id := app.Operator(t).Want(200, "POST", "/api/users", `{"primaryPhone":"390612345678"}`).String("id")
		for _, typed := range []string{"390612345678", "+39 06 1234 5678", "39612345678"} {
			if u, err := user.ByPhone(t.Context(), db.Q(app.DB()), typed); err != nil || u.ID != id || *u.PrimaryPhone != "390612345678" {
				t.Errorf("%s: %v, %v", typed, u, err)
			}
		}
	})
}
