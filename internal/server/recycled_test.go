package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/internal/user"
)

// predecessor is somebody who has whatever one can have, and then is gone.
type predecessor struct {
	*user.User

	browser, account, waiting *apptest.Browser
	tokens                    apptest.Tokens
	pat, proof                string
}

func somebodyGone(t *testing.T, app *apptest.App, c *apptest.Client) *predecessor {
	t.Helper()
	o := app.Operator(t)
	p := &predecessor{User: app.CreateUser(t, "robin"), browser: app.Browser(t), account: app.Browser(t), waiting: app.Browser(t)}
	role := o.Want(http.StatusOK, "POST", "/api/roles", `{"name":"captain","description":"x"}`).String("id")
	o.Want(http.StatusCreated, "POST", "/api/users/"+p.ID+"/roles", `{"roleIds":["`+role+`"]}`)
	crew := o.Want(http.StatusCreated, "POST", "/api/organizations", `{"name":"crew"}`).String("id")
	o.Want(http.StatusCreated, "POST", "/api/organizations/"+crew+"/users", `{"userIds":["`+p.ID+`"]}`)
	p.pat = o.Want(http.StatusCreated, "POST", "/api/users/"+p.ID+"/personal-access-tokens", `{"name":"x"}`).String("value")
	p.tokens = p.browser.Redeem(c, p.browser.SignIn(c, "robin", apptest.Password, "prompt", "consent", "scope", "openid offline_access"))
	p.account.AccountToken(c, "robin")
	p.account.StepUp()
	p.account.AddPasskey(softkey.New())
	p.waiting.Authorize(c)
	p.waiting.Step("PUT", "", `{"interactionEvent":"SignIn"}`)
	p.proof = p.waiting.VerifyPassword("robin", apptest.Password).String("verificationId")
	o.Want(http.StatusNoContent, "DELETE", "/api/users/"+p.ID, "")
	return p
}

// Attack 51: who gets the name of somebody who is gone gets nothing else of theirs,
// and nothing that was given to the one opens the account of the other.
func TestRecycledName_InheritsNothing(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c, exchanges := app.CreateApp(t, application.Application{}), true
		machine := app.CreateApp(t, application.Application{Type: application.Traditional, Custom: application.CustomMetadata{AllowTokenExchange: &exchanges}})
		gone := somebodyGone(t, app, c)
		robin := app.CreateUser(t, "robin")
		if to := gone.browser.Follow(apptest.AuthorizeURL(c, "prompt", "none")); to.Query().Get("error") != "login_required" {
			t.Errorf("the old session: %s", to)
		}
		for name, old := range map[string]struct {
			answer *apptest.Answer
			code   string
		}{
			"refresh token": {gone.browser.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {gone.tokens.Refresh}}), "oidc.invalid_grant"},
			"access token":  {gone.browser.Do("GET", "/oidc/me", "", "Authorization", "Bearer "+gone.tokens.Access), "oidc.invalid_token"},
			"step-up":       {gone.account.Account("PATCH", "/api/my-account", `{"username":"x"}`), "auth.unauthorized"},
			"proof":         {gone.waiting.Experience("POST", "/identification", `{"verificationId":"`+gone.proof+`"}`), "user.user_not_exist"},
			"personal access token": {gone.browser.Token(machine, url.Values{
				"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {gone.pat},
				"subject_token_type": {"urn:logto:token-type:personal_access_token"}, "scope": {"openid"},
			}), "oidc.invalid_grant"},
		} {
			if old.answer.Code() != old.code {
				t.Errorf("the old %s: %d %s", name, old.answer.StatusCode, old.answer.Text)
			}
		}
		for what, none := range map[string]string{
			"roles": "[]", "organizations": "[]", "mfa-verifications": "[]", "personal-access-tokens": "[]", "sessions": `{"sessions":[]}`, "grants": `{"grants":[]}`,
		} {
			if a := app.Operator(t).Want(http.StatusOK, "GET", "/api/users/"+robin.ID+"/"+what, ""); a.Text != none {
				t.Errorf("%s: %s", what, a.Text)
			}
		}
		next := app.Browser(t)
		next.Redeem(c, next.SignIn(c, "robin", apptest.Password)) // no passkey is asked for
	})
}
