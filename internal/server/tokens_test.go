package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/resource"
	"signet/internal/tenant"
)

// payloadOf decodes the payload of a JWT.
func payloadOf(t *testing.T, jwt string) (payload struct {
	Audience     string `json:"aud"`
	Scope        string `json:"scope"`
	Organization string `json:"organization_id"`
}) {
	t.Helper()
	decodePayload(t, jwt, &payload)
	return payload
}

func decodePayload(t *testing.T, jwt string, into any) {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %q", jwt)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const everything = "openid offline_access urn:logto:scope:organizations urn:logto:scope:organization_roles read:orders write:orders invite all"

// One sign-in yields tokens for the API, for the API within an organization and
// for the organization, each with what the user may do there now.
func TestTokens_ForResourcesAndOrganizations(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		crew := app.Shop(t, app.CreateUser(t, "robin").ID)
		c := app.CreateApp(t, application.Application{Type: application.Native})
		b := app.Browser(t)
		redirect := b.SignIn(c, "robin", apptest.Password, "scope", everything, "prompt", "consent",
			"resource", strings.Join([]string{apptest.Orders, "urn:logto:resource:organizations", resource.ManagementIndicator(tenant.Default)}, ","))
		tokens := b.Redeem(c, redirect)
		refresh := func(pairs ...string) *apptest.Answer {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}}
			for i := 0; i < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
			return b.Token(c, form)
		}
		for _, want := range []struct {
			pairs                    []string
			audience, scope, organic string
			ttl                      string
		}{
			{[]string{"resource", apptest.Orders}, apptest.Orders, "read:orders write:orders", "", "900"},
			{[]string{"resource", apptest.Orders, "organization_id", crew}, apptest.Orders, "read:orders write:orders", crew, "900"},
			{[]string{"organization_id", crew}, "urn:logto:organization:" + crew, "invite", "", "3600"},
			{[]string{"resource", "urn:logto:resource:organizations"}, "urn:logto:resource:organizations", "invite", "", "3600"},
		} {
			a := refresh(want.pairs...)
			got := payloadOf(t, a.String("access_token"))
			if got.Audience != want.audience || got.Scope != want.scope || got.Organization != want.organic || !strings.Contains(a.Text, `"expires_in":`+want.ttl) {
				t.Errorf("%q: %+v", want.pairs, got)
			}
			tokens.Refresh = a.String("refresh_token")
		}
		me := b.Do("GET", "/oidc/me", "", "Authorization", "Bearer "+tokens.Access)
		for _, part := range []string{
			`"organizations":["` + crew + `"]`, `"organization_roles":["` + crew + `:clerk"]`,
			`"organization_data":[{"id":"` + crew + `","name":"Harbour Crew","description":"Ships."}]`,
		} {
			if !strings.Contains(me.Text, part) {
				t.Errorf("userinfo lacks %s: %s", part, me.Text)
			}
		}
		// Nobody's roles reach the Management API.
		managing := refresh("resource", resource.ManagementIndicator(tenant.Default))
		if got := payloadOf(t, managing.String("access_token")); got.Scope != "" {
			t.Errorf("a person manages: %+v", got)
		}
		if a := b.Do("GET", "/api/users", "", "Authorization", "Bearer "+managing.String("access_token")); a.StatusCode != http.StatusForbidden {
			t.Errorf("the Management API: %d %s", a.StatusCode, a.Text)
		}
		// An API's token is none of the provider's own.
		if a := b.Do("GET", "/oidc/me", "", "Authorization", "Bearer "+managing.String("access_token")); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("userinfo: %d %s", a.StatusCode, a.Text)
		}
	})
}

// A request that names an organization gets what the user may do there, however
// its tokens are asked for later.
func TestTokens_OfARequestForOneOrganization(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		crew := app.Shop(t, app.CreateUser(t, "robin").ID)
		other := app.Operator(t).Want(http.StatusCreated, "POST", "/api/organizations", `{"name":"Other"}`).String("id")
		c := app.CreateApp(t, application.Application{Type: application.SPA})
		for organization, want := range map[string]string{crew: "read:orders write:orders", other: "read:orders", "": "read:orders write:orders"} {
			b := app.Browser(t)
			tokens := b.Redeem(c, b.SignIn(c, "robin", apptest.Password, "scope", everything, "prompt", "consent", "resource", apptest.Orders, "organization_id", organization))
			a := b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}, "resource": {apptest.Orders}})
			if got := payloadOf(t, a.String("access_token")); got.Scope != want || got.Organization != "" {
				t.Errorf("for %q: %+v", organization, got)
			}
		}
	})
}

// Who is outside an application's access rules gets no code, not even from a
// session that has had one.
func TestTokens_OfAnApplicationThatLimitsAccess(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		crew := app.Shop(t, app.CreateUser(t, "robin").ID)
		o := app.Operator(t)
		c := app.CreateApp(t, application.Application{Type: application.SPA})
		b := app.Browser(t)
		tokens := b.Redeem(c, b.SignIn(c, "robin", apptest.Password, "scope", "openid offline_access", "prompt", "consent"))
		path := "/api/applications/" + c.ID
		rules := func(organizations string) {
			o.Want(http.StatusOK, "PUT", path+"/access-control", `{"userIds":[],"userRoleIds":[],"organizationIds":[`+organizations+`],"organizationRoleRules":[]}`)
		}
		other := o.Want(http.StatusCreated, "POST", "/api/organizations", `{"name":"Other"}`).String("id")
		rules(`"` + other + `"`)
		o.Want(http.StatusOK, "PATCH", path, `{"appLevelAccessControlEnabled":true}`)
		if again := b.Follow(apptest.AuthorizeURL(c, "scope", "openid")); again.Query().Get("error") != "access_denied" || again.Query().Get("code") != "" {
			t.Errorf("by a session that has a grant: %s", again)
		}
		if a := b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}}); a.StatusCode != http.StatusBadRequest || a.Code() != "oidc.access_denied" {
			t.Errorf("by a refresh token: %d %s", a.StatusCode, a.Text)
		}
		fresh := app.Browser(t)
		fresh.Identify(c, "robin", apptest.Password)
		resume := fresh.Then(fresh.Visit(strings.TrimPrefix(fresh.Step("POST", "/submit", "").String("redirectTo"), fresh.Endpoint)))
		// People are told on the consent page, which is a page like any other; the API
		// fails.
		if resume.StatusCode != http.StatusOK || resume.Header.Get("Location") != "" || !strings.Contains(resume.Text, "oidc.access_denied") {
			t.Errorf("by signing in: %d %s", resume.StatusCode, resume.Text)
		}
		for _, method := range []string{"GET", "POST"} {
			if a := fresh.Do(method, "/api/interaction/consent?app_id="+c.ID, ""); a.StatusCode != http.StatusBadRequest || a.Code() != "oidc.access_denied" {
				t.Errorf("%s of the API: %d %s", method, a.StatusCode, a.Text)
			}
		}
		if n := app.Count(t, tenant.Default, "grants", "TRUE"); n != 1 {
			t.Errorf("%d grants", n)
		}
		rules(`"` + crew + `"`)
		if again := b.Follow(apptest.AuthorizeURL(c, "scope", "openid")); again.Query().Get("code") == "" {
			t.Errorf("once admitted: %s", again)
		}
	})
}

// A token that is exchanged is no sign-in: it takes no place of one, is no connected
// application, and leaves nothing behind.
func TestTokens_ExchangedAreNoDevices(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		yes, limit := true, int64(2)
		c := app.CreateApp(t, application.Application{Type: application.Traditional, Custom: application.CustomMetadata{
			AllowTokenExchange: &yes, MaxAllowedGrants: &limit, AlwaysIssueRefreshToken: &yes}})
		first, second := app.Browser(t), app.Browser(t)
		tokens := first.Redeem(c, first.SignIn(c, "robin", apptest.Password))
		for range 2 {
			app.Clock.Advance(time.Second)
			a := first.Token(c, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {tokens.Access},
				"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "scope": {"openid"}})
			if a.StatusCode != http.StatusOK {
				t.Fatalf("%d %s", a.StatusCode, a.Text)
			}
		}
		app.Clock.Advance(time.Second)
		second.Redeem(c, second.SignIn(c, "robin", apptest.Password))
		a := first.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}})
		if a.StatusCode != http.StatusOK {
			t.Errorf("the first device of two: %d %s", a.StatusCode, a.Text)
		}
		if a := app.Operator(t).Want(http.StatusOK, "GET", "/api/users/"+u.ID+"/grants", ""); strings.Count(a.Text, `"kind":"Grant"`) != 2 {
			t.Errorf("shown: %s", a.Text)
		}
		soon := app.Clock.Now().Add(time.Hour).UnixMilli()
		if n := app.Count(t, tenant.Default, "grants", fmt.Sprintf("expires_at < %d", soon)); n != 2 {
			t.Errorf("%d grants last as long as their token", n)
		}
	})
}

// An application that allows so many sign-ins at once loses the oldest.
func TestTokens_OfAnApplicationThatLimitsGrants(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		limit := int64(2)
		c := app.CreateApp(t, application.Application{Type: application.SPA, Custom: application.CustomMetadata{MaxAllowedGrants: &limit}})
		other := app.CreateApp(t, application.Application{Type: application.SPA})
		var browsers []*apptest.Browser
		var tokens []apptest.Tokens
		for range 3 {
			app.Clock.Advance(time.Second)
			b := app.Browser(t)
			tokens = append(tokens, b.Redeem(c, b.SignIn(c, "robin", apptest.Password, "scope", "openid offline_access", "prompt", "consent")))
			browsers = append(browsers, b)
		}
		works := func(i int) bool {
			a := browsers[i].Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens[i].Refresh}})
			return a.StatusCode == http.StatusOK
		}
		if works(0) || !works(1) || !works(2) {
			t.Error("not the oldest one was revoked")
		}
		if names := app.EventNames(t, tenant.Default); !slices.Contains(names, "Grant.LimitExceeded") || !slices.Contains(app.AuditKeys(t, tenant.Default), "RevokeGrants") {
			t.Errorf("events %q", names)
		}
		if n := app.Count(t, tenant.Default, "outbox_events", "name = 'Grant.LimitExceeded'"); n != 1 {
			t.Errorf("%d events", n)
		}
		// The browser is still signed in, and may come back: then another goes.
		if to := browsers[0].Follow(apptest.AuthorizeURL(other)); to.Query().Get("code") == "" {
			t.Errorf("another application: %s", to)
		}
		if to := browsers[0].Follow(apptest.AuthorizeURL(c)); to.Query().Get("code") == "" || works(1) {
			t.Errorf("back again: %s", to)
		}
	})
}
