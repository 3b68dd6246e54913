package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
)

// signedInThrough returns a client whose document is used for a minute, and the
// browser of somebody who has allowed it something.
func signedInThrough(t *testing.T, app *apptest.App) (*described, *apptest.Browser, apptest.Tokens) {
	t.Helper()
	allowDescribed(t, app)
	app.CreateUser(t, "robin")
	d := describe(t, nil)
	d.control = "no-store"
	b, c := app.Browser(t), d.party()
	return d, b, b.Redeem(c, allow(t, b, asks(t, b, apptest.AuthorizeURL(c, "scope", "openid offline_access", "prompt", "consent"))))
}

// answering says a status on a page that is longer than any document.
func answering(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write(make([]byte, 8<<10))
	}
}

// breakingOff promises more than it sends.
func breakingOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte("{"))
}

// The outage of a client's site signs nobody out, for an hour. Whoever says that
// there is no document is believed at once.
func TestDescribedClient_Away(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		d, b, tokens := signedInThrough(t, app)
		userinfo := func(want int) {
			t.Helper()
			if a := b.Do("GET", "/oidc/me", "", "Authorization", "Bearer "+tokens.Access); a.StatusCode != want {
				t.Errorf("%d %s, want %d", a.StatusCode, a.Text, want)
			}
		}
		for name, answer := range map[string]http.HandlerFunc{
			"500": answering(http.StatusInternalServerError), "503": answering(http.StatusServiceUnavailable),
			"429": answering(http.StatusTooManyRequests), "breaks off": breakingOff,
		} {
			app.Clock.Advance(90 * time.Second)
			d.answer.Store(answer)
			calls := d.calls.Load()
			userinfo(http.StatusOK)
			userinfo(http.StatusOK)
			if n := d.calls.Load(); n != calls+1 {
				t.Errorf("%s: asked %d times", name, n-calls)
			}
		}
		tokens = b.Refresh(d.party(), tokens.Refresh)
		app.Clock.Advance(55*time.Minute - time.Second)
		userinfo(http.StatusOK)
		app.Clock.Advance(time.Second)
		userinfo(http.StatusUnauthorized)
		d.publish(nil)
		app.Clock.Advance(time.Minute)
		tokens = b.Refresh(d.party(), tokens.Refresh)
		app.Clock.Advance(2 * time.Minute)
		d.answer.Store(answering(http.StatusNotFound))
		userinfo(http.StatusUnauthorized)
	}, apptest.ReachingTests())
}

// A slow site keeps nobody waiting who has an old document. What comes late is used
// from then on, and waited for where there is nothing else.
func TestDescribedClient_Slow(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.ReachingTestsWithin(12*time.Second))
	d, b, tokens := signedInThrough(t, app)
	published := d.answer.Load().(http.HandlerFunc)
	d.answer.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(6 * time.Second)
		published(w, r)
	}))
	ask := func() time.Duration {
		t.Helper()
		began := time.Now()
		tokens = b.Refresh(d.party(), tokens.Refresh)
		return time.Since(began)
	}
	app.Clock.Advance(2 * time.Minute)
	if took := ask(); took < time.Second || took > 5*time.Second {
		t.Errorf("waited for %s", took)
	}
	time.Sleep(6 * time.Second)
	app.Clock.Advance(45 * time.Second)
	calls := d.calls.Load()
	ask()
	if d.calls.Load() != calls {
		t.Error("what came late is lost")
	}
	app.Clock.Advance(2 * time.Hour)
	ask()
}

// No grace leads past a day.
func TestDescribedClient_AwayForADay(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.ReachingTests())
	allowDescribed(t, app)
	d := describe(t, nil)
	d.control = "max-age=84600"
	ask := func(want int) {
		t.Helper()
		if a := app.Browser(t).Authorize(d.party()); a.StatusCode != want {
			t.Errorf("%d %s, want %d", a.StatusCode, a.Text, want)
		}
	}
	ask(http.StatusSeeOther)
	d.Close()
	app.Clock.Advance(24*time.Hour - time.Second)
	ask(http.StatusSeeOther)
	app.Clock.Advance(time.Second)
	ask(http.StatusBadRequest)
}

// A document that must not be fetched at this moment makes no token inactive: for an
// hour the one before is used, then whoever asks is told to come again.
func TestDescribedClient_WhileFetchesAreLimited(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.ReachingTests(), trusting)
	d, b, tokens := signedInThrough(t, app)
	app.Operator(t).Want(200, "PATCH", "/api/account-center", `{"enabled":true}`)
	api := app.CreateApp(t, application.Application{Type: application.Traditional})
	send := func(method, path, body string, headers ...string) *apptest.Answer {
		return app.Browser(t).Do(method, path, body, append(headers, "X-Forwarded-For", "192.0.2.1")...)
	}
	want := func(status int) {
		t.Helper()
		a := send("POST", "/oidc/token/introspection", url.Values{"token": {tokens.Access}, "client_id": {api.ID}, "client_secret": {api.Secret}}.Encode())
		if a.StatusCode != status || status == http.StatusOK && !strings.Contains(a.Text, `"active":true`) {
			t.Errorf("introspection: %d %s, want %d", a.StatusCode, a.Text, status)
		}
		if a := send("GET", "/api/my-account", "", "Authorization", "Bearer "+tokens.Access); a.StatusCode != status {
			t.Errorf("account: %d %s, want %d", a.StatusCode, a.Text, status)
		}
	}
	exhaust := func() {
		for i := range 31 {
			send("GET", apptest.AuthorizeURL(d.party(), "client_id", fmt.Sprintf("%s?%d", d.id, i)), "")
		}
	}
	app.Clock.Advance(2 * time.Minute)
	exhaust()
	want(http.StatusOK)
	app.Clock.Advance(30 * time.Minute)
	d.answer.Store(answering(http.StatusServiceUnavailable))
	tokens = b.Refresh(d.party(), tokens.Refresh)
	app.Clock.Advance(30 * time.Minute)
	d.publish(nil)
	exhaust()
	want(http.StatusTooManyRequests)
	app.Clock.Advance(time.Minute)
	want(http.StatusOK)
}
