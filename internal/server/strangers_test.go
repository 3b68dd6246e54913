package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/dpop/dpoptest"
	"signet/internal/sentinel"
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

// Attack: one machine takes steps of one sign-in without end, each of which is put on
// record, whatever becomes of it.
func TestStrangers_TakeSoManySteps(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, trusting)
	app.CreateUser(t, "robin")
	c := app.CreateApp(t, application.Application{Type: application.SPA})
	const flood, other = "192.0.2.1", "198.51.100.1"
	b := app.Browser(t)
	page := b.Visit(b.Authorize(c).Header.Get("Location"))
	csrf := hidden(t, page, "token")
	begin := func(address string) *apptest.Answer {
		return b.Do("PUT", "/api/experience", `{"interactionEvent":"SignIn"}`, "X-Forwarded-For", address)
	}
	fail := func(address string) *apptest.Answer {
		return b.Do("POST", "/api/experience/identification", `{}`, "X-Forwarded-For", address)
	}
	send := func(address string) *apptest.Answer {
		form := url.Values{"token": {csrf}, "identifier": {"robin"}, "password": {apptest.Password}}.Encode()
		return b.Do("POST", page.Request.URL.Path, form, "Accept", "text/html", "X-Forwarded-For", address)
	}
	kept := func() int { return len(app.Audit(t, tenant.Default)) }
	before := kept()
	// In this order: a step before there is a sign-in leaves nothing.
	steps := []func(string) *apptest.Answer{begin, fail}
	for i := range sentinel.Step.Burst / 2 {
		for n, take := range steps {
			if a := take(flood); a.StatusCode >= 500 || a.StatusCode == http.StatusTooManyRequests {
				t.Fatalf("step %d, %d: %d %s", n, i, a.StatusCode, a.Text)
			}
		}
	}
	if n := kept() - before; n != sentinel.Step.Burst {
		t.Errorf("%d entries", n)
	}
	for n, take := range steps {
		if a := take(flood); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "1" {
			t.Errorf("step %d: %d %q %s", n, a.StatusCode, a.Header.Get("Retry-After"), a.Text)
		}
	}
	if a := send(flood); a.StatusCode != http.StatusTooManyRequests || !strings.Contains(a.Text, "Too many requests. Try again in 1 s.") {
		t.Errorf("the page: %d %s", a.StatusCode, a.Text)
	}
	if n := kept() - before; n != sentinel.Step.Burst {
		t.Errorf("%d entries, some of what was refused", n)
	}
	if a := b.Do("GET", "/api/experience/interaction", "", "X-Forwarded-For", flood); a.StatusCode != http.StatusOK {
		t.Errorf("looking: %d %s", a.StatusCode, a.Text)
	}
	if a := send(other); a.StatusCode != http.StatusSeeOther {
		t.Errorf("another address: %d %s", a.StatusCode, a.Text)
	}
}

// stranger sends forms to the provider from an address of its own.
type stranger struct {
	t       *testing.T
	app     *apptest.App
	address string
}

func (s stranger) post(path string, pairs ...string) *apptest.Answer {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return s.send(path, form)
}

func (s stranger) send(path string, form url.Values, headers ...string) *apptest.Answer {
	s.t.Helper()
	return apptest.Do(s.t, http.DefaultClient, http.MethodPost, s.app.URL+path, form.Encode(), append(headers, "X-Forwarded-For", s.address)...)
}

// entries counts what the trail has of a key.
func entries(t *testing.T, app *apptest.App, key string) int {
	t.Helper()
	n := 0
	for _, entry := range app.Audit(t, tenant.Default) {
		if entry.Key == key {
			n++
		}
	}
	return n
}

// Attack: one machine fills the trail with requests that fail. Who proves to be a
// client is put on record all the same, and whoever asks rightly gets a token.
func TestStrangers_FillNoTrail(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, trusting)
	app.CreateUser(t, "robin")
	public := app.CreateApp(t, application.Application{Type: application.Native})
	secret := app.CreateApp(t, application.Application{Type: application.Traditional})
	flood, other := stranger{t, app, "192.0.2.1"}, stranger{t, app, "192.0.2.2"}
	token := func(s stranger, pairs ...string) *apptest.Answer {
		return s.post("/oidc/token", append([]string{"grant_type", "refresh_token", "refresh_token", "none"}, pairs...)...)
	}
	attempts := [][]string{
		{}, {"client_id", "nobody"}, {"client_id", secret.ID, "client_secret", "wrong"}, {"client_id", public.ID},
	}
	limited := func(name string, a *apptest.Answer) {
		t.Helper()
		if a.StatusCode != http.StatusTooManyRequests || a.String("error") != "invalid_request" || a.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: %d %s, %q", name, a.StatusCode, a.Text, a.Header.Get("Retry-After"))
		}
	}
	for i := range sentinel.TokenFailure.Burst {
		if a := token(flood, attempts[i%len(attempts)]...); a.StatusCode >= 500 || a.StatusCode == http.StatusTooManyRequests {
			t.Fatalf("%d: %d %s", i, a.StatusCode, a.Text)
		}
	}
	const key = "ExchangeTokenBy.RefreshToken"
	for _, attempt := range attempts {
		limited("beyond", token(flood, attempt...))
	}
	if n := entries(t, app, key); n != sentinel.TokenFailure.Burst {
		t.Errorf("%d entries", n)
	}
	if a := token(flood, "client_id", secret.ID, "client_secret", secret.Secret); a.StatusCode != http.StatusBadRequest || entries(t, app, key) != sentinel.TokenFailure.Burst+1 {
		t.Errorf("a client that proves to be itself: %d %s", a.StatusCode, a.Text)
	}
	code := app.Browser(t).SignIn(public, "robin", apptest.Password).Query().Get("code")
	redeem := func() *apptest.Answer {
		return flood.post("/oidc/token", "grant_type", "authorization_code", "client_id", public.ID, "code", code,
			"redirect_uri", public.Redirect(), "code_verifier", apptest.Verifier)
	}
	if a := redeem(); a.StatusCode != http.StatusOK {
		t.Errorf("who asks rightly: %d %s", a.StatusCode, a.Text)
	}
	// That somebody has a code who should not is news, once.
	if a := redeem(); a.StatusCode != http.StatusBadRequest || entries(t, app, "ExchangeTokenBy.AuthorizationCode") != 2 {
		t.Errorf("a code that was stolen: %d %s", a.StatusCode, a.Text)
	}
	limited("the same code again", redeem())
	if a := token(other, "client_id", public.ID); a.StatusCode != http.StatusBadRequest {
		t.Errorf("another address: %d %s", a.StatusCode, a.Text)
	}
	app.Clock.Advance(time.Second)
	if a := token(flood, "client_id", public.ID); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a second later: %d %s", a.StatusCode, a.Text)
	}
	for i := range sentinel.TokenFailure.Burst {
		if a := flood.post("/oidc/token/revocation", "token", "none", "client_id", public.ID); a.StatusCode != http.StatusOK {
			t.Fatalf("revocation %d: %d %s", i, a.StatusCode, a.Text)
		}
	}
	limited("revocation", flood.post("/oidc/token/revocation", "token", "none", "client_id", public.ID))
	limited("revocation by nobody", flood.post("/oidc/token/revocation", "token", "none"))
	if a := flood.post("/oidc/token/revocation", "token", "none", "client_id", secret.ID, "client_secret", secret.Secret); a.StatusCode != http.StatusOK {
		t.Errorf("revocation by a client that proves to be itself: %d %s", a.StatusCode, a.Text)
	}
	if n := entries(t, app, "RevokeToken"); n != sentinel.TokenFailure.Burst+1 {
		t.Errorf("%d entries of revocation", n)
	}
}

// Attack: one machine makes keys of its own and has us remember a proof by proof.
func TestStrangers_SpendSoManyProofs(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, trusting)
	app.Operator(t).Want(200, "PATCH", "/api/configs/oidc/dpop", `{"enabled":true}`)
	public := app.CreateApp(t, application.Application{Type: application.SPA})
	secret := app.CreateApp(t, application.Application{Type: application.Traditional})
	key := dpoptest.New(t)
	send := func(s stranger, path string, c *apptest.Client) *apptest.Answer {
		t.Helper()
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"none"}, "client_id": {c.ID}}
		if c.Secret != "" {
			form.Set("client_secret", c.Secret)
		}
		return s.send(path, form, "DPoP", key.Proof("POST", app.URL+path, app.Clock.Now().UnixMilli(), nil))
	}
	flood, other := stranger{t, app, "192.0.2.1"}, stranger{t, app, "192.0.2.2"}
	for i := range sentinel.Proof.Burst {
		if a := send(flood, "/oidc/request", public); a.StatusCode != http.StatusBadRequest {
			t.Fatalf("%d: %d %s", i, a.StatusCode, a.Text)
		}
	}
	for _, path := range []string{"/oidc/request", "/oidc/token"} {
		if a := send(flood, path, public); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
		}
		for name, a := range map[string]*apptest.Answer{"elsewhere": send(other, path, public), "with a secret": send(flood, path, secret)} {
			if a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s, %s: %d %s", path, name, a.StatusCode, a.Text)
			}
		}
	}
	if n := app.Count(t, tenant.Default, "used_nonces", "TRUE"); n != sentinel.Proof.Burst+4 {
		t.Errorf("%d proofs are kept", n)
	}
}

// Attack: clients that register themselves prove to be somebody without end, and
// whoever has no token of theirs asks to change them.
func TestStrangers_WhoRegisterFillNothing(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, trusting)
	_, initial := letRegister(t, app, `{"enabled":true}`)
	n, _ := registerClient(t, app, initial, members{"token_endpoint_auth_method": "private_key_jwt", "jwks": clientKeys(t)})
	flood, other := stranger{t, app, "192.0.2.1"}, stranger{t, app, "192.0.2.2"}
	ask := func(s stranger) int {
		t.Helper()
		assertion := signClaims(t, clientKey(), "", requestClaims(app, n.Client, map[string]any{"sub": n.ID}))
		return s.post("/oidc/token/introspection", "token", "none", "client_assertion", assertion,
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer").StatusCode
	}
	remove := func(s stranger) int {
		t.Helper()
		return asClient(t, "DELETE", n.URI, "wrong", "", "X-Forwarded-For", s.address).StatusCode
	}
	for i := range sentinel.Proof.Burst {
		if got := ask(flood); got != http.StatusOK {
			t.Fatalf("assertion %d: %d", i, got)
		}
		if got := remove(flood); got != http.StatusUnauthorized {
			t.Fatalf("removal %d: %d", i, got)
		}
	}
	if a, b := ask(flood), remove(flood); a != http.StatusTooManyRequests || b != http.StatusTooManyRequests {
		t.Errorf("beyond: %d, %d", a, b)
	}
	if a, b := ask(other), remove(other); a != http.StatusOK || b != http.StatusUnauthorized {
		t.Errorf("another address: %d, %d", a, b)
	}
	if n := app.Count(t, tenant.Default, "used_nonces", "TRUE"); n != sentinel.Proof.Burst+1 {
		t.Errorf("%d assertions are kept", n)
	}
	if n := entries(t, app, "ClientRegistration.Delete"); n != sentinel.TokenFailure.Burst+1 {
		t.Errorf("%d entries", n)
	}
}
