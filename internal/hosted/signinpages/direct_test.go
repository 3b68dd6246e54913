package signinpages_test

import (
	"net/url"
	"testing"

	"signet/internal/apptest"
	"signet/internal/signinexp"
)

func TestDirect_LeadsToThePageThatTheRequestWouldHaveBegunWith(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for _, target := range []string{"social:nope", "sso:nope"} {
		b := open(t, app)
		b.authorize("direct_sign_in", target, "first_screen", "register", "ui_locales", "de", "login_hint", "robin").
			on("/register").sees(200, `<html lang="de"`)
		at, _ := url.Parse(b.at)
		if q := at.Query(); q.Get("app_id") != b.appID || q.Get("login_hint") != "robin" || q.Get("ui_locales") != "de" || q.Has("fallback") {
			t.Errorf("%s led to %s", target, b.at)
		}
		open(t, app).authorize("direct_sign_in", target, "login_hint", "robin").on("/sign-in").sees(200, `value="robin"`)
		open(t, app).authorize("direct_sign_in", target, "first_screen", "identifier:register").on("/identifier-register").sees(200)
	}
}

func TestDirect_LeadsToNoOtherPage(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := open(t, app).authorize()
	for _, fallback := range []string{"", "consent", "/register", "//evil.example", "https://evil.example/", "../register", "account"} {
		b.get("/direct/social/nope?app_id=" + b.appID + "&fallback=" + url.QueryEscape(fallback)).on("/sign-in").sees(200)
	}
	b.get("/direct/social?app_id=" + b.appID + "&fallback=register").on("/register").sees(200)
}

func TestDirect_KeepsTheLanguageWhereNobodyMayRegister(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	configure(t, app, func(s *signinexp.Settings) { s.SignInMode = signinexp.ModeSignIn })
	open(t, app).authorize("direct_sign_in", "social:nope", "first_screen", "register", "ui_locales", "de").
		on("/sign-in").sees(200, `<html lang="de"`)
}
