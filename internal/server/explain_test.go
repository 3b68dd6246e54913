package server_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/tenant"
)

// explanation is what the operation says about a token, in few words: each scope
// with why it is withheld and the roles that grant it.
func explanation(t *testing.T, o *apptest.Operator, pairs ...string) (scope string, scopes map[string]string, refusal string) {
	t.Helper()
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	var out struct {
		Scope   string
		Refusal *struct{ Code string }
		Scopes  []struct {
			Name, Withheld string
			IsGranted      bool
			Reasons        []struct {
				Role         struct{ Name string }
				Organization *struct{ Name string }
			}
		}
	}
	o.Want(http.StatusOK, "GET", "/api/access/explanation?"+query.Encode(), "").JSON(t, &out)
	scopes = map[string]string{}
	for _, s := range out.Scopes {
		why := s.Withheld
		if s.IsGranted != (why == "") {
			t.Errorf("%s: granted %v, withheld %q", s.Name, s.IsGranted, why)
		}
		for _, r := range s.Reasons {
			why += " by " + r.Role.Name
			if r.Organization != nil {
				why += " in " + r.Organization.Name
			}
		}
		scopes[s.Name] = why
	}
	if out.Refusal != nil {
		refusal = out.Refusal.Code
	}
	return out.Scope, scopes, refusal
}

// What the explanation says is what the tokens have.
func TestExplanation_AgreesWithTokens(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin").ID
		crew := app.Shop(t, robin)
		o := app.Operator(t)
		other := o.Want(http.StatusCreated, "POST", "/api/organizations", `{"name":"Other"}`).String("id")
		o.Want(http.StatusCreated, "POST", "/api/organizations/"+other+"/users", `{"userIds":["`+robin+`"]}`)
		c := app.CreateApp(t, application.Application{Type: application.Native})
		b := app.Browser(t)
		tokens := b.Redeem(c, b.SignIn(c, "robin", apptest.Password, "scope", everything, "prompt", "consent",
			"resource", apptest.Orders+",urn:logto:resource:organizations"))
		for _, ask := range []struct {
			resource, organization string
			want                   map[string]string
		}{
			{apptest.Orders, "", map[string]string{"read:orders": " by reader", "write:orders": " by clerk in Harbour Crew"}},
			{apptest.Orders, crew, map[string]string{"read:orders": " by reader", "write:orders": " by clerk in Harbour Crew"}},
			{apptest.Orders, other, map[string]string{"read:orders": " by reader", "write:orders": "noRole by clerk in Harbour Crew"}},
			{"", crew, map[string]string{"invite": " by clerk in Harbour Crew"}},
			{"", other, map[string]string{"invite": "noRole"}},
			{"urn:logto:resource:organizations", "", map[string]string{"invite": ""}},
		} {
			pairs := []string{"applicationId", c.ID, "userId", robin}
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}}
			if ask.resource != "" {
				pairs = append(pairs, "resource", ask.resource)
				form.Set("resource", ask.resource)
			}
			if ask.organization != "" {
				pairs = append(pairs, "organizationId", ask.organization)
				form.Set("organization_id", ask.organization)
			}
			scope, scopes, refusal := explanation(t, o, pairs...)
			if len(scopes) != len(ask.want) || refusal != "" {
				t.Errorf("%+v: %v, refusal %q", ask, scopes, refusal)
			}
			for name, want := range ask.want {
				if scopes[name] != want {
					t.Errorf("%+v: %s: %q, want %q", ask, name, scopes[name], want)
				}
			}
			a := b.Token(c, form)
			tokens.Refresh = a.String("refresh_token")
			if got := payloadOf(t, a.String("access_token")); got.Scope != scope {
				t.Errorf("%+v: a token has %q, the explanation %q", ask, got.Scope, scope)
			}
		}
		for _, ask := range [][]string{
			{"oidc.access_denied", "userId", robin, "organizationId", o.Want(http.StatusCreated, "POST", "/api/organizations", `{"name":"Foreign"}`).String("id")},
			{"oidc.invalid_target", "userId", robin, "resource", "https://nothing.example.com"},
			{"oidc.unauthorized_client"},
		} {
			if scope, scopes, refusal := explanation(t, o, append([]string{"applicationId", c.ID}, ask[1:]...)...); refusal != ask[0] || scope != "" || len(scopes) > 0 {
				t.Errorf("%q: %q %v %q", ask, scope, scopes, refusal)
			}
		}
		if scope, _, _ := explanation(t, o, "applicationId", c.ID, "userId", robin); len(scope) < len(everything)-len(" read:orders write:orders invite all") {
			t.Errorf("Signet itself: %q", scope)
		}
		o.Want(http.StatusOK, "PATCH", "/api/users/"+robin+"/is-suspended", `{"isSuspended":true}`)
		if _, _, refusal := explanation(t, o, "applicationId", c.ID, "userId", robin); refusal != "user.suspended" {
			t.Errorf("of the suspended: %q", refusal)
		}
		app.Refused(t,
			"GET /api/access/explanation?applicationId="+c.ID+"&userId=nobody -> 404 entity.not_found",
			"GET /api/access/explanation?applicationId=nothing -> 400 oidc.invalid_client",
			"GET /api/access/explanation -> 400 guard.invalid_input",
		)
	})
}

func TestExplanation_OfMachines(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.Shop(t, app.CreateUser(t, "robin").ID)
		machine := app.CreateMachine(t, tenant.Default)
		scope, scopes, refusal := explanation(t, app.Operator(t), "applicationId", machine.ID, "resource", apptest.Orders)
		if scope != "" || scopes["read:orders"] != "noRole" || scopes["write:orders"] != "noRole" || refusal != "" {
			t.Errorf("%q %v %q", scope, scopes, refusal)
		}
		if _, _, refusal := explanation(t, app.Operator(t), "applicationId", machine.ID); refusal != "oidc.invalid_target" {
			t.Errorf("without an audience: %q", refusal)
		}
		// The default resource is meant where nothing is named.
		app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
			r, err := resource.ByIndicator(ctx, tx, apptest.Orders)
			if err != nil {
				return err
			}
			_, err = resource.SetDefault(ctx, tx, r.ID, true)
			return err
		})
		if _, scopes, refusal := explanation(t, app.Operator(t), "applicationId", machine.ID); len(scopes) != 2 || scopes["read:orders"] != "noRole" || refusal != "" {
			t.Errorf("by default: %v %q", scopes, refusal)
		}
	})
}

// Of a third-party application it says which of its limits a scope meets.
func TestExplanation_OfThirdParties(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		p := newPartner(t, app)
		why := func(want map[string]string, pairs ...string) {
			t.Helper()
			_, scopes, refusal := explanation(t, p.o, append([]string{"applicationId", p.client.ID, "userId", p.user, "resource", apptest.Orders}, pairs...)...)
			for name, want := range want {
				if scopes[name] != want {
					t.Errorf("%s: %q, want %q; refusal %q", name, scopes[name], want, refusal)
				}
			}
		}
		why(map[string]string{"read:orders": "noConsent by reader", "write:orders": "notOpened by clerk in Harbour Crew"})
		b := app.Browser(t)
		b.Redeem(p.client, p.answer(t, b, p.asked(t, b), "decision", "allow", "organizationIds", p.crew))
		why(map[string]string{"read:orders": " by reader", "write:orders": " by clerk in Harbour Crew"})
		p.o.Want(http.StatusNoContent, "DELETE", "/api/applications/"+p.client.ID+"/user-consent-scopes/resource-scopes/"+p.scopes["read:orders"], "")
		why(map[string]string{"read:orders": "notEnabled by reader"})
	})
}
