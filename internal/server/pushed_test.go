package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/sentinel"
	"signet/internal/tenant"
)

// push sends an authorization request ahead; pairs change its parameters.
func push(t *testing.T, b *apptest.Browser, c *apptest.Client, pairs ...string) *apptest.Answer {
	t.Helper()
	_, query, _ := strings.Cut(apptest.AuthorizeURL(c, pairs...), "?")
	form, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	if c.Secret != "" && !form.Has("client_secret") {
		form.Set("client_secret", c.Secret)
	}
	return apptest.Do(t, b.Client, http.MethodPost, b.Endpoint+"/oidc/request", form.Encode())
}

func pushedURL(c *apptest.Client, uri string, pairs ...string) string {
	query := url.Values{"client_id": {c.ID}, "request_uri": {uri}}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	return "/oidc/auth?" + query.Encode()
}

// What signs somebody in by itself reaches the page, and lies nowhere in clear on
// its way.
func TestPushedRequest_KeepsNoCredential(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{Type: application.Traditional})
		b := app.Browser(t)
		for _, parameter := range []struct{ name, secret, page, cookie string }{
			{"one_time_token", "one-time-secret", "/sign-in?app_id=" + c.ID + "&one_time_token=one-time-secret", ""},
			{"google_one_tap_credential", "one-tap-secret", "/direct/social/google?app_id=" + c.ID + "&fallback=sign-in", "_logto_google_one_tap_credential=one-tap-secret; "},
		} {
			uri := push(t, b, c, parameter.name, parameter.secret).String("request_uri")
			for name, a := range map[string]*apptest.Answer{
				"pushed": b.Do("GET", pushedURL(c, uri), ""), "open": b.Authorize(c, parameter.name, parameter.secret),
			} {
				if at := a.Header.Get("Location"); at != parameter.page {
					t.Errorf("%s %s: %d %s", parameter.name, name, a.StatusCode, at)
				}
				if cookies := strings.Join(a.Header.Values("Set-Cookie"), "\n"); !strings.Contains(cookies, parameter.cookie) {
					t.Errorf("%s %s: %s", parameter.name, name, cookies)
				}
			}
			for _, table := range []string{"interactions", "pushed_requests"} {
				if n := app.Count(t, tenant.Default, table, "CAST(params AS TEXT) LIKE '%"+parameter.secret+"%'"); n != 0 {
					t.Errorf("%s: %d rows tell the %s", table, n, parameter.name)
				}
			}
		}
	})
}

// A request that was sent ahead is what counts, once, for its own client.
func TestPushedRequest(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		c := app.CreateApp(t, application.Application{Type: application.Traditional})
		other := app.CreateApp(t, application.Application{Type: application.SPA})
		b := app.Browser(t)
		a := push(t, b, c, "scope", "openid email", "state", "pushed")
		uri := a.String("request_uri")
		if a.StatusCode != http.StatusCreated || !strings.Contains(a.Text, `"expires_in":60`) || !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || a.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s", a.StatusCode, a.Text)
		}
		if n := app.Count(t, tenant.Default, "pushed_requests", "CAST(params AS TEXT) LIKE '%"+c.Secret+"%'"); n != 0 {
			t.Error("the client's secret is stored")
		}
		refused := func(name, target string) {
			t.Helper()
			if a := b.Do("GET", target, ""); a.StatusCode != http.StatusBadRequest || a.Code() != "oidc.invalid_request_uri" || a.Header.Get("Location") != "" {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.Text)
			}
		}
		refused("of another client", pushedURL(other, uri))
		refused("unknown", pushedURL(c, "urn:ietf:params:oauth:request_uri:unknown"))
		// What the browser adds counts for nothing.
		begun := b.Do("GET", pushedURL(c, uri, "scope", "openid phone", "state", "added", "redirect_uri", "https://evil.example"), "")
		if begun.StatusCode != http.StatusSeeOther || !strings.HasPrefix(begun.Header.Get("Location"), "/sign-in") {
			t.Fatalf("begun: %d %s", begun.StatusCode, begun.Text)
		}
		refused("again", pushedURL(c, uri))
		b.Step("PUT", "", `{"interactionEvent":"SignIn"}`)
		verified := b.VerifyPassword("robin", apptest.Password)
		b.Step("POST", "/identification", `{"verificationId":"`+verified.String("verificationId")+`"}`)
		to := b.Submit()
		if to.Query().Get("state") != "pushed" || b.Redeem(c, to).Scope != "openid email" {
			t.Errorf("came back to %s", to)
		}
		uri = push(t, b, c).String("request_uri")
		app.Clock.Advance(time.Minute)
		refused("late", pushedURL(c, uri))
	})
}

// Anybody can be a public client, and each request that is sent ahead is kept:
// one address sends no more of them than it could begin sign-ins. Who proves to be
// the client sends for all of its users.
func TestPushedRequest_OfStrangersIsLimited(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, trusting)
	public := app.CreateApp(t, application.Application{Type: application.SPA})
	secret := app.CreateApp(t, application.Application{Type: application.Traditional})
	from := func(c *apptest.Client, address string) *apptest.Answer {
		_, form, _ := strings.Cut(apptest.AuthorizeURL(c), "?")
		if c.Secret != "" {
			form += "&client_secret=" + url.QueryEscape(c.Secret)
		}
		return apptest.Do(t, http.DefaultClient, http.MethodPost, app.URL+"/oidc/request", form, "X-Forwarded-For", address)
	}
	for i := range sentinel.Authorization.Burst {
		if a := from(public, "192.0.2.1"); a.StatusCode != http.StatusCreated {
			t.Fatalf("%d: %d %s", i, a.StatusCode, a.Text)
		}
	}
	if a := from(public, "192.0.2.1"); a.StatusCode != http.StatusTooManyRequests || a.String("error") != "invalid_request" {
		t.Errorf("one too many: %d %s", a.StatusCode, a.Text)
	}
	if n := app.Count(t, tenant.Default, "pushed_requests", "TRUE"); n != sentinel.Authorization.Burst {
		t.Errorf("%d are kept", n)
	}
	for name, a := range map[string]*apptest.Answer{"elsewhere": from(public, "192.0.2.2"), "with a secret": from(secret, "192.0.2.1")} {
		if a.StatusCode != http.StatusCreated {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.Text)
		}
	}
}

// Nothing is taken that the authorization endpoint would refuse, nor from
// somebody who is not the client.
func TestPushedRequest_Refuses(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{Type: application.Traditional})
		b := app.Browser(t)
		for _, bad := range []struct {
			pairs  []string
			status int
			code   string
		}{
			{[]string{"client_secret", "wrong"}, 401, "oidc.invalid_client"},
			{[]string{"client_id", ""}, 400, "oidc.invalid_request"},
			{[]string{"redirect_uri", "https://evil.example"}, 400, "oidc.invalid_redirect_uri"},
			{[]string{"request_uri", "urn:ietf:params:oauth:request_uri:x"}, 400, "oidc.invalid_request"},
			{[]string{"request", "a.b.c"}, 400, "oidc.invalid_request_object"},
			{[]string{"response_type", "token"}, 400, "oidc.unsupported_response_type"},
			{[]string{"resource", "https://nobody.example"}, 400, "oidc.invalid_target"},
			{[]string{"state", strings.Repeat("x", 5000)}, 400, "oidc.invalid_request"},
		} {
			if a := push(t, b, c, bad.pairs...); a.StatusCode != bad.status || a.Code() != bad.code {
				t.Errorf("%.60q: %d %s", bad.pairs, a.StatusCode, a.Text)
			}
		}
		if n := app.Count(t, tenant.Default, "pushed_requests", "TRUE"); n != 0 {
			t.Errorf("%d requests are kept", n)
		}
	})
}

func TestPushedRequest_FiftyAtOnceBeginOnce(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{Type: application.Traditional})
		b := app.Browser(t)
		uri := push(t, b, c).String("request_uri")
		var group sync.WaitGroup
		statuses := make([]int, 50)
		for i := range statuses {
			group.Go(func() { statuses[i] = app.Browser(t).Do("GET", pushedURL(c, uri), "").StatusCode })
		}
		group.Wait()
		begun := 0
		for _, status := range statuses {
			switch status {
			case http.StatusSeeOther:
				begun++
			case http.StatusBadRequest:
			default:
				t.Errorf("%d", status)
			}
		}
		if begun != 1 {
			t.Errorf("begun %d times", begun)
		}
	})
}
