package accountapi_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/mfa/softkey"
	"signet/internal/oidc/client"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

func TestSessions_List(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person("ann"), w.person("bob")
		w.tx(func(ctx context.Context, tx *db.Tx) error {
			s, err := token.SessionByUID(ctx, tx, w.now(), ann.session)
			if err != nil {
				return err
			}
			_, err = token.LoginSession(ctx, tx, w.now(), s, token.Login{UserID: ann.id, ClientID: client.AccountCenter, Submission: []byte(
				`{"interactionEvent":"SignIn","userId":"` + ann.id + `","verificationRecords":[{"id":"v","type":"Password"}],` +
					`"signInContext":{"ip":"192.0.2.7"},"secret":"x"}`)})
			return err
		})
		w.clock.Advance(time.Second)
		other, _ := ann.signIn(w.application(false), "openid")
		ann.proveIt()
		got := ann.call("GET", "/api/my-account/sessions", nil).want(t, 200, "")
		sessions := got.json("sessions").([]any)
		if len(sessions) != 2 || strings.Contains(got.text, bob.session) {
			t.Fatalf("sessions %s", got.text)
		}
		newest, mine := sessions[0].(map[string]any), sessions[1].(map[string]any)
		payload := mine["payload"].(map[string]any)
		if newest["payload"].(map[string]any)["uid"] != other || newest["isCurrent"] != false || newest["lastSubmission"] != nil {
			t.Errorf("the other session %v", newest)
		}
		if mine["isCurrent"] != true || mine["accountId"] != ann.id || mine["clientId"] != client.AccountCenter ||
			payload["uid"] != ann.session || payload["kind"] != "Session" || payload["loginTs"] != float64(w.now()/1000-1) ||
			payload["authorizations"].(map[string]any)[client.AccountCenter] == nil {
			t.Errorf("the present session %v", mine)
		}
		last := mine["lastSubmission"].(map[string]any)
		if last["interactionEvent"] != "SignIn" || last["signInContext"].(map[string]any)["ip"] != "192.0.2.7" || last["secret"] != nil {
			t.Errorf("submission %v", last)
		}
	})
}

func TestSessions_EndTakesTheGrantsThatAreAskedFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		own, foreign := w.application(false), w.application(true)
		grantsLeft := func() []string {
			grants, err := token.GrantsOf(context.Background(), w.db, w.now(), ann.id)
			if err != nil {
				t.Fatal(err)
			}
			clients := []string{}
			for _, g := range grants {
				clients = append(clients, g.ClientID)
			}
			slices.Sort(clients)
			return clients
		}
		for target, dead := range map[string][]string{
			"": nil, "?revokeGrantsTarget=firstParty": {own}, "?revokeGrantsTarget=all": {own, foreign, foreign, client.DemoApp},
		} {
			session, _ := ann.signIn(own, "openid")
			ann.tokenIn(session, foreign, "openid") // as at once, or of a client with a grant for each time
			ann.tokenIn(session, foreign, "openid")
			ann.tokenIn(session, client.DemoApp, "openid")
			before := grantsLeft()
			ann.call("DELETE", "/api/my-account/sessions/"+session+target, nil).want(t, 204, "")
			if s, _ := token.SessionByUID(context.Background(), w.db, w.now(), session); s != nil {
				t.Errorf("%q: the session lives on", target)
			}
			want := before
			for _, id := range dead {
				i := slices.Index(want, id)
				want = slices.Delete(slices.Clone(want), i, i+1)
			}
			if got := grantsLeft(); !slices.Equal(got, want) {
				t.Errorf("%q: grants %v, want %v", target, got, want)
			}
			w.tx(func(ctx context.Context, tx *db.Tx) error { // for the next round
				_, err := tx.Exec(ctx, `DELETE FROM grants WHERE tenant_id = $1 AND session_uid = $2`, session)
				return err
			})
		}
	})
}

func TestSessions_RefuseWhatIsNotTheCallers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person("ann"), w.person("bob")
		ann.proveIt()
		before, ofBob := ann.state(), bob.state()
		end := func(id string) answer { return ann.call("DELETE", "/api/my-account/sessions/"+id, nil) }
		if got := end("nosuchsession").want(t, 400, "oidc.session_not_found"); got.json("data.status") != 404.0 {
			t.Errorf("%s", got.text)
		}
		end(bob.session).want(t, 400, "oidc.invalid_session_account_id")
		end(ann.session+"?revokeGrantsTarget=none").want(t, 400, "guard.invalid_input")
		end(strings.Repeat("s", 65)).want(t, 400, "guard.invalid_input")
		ann.call("DELETE", "/api/my-account/grants/"+bob.grantOf(bob.session), nil).want(t, 404, "oidc.invalid_grant")
		ann.call("DELETE", "/api/my-account/grants/nosuchgrant", nil).want(t, 404, "oidc.invalid_grant")
		ann.call("GET", "/api/my-account/grants?appType=x", nil).want(t, 400, "guard.invalid_input")
		ann.unchanged(before)
		bob.unchanged(ofBob)

		// One's own may end; a token that outlives its session stays good.
		end(ann.session).want(t, 204, "")
		ann.call("GET", "/api/my-account", nil).want(t, 200, "")
	})
}

func TestGrants_ListWithoutBuiltinClients(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		own, foreign := w.application(false), w.application(true)
		ann.signIn(own, "openid")
		ann.signIn(foreign, "openid")
		of := func(query string) []string {
			got := ann.call("GET", "/api/my-account/grants"+query, nil).want(t, 200, "")
			names := []string{}
			for _, g := range got.json("grants").([]any) {
				grant := g.(map[string]any)
				app := grant["application"].(map[string]any)
				if app["name"] != "App" || grant["payload"].(map[string]any)["accountId"] != ann.id {
					t.Errorf("grant %v", grant)
				}
				names = append(names, app["id"].(string))
			}
			slices.Sort(names)
			return names
		}
		both := []string{own, foreign}
		slices.Sort(both)
		if got := of(""); !slices.Equal(got, both) {
			t.Errorf("all: %v", got)
		}
		if got := of("?appType=firstParty"); !slices.Equal(got, []string{own}) {
			t.Errorf("first-party: %v", got)
		}
		if got := of("?appType=thirdParty"); !slices.Equal(got, []string{foreign}) {
			t.Errorf("third-party: %v", got)
		}
	})
}

// TestFactors_OfOthersAreOutOfReach (attack 49).
func TestFactors_OfOthersAreOutOfReach(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person("ann"), w.person("bob")
		handle := bob.addKey(softkey.New(), "Bob's")
		ann.proveIt()
		registration := bob.register(softkey.New())
		before, ofBob := ann.state(), bob.state()
		path := "/api/my-account/mfa-verifications/"
		ann.call("PATCH", path+handle+"/name", `{"name":"Mine"}`).want(t, 400, "verification_record.not_found")
		ann.call("DELETE", path+handle, nil).want(t, 400, "verification_record.not_found")
		ann.call("DELETE", path+"nosuchfactor", nil).want(t, 400, "verification_record.not_found")
		ann.call("POST", "/api/my-account/mfa-verifications",
			map[string]any{"type": "WebAuthn", "newIdentifierVerificationRecordId": registration}).want(t, 400, "verification_record.not_found")
		// A proof is no registration.
		ann.call("POST", "/api/my-account/mfa-verifications",
			map[string]any{"type": "WebAuthn", "newIdentifierVerificationRecordId": ann.stepUp}).want(t, 400, "verification_record.not_found")
		ann.unchanged(before)
		bob.unchanged(ofBob)
	})
}

func TestFactors_NeedTheFactorToBeSwitchedOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		registration := ann.register(softkey.New())
		bind := func() answer {
			return ann.call("POST", "/api/my-account/mfa-verifications",
				map[string]any{"type": "WebAuthn", "newIdentifierVerificationRecordId": registration})
		}
		before := ann.state()
		w.experience("mfa", map[string]any{"factors": []string{}, "policy": "NoPrompt"})
		bind().want(t, 400, "session.mfa.mfa_factor_not_enabled")
		ann.unchanged(before)

		// For passkey sign-in it may be bound, but is no second factor.
		w.experience("passkey_sign_in", map[string]any{"enabled": true})
		bind().want(t, 204, "")
		if after := ann.state(); len(after.credentials) != 1 || after.user.IsMFAEnabled != nil {
			t.Errorf("%+v", after)
		}
	})
}

func TestConfigs_MergeWhatIsGiven(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		path := "/api/my-account/logto-configs"
		if got := ann.call("GET", path, nil); got.text != `{"mfa":{"skipped":false,"skipMfaOnSignIn":false},"passkeySignIn":{"skipped":false}}` {
			t.Errorf("at first %s", got.text)
		}
		ann.call("PATCH", path, `{"mfa":{"enabled":true,"skipMfaOnSignIn":true,"additionalBindingSuggestionSkipped":true}}`).want(t, 200, "")
		got := ann.call("PATCH", path, `{"passkeySignIn":{"skipped":true}}`).want(t, 200, "")
		if got.text != `{"mfa":{"enabled":true,"skipped":false,"skipMfaOnSignIn":true},"passkeySignIn":{"skipped":true}}` {
			t.Errorf("then %s", got.text)
		}
		if u := ann.state().user; !u.IsMFASuggestionSkipped {
			t.Error("the suggestion is not skipped")
		}
		if got := ann.call("GET", "/api/my-account/mfa-settings", nil); got.text != `{"skipMfaOnSignIn":true}` {
			t.Errorf("settings %s", got.text)
		}
	})
}

// TestBadInput_IsRefusedAndChangesNothing sends what no client should.
func TestBadInput_IsRefusedAndChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		before := ann.state()
		deep := strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000)
		for _, op := range operations {
			if op.method == "GET" || op.method == "DELETE" || op.body == "" {
				continue
			}
			for name, body := range map[string]string{
				"malformed": `{"name":`, "trailing": `{} {}`, "a list": `[]`, "text": `"x"`, "null": `null`, "too deep": deep,
				"endless": `{"name":"` + strings.Repeat("a", 300<<10) + `"}`,
				"wrong types": `{"name":1,"nickname":[],"password":{},"type":7,"skipMfaOnSignIn":"yes","mfa":[],"verificationRecordId":1,` +
					`"avatar":true,"username":{},"customData":"x","address":"x"}`,
				"NUL": `{"name":"a\u0000","nickname":"a\u0000","password":"a\u0000","type":"\u0000","skipMfaOnSignIn":"\u0000","mfa":"\u0000",` +
					`"username":"\u0000","avatar":"\u0000"}`,
			} {
				got := ann.call(op.method, op.path, body)
				if got.status < 400 || got.status >= 500 {
					t.Errorf("%s %s, %s: got %d %s", op.method, op.path, name, got.status, got.text)
				}
			}
		}
		for _, body := range []string{`{"avatar":"javascript:alert(1)"}`, `{"avatar":"data:text/html,x"}`, `{"avatar":""}`,
			`{"name":"` + strings.Repeat("ä", 129) + `"}`} {
			ann.call("PATCH", "/api/my-account", body).want(t, 400, "guard.invalid_input")
		}
		for _, path := range []string{"/api/my-account/mfa-verifications/%00/name", "/api/my-account/mfa-verifications/" + strings.Repeat("a", 65) + "/name"} {
			ann.call("PATCH", path, `{"name":"x"}`).want(t, 400, "guard.invalid_input")
		}
		ann.call("DELETE", "/api/my-account/sessions/"+ann.session+"?revokeGrantsTarget=all&revokeGrantsTarget=all", nil).
			want(t, 400, "guard.invalid_input")
		ann.unchanged(before)
	})
}

// TestTenants_DoNotShareTokensOrProofs: what is good in one tenant is nothing in
// another.
func TestTenants_DoNotShareTokensOrProofs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		admin := newWorld(t, w.pool, tenant.Admin)
		visitor := admin.person("ann")
		for _, op := range operations {
			headers := http.Header{"Authorization": {"Bearer " + ann.token}, "Logto-Verification-Id": {ann.stepUp}}
			admin.send(op.method, op.path, op.body, headers).want(t, 401, "auth.unauthorized")
		}
		visitor.stepUp = ann.stepUp
		visitor.call("GET", "/api/my-account/sessions", nil).want(t, 401, "verification_record.permission_denied")
		visitor.proveIt()
		visitor.call("GET", "/api/my-account/sessions", nil).want(t, 200, "")
	})
}
