package passcodeapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/tenant"
)

const path = "/api/one-time-tokens"

func TestOneTimeTokens_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		now := app.Clock.Now().UnixMilli()
		made := o.Want(201, "POST", path, `{"email":"robin@example.com","context":{"jitOrganizationIds":["acme"],"interactionEvent":"Register","x":1}}`)
		id, token := made.String("id"), made.String("token")
		want := fmt.Sprintf(`{"tenantId":"default","id":%q,"email":"robin@example.com","token":%q,"context":{"jitOrganizationIds":["acme"],"interactionEvent":"Register"},"status":"active","createdAt":%d,"expiresAt":%d}`,
			id, token, now, now+600_000)
		if made.Text != want || len(token) != 32 || len(id) != 21 {
			t.Errorf("made %s\nwant %s", made.Text, want)
		}
		if a := o.Want(200, "GET", path+"/"+id, ""); a.Text != want {
			t.Errorf("read %s", a.Text)
		}
		if n := app.Count(t, tenant.Default, "one_time_tokens", "token_sealed = $2 OR token_hash = $2", []byte(token)); n != 0 {
			t.Error("the token is stored as it is")
		}
		used := o.Want(200, "POST", path+"/verify", `{"email":"robin@example.com","token":"`+token+`"}`)
		if used.Text != strings.Replace(want, "active", "consumed", 1) {
			t.Errorf("used %s", used.Text)
		}
		o.Want(204, "DELETE", path+"/"+id, "")
		o.Want(404, "GET", path+"/"+id, "", "entity.not_exists_with_id")
	})
}

// Attack 30: a token proves one mailbox, once, in time.
func TestOneTimeTokens_Refuse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		issue := func(email, more string) (id, verify string) {
			a := o.Want(201, "POST", path, `{"email":"`+email+`"`+more+`}`)
			return a.String("id"), "POST " + path + `/verify {"email":"` + email + `","token":"` + a.String("token") + `"}`
		}
		id, active := issue("robin@example.com", "")
		usedID, used := issue("robin@example.com", "")
		revokedID, revoked := issue("robin@example.com", "")
		expiredID, expired := issue("robin@example.com", "")
		_, brief := issue("ann@example.com", `,"expiresIn":1`)
		call := strings.SplitN(used, " ", 3)
		o.Want(200, call[0], call[1], call[2])
		for id, status := range map[string]string{revokedID: "revoked", expiredID: "expired"} {
			if a := o.Want(200, "PUT", path+"/"+id+"/status", `{"status":"`+status+`"}`); a.String("status") != status {
				t.Errorf("ended %s", a.Text)
			}
		}
		app.Clock.Advance(time.Second)
		foreign := app.OperatorAt(t, app.AdminURL, "x").Want(201, "POST", path, `{"email":"robin@example.com"}`)
		app.Refused(t,
			strings.Replace(active, "robin", "Robin", 1)+" -> 400 one_time_token.email_mismatch",
			strings.Replace(used, "robin", "ann", 1)+" -> 400 one_time_token.email_mismatch",
			used+" -> 400 one_time_token.token_consumed",
			revoked+" -> 400 one_time_token.token_revoked",
			expired+" -> 400 one_time_token.token_expired",
			brief+" -> 400 one_time_token.token_expired",
			"POST "+path+`/verify {"email":"robin@example.com","token":"`+foreign.String("token")+`"} -> 404 one_time_token.token_not_found`,
			"POST "+path+`/verify {"email":"robin@example.com","token":""} -> 400 guard.invalid_input`,
			"PUT "+path+"/"+usedID+`/status {"status":"active"} -> 400 one_time_token.cannot_reactivate_token`,
			"PUT "+path+"/"+id+`/status {"status":"gone"} -> 400 guard.invalid_input`,
			"PUT "+path+"/"+foreign.String("id")+`/status {"status":"revoked"} -> 404 entity.not_exists`,
			"PUT "+path+`/none/status {"status":"active"} -> 400 one_time_token.cannot_reactivate_token`,
			"DELETE "+path+"/none -> 404 entity.not_found",
			"GET "+path+"/none -> 404 entity.not_exists_with_id",
			"GET "+path+"?email=x -> 400 guard.invalid_input",
			"GET "+path+"?status=gone -> 400 guard.invalid_input",
			"POST "+path+` {"email":""} -> 400 guard.invalid_input`,
			"POST "+path+` {"email":"a@b.example","expiresIn":0} -> 400 guard.invalid_input`,
			"POST "+path+` {"email":"a@b.example","context":{"interactionEvent":"Delete"}} -> 400 guard.invalid_input`,
		)
		// What was consumed has expired as well when its time is over.
		app.Clock.Advance(time.Hour)
		app.Refused(t, used+" -> 400 one_time_token.token_expired", revoked+" -> 400 one_time_token.token_expired")
	})
}

func TestOneTimeTokens_ListByStatusAtTheTime(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		ids := []string{}
		for _, body := range []string{
			`{"email":"ann@example.com","expiresIn":1}`, `{"email":"ann@example.com"}`, `{"email":"ann@example.com"}`,
			`{"email":"ann@example.com"}`, `{"email":"ben@example.com"}`,
		} {
			app.Clock.Advance(time.Millisecond)
			ids = append(ids, o.Want(201, "POST", path, body).String("id"))
		}
		for i, status := range map[int]string{2: "consumed", 3: "revoked"} {
			o.Want(200, "PUT", path+"/"+ids[i]+"/status", `{"status":"`+status+`"}`)
		}
		app.Clock.Advance(time.Second)
		for query, want := range map[string][]int{
			"": {4, 3, 2, 1, 0}, "status=expired": {0}, "status=active": {4, 1}, "status=consumed": {2}, "status=revoked": {3},
			"email=ann@example.com&status=active": {1}, "email=Ann@example.com": {}, "email=ann@example.com&page=1&page_size=2": {3, 2},
		} {
			a := o.Want(200, "GET", path+"?"+query, "")
			var list []struct{ ID string }
			a.JSON(t, &list)
			got := make([]string, len(list))
			wanted := make([]string, len(want))
			for i := range list {
				got[i] = list[i].ID
			}
			for i := range want {
				wanted[i] = ids[want[i]]
			}
			if strings.Join(got, " ") != strings.Join(wanted, " ") {
				t.Errorf("%s: %v, want %v", query, got, wanted)
			}
			total := ""
			if strings.Contains(query, "page") {
				total = "4"
			}
			if a.Header.Get("Total-Number") != total {
				t.Errorf("%s: of %s", query, a.Header.Get("Total-Number"))
			}
		}
		// A new token of the address marks those that are overdue.
		o.Want(201, "POST", path, `{"email":"ann@example.com"}`)
		if n := app.Count(t, tenant.Default, "one_time_tokens", "expired_at IS NOT NULL"); n != 1 {
			t.Errorf("%d are marked", n)
		}
	})
}

// Attack 30: fifty present one token at once, one gets in.
func TestOneTimeTokens_ParallelVerify(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		token := o.Want(201, "POST", path, `{"email":"robin@example.com"}`).String("token")
		var mu sync.Mutex
		answers := map[string]int{}
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				a := o.Do("POST", path+"/verify", `{"email":"robin@example.com","token":"`+token+`"}`)
				mu.Lock()
				defer mu.Unlock()
				answers[fmt.Sprint(a.StatusCode, " ", a.Code())]++
			})
		}
		group.Wait()
		if answers["200 "] != 1 || answers["400 one_time_token.token_consumed"] != 49 {
			t.Errorf("answers %v", answers)
		}
	})
}

// What is wrong with the request is said before that no code can be sent.
func TestVerificationCodes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.Refused(t,
			`POST /api/verification-codes {"email":"robin@example.com"} -> 501 connector.not_found`,
			`POST /api/verification-codes {"phone":"441632960961"} -> 501 connector.not_found`,
			`POST /api/verification-codes {} -> 400 guard.invalid_input`,
			`POST /api/verification-codes {"email":"robin"} -> 400 guard.invalid_input`,
			`POST /api/verification-codes {"email":12} -> 400 guard.invalid_input`,
			`POST /api/verification-codes {"email":"`+strings.Repeat("x", 300)+`@example.com"} -> 400 guard.invalid_input`,
			`POST /api/verification-codes {"phone":"+441632960961"} -> 400 guard.invalid_input`,
			`POST /api/verification-codes {"phone":"441632960961","email":"robin"} -> 400 guard.invalid_input`,
			`POST /api/verification-codes/verify {"email":"robin@example.com","verificationCode":"123456"} -> 400 verification_code.not_found`,
			`POST /api/verification-codes/verify {"phone":"441632960961","verificationCode":"123456"} -> 400 verification_code.not_found`,
			`POST /api/verification-codes/verify {"email":"robin@example.com"} -> 400 guard.invalid_input`,
			`POST /api/verification-codes/verify {"phone":"441632960961","verificationCode":""} -> 400 guard.invalid_input`,
			`POST /api/verification-codes/verify {"verificationCode":"123456"} -> 400 guard.invalid_input`,
		)
	})
}
