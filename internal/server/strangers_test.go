package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
)

// Attack: one machine begins sign-ins without end, each of which is stored for an
// hour. Others, and who is signed in, notice nothing.
func TestStrangers_BeginSoManySignIns(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, trusting)
	app.CreateUser(t, "robin")
	c := app.CreateApp(t, application.Application{Type: application.SPA})
	const flood, other = "192.0.2.1", "198.51.100.1"
	robin := app.Browser(t)
	robin.SignIn(c, "robin", apptest.Password)
	for name, s := range map[string]struct{ target, table string }{
		"applications": {apptest.AuthorizeURL(c), "interactions"}, "account pages": {"/account", "account_logins"},
	} {
		begin := func(b *apptest.Browser, address string, pairs ...string) *apptest.Answer {
			target := s.target
			if len(pairs) > 0 {
				target = apptest.AuthorizeURL(c, pairs...)
			}
			return b.Do("GET", target, "", "X-Forwarded-For", address)
		}
		b := app.Browser(t)
		for i := range 600 {
			if a := begin(b, flood); a.StatusCode >= 400 {
				t.Fatalf("%s, %d: %d %s", name, i, a.StatusCode, a.Text)
			}
		}
		before := app.Count(t, tenant.Default, s.table, "TRUE")
		if a := begin(b, flood); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "1" {
			t.Errorf("%s, the next: %d %s", name, a.StatusCode, a.Text)
		}
		if n := app.Count(t, tenant.Default, s.table, "TRUE"); n != before {
			t.Errorf("%s: %d rows came of it", name, n-before)
		}
		if a := begin(app.Browser(t), other); a.StatusCode >= 400 {
			t.Errorf("%s, another address: %d %s", name, a.StatusCode, a.Text)
		}
		if name == "applications" {
			if a := begin(robin, flood); !strings.Contains(a.Header.Get("Location"), "code=") {
				t.Errorf("who is signed in: %d %s", a.StatusCode, a.Header.Get("Location"))
			}
			if a := begin(b, flood, "prompt", "none"); !strings.Contains(a.Header.Get("Location"), "error=login_required") {
				t.Errorf("silently: %d %s", a.StatusCode, a.Header.Get("Location"))
			}
		}
		app.Clock.Advance(time.Second)
		if a := begin(b, flood); a.StatusCode >= 400 {
			t.Errorf("%s, a second later: %d %s", name, a.StatusCode, a.Text)
		}
	}
}
