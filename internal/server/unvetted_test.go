package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
)

// Attack: a link to our address leads to the attacker's, who describes a client of a
// trusted name (RFC 9700 section 4.11.2). Nobody is sent there who has not acted.
func TestUnvettedClient_IsNoOpenRedirect(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		allowDescribed(t, app)
		d := describe(t, map[string]any{"client_name": "Signet Support", "redirect_uris": []string{apptest.CallbackURI, "http://127.0.0.1/cb"}})
		_, initial := letRegister(t, app, `{"enabled":true}`)
		registered, _ := registerClient(t, app, initial, nil)
		for name, c := range map[string]*apptest.Client{"described": d.party(), "registered by itself": registered.Client} {
			stranger, robin := app.Browser(t), app.Browser(t)
			host, err := url.Parse(c.Redirect())
			if err != nil {
				t.Fatal(err)
			}
			other := app.CreateApp(t, application.Application{})
			robin.SignIn(other, "robin", apptest.Password)
			for _, b := range []*apptest.Browser{stranger, robin} {
				for code, pairs := range map[string][]string{
					"unsupported_response_type": {"response_type", "x"}, "invalid_scope": {"scope", "openid email"},
				} {
					a := b.Do("GET", apptest.AuthorizeURL(c, pairs...), "", "Accept", "text/html")
					if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" || !strings.Contains(a.Text, "Back to "+host.Host) ||
						!strings.Contains(a.Text, "error="+code) || strings.Contains(a.Text, "Signet Support") || strings.Contains(a.Text, "http-equiv") {
						t.Errorf("%s, %s: %d %s %s", name, code, a.StatusCode, a.Header.Get("Location"), a.Text)
					}
					if a = b.Do("GET", apptest.AuthorizeURL(c, pairs...), ""); a.StatusCode != http.StatusBadRequest || a.Code() != "oidc."+code {
						t.Errorf("%s, %s, as JSON: %d %s", name, code, a.StatusCode, a.Text)
					}
				}
				if a := b.Do("GET", apptest.AuthorizeURL(c, "prompt", "none"), ""); a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" {
					t.Errorf("%s, silently: %d %s", name, a.StatusCode, a.Header.Get("Location"))
				}
			}
			if n := app.Count(t, tenant.Default, "interactions", "finished_at IS NULL AND client_id = '"+c.ID+"'"); n != 0 {
				t.Errorf("%s: %d interactions began", name, n)
			}
			// Who has allowed it something goes back as to any other.
			allow(t, robin, asks(t, robin, apptest.AuthorizeURL(c)))
			if to := robin.Follow(apptest.AuthorizeURL(c, "response_type", "x")); to.Query().Get("error") != "unsupported_response_type" {
				t.Errorf("%s, once it was allowed: %s", name, to)
			}
		}
		// Nobody else waits at one's own machine.
		if to := app.Browser(t).Follow(apptest.AuthorizeURL(d.party(), "redirect_uri", "http://127.0.0.1:4711/cb", "response_type", "x")); to.Host != "127.0.0.1:4711" {
			t.Errorf("on loopback: %s", to)
		}
	}, apptest.ReachingTests())
}

// A page names a client that nobody has registered with the host that it comes from.
func TestUnvettedClient_IsNamedWithItsHost(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.ReachingTests())
	allowDescribed(t, app)
	d := describe(t, map[string]any{"client_name": "Signet Support"})
	title := "Signet Support (" + strings.TrimPrefix(d.URL, "https://") + ")"
	b := app.Browser(t)
	for name, target := range map[string]string{
		"signing in":         b.Authorize(d.party()).Header.Get("Location"),
		"no sign-in is open": "/unknown-session?" + url.Values{"app_id": {d.id}}.Encode(),
	} {
		if page := b.Visit(target); !strings.Contains(page.Text, title) || strings.Count(page.Text, "Signet Support") != strings.Count(page.Text, title) {
			t.Errorf("%s: %d %s", name, page.StatusCode, page.Text)
		}
	}
}

// Attack: a link signs somebody out and leads to the attacker's. The client has to show
// that it has signed in whoever is here, or they are asked.
func TestUnvettedClient_AsksBeforeSigningOut(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		app.CreateUser(t, "wren")
		allowDescribed(t, app)
		const bye = "https://evil.example/bye"
		d := describe(t, map[string]any{"post_logout_redirect_uris": []string{bye}})
		robin, wren := app.Browser(t), app.Browser(t)
		tokens := robin.Redeem(d.party(), allow(t, robin, asks(t, robin, apptest.AuthorizeURL(d.party()))))
		wren.SignIn(app.CreateApp(t, application.Application{}), "wren", apptest.Password)
		end := func(b *apptest.Browser, pairs ...string) *apptest.Answer {
			t.Helper()
			query := url.Values{"client_id": {d.id}, "post_logout_redirect_uri": {bye}}
			for i := 0; i < len(pairs); i += 2 {
				query.Set(pairs[i], pairs[i+1])
			}
			return b.Visit("/oidc/session/end?" + query.Encode())
		}
		const posts, place = " data-submit", "You go to evil.example next."
		for name, page := range map[string]*apptest.Answer{
			"a link": end(robin), "of another person": end(wren, "id_token_hint", tokens.ID), "nobody": end(app.Browser(t), "id_token_hint", tokens.ID),
		} {
			if page.StatusCode != http.StatusOK || strings.Contains(page.Text, posts) || !strings.Contains(page.Text, place) {
				t.Errorf("%s: %d %s", name, page.StatusCode, page.Text)
			}
		}
		if page := end(robin, "id_token_hint", tokens.ID); !strings.Contains(page.Text, posts) || strings.Contains(page.Text, place) {
			t.Errorf("with its own ID token: %s", page.Text)
		}
		if a := robin.Send(end(robin)); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != bye {
			t.Errorf("who says yes: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		if n := app.Count(t, tenant.Default, "sessions", "TRUE"); n != 1 {
			t.Errorf("%d sessions are left", n)
		}
	}, apptest.ReachingTests())
}
