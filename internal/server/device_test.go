package server_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/internal/oidc/proto"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

func TestDevice_SignsIn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin")
		d := waiting(t, app, television(t, app), "nonce", "n-1")
		var told map[string]any
		d.answer.JSON(t, &told)
		page := app.URL + "/device"
		if told["verification_uri"] != page || told["verification_uri_complete"] != page+"?user_code="+d.userCode() || told["expires_in"] != 600.0 || len(told) != 5 {
			t.Errorf("%v", told)
		}
		if d.answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", d.answer.Header)
		}
		d.polls(400, "authorization_pending")
		d.approve("robin")
		var tokens apptest.Tokens
		d.polls(200, "").JSON(t, &tokens)
		if tokens.ID == "" || tokens.Refresh == "" || tokens.Scope != "openid offline_access profile" {
			t.Errorf("%+v", tokens)
		}
		b := app.Browser(t)
		if me := b.Do("GET", "/oidc/me", "", "Authorization", "Bearer "+tokens.Access); me.String("sub") != robin.ID {
			t.Errorf("%s", me.Text)
		}
		if next := b.Refresh(d.client, tokens.Refresh); next.Access == "" {
			t.Error("no refresh")
		}
		keys := app.AuditKeys(t, tenant.Default)
		if !slices.Contains(keys, "ExchangeTokenBy.DeviceCode") || slices.Contains(keys, "ExchangeTokenBy.DeviceCode failed") {
			t.Errorf("%v", keys)
		}
	})
}

// The built-in application needs no registration, and who is signed in needs no
// password: but the code is always confirmed.
func TestDevice_BuiltInApplicationAndStandingSession(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		b := opened(t, app)
		demo := &apptest.Client{Application: &application.Application{ID: "device-demo-app"}}
		first := waiting(t, app, demo)
		first.confirmed(b, "robin")
		first.polls(200, "")
		second := waiting(t, app, demo)
		target := post(b, "user_code", second.userCode(), "confirm", "yes").Header.Get("Location")
		if at := second.follow(b, target); at != "/device/success" {
			t.Errorf("%q leads to %q", target, at)
		}
		second.polls(200, "")
		third := waiting(t, app, demo, "prompt", "login")
		leads(t, post(b, "user_code", third.userCode(), "confirm", "yes"), 303, "/sign-in?app_id=device-demo-app")
	})
}

func TestDevice_RefusedRequests(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		tv := television(t, app)
		web := app.CreateApp(t, application.Application{Type: application.SPA})
		for name, bad := range map[string]struct {
			client *apptest.Client
			pairs  []string
			status int
			code   string
		}{
			"of a browser's application": {web, nil, 400, "unauthorized_client"},
			"of nobody":                  {tv, []string{"client_id", "nobody"}, 400, "invalid_client"},
			"with a secret":              {tv, []string{"client_secret", "x"}, 401, "invalid_client"},
			"silent":                     {tv, []string{"prompt", "none"}, 400, "invalid_request"},
			"unknown prompt":             {tv, []string{"prompt", "dance"}, 400, "invalid_request"},
			"max_age":                    {tv, []string{"max_age", "-1"}, 400, "invalid_request"},
			"unknown resource":           {tv, []string{"resource", "https://nowhere.example"}, 400, "invalid_target"},
			"request object":             {tv, []string{"request", "a.b.c"}, 400, "invalid_request"},
			"too long":                   {tv, []string{"login_hint", strings.Repeat("x", 3000)}, 400, "invalid_request"},
		} {
			if a := ask(t, app, bad.client, bad.pairs...); a.StatusCode != bad.status || a.String("error") != bad.code {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.Text)
			}
		}
		if n := app.Count(t, tenant.Default, "device_codes", "TRUE"); n != 0 {
			t.Errorf("%d devices wait", n)
		}
		// A device application has no redirects, and others have no device codes.
		if a := app.Browser(t).Do("GET", "/oidc/auth?client_id="+tv.ID+"&redirect_uri=x&response_type=code", ""); a.StatusCode != 400 {
			t.Errorf("%d %s", a.StatusCode, a.Text)
		}
		d := waiting(t, app, tv)
		d.client = web
		d.polls(400, "unauthorized_client")
		d.client = television(t, app)
		d.polls(400, "invalid_grant")
		d.client = tv
		d.polls(400, "authorization_pending")
	})
}

func TestDevice_Lifetime(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		tv := television(t, app)
		late, slow, lost := waiting(t, app, tv), waiting(t, app, tv), waiting(t, app, tv)
		b := opened(t, app)
		leads(t, post(b, "user_code", slow.userCode(), "confirm", "yes"), 303, "/sign-in?app_id="+tv.ID)
		lost.approve("robin")
		app.Clock.Advance(10 * time.Minute)
		late.polls(400, "expired_token")
		lost.polls(400, "expired_token")
		// Signing in took longer than the code lives.
		identify(b, "robin")
		if at := slow.submitted(b); at != "/device?app_id="+tv.ID+"&error=ExpiredError" {
			t.Errorf("ends at %q", at)
		}
		slow.polls(400, "expired_token")
		fresh := opened(t, app)
		leads(t, post(fresh, "user_code", late.userCode()), 303, "/device?input_code="+late.userCode()+"&error=ExpiredError")
	})
}

// Attack 9 and 11: a device code yields tokens once, and its second use takes them
// back.
func TestDevice_FiftyAtOnceRedeemOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		d := waiting(t, app, television(t, app))
		d.approve("robin")
		var group sync.WaitGroup
		answers := make([]*apptest.Answer, 50)
		for i := range answers {
			group.Go(func() { answers[i] = d.poll() })
		}
		group.Wait()
		var access string
		for _, a := range answers {
			switch {
			case a.StatusCode == http.StatusOK && access == "":
				access = a.String("access_token")
			case a.StatusCode != http.StatusBadRequest || a.String("error") != "invalid_grant":
				t.Errorf("%d %s", a.StatusCode, a.Text)
			}
		}
		if access == "" {
			t.Error("nobody gets tokens")
		}
		if a := app.Browser(t).Do("GET", "/oidc/me", "", "Authorization", "Bearer "+access); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("reuse leaves the token: %d", a.StatusCode)
		}
	})
}

// Of two people with one code the first to answer decides.
func TestDevice_IsApprovedOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		app.CreateUser(t, "eve")
		d := waiting(t, app, television(t, app))
		late := opened(t, app)
		leads(t, post(late, "user_code", d.userCode(), "confirm", "yes"), 303, "/sign-in?app_id="+d.client.ID)
		d.approve("robin")
		identify(late, "eve")
		if at := d.submitted(late); at != "/device?app_id="+d.client.ID+"&error=AlreadyUsedError" {
			t.Errorf("ends at %q", at)
		}
		leads(t, post(late, "user_code", d.userCode(), "abort", "yes"), 303, "/device?input_code="+d.userCode()+"&error=AlreadyUsedError")
		d.polls(200, "")
	})
}

func TestDevice_DeniedByItsPerson(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		d := waiting(t, app, television(t, app))
		leads(t, post(opened(t, app), "user_code", d.userCode(), "abort", "yes"), 303, "/device?error=AbortedError")
		d.polls(400, "access_denied")
		// A third party is refused on the page that asks for consent.
		third := waiting(t, app, television(t, app, func(a *application.Application) { a.IsThirdParty = true }), "scope", "openid offline_access")
		b := opened(t, app)
		if at := third.confirmed(b, "robin"); at != "/consent?app_id="+third.client.ID {
			t.Fatalf("asked at %q", at)
		}
		page := b.Do("GET", "/consent?app_id="+third.client.ID, "", "Accept", "text/html")
		token := between(page.Text, `name="token" value="`, `"`)
		at := b.Do("POST", "/consent?app_id="+third.client.ID, "decision=cancel&token="+token).Header.Get("Location")
		if at = third.follow(b, at); at != "/device?app_id="+third.client.ID+"&error=AbortedError" {
			t.Errorf("ends at %q", at)
		}
		third.polls(400, "access_denied")
		agreed := waiting(t, app, third.client, "scope", "openid offline_access")
		target := post(b, "user_code", agreed.userCode(), "confirm", "yes").Header.Get("Location")
		if asked := b.Do("GET", "/api/interaction/consent", "", "Logto-App-Id", third.client.ID); target != "/consent?app_id="+third.client.ID || strings.Contains(asked.Text, "redirectUri") {
			t.Errorf("%s %s", target, asked.Text)
		}
		if at := agreed.follow(b, b.Do("POST", "/api/interaction/consent", "{}", "Logto-App-Id", third.client.ID).String("redirectTo")); at != "/device/success" {
			t.Errorf("ends at %q", at)
		}
		agreed.polls(200, "")
	})
}

func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}

// Who may not sign in, or not any more, gets no tokens for a device either.
func TestDevice_FollowsTheStandingOfItsPerson(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		robin := app.CreateUser(t, "robin")
		app.CreateUser(t, "outsider")
		tv := television(t, app)
		suspended := waiting(t, app, tv)
		suspended.approve("robin")
		o.Want(200, "PATCH", "/api/users/"+robin.ID+"/is-suspended", `{"isSuspended":true}`)
		suspended.polls(400, "invalid_grant")
		o.Want(200, "PATCH", "/api/users/"+robin.ID+"/is-suspended", `{"isSuspended":false}`)

		limited := waiting(t, app, tv)
		limited.approve("outsider")
		o.Want(200, "PUT", "/api/applications/"+tv.ID+"/access-control",
			`{"userIds":["`+robin.ID+`"],"userRoleIds":[],"organizationIds":[],"organizationRoleRules":[]}`)
		o.Want(200, "PATCH", "/api/applications/"+tv.ID, `{"appLevelAccessControlEnabled":true}`)
		limited.polls(400, "access_denied")
		turned := waiting(t, app, tv)
		if at := turned.confirmed(opened(t, app), "outsider"); at != "/consent?app_id="+tv.ID {
			t.Errorf("ends at %q", at)
		}
		turned.polls(400, "authorization_pending") // somebody else may still answer
		turned.approve("robin")
		turned.polls(200, "")
	})
}

// Attack 31: a device is no way around the second factor.
func TestDevice_WaitsForTheSecondFactor(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		own, key := app.Browser(t), softkey.New()
		own.AccountToken(app.CreateApp(t, application.Application{}), "robin")
		own.StepUp()
		own.AddPasskey(key)
		app.ChangeExperience(t, tenant.Default, func(e *signinexp.Settings) {
			e.MFA.Factors, e.MFA.Policy = []signinexp.Factor{signinexp.FactorWebAuthn}, signinexp.PolicyMandatory
		})
		d, b := waiting(t, app, television(t, app)), opened(t, app)
		d.confirm(b, "robin")
		if a := b.Experience("POST", "/submit", ""); a.StatusCode != 403 || a.Code() != "session.mfa.require_mfa_verification" {
			t.Errorf("%d %s", a.StatusCode, a.Text)
		}
		d.polls(400, "authorization_pending")
		if a := b.VerifyPasskey(key); a.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", a.StatusCode, a.Text)
		}
		if at := d.submitted(b); at != "/device/success" {
			t.Errorf("ends at %q", at)
		}
		d.polls(200, "")
	})
}

func TestDevice_ResourcesAndOrganizations(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		crew := app.Shop(t, app.CreateUser(t, "robin").ID)
		tv := television(t, app)
		approved := func() *device {
			d := waiting(t, app, tv, "resource", apptest.Orders+","+proto.OrganizationsResource, "scope", "openid offline_access read:orders write:orders invite urn:logto:scope:organizations")
			d.approve("robin")
			return d
		}
		var tokens apptest.Tokens
		approved().polls(200, "", "resource", apptest.Orders).JSON(t, &tokens)
		if tokens.Scope != "read:orders write:orders" || strings.Count(tokens.Access, ".") != 2 {
			t.Errorf("%+v", tokens)
		}
		approved().polls(200, "", "organization_id", crew).JSON(t, &tokens)
		if tokens.Scope != "invite" {
			t.Errorf("%+v", tokens)
		}
		// What is refused consumes nothing.
		d := approved()
		d.polls(400, "invalid_target", "resource", "https://nowhere.example")
		d.polls(403, "access_denied", "organization_id", "nowhere")
		d.polls(200, "")
	})
}
