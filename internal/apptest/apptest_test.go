package apptest_test

import (
	"net/http"
	"slices"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
	"signet/internal/user"
)

func TestBrowser_SignsInRefreshesAndCallsAPIs(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin")
		c := app.CreateApp(t, application.Application{Type: application.Traditional})
		b := app.Browser(t)
		tokens := b.Redeem(c, b.SignIn(c, "robin", apptest.Password, "prompt", "consent", "scope", "openid offline_access"))
		if tokens.ID == "" {
			t.Fatal("no ID token")
		}
		fresh := b.Refresh(c, tokens.Refresh)
		me := b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+fresh.Access)
		if me.String("sub") != robin.ID {
			t.Fatalf("userinfo: %d %s", me.StatusCode, me.Text)
		}
		if keys := app.AuditKeys(t, tenant.Default); !slices.Contains(keys, "Interaction.SignIn.Submit") {
			t.Errorf("audit: %q", keys)
		}
	})
}

func TestBrowser_Registers(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{})
		b := app.Browser(t)
		b.Redeem(c, b.Register(c, "casey", apptest.Password))
		if names := app.EventNames(t, tenant.Default); !slices.Contains(names, "User.Created") {
			t.Errorf("events: %q", names)
		}
	})
}

// A snapshot that sees nothing would prove nothing.
func TestSnapshot_SeesAChange(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin")
		before := app.Snapshot(t)
		before.Same(t, app.Snapshot(t))
		app.UpdateUser(t, robin.ID, user.Patch{Name: new("Robin")})
		if after := app.Snapshot(t); after["users"] == before["users"] {
			t.Error("the snapshot did not change with a user")
		}
	})
}
