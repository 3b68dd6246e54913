package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"signet/internal/apptest"
)

// told is what an ID token and userinfo say about a person, beside what every one
// of them says.
func told(t *testing.T, b *apptest.Browser, idToken, access string) string {
	t.Helper()
	claims := map[string]any{}
	decodePayload(t, idToken, &claims)
	me := b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+access)
	about := map[string]any{}
	me.JSON(t, &about)
	maps.DeleteFunc(claims, func(name string, _ any) bool {
		return slices.Contains([]string{"iss", "sub", "aud", "iat", "exp", "nonce"}, name)
	})
	delete(about, "sub")
	text, err := json.Marshal([]any{claims, about})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const organizationScope = "openid offline_access urn:logto:scope:organizations urn:logto:scope:organization_roles"

// A third-party application learns of the organizations that the person has
// opened to it, and of their roles there, alone.
func TestClaims_OfOpenedOrganizations(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		p := newPartner(t, app)
		p.o.Want(201, "POST", "/api/organizations/"+p.other+"/users", `{"userIds":["`+p.user+`"]}`)
		p.o.Want(201, "POST", "/api/applications/"+p.client.ID+"/user-consent-scopes", `{"userScopes":["urn:logto:scope:organization_roles"]}`)
		b := app.Browser(t)
		begin := apptest.AuthorizeURL(p.client, "scope", organizationScope, "prompt", "consent")
		none := `[{"organization_roles":[],"organizations":[]},{"organization_data":[],"organization_roles":[],"organizations":[]}]`
		only := `[{"organization_roles":["CREW:clerk"],"organizations":["CREW"]},` +
			`{"organization_data":[{"description":"Ships.","id":"CREW","name":"Harbour Crew"}],"organization_roles":["CREW:clerk"],"organizations":["CREW"]}]`
		only = strings.ReplaceAll(only, "CREW", p.crew)
		tokens := b.Redeem(p.client, allow(t, b, asks(t, b, begin)))
		if got := told(t, b, tokens.ID, tokens.Access); got != none {
			t.Errorf("nothing opened: %s", got)
		}
		tokens = b.Redeem(p.client, allow(t, b, asks(t, b, begin), "organizationIds", p.crew))
		if got := told(t, b, tokens.ID, tokens.Access); got != only {
			t.Errorf("one opened: %s\nwant %s", got, only)
		}
		p.o.Want(204, "DELETE", "/api/applications/"+p.client.ID+"/users/"+p.user+"/consent-organizations/"+p.crew, "")
		if got := told(t, b, b.Refresh(p.client, tokens.Refresh).ID, tokens.Access); got != none {
			t.Errorf("closed again: %s", got)
		}
	})
}

// What the client of a document learns is bound to the grant.
func TestClaims_OfTheOrganizationOfAGrant(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin")
		crew := app.Shop(t, robin.ID)
		allowDescribed(t, app)
		c, b := describe(t, nil).party(), app.Browser(t)
		begin := apptest.AuthorizeURL(c, "scope", "openid offline_access urn:logto:scope:organizations", "prompt", "consent")
		opened := b.Redeem(c, allow(t, b, asks(t, b, begin), "organizationIds", crew))
		closed := b.Redeem(c, allow(t, b, asks(t, b, begin)))
		if got := told(t, b, closed.ID, closed.Access); got != `[{"organizations":[]},{"organization_data":[],"organizations":[]}]` {
			t.Errorf("without one: %s", got)
		}
		if got := told(t, b, opened.ID, opened.Access); strings.Count(got, crew) != 3 {
			t.Errorf("with one: %s", got)
		}
	}, apptest.ReachingTests())
}

// What operators take back is in no later token, and no token tells it any more;
// that somebody signed in stays.
func TestClaims_OfAScopeTakenBack(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		p := newPartner(t, app)
		b := app.Browser(t)
		begin := apptest.AuthorizeURL(p.client, "scope", "openid email offline_access", "prompt", "consent")
		tokens := b.Redeem(p.client, allow(t, b, asks(t, b, begin)))
		const both = `[{"email":null,"email_verified":false},{"email":null,"email_verified":false}]`
		if got := told(t, b, tokens.ID, tokens.Access); tokens.Scope != "openid email offline_access" || got != both {
			t.Errorf("before: %q %s", tokens.Scope, got)
		}
		introspected := func(value string) string {
			return apptest.Do(t, b.Client, "POST", b.Endpoint+"/oidc/token/introspection",
				url.Values{"token": {value}, "client_id": {p.client.ID}, "client_secret": {p.client.Secret}}.Encode()).String("scope")
		}
		if got := introspected(tokens.Access) + "; " + introspected(tokens.Refresh); got != "openid email offline_access; openid email offline_access" {
			t.Errorf("introspected before: %s", got)
		}
		p.o.Want(204, "DELETE", "/api/applications/"+p.client.ID+"/user-consent-scopes/user-scopes/email", "")
		if got := introspected(tokens.Access) + "; " + introspected(tokens.Refresh); got != "openid offline_access; openid offline_access" {
			t.Errorf("introspected after: %s", got)
		}
		next := b.Refresh(p.client, tokens.Refresh)
		if got := told(t, b, next.ID, next.Access); next.Scope != "openid offline_access" || got != "[{},{}]" {
			t.Errorf("after: %q %s", next.Scope, got)
		}
		if got := told(t, b, next.ID, tokens.Access); got != "[{},{}]" {
			t.Errorf("the token of before: %s", got)
		}
	})
}
