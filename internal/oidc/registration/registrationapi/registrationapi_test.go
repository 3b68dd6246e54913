package registrationapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/tenant"
)

const path = "/api/initial-access-tokens"

func TestInitialAccessTokens(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		now := app.Clock.Now().UnixMilli()
		made := o.Want(201, "POST", path, fmt.Sprintf(`{"name":"Partner","maxUses":2,"expiresAt":%d}`, now+1))
		id, value := made.String("id"), made.String("value")
		shown := fmt.Sprintf(`{"tenantId":"default","id":%q,"name":"Partner","maxUses":2,"uses":0,"createdAt":%d,"expiresAt":%d`, id, now, now+1)
		if made.Text != shown+`,"value":"`+value+`"}` || len(value) != 43 {
			t.Errorf("made %s", made.Text)
		}
		app.Clock.Advance(time.Second)
		o.Want(201, "POST", path, `{"name":"Another","maxUses":null}`)
		list := o.Want(200, "GET", path+"?page=2&page_size=1", "")
		if list.Text != "["+shown+"}]" || list.Header.Get("Total-Number") != "2" {
			t.Errorf("listed %s", list.Text)
		}
		if a := o.Want(200, "GET", path, ""); strings.Contains(a.Text, "value") {
			t.Errorf("shown again: %s", a.Text)
		}
		if n := app.Count(t, tenant.Default, "initial_access_tokens", "token_hash = $2", []byte(value)); n != 0 {
			t.Error("the token is stored as it is")
		}
		foreign := app.OperatorAt(t, app.AdminURL, "x")
		foreign.Want(404, "DELETE", path+"/"+id, "", "entity.not_found")
		if a := foreign.Want(200, "GET", path, ""); a.Text != "[]" {
			t.Errorf("another tenant sees %s", a.Text)
		}
		app.Refused(t,
			"POST "+path+" {} -> 400 guard.invalid_input",
			"POST "+path+` {"name":""} -> 400 guard.invalid_input`,
			"POST "+path+` {"name":"x","maxUses":0} -> 400 guard.invalid_input`,
			"POST "+path+` {"name":"x","maxUses":1000001} -> 400 guard.invalid_input`,
			"POST "+path+fmt.Sprintf(` {"name":"x","expiresAt":%d} -> 400 request.invalid_input`, now),
			"DELETE "+path+"/none -> 404 entity.not_found",
		)
		o.Want(204, "DELETE", path+"/"+id, "")
		o.Want(404, "DELETE", path+"/"+id, "")
	})
}
