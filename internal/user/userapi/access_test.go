package userapi_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
)

// signedIn is a person who is signed in to an application, which may act for
// them without them, and to the account pages.
type signedIn struct {
	app     *apptest.App
	t       *testing.T
	id      string
	client  *apptest.Client
	browser *apptest.Browser
	tokens  apptest.Tokens
}

func signIn(t *testing.T, app *apptest.App, username string) *signedIn {
	t.Helper()
	p := &signedIn{app: app, t: t, id: app.CreateUser(t, username).ID, browser: app.Browser(t)}
	p.client = app.CreateApp(t, application.Application{Type: application.Traditional})
	p.browser.Visit("/account") // begins a sign-in, whose session the application shares
	p.tokens = p.browser.Redeem(p.client, p.browser.SignIn(p.client, username, apptest.Password, "prompt", "consent", "scope", "openid offline_access"))
	p.browser.Visit("/account")
	return p
}

// lives reports whether each thing that the person holds still works.
func (p *signedIn) lives() (session, refresh, access, page bool) {
	p.t.Helper()
	session = p.browser.Follow(apptest.AuthorizeURL(p.client, "prompt", "none", "scope", "openid")).Query().Has("code")
	me := apptest.Do(p.t, http.DefaultClient, http.MethodGet, p.app.URL+"/oidc/me", "", "Authorization", "Bearer "+p.tokens.Access)
	access = me.StatusCode == http.StatusOK
	a := p.browser.Token(p.client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {p.tokens.Refresh}})
	if refresh = a.StatusCode == http.StatusOK; refresh {
		a.JSON(p.t, &p.tokens)
	}
	return session, refresh, access, p.browser.Do(http.MethodGet, "/account", "", "Accept", "text/html").StatusCode == http.StatusOK
}

func (p *signedIn) want(what string, session, refresh, access, page bool) {
	p.t.Helper()
	s, r, a, g := p.lives()
	if s != session || r != refresh || a != access || g != page {
		p.t.Errorf("%s: session %v, refresh token %v, access token %v, account page %v; want %v %v %v %v", what, s, r, a, g, session, refresh, access, page)
	}
}

func TestSuspension_EndsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, p, other := app.Operator(t), signIn(t, app, "robin"), signIn(t, app, "casey")
		p.want("at first", true, true, true, true)
		path := "/api/users/" + p.id + "/is-suspended"
		contains(t, o.Want(200, "PATCH", path, `{"isSuspended":true}`).Text, `"isSuspended":true`, `"hasPassword":true`)
		data, _ := lastEvent(t, app, "User.SuspensionStatus.Updated")
		contains(t, data, `"isSuspended":true`)
		p.want("suspended", false, false, false, false)
		other.want("somebody else", true, true, true, true)
		for table, where := range map[string]string{
			"sessions": "user_id = $2", "account_sessions": "user_id = $2", "access_tokens": "user_id = $2",
			"refresh_tokens": "grant_id IN (SELECT id FROM grants WHERE tenant_id = $1 AND user_id = $2)",
		} {
			if n := app.Count(t, tenant.Default, table, where, p.id); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
		p.browser.Authorize(p.client)
		p.browser.Step("PUT", "", `{"interactionEvent":"SignIn"}`)
		if a := p.browser.VerifyPassword("robin", apptest.Password); a.Code() != "user.suspended" {
			t.Errorf("signs in: %d %s", a.StatusCode, a.Text)
		}
		// Letting her in again restores nothing.
		o.Want(200, "PATCH", path, `{"isSuspended":false}`)
		p.want("let in again", false, false, false, false)
		fresh := app.Browser(t)
		fresh.Redeem(p.client, fresh.SignIn(p.client, "robin", apptest.Password))
	})
}

// Suspending somebody forgets nothing that they allowed, but a code that is under
// way is good for nothing, neither meanwhile nor afterwards.
func TestSuspension_KeepsConsentButNoCode(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, p := app.Operator(t), signIn(t, app, "robin")
		path := "/api/users/" + p.id
		allowed := o.Want(200, "GET", path+"/grants", "").Text
		redeem := func(redirect *url.URL) string {
			return p.browser.Token(p.client, url.Values{
				"grant_type": {"authorization_code"}, "code": {redirect.Query().Get("code")},
				"redirect_uri": {p.client.Redirect()}, "code_verifier": {apptest.Verifier},
			}).String("error")
		}
		code := func() *url.URL {
			return p.browser.Follow(apptest.AuthorizeURL(p.client, "prompt", "none", "scope", "openid"))
		}
		meanwhile, afterwards := code(), code()
		o.Want(200, "PATCH", path+"/is-suspended", `{"isSuspended":true}`)
		if got := redeem(meanwhile); got != "invalid_grant" {
			t.Errorf("while suspended: %q", got)
		}
		o.Want(200, "PATCH", path+"/is-suspended", `{"isSuspended":false}`)
		if got := redeem(afterwards); got != "invalid_grant" {
			t.Errorf("let in again: %q", got)
		}
		if left := o.Want(200, "GET", path+"/grants", "").Text; left != allowed || !strings.Contains(allowed, p.client.ID) {
			t.Errorf("allowed %s, then %s", allowed, left)
		}
	})
}

func TestDeletion_EndsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		p := signIn(t, app, "robin")
		app.OperatorAt(t, app.URL, p.id).Want(400, "DELETE", "/api/users/"+p.id, "", "user.cannot_delete_self")
		p.want("at first", true, true, true, true)
		app.Operator(t).Want(204, "DELETE", "/api/users/"+p.id, "")
		p.want("deleted", false, false, false, false)
		for _, table := range []string{"sessions", "account_sessions", "access_tokens", "grants"} {
			if n := app.Count(t, tenant.Default, table, "user_id = $2", p.id); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
	})
}

func TestPassword_IsSetWithoutEndingAnything(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, p := app.Operator(t), signIn(t, app, "robin")
		path := "/api/users/" + p.id
		expirePasswords(t, app)
		o.Want(200, "PATCH", path+"/password/expiration", `{"isExpired":true}`)
		if names := app.EventNames(t, tenant.Default); slices.Contains(names, "User.Data.Updated") {
			t.Errorf("an expiry is no event: %v", names)
		}
		attempt := func(password string) string {
			b := app.Browser(t)
			b.Authorize(p.client)
			b.Step("PUT", "", `{"interactionEvent":"SignIn"}`)
			return b.VerifyPassword("robin", password).Code()
		}
		if code := attempt(apptest.Password); code != "password.expired" {
			t.Errorf("an expired password: %q", code)
		}
		contains(t, o.Want(200, "PATCH", path+"/password", `{"password":"123"}`).Text, `"hasPassword":true`) // no policy
		data, route := lastEvent(t, app, "User.Data.Updated")
		contains(t, data, `"username":"robin"`, `"hasPassword":true`)
		if strings.Contains(data, "argon2") || route != "PATCH /api/users/{userId}/password" {
			t.Errorf("event %s %s", route, data)
		}
		if old, now := attempt(apptest.Password), attempt("123"); old != "session.invalid_credentials" || now != "" {
			t.Errorf("the old password: %q, the new one: %q", old, now)
		}
		p.want("after the change", true, true, true, true)
		o.Want(204, "POST", path+"/password/verify", `{"password":"123"}`)
		if a := o.Want(200, "GET", path+"/has-password", ""); a.Text != `{"hasPassword":true}` {
			t.Errorf("%s", a.Text)
		}
	})
}

func TestImportedHash_SignsIn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.Operator(t).Want(200, "POST", "/api/users",
			`{"username":"robin","passwordAlgorithm":"MD5","passwordDigest":"5f4dcc3b5aa765d61d8327deb882cf99"}`)
		c, b := app.CreateApp(t, application.Application{}), app.Browser(t)
		b.Redeem(c, b.SignIn(c, "robin", "password"))
	})
}

func TestSessions_ListAndEnd(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, p, other := app.Operator(t), signIn(t, app, "robin"), signIn(t, app, "casey")
		path := "/api/users/" + p.id + "/sessions"
		listed := func(of string) (uids []string) {
			var out struct {
				Sessions []struct {
					Payload struct{ UID, AccountID string }
				}
			}
			a := o.Want(200, "GET", "/api/users/"+of+"/sessions", "")
			a.JSON(t, &out)
			if strings.Contains(a.Text, "isCurrent") || !strings.Contains(a.Text, `"sessions":[`) {
				t.Errorf("%s", a.Text)
			}
			for _, s := range out.Sessions {
				uids = append(uids, s.Payload.UID)
			}
			return uids
		}
		if got := listed("none"); len(got) != 0 {
			t.Errorf("nobody is signed in: %v", got)
		}
		mine, theirs := listed(p.id), listed(other.id)
		if len(mine) != 1 || len(theirs) != 1 {
			t.Fatalf("sessions %v, %v", mine, theirs)
		}
		contains(t, o.Want(200, "GET", path+"/"+mine[0], "").Text, `"accountId":"`+p.id+`"`, `"kind":"Session"`, `"interactionEvent":"SignIn"`, `"`+p.client.ID+`":{"sid":`)
		app.Refused(t,
			"GET "+path+"/none -> 404 oidc.session_not_found",
			"GET "+path+"/"+theirs[0]+" -> 404 oidc.session_not_found",
			"DELETE "+path+"/none -> 404 oidc.session_not_found",
			"DELETE "+path+"/"+theirs[0]+" -> 404 oidc.invalid_session_account_id",
			"DELETE "+path+"/"+mine[0]+"?revokeGrantsTarget=none -> 400 guard.invalid_input",
			"GET "+path+"/"+strings.Repeat("x", 65)+" -> 400 guard.invalid_input",
		)
		// The grant outlives its session unless it is named.
		o.Want(204, "DELETE", path+"/"+mine[0], "")
		if session, refresh, _, page := p.lives(); session || !refresh || page {
			t.Errorf("after its end: session %v, refresh token %v, page %v", session, refresh, page)
		}
		o.Want(204, "DELETE", "/api/users/"+other.id+"/sessions/"+theirs[0]+"?revokeGrantsTarget=all", "")
		other.want("with all grants", false, false, false, false)
	})
}

func TestGrants_ListAndEnd(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, p, other := app.Operator(t), signIn(t, app, "robin"), signIn(t, app, "casey")
		path := "/api/users/" + p.id + "/grants"
		type grants struct {
			Grants []struct {
				ID          string
				Application struct{ ID, Name string }
			}
		}
		var mine, theirs grants
		o.Want(200, "GET", path+"?appType=firstParty", "").JSON(t, &mine)
		o.Want(200, "GET", "/api/users/"+other.id+"/grants", "").JSON(t, &theirs)
		if len(mine.Grants) != 1 || mine.Grants[0].Application.ID != p.client.ID || mine.Grants[0].Application.Name == "" {
			t.Fatalf("grants %+v", mine)
		}
		for _, none := range []string{path + "?appType=thirdParty", "/api/users/none/grants"} {
			if a := o.Want(200, "GET", none, ""); a.Text != `{"grants":[]}` {
				t.Errorf("%s: %s", none, a.Text)
			}
		}
		app.Refused(t,
			"DELETE "+path+"/none -> 404 oidc.invalid_grant",
			"DELETE "+path+"/"+theirs.Grants[0].ID+" -> 404 oidc.invalid_grant",
			"GET "+path+"?appType=x -> 400 guard.invalid_input",
		)
		code := p.browser.Follow(apptest.AuthorizeURL(p.client, "prompt", "none", "scope", "openid")).Query().Get("code")
		if code == "" {
			t.Fatal("no code")
		}
		o.Want(204, "DELETE", path+"/"+mine.Grants[0].ID, "")
		if a := p.browser.Token(p.client, url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {p.client.Redirect()}, "code_verifier": {apptest.Verifier},
		}); a.StatusCode != http.StatusBadRequest {
			t.Errorf("a code of the grant: %d %s", a.StatusCode, a.Text)
		}
		// The session is there, but no browser knows it any more.
		if session, refresh, access, _ := p.lives(); session || refresh || access {
			t.Errorf("session %v, refresh token %v, access token %v", session, refresh, access)
		}
		sessions := o.Want(200, "GET", "/api/users/"+p.id+"/sessions", "")
		if !strings.Contains(sessions.Text, `"uid"`) || strings.Contains(sessions.Text, `"`+p.client.ID+`":{"sid"`) {
			t.Errorf("sessions %s", sessions.Text)
		}
		other.want("somebody else", true, true, true, true)
		app.Refused(t, "DELETE "+path+"/"+mine.Grants[0].ID+" -> 404 oidc.invalid_grant")
	})
}

// A grant that ran out by itself can be removed all the same.
func TestGrants_ExpiredEndsQuietly(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, p := app.Operator(t), signIn(t, app, "robin")
		var got struct{ Grants []struct{ ID string } }
		path := "/api/users/" + p.id + "/grants"
		o.Want(200, "GET", path, "").JSON(t, &got)
		app.Clock.Advance(181 * 24 * 3600e9)
		if a := o.Want(200, "GET", path, ""); a.Text != `{"grants":[]}` {
			t.Errorf("expired ones are listed: %s", a.Text)
		}
		o.Want(204, "DELETE", path+"/"+got.Grants[0].ID, "")
	})
}
