package accessapi_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/role"
	"signet/internal/tenant"
	"signet/internal/user"
)

const orders = "https://orders.example.com"

// Attack: a role in Hasura opens data, so only a token that counts, of somebody
// who has the role, brings it.
func TestHasura(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		now := app.Clock.Now().UnixMilli()
		robin := app.CreateUser(t, "robin")
		spa := app.CreateApp(t, application.Application{})
		app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
			if _, err := resource.Create(ctx, tx, now, resource.Resource{Name: "Orders", Indicator: orders}); err != nil {
				return err
			}
			for _, r := range []role.Role{{ID: "editor", Name: "editor", Type: role.User}, {ID: "owner", Name: "owner", Type: role.User}, {ID: "robot", Name: "robot", Type: role.MachineToMachine}} {
				if _, err := role.Create(ctx, tx, now, r); err != nil {
					return err
				}
			}
			return role.Assign(ctx, tx, now, robin.ID, "editor")
		})
		machine := app.CreateMachine(t, tenant.Default, "robot")
		sign := func(tenantID, subject, client string, change map[string]any) string {
			claims := map[string]any{"aud": orders, "scope": ""}
			for name, value := range change {
				claims[name] = value
			}
			return "Bearer " + app.SignJWT(t, tenantID, nil, app.ManagementClaims(tenantID, tenant.Default, subject, client, claims))
		}
		good := sign(tenant.Default, robin.ID, spa.ID, nil)
		b := app.Browser(t)
		ask := func(authorization, expected, query string) *apptest.Answer {
			t.Helper()
			return b.Do(http.MethodGet, "/api/authn/hasura?"+query, "", "Authorization", authorization, "Expected-Role", expected)
		}
		atOrders := "resource=" + url.QueryEscape(orders)
		person := `{"X-Hasura-User-Id":"` + robin.ID + `"`
		bot := sign(tenant.Default, machine.ID, machine.ID, nil)
		for _, c := range []struct{ name, authorization, expected, query, want string }{
			{"held", good, "editor", "", person + `,"X-Hasura-Role":"editor"}`},
			{"held beside another", good, "editor", "&unauthorizedRole=anonymous", person + `,"X-Hasura-Role":"editor"}`},
			{"held by a machine", bot, "robot", "", `{"X-Hasura-User-Id":"` + machine.ID + `","X-Hasura-Role":"robot"}`},
			{"not held", good, "owner", "&unauthorizedRole=anonymous", person + `,"X-Hasura-Role":"anonymous"}`},
			{"none expected", good, "", "&unauthorizedRole=anonymous", person + `,"X-Hasura-Role":"anonymous"}`},
			{"nothing asked", good, "", "", person + `}`},
			{"nothing asked by nobody", "", "", "", `{}`},
			{"nobody", "", "editor", "&unauthorizedRole=anonymous", `{"X-Hasura-Role":"anonymous"}`},
		} {
			if a := ask(c.authorization, c.expected, atOrders+c.query); a.StatusCode != 200 || a.Text != c.want {
				t.Errorf("%s: %d %s, want %s", c.name, a.StatusCode, a.Text, c.want)
			}
		}
		refused := func(name, authorization, expected string) {
			t.Helper()
			if a := ask(authorization, expected, atOrders); a.StatusCode != 401 || a.Code() != "auth.expected_role_not_found" {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.Text)
			}
		}
		refused("not held", good, "owner")
		refused("of machines", good, "robot")
		refused("of people", bot, "editor")
		refused("nobody", "", "editor")
		refused("no bearer", "Basic eDp5", "editor")
		refused("of another API", sign(tenant.Default, robin.ID, spa.ID, map[string]any{"aud": "https://other.example.com"}), "editor")
		refused("expired", sign(tenant.Default, robin.ID, spa.ID, map[string]any{"exp": app.Clock.Now().Add(-time.Second).Unix()}), "editor")
		refused("of another tenant", sign(tenant.Admin, robin.ID, spa.ID, nil), "editor")
		refused("forged", good[:len(good)-8]+"AAAAAAAA", "editor")
		yes := true
		app.UpdateUser(t, robin.ID, user.Patch{IsSuspended: &yes})
		refused("suspended", good, "editor")
		for _, query := range []string{"", "resource=", "resource=a&resource=b", atOrders + "&unauthorizedRole=%00"} {
			if a := ask(good, "editor", query); a.StatusCode != 400 || a.Code() != "guard.invalid_input" {
				t.Errorf("%q: %d %s", query, a.StatusCode, a.Text)
			}
		}
	})
}
