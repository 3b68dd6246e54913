package userapi_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/platform/crypt"
	"signet/internal/tenant"
)

func TestTokens_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin").ID
		ann := "/api/users/" + app.CreateUser(t, "ann").ID + "/personal-access-tokens"
		o := app.Operator(t)
		path := "/api/users/" + robin + "/personal-access-tokens"
		expires := app.Clock.Now().Add(time.Hour).UnixMilli()
		made := o.Want(201, "POST", path, fmt.Sprintf(`{"name":"A script","expiresAt":%d}`, expires))
		value := made.String("value")
		want := fmt.Sprintf(`{"tenantId":"default","userId":%q,"name":"A script","value":%q,"createdAt":%d,"expiresAt":%d}`,
			robin, value, app.Clock.Now().UnixMilli(), expires)
		if made.Text != want || !regexp.MustCompile(`^pat_[0-9A-Za-z]{32}$`).MatchString(value) {
			t.Errorf("made %s\nwant %s", made.Text, want)
		}
		if n := app.Count(t, tenant.Default, "personal_access_tokens", "value_hash = $2 AND value_sealed <> $3", crypt.Hash(value), []byte(value)); n != 1 {
			t.Error("the value is not stored as hash and sealed")
		}
		o.Want(201, "POST", ann, `{"name":"A script","expiresAt":null}`)
		app.Clock.Advance(2 * time.Hour)
		o.Want(201, "POST", path, `{"name":"a/b ü"}`)
		// What has expired is listed, and every value can be read after a rename.
		renamed := o.Want(200, "PATCH", path, `{"currentName":"A script","name":"x/y"}`)
		if renamed.Text != strings.Replace(want, "A script", "x/y", 1) {
			t.Errorf("renamed %s", renamed.Text)
		}
		o.Want(200, "PATCH", path, `{"name":"x/y"}`)
		o.Want(200, "PATCH", path+"/"+url.PathEscape("a/b ü"), `{"name":"b"}`)
		list := o.Want(200, "GET", path, "")
		if !strings.HasPrefix(list.Text, "["+renamed.Text+",") || strings.Count(list.Text, "pat_") != 2 || !strings.Contains(list.Text, `"expiresAt":null`) {
			t.Errorf("listed %s", list.Text)
		}
		o.Want(204, "POST", path+"/delete", `{"name":"x/y"}`)
		o.Want(204, "DELETE", path+"/b", "")
		if a := o.Want(200, "GET", path, ""); a.Text != "[]" {
			t.Errorf("left %s", a.Text)
		}
		if n := app.Count(t, tenant.Default, "personal_access_tokens", "name = 'A script'"); n != 1 {
			t.Error("the other user lost a token")
		}
	})
}

func TestTokens_Refuse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		path := "/api/users/" + app.CreateUser(t, "robin").ID + "/personal-access-tokens"
		other := "/api/users/" + app.CreateUser(t, "ann").ID + "/personal-access-tokens"
		foreign := "/api/users/" + app.CreateUserIn(t, tenant.Admin, "zoe").ID + "/personal-access-tokens"
		o := app.Operator(t)
		o.Want(201, "POST", path, `{"name":"a"}`)
		o.Want(201, "POST", path, `{"name":"b"}`)
		app.Refused(t,
			"POST "+path+` {"name":"a"} -> 422 user.personal_access_token_name_exists`,
			"POST "+path+fmt.Sprintf(` {"name":"c","expiresAt":%d}`, app.Clock.Now().UnixMilli())+` -> 400 request.invalid_input`,
			"POST "+path+` {"name":""} -> 400 guard.invalid_input`,
			"POST "+path+` {"name":"`+strings.Repeat("x", 257)+`"} -> 400 guard.invalid_input`,
			"POST "+foreign+` {"name":"a"} -> 404 entity.relation_foreign_key_not_found`,
			"GET "+foreign+" -> 404 entity.not_found",
			"PATCH "+path+` {"currentName":"a","name":"b"} -> 422 user.personal_access_token_name_exists`,
			"PATCH "+path+`/a {"name":"b"} -> 422 user.personal_access_token_name_exists`,
			"PATCH "+path+` {"currentName":"none","name":"c"} -> 404 entity.not_exists`,
			"PATCH "+path+` {"name":"c"} -> 404 entity.not_exists`,
			"PATCH "+other+`/a {"name":"c"} -> 404 entity.not_exists`,
			"POST "+other+`/delete {"name":"a"} -> 404 entity.not_found`,
			"POST "+path+`/delete {} -> 400 guard.invalid_input`,
			"DELETE "+other+`/a -> 404 entity.not_found`,
		)
	})
}
