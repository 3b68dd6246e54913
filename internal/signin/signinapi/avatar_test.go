package signinapi_test

import (
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/asset"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// uploaded sends a picture in the interaction of b and returns its URL.
func uploaded(t *testing.T, b *apptest.Browser) string {
	t.Helper()
	a := post(b, "/user-assets/avatar", avatar)
	want(t, a, 200, "")
	if !strings.HasPrefix(a.String("url"), b.Endpoint+asset.URLPath) {
		t.Fatalf("url %s", a.Text)
	}
	return a.String("url")
}

// register begins to sign up, with everything but the identification.
func register(t *testing.T, b *apptest.Browser, username string) {
	t.Helper()
	want(t, put(b, "", `{"interactionEvent":"Register"}`), 204, "")
	want(t, post(b, "/profile", `{"type":"username","value":"`+username+`"}`), 204, "")
	want(t, post(b, "/profile", `{"type":"password","value":"`+apptest.Password+`"}`), 204, "")
}

func TestAvatar_StaysWithWhoSignsUp(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		b, _ := arrive(t, app)
		register(t, b, "ada")
		first, second := uploaded(t, b), uploaded(t, b)
		want(t, post(b, "/profile", text(t, map[string]any{"type": "extraProfile", "values": map[string]string{"avatar": second}})), 204, "")
		shown := func(at string) bool { return apptest.Do(t, app.Client(t), "GET", at, "").StatusCode == 200 }
		if shown(first) || !shown(second) {
			t.Errorf("before there is a user: the first is shown %v, the last %v", shown(first), shown(second))
		}
		want(t, post(b, "/identification", ""), 201, "")
		third := uploaded(t, b)
		b.Submit()
		app.Clock.Advance(asset.Retention + time.Hour)
		if !shown(second) || !shown(third) {
			t.Errorf("after a day: %v %v", shown(second), shown(third))
		}
		if n := app.Count(t, tenant.Default, "users", "username = 'ada' AND avatar = $2", second); n != 1 {
			t.Error("the user has another avatar")
		}
		if n := app.Count(t, tenant.Default, "assets", "owner_user_id = (SELECT id FROM users WHERE users.tenant_id = $1 AND username = 'ada') AND pending_until IS NULL"); n != 2 {
			t.Errorf("%d pictures are the user's", n)
		}
	})
}

// Whoever goes away without an account leaves nothing for long.
func TestAvatar_GoesWithWhoDoesNotSignUp(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		b, _ := arrive(t, app)
		register(t, b, "ada")
		picture := uploaded(t, b)
		app.Clock.Advance(asset.Retention)
		if a := apptest.Do(t, app.Client(t), "GET", picture, ""); a.StatusCode != 404 {
			t.Errorf("after a day: %d", a.StatusCode)
		}
	})
}

func TestAvatar_OnlyWhoSignsUpUploads(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		b, c := arrive(t, app)
		want(t, put(b, "", `{"interactionEvent":"SignIn"}`), 204, "")
		want(t, post(b, "/user-assets/avatar", avatar), 400, "session.invalid_interaction_type")
		want(t, put(b, "", `{"interactionEvent":"ForgotPassword"}`), 204, "")
		want(t, post(b, "/user-assets/avatar", avatar), 400, "session.invalid_interaction_type")

		// Who is signed in and then says to sign up has an account already.
		other := app.Browser(t)
		other.Identify(c, "robin", apptest.Password)
		want(t, put(other, "/interaction-event", `{"interactionEvent":"Register"}`), 204, "")
		want(t, post(other, "/user-assets/avatar", avatar), 400, "session.invalid_interaction_type")

		register(t, b, "ada")
		want(t, post(b, "/user-assets/avatar", strings.Replace(avatar, "GIF89a;", "<svg/>", 1)), 400, "guard.mime_type_not_allowed")
		app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) { s.SignInMode = signinexp.ModeSignIn })
		want(t, post(b, "/user-assets/avatar", avatar), 403, "auth.forbidden")
		if n := app.Count(t, tenant.Default, "assets", "TRUE"); n != 0 || len(app.Files(t)) > 0 {
			t.Errorf("%d rows, files %v", n, app.Files(t))
		}
	})
}

// A cookie gives authority here, so another site may not use it.
func TestAvatar_IsRefusedFromAnotherSite(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b, _ := arrive(t, app)
	register(t, b, "ada")
	a := b.Do("POST", "/api/experience/user-assets/avatar", avatar, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	want(t, a, 403, "request.cross_origin")
	if len(app.Files(t)) > 0 {
		t.Errorf("files %v", app.Files(t))
	}
}

func TestAvatar_NeedsAPlace(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.WithoutAssets())
	b, _ := arrive(t, app)
	register(t, b, "ada")
	want(t, post(b, "/user-assets/avatar", avatar), 400, "storage.not_configured")
}
