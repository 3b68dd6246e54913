package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
)

// partner is a third-party application of the shop's.
type partner struct {
	*apptest.App

	o           *apptest.Operator
	client      *apptest.Client
	user        string            // robin's id
	crew, other string            // organizations; robin is in the first alone
	scopes      map[string]string // ids of the API's permissions
}

const (
	partnerScope    = "openid profile offline_access urn:logto:scope:organizations read:orders write:orders invite"
	partnerResource = apptest.Orders + ",urn:logto:resource:organizations"
)

// newPartner makes one that may ask for profile, e-mail address, organizations,
// reading orders for oneself, writing them for an organization, and inviting.
func newPartner(t *testing.T, app *apptest.App) *partner {
	t.Helper()
	p := &partner{App: app, o: app.Operator(t), user: app.CreateUser(t, "robin").ID, scopes: map[string]string{}}
	p.crew = app.Shop(t, p.user)
	p.other = p.o.Want(http.StatusCreated, "POST", "/api/organizations", `{"name":"Other"}`).String("id")
	p.client = app.CreateApp(t, application.Application{Name: "Tidewater", Type: application.Traditional, IsThirdParty: true})
	var resources []struct {
		ID, Indicator string
	}
	p.o.Want(http.StatusOK, "GET", "/api/resources", "").JSON(t, &resources)
	for _, r := range resources {
		if r.Indicator != apptest.Orders {
			continue
		}
		var scopes []struct{ ID, Name string }
		p.o.Want(http.StatusOK, "GET", "/api/resources/"+r.ID+"/scopes", "").JSON(t, &scopes)
		for _, s := range scopes {
			p.scopes[s.Name] = s.ID
		}
	}
	var organizational []struct{ ID string }
	p.o.Want(http.StatusOK, "GET", "/api/organization-scopes", "").JSON(t, &organizational)
	p.o.Want(http.StatusCreated, "POST", "/api/applications/"+p.client.ID+"/user-consent-scopes", fmt.Sprintf(
		`{"userScopes":["profile","email","urn:logto:scope:organizations"],"resourceScopes":[%q],"organizationResourceScopes":[%q],"organizationScopes":[%q]}`,
		p.scopes["read:orders"], p.scopes["write:orders"], organizational[0].ID))
	return p
}

// asked signs robin in and returns the page that asks.
func (p *partner) asked(t *testing.T, b *apptest.Browser) *apptest.Answer {
	t.Helper()
	b.Identify(p.client, "robin", apptest.Password, "scope", partnerScope, "resource", partnerResource, "prompt", "consent")
	return p.landed(t, b, b.Step("POST", "/submit", "").String("redirectTo"))
}

func (p *partner) landed(t *testing.T, b *apptest.Browser, target string) *apptest.Answer {
	t.Helper()
	page := b.Visit(strings.TrimPrefix(target, b.Endpoint))
	if page.StatusCode != http.StatusOK || !strings.Contains(page.Text, "Allow Tidewater to use your account?") {
		t.Fatalf("no question: %d %s", page.StatusCode, page.Text)
	}
	return page
}

// answer posts the page and returns where the application gets the browser back.
func (p *partner) answer(t *testing.T, b *apptest.Browser, page *apptest.Answer, pairs ...string) *url.URL {
	t.Helper()
	posted := b.Send(page, pairs...)
	if posted.StatusCode != http.StatusSeeOther {
		t.Fatalf("posted: %d %s", posted.StatusCode, posted.Text)
	}
	return b.Follow(posted.Header.Get("Location"))
}

func (p *partner) refresh(b *apptest.Browser, token string, pairs ...string) *apptest.Answer {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.Token(p.client, form)
}

// To look at the question takes no turn of those who write, and waits for none.
func TestConsent_IsShownWhileOthersWrite(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		p := newPartner(t, app)
		b := app.Browser(t)
		p.answer(t, b, p.asked(t, b), "decision", "allow")
		again := b.Authorize(p.client, "scope", partnerScope, "resource", partnerResource, "prompt", "consent")
		p.landed(t, b, again.Header.Get("Location"))
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		err := app.DB().Tx(ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE grants SET expires_at = expires_at WHERE tenant_id = $1`); err != nil {
				return err
			}
			for _, path := range []string{"/consent", "/api/interaction/consent"} {
				if a := b.Do(http.MethodGet, path+"?app_id="+p.client.ID, ""); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Tidewater") {
					t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
				}
			}
			return ctx.Err()
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A third-party application gets what its users agree to, within what operators
// allow, and no organization that was not opened to it.
func TestConsent_ThirdParty(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		p := newPartner(t, app)
		b := app.Browser(t)
		page := p.asked(t, b)
		for _, text := range []string{"See your name, picture and profile", "See the organizations that you choose", "read:orders", "(Orders)",
			"Stay connected", "Harbour Crew", "write:orders", "You go to app.example.com next."} {
			if !strings.Contains(page.Text, text) {
				t.Errorf("the page lacks %q", text)
			}
		}
		for _, text := range []string{"email address", "Other"} {
			if strings.Contains(page.Text, text) {
				t.Errorf("the page has %q", text)
			}
		}
		api := b.Do("GET", "/api/interaction/consent?app_id="+p.client.ID, "")
		for _, part := range []string{
			`"application":{"id":"` + p.client.ID + `","name":"Tidewater"}`, `"username":"robin"`, `"redirectUri":"` + apptest.CallbackURI + `"`,
			`"missingOIDCScope":["profile","urn:logto:scope:organizations"]`,
			`"organizations":[{"id":"` + p.crew + `","name":"Harbour Crew","missingResourceScopes":[{"resource":{"id":`,
			`"scopes":[{"id":"` + p.scopes["read:orders"] + `","name":"read:orders","description":null}]`,
		} {
			if !strings.Contains(api.Text, part) {
				t.Errorf("the API lacks %s: %s", part, api.Text)
			}
		}
		tokens := b.Redeem(p.client, p.answer(t, b, page, "decision", "allow"))
		got := p.refresh(b, tokens.Refresh, "resource", apptest.Orders)
		if got := payloadOf(t, got.String("access_token")); got.Scope != "read:orders" {
			t.Errorf("without the organization: %+v", got)
		}
		for _, pairs := range [][]string{{"organization_id", p.crew}, {"organization_id", p.crew, "resource", apptest.Orders}} {
			if a := p.refresh(b, tokens.Refresh, pairs...); a.StatusCode != http.StatusForbidden || a.String("error_description") != "organization access is not granted to the application" {
				t.Errorf("%q: %d %s", pairs, a.StatusCode, a.Text)
			}
		}
		// The session remembers, until more is wanted.
		if again := b.Follow(apptest.AuthorizeURL(p.client, "scope", "openid profile read:orders", "resource", apptest.Orders)); again.Query().Get("code") == "" {
			t.Errorf("asked again: %s", again)
		}
		page = p.landed(t, b, apptest.AuthorizeURL(p.client, "scope", partnerScope, "resource", partnerResource, "prompt", "consent"))
		tokens = b.Redeem(p.client, p.answer(t, b, page, "decision", "allow", "organizationIds", p.crew))
		for _, want := range []struct {
			pairs []string
			scope string
		}{
			{[]string{"resource", apptest.Orders}, "read:orders write:orders"},
			{[]string{"resource", apptest.Orders, "organization_id", p.crew}, "read:orders write:orders"},
			{[]string{"organization_id", p.crew}, "invite"},
		} {
			if got := payloadOf(t, p.refresh(b, tokens.Refresh, want.pairs...).String("access_token")); got.Scope != want.scope {
				t.Errorf("%q: %+v", want.pairs, got)
			}
		}
		// What operators take back is gone at once.
		p.o.Want(http.StatusNoContent, "DELETE", "/api/applications/"+p.client.ID+"/user-consent-scopes/resource-scopes/"+p.scopes["read:orders"], "")
		if got := payloadOf(t, p.refresh(b, tokens.Refresh, "resource", apptest.Orders).String("access_token")); got.Scope != "write:orders" {
			t.Errorf("after the operator: %+v", got)
		}
		p.o.Want(http.StatusNoContent, "PUT", "/api/organizations/"+p.crew+"/users", `{"userIds":[]}`)
		if got := payloadOf(t, p.refresh(b, tokens.Refresh, "resource", apptest.Orders).String("access_token")); got.Scope != "" {
			t.Errorf("after leaving: %+v", got)
		}
	})
}

// A no is told to the application, and a question is answered by its own form.
func TestConsent_Refuses(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		p := newPartner(t, app)
		b := app.Browser(t)
		if a := b.Authorize(p.client, "scope", "openid phone"); !strings.Contains(a.Header.Get("Location"), "error=invalid_scope") {
			t.Errorf("a scope that is not allowed: %s", a.Header.Get("Location"))
		}
		if to := p.answer(t, b, p.asked(t, b), "decision", "cancel"); to.Query().Get("error") != "access_denied" || to.Query().Get("code") != "" || to.Query().Get("state") != "st" {
			t.Errorf("cancelled: %s", to)
		}
		target := apptest.AuthorizeURL(p.client, "scope", partnerScope, "resource", partnerResource)
		old := p.landed(t, b, target)
		page := p.landed(t, b, target)
		if a := b.Send(old, "decision", "allow"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/consent?app_id=") {
			t.Errorf("a form of an older request: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		if a := b.Send(page, "decision", "perhaps"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/consent?app_id=") {
			t.Errorf("no decision: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		if a := b.Send(page, "decision", "allow", "organizationIds", p.other); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "not yours any more") {
			t.Errorf("somebody else's organization: %d %s", a.StatusCode, a.Text)
		}
		api := "/api/interaction/consent?app_id=" + p.client.ID
		if a := b.Do("POST", api, `{"organizationIds":["`+p.other+`"]}`); a.StatusCode != http.StatusUnprocessableEntity || a.Code() != "organization.require_membership" {
			t.Errorf("at the API: %d %s", a.StatusCode, a.Text)
		}
		if n := app.Count(t, "default", "grants", "TRUE"); n != 0 {
			t.Errorf("%d grants", n)
		}
		to := b.Follow(b.Do("POST", api, `{"organizationIds":["`+p.crew+`"]}`).String("redirectTo"))
		if to.Query().Get("code") == "" {
			t.Errorf("the API leads to %s", to)
		}
		if a := b.Do("GET", api, ""); a.StatusCode != http.StatusBadRequest || a.Code() != "session.not_found" {
			t.Errorf("once it is over: %d %s", a.StatusCode, a.Text)
		}
		// A first-party application's people are not asked.
		first := app.CreateApp(t, application.Application{Type: application.SPA})
		if to := b.Follow(apptest.AuthorizeURL(first)); to.Query().Get("code") == "" {
			t.Errorf("first-party: %s", to)
		}
	})
}
