package demo_test

import (
	"net/http"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

func sees(t *testing.T, a *apptest.Answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.Text, text) {
			t.Errorf("%s: %d, no %q in %.2000s", a.Request.URL, a.StatusCode, text, a.Text)
		}
	}
}

func TestDemo_SignsInShowsClaimsAndSignsOut(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		b := app.Browser(t)
		sees(t, b.Visit("/demo-app"), "Demo app", `href="/demo-app/sign-in"`)
		page := b.Then(b.Send(b.Visit("/demo-app/sign-in"), "identifier", "robin", "password", apptest.Password))
		sees(t, page, "Account menu", "Profile", "Sign out", "Claims of the ID token", u.ID, app.URL+"/oidc")

		// Reloading shows the same: the code was spent, the session was not.
		sees(t, b.Visit("/demo-app"), u.ID)

		if a := b.Do(http.MethodPost, "/demo-app/sign-out", "token=stale"); a.StatusCode != http.StatusForbidden {
			t.Errorf("a stale form: %d", a.StatusCode)
		}
		sees(t, b.Visit("/demo-app"), u.ID)
		confirm := b.Then(b.Send(page))
		sees(t, confirm, "op.logoutForm")
		b.Then(b.Send(confirm, "logout", "yes"))
		sees(t, b.Visit("/demo-app"), "Demo app", `href="/demo-app/sign-in"`)
		if n := app.Count(t, tenant.Default, "sessions", "user_id = $2", u.ID); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// Attack 9: a code of somebody else is not redeemed, whatever brought it here.
func TestDemo_ForeignCodeIsRefused(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := app.Browser(t)
	b.Visit("/demo-app/sign-in")
	a := b.Do(http.MethodGet, "/demo-app?code=stolen&state=x&iss="+app.URL+"/oidc", "", "Accept", "text/html")
	if a.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", a.StatusCode)
	}
	sees(t, a, "Demo app", `href="/demo-app/sign-in"`)
	n, err := db.One[int64](t.Context(), app.DB(), `SELECT count(*) FROM account_sessions WHERE tenant_id = $1`)
	if err != nil || n != 0 {
		t.Errorf("%d page sessions, %v", n, err)
	}
}
