package server_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/server"
	"signet/internal/setup"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// newLink returns the token of a fresh setup link.
func newLink(t *testing.T, app *apptest.App) string {
	t.Helper()
	var token string
	app.Tx(t, tenant.Admin, func(ctx context.Context, tx *db.Tx) (err error) {
		token, err = setup.NewToken(ctx, tx, app.Clock.Now().UnixMilli())
		return err
	})
	return token
}

// exchange posts a link's token as its page does.
func exchange(b *apptest.Browser, token string, headers ...string) *apptest.Answer {
	return b.Do(http.MethodPost, "/setup", url.Values{"setup_token": {token}}.Encode(), headers...)
}

// stage takes every step of a registration at the admin tenant but the last.
func stage(t *testing.T, b *apptest.Browser, c *apptest.Client, username string) {
	t.Helper()
	if a := b.Authorize(c); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("authorize: %d %s", a.StatusCode, a.Text)
	}
	b.Step(http.MethodPut, "", `{"interactionEvent":"Register"}`)
	b.Step(http.MethodPost, "/profile", `{"type":"username","value":"`+username+`"}`)
	b.Step(http.MethodPost, "/profile", `{"type":"password","value":"`+apptest.Password+`"}`)
}

func wantNobody(t *testing.T, app *apptest.App) {
	t.Helper()
	if n := app.Count(t, tenant.Admin, "users", "TRUE"); n != 0 {
		t.Errorf("%d people registered with the admin tenant", n)
	}
}

// Attack 46: nobody becomes an operator without the link.
func TestSetup_EveryRegistrationPathNeedsTheCookie(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		newLink(t, app)
		c := app.CreateAppIn(t, tenant.Admin, application.Application{})
		for _, cookie := range []string{"", "_setup_admin=", "_setup_admin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "_setup=x"} {
			b := app.BrowserAt(t, app.AdminURL)
			stage(t, b, c, "mallory")
			if a := b.Do(http.MethodPost, "/api/experience/identification", "{}", "Cookie", cookie); a.StatusCode != http.StatusForbidden || a.Code() != "auth.forbidden" {
				t.Errorf("API with %q: %d %s", cookie, a.StatusCode, a.Text)
			}
			if a := b.Experience(http.MethodPost, "/submit", ""); a.StatusCode < 400 {
				t.Errorf("submit: %d %s", a.StatusCode, a.Text)
			}
			b.Step(http.MethodPut, "", `{"interactionEvent":"Register"}`)
			identity := b.Step(http.MethodPost, "/verification/new-password-identity",
				`{"identifier":{"type":"username","value":"mallory"},"password":"`+apptest.Password+`"}`)
			if a := b.Experience(http.MethodPost, "/identification", `{"verificationId":"`+identity.String("verificationId")+`"}`); a.StatusCode != http.StatusForbidden {
				t.Errorf("older API: %d %s", a.StatusCode, a.Text)
			}
		}
		pages := app.BrowserAt(t, app.AdminURL)
		pages.Authorize(c, "first_screen", "register")
		a := pages.Then(pages.Send(pages.Visit("/register"), "username", "mallory", "password", apptest.Password))
		if a.StatusCode != http.StatusForbidden {
			t.Errorf("page: %d %.300s", a.StatusCode, a.Text)
		}
		wantNobody(t, app)
	})
}

// Looking at the link, as previews and prefetches do, does not spend it; the
// button does, once.
func TestSetup_TheLinkWorksOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		token := newLink(t, app)
		for range 3 {
			app.BrowserAt(t, app.AdminURL).Visit("/setup?token=" + token)
		}
		first := app.BrowserAt(t, app.AdminURL)
		a := first.Send(first.Visit("/setup?token=" + token))
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/admin/oidc/auth?") {
			t.Fatalf("%d to %q", a.StatusCode, a.Header.Get("Location"))
		}
		second := app.BrowserAt(t, app.AdminURL)
		if a := exchange(second, token); a.StatusCode != http.StatusForbidden || second.Cookie("/", "_setup_admin") != "" {
			t.Errorf("the second use: %d", a.StatusCode)
		}
		// The page says so before anybody presses anything.
		for _, spent := range []string{"?token=" + token, "?token=bad", ""} {
			a := second.Visit("/setup" + spent)
			if a.StatusCode != http.StatusForbidden || !strings.Contains(a.Text, "<title>This link no longer works") || strings.Contains(a.Text, "<form") {
				t.Errorf("%s: %d %.300s", spent, a.StatusCode, a.Text)
			}
		}
		for _, wrong := range []string{"", "x", token[:len(token)-1], token + "A", strings.ToUpper(token)} {
			if a := exchange(second, wrong); a.StatusCode != http.StatusForbidden {
				t.Errorf("token %q: %d", wrong, a.StatusCode)
			}
		}
		wantNobody(t, app)
	})
}

func TestSetup_LinkAndCookieLiveAnHour(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateAppIn(t, tenant.Admin, application.Application{})
		late := app.BrowserAt(t, app.AdminURL)
		exchange(late, newLink(t, app))
		app.Clock.Advance(setup.Lifetime)
		stage(t, late, c, "late")
		if a := late.Experience(http.MethodPost, "/identification", "{}"); a.StatusCode != http.StatusForbidden {
			t.Errorf("an old cookie: %d %s", a.StatusCode, a.Text)
		}
		token := newLink(t, app)
		app.Clock.Advance(setup.Lifetime)
		if a := exchange(app.BrowserAt(t, app.AdminURL), token); a.StatusCode != http.StatusForbidden {
			t.Errorf("an old link: %d", a.StatusCode)
		}
		wantNobody(t, app)
	})
}

func TestSetup_ANewLinkReplacesLinkAndCookie(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateAppIn(t, tenant.Admin, application.Application{})
		old := app.BrowserAt(t, app.AdminURL)
		unused := newLink(t, app)
		exchanged := newLink(t, app)
		exchange(old, exchanged)
		stage(t, old, c, "early")
		newLink(t, app)
		if a := exchange(app.BrowserAt(t, app.AdminURL), unused); a.StatusCode != http.StatusForbidden {
			t.Errorf("a replaced link: %d", a.StatusCode)
		}
		if a := old.Experience(http.MethodPost, "/identification", "{}"); a.StatusCode != http.StatusForbidden {
			t.Errorf("the cookie of a replaced link: %d %s", a.StatusCode, a.Text)
		}
		wantNobody(t, app)
	})
}

func TestSetup_OfParallelCompletionsOneMakesTheAdministrator(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateAppIn(t, tenant.Admin, application.Application{})
		holder := app.BrowserAt(t, app.AdminURL)
		exchange(holder, newLink(t, app))
		cookie := holder.Cookie("/", "_setup_admin")
		if cookie == "" {
			t.Fatal("no cookie")
		}
		const rivals = 8
		browsers := make([]*apptest.Browser, rivals)
		for i := range browsers {
			browsers[i] = app.BrowserAt(t, app.AdminURL)
			stage(t, browsers[i], c, "rival"+string(rune('a'+i)))
		}
		statuses := make([]int, rivals)
		var group sync.WaitGroup
		for i, b := range browsers {
			at, _ := url.Parse(app.AdminURL)
			b.Client.Jar.SetCookies(at, []*http.Cookie{{Name: "_setup_admin", Value: cookie, Path: "/admin"}})
			group.Go(func() { statuses[i] = b.Experience(http.MethodPost, "/identification", "{}").StatusCode })
		}
		group.Wait()
		slices.Sort(statuses)
		if statuses[0] != http.StatusCreated || statuses[1] != http.StatusForbidden || statuses[rivals-1] != http.StatusForbidden {
			t.Errorf("statuses %v, want one 201 and else 403", statuses)
		}
		if n := app.Count(t, tenant.Admin, "users", "TRUE"); n != 1 {
			t.Errorf("%d people", n)
		}
		wantRows(t, app, tenant.Admin, `SELECT r.name FROM user_roles ur JOIN roles r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
			WHERE ur.tenant_id = $1`, "default:admin", "user")
		wantRows(t, app, tenant.Admin, `SELECT m.organization_id || ' ' || r.organization_role_id FROM organization_users m
			JOIN organization_user_roles r ON r.tenant_id = m.tenant_id AND r.organization_id = m.organization_id AND r.user_id = m.user_id
			WHERE m.tenant_id = $1`, "t-default admin")
		settings, err := signinexp.Get(t.Context(), app.Pool.For(tenant.Admin))
		if err != nil || settings.SignInMode != signinexp.ModeSignIn {
			t.Errorf("mode %v, %v", settings.SignInMode, err)
		}
		// Nobody follows.
		after := app.BrowserAt(t, app.AdminURL)
		if a := exchange(after, newLink(t, app)); a.StatusCode != http.StatusSeeOther || after.Cookie("/", "_setup_admin") != "" {
			t.Errorf("a link after setup: %d", a.StatusCode)
		}
		after.Authorize(c)
		after.Step(http.MethodPut, "", `{"interactionEvent":"Register"}`)
		if a := after.Experience(http.MethodPost, "/identification", "{}"); a.StatusCode != http.StatusForbidden {
			t.Errorf("registration after setup: %d %s", a.StatusCode, a.Text)
		}
	})
}

// The way of a person: link, button, account, settings.
func TestSetup_ByPagesEndsAtTheAccount(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		b := app.BrowserAt(t, app.AdminURL)
		register := b.Then(b.Send(b.Visit("/setup?token=" + newLink(t, app))))
		if got := register.Request.URL.Path; got != "/admin/register" {
			t.Fatalf("the link leads to %s: %.500s", got, register.Text)
		}
		last := b.Then(b.Send(register, "username", "ada", "password", apptest.Password))
		if got := last.Request.URL.Path; got != "/admin/account" || last.StatusCode != http.StatusOK || !strings.Contains(last.Text, "ada") {
			t.Fatalf("it ends at %s: %d %.500s", got, last.StatusCode, last.Text)
		}
		if a := app.BrowserAt(t, app.AdminURL).Do(http.MethodGet, "/setup?token=x", ""); a.Header.Get("Location") != "/admin/account" {
			t.Errorf("the link afterwards: %d to %q", a.StatusCode, a.Header.Get("Location"))
		}
	})
}

// The page says what the account will be to whoever holds the cookie, and to
// nobody else.
func TestSetup_TheRegistrationPageNamesTheAdministrator(t *testing.T) {
	t.Parallel()
	const words = "This account will administer Signet"
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateAppIn(t, tenant.Admin, application.Application{})
		shown := func(b *apptest.Browser) bool {
			t.Helper()
			b.Authorize(c, "first_screen", "register", "prompt", "login")
			a := b.Visit("/register")
			if a.StatusCode != http.StatusOK {
				t.Fatalf("%d %.500s", a.StatusCode, a.Text)
			}
			return strings.Contains(a.Text, words)
		}
		holder := app.BrowserAt(t, app.AdminURL)
		register := holder.Then(holder.Send(holder.Visit("/setup?token=" + newLink(t, app))))
		if refused := holder.Send(register, "username", "1", "password", apptest.Password); refused.StatusCode != http.StatusUnprocessableEntity ||
			!strings.Contains(register.Text, words) || !strings.Contains(refused.Text, words) {
			t.Errorf("with the cookie: %.900s then %d %.900s", register.Text, refused.StatusCode, refused.Text)
		}
		if shown(app.BrowserAt(t, app.AdminURL)) {
			t.Error("without the cookie")
		}
		app.Clock.Advance(setup.Lifetime)
		if shown(holder) {
			t.Error("with a cookie that is too old")
		}
	})
}

func TestSetup_ExistsAtTheAdminTenantOnly(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	token := newLink(t, app)
	b := app.Browser(t)
	for _, a := range []*apptest.Answer{b.Visit("/setup?token=" + token), exchange(b, token)} {
		if a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", a.Request.Method, a.StatusCode)
		}
	}
	if a := exchange(app.BrowserAt(t, app.AdminURL), token); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the default tenant spent the link: %d", a.StatusCode)
	}
}

// Attack 43: guessing links is slow from one address, whatever it claims to be.
func TestSetup_IsLimitedByAddress(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		try := func(forwarded string) int {
			return send(t, http.MethodPost, "http://"+app.Address+"/admin/setup", "setup_token=x",
				"X-Forwarded-Host", "id.example.com", "X-Forwarded-For", forwarded).StatusCode
		}
		got := map[int]int{}
		for i := range 15 {
			// What stands left of the proxy's own entry is the client's invention.
			got[try("10.0.0."+string(rune('0'+i%10))+", 198.51.100.7")]++
		}
		if got[http.StatusForbidden] != 10 || got[http.StatusTooManyRequests] != 5 {
			t.Errorf("answers %v, want 10 refused and 5 limited", got)
		}
		looked := map[int]int{}
		for range 15 {
			looked[send(t, http.MethodGet, "http://"+app.Address+"/admin/setup?token=x", "",
				"X-Forwarded-Host", "id.example.com", "X-Forwarded-For", "198.51.100.7").StatusCode]++
		}
		if looked[http.StatusForbidden] != 10 || looked[http.StatusTooManyRequests] != 5 {
			t.Errorf("looking at links: %v, want 10 refused and 5 limited", looked)
		}
		if status := try("198.51.100.8"); status != http.StatusForbidden {
			t.Errorf("another address: %d", status)
		}
		app.Clock.Advance(time.Minute)
		if status := try("198.51.100.7"); status != http.StatusForbidden {
			t.Errorf("a minute later: %d", status)
		}
	}, apptest.Behind("https://id.example.com"))
}

// What an operator deleted or changed beforehand does not keep the first
// administrator out.
func TestSetup_PassesOverATeamThatIsGone(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.OperatorAt(t, app.AdminURL, "x")
		promote := func(name string) {
			u := app.CreateUserIn(t, tenant.Admin, name)
			app.Tx(t, tenant.Admin, func(ctx context.Context, tx *db.Tx) error {
				return server.MakeAdministrator(ctx, tx, app.Clock.Now().UnixMilli(), u.ID)
			})
		}
		o.Want(200, "PATCH", "/api/organization-roles/admin", `{"type":"MachineToMachine"}`)
		promote("robin")
		o.Want(204, "DELETE", "/api/organization-roles/admin", "")
		promote("kim")
		if members, roles := app.Count(t, tenant.Admin, "organization_users", "TRUE"), app.Count(t, tenant.Admin, "organization_user_roles", "TRUE"); members != 2 || roles != 0 {
			t.Errorf("%d members with %d roles", members, roles)
		}
		o.Want(204, "DELETE", "/api/organizations/t-default", "")
		promote("ada")
		if n := app.Count(t, tenant.Admin, "user_roles", "TRUE"); n != 6 {
			t.Errorf("%d roles of the tenant", n)
		}
	})
}
