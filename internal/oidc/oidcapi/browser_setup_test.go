package oidcapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/authorize"
	"signet/internal/oidc/client"
	"signet/internal/oidc/logout"
	"signet/internal/oidc/oidcapi"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/settings"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Applications of every kind, and two people.
const (
	spa         = "spa"
	otherSPA    = "other-spa"
	native      = "native"
	traditional = "traditional"
	machine     = "machine"
	thirdParty  = "third-party"
	alice       = "alice0000000"
	bob         = "bob000000000"

	redirect  = "https://app.example.com/callback"
	api       = "https://api.example.com"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// provider is the browser's half of a tenant's provider, without a network.
type provider struct {
	t       testing.TB
	tenant  *tenant.Tenant
	db      *db.DB
	clock   *clock.Fake
	ring    *crypt.Keyring
	keys    *token.Keys
	ctx     context.Context
	handler http.Handler
}

// eachBrowser runs a test on both databases, with a provider and a browser that
// knows nothing of it yet.
func eachBrowser(t *testing.T, run func(t *testing.T, s *provider, b *browser)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		s := newProvider(t, p)
		run(t, s, s.browser())
	})
}

func newProvider(t testing.TB, p *db.Pool) *provider {
	return newProviderAt(t, p, tenant.Default, "https://id.example.com")
}

func newProviderAt(t testing.TB, p *db.Pool, tenantID, endpoint string) *provider {
	t.Helper()
	ring, err := crypt.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	must(t, err)
	base, err := url.Parse(endpoint)
	must(t, err)
	s := &provider{t: t, ring: ring, tenant: tenant.New(tenantID, base, p), clock: clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))}
	s.db, s.ctx, s.keys = s.tenant.DB, tenant.With(context.Background(), s.tenant), token.NewKeys(p, ring, s.clock.Now)
	key, err := token.GenerateKey(token.ES384)
	must(t, err)
	s.tx(func(tx *db.Tx) error {
		if err := token.SeedKeys(s.ctx, tx, s.now(), ring, key); err != nil {
			return err
		}
		return s.seed(tx, ring)
	})
	directory := client.NewDirectory(p, client.Options{})
	browser := &oidcapi.Browser{
		Authorize: &authorize.Engine{Clients: directory, Keys: s.keys, Ring: ring, Clock: s.clock.Now, Settings: settings.NewReader(p)},
		Logout:    &logout.Engine{Clients: directory, Keys: s.keys, Clock: s.clock.Now},
		RenderLogout: func(w http.ResponseWriter, _ *http.Request, page oidcapi.LogoutPage) error {
			return json.NewEncoder(w).Encode(page)
		},
		RenderSignedOut: func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.WriteString(w, "signed out")
			return err
		},
		RenderConsent: func(w http.ResponseWriter, _ *http.Request, status int, page oidcapi.ConsentPage) error {
			w.WriteHeader(status)
			_, err := fmt.Fprintf(w, "may %s %s", page.Application.ID, page.Token)
			return err
		},
		RenderUnknownSession: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, s.tenant.Path("/unknown-session"), http.StatusFound)
		},
		RenderError: func(w http.ResponseWriter, r *http.Request, err error) {
			w.WriteHeader(proto.Render(r, err).Status)
			fmt.Fprintf(w, "page about %s", proto.Render(r, err).Code)
		},
		RenderBrokenLink: func(w http.ResponseWriter, r *http.Request, err error) {
			w.WriteHeader(proto.Render(r, err).Status)
			fmt.Fprintf(w, "broken link: %s", proto.Render(r, err).Code)
		},
	}
	mux := http.NewServeMux()
	web.Mount(mux, web.WriteError, browser.Routes())
	signed := authorize.SignedCookies(s.keys)(mux)
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed.ServeHTTP(w, r.WithContext(tenant.With(r.Context(), s.tenant)))
	})
	return s
}

func (s *provider) seed(tx *db.Tx, ring *crypt.Keyring) error {
	own := application.ClientMetadata{RedirectURIs: []string{redirect}, PostLogoutRedirectURIs: []string{"https://app.example.com/bye"}}
	for _, a := range []application.Application{
		{ID: spa, Type: application.SPA, OIDC: own},
		{ID: otherSPA, Type: application.SPA, OIDC: application.ClientMetadata{
			RedirectURIs: []string{"https://other.example.com/cb?tenant=1", "https://*.apps.example.com/cb"}}},
		{ID: native, Type: application.Native, OIDC: application.ClientMetadata{
			RedirectURIs: []string{"com.example.app://callback", "http://127.0.0.1/cb"}}},
		{ID: traditional, Type: application.Traditional, OIDC: own},
		{ID: machine, Type: application.MachineToMachine},
		{ID: thirdParty, Type: application.SPA, IsThirdParty: true, OIDC: own},
	} {
		a.Name = a.ID
		if _, _, err := application.Create(s.ctx, tx, s.now(), ring, a); err != nil {
			return err
		}
	}
	for _, id := range []string{alice, bob} {
		if _, err := user.Create(s.ctx, tx, s.now(), user.New{ID: id, Username: id}); err != nil {
			return err
		}
	}
	_, err := resource.Create(s.ctx, tx, s.now(), resource.Resource{Name: "API", Indicator: api})
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *provider) now() int64 { return s.clock.Now().UnixMilli() }

func (s *provider) tx(fn func(tx *db.Tx) error) {
	s.t.Helper()
	must(s.t, s.db.Tx(s.ctx, fn))
}

// count returns how many rows of a table fulfil a condition.
func (s *provider) count(table, where string, args ...any) int {
	s.t.Helper()
	n, err := db.One[int](s.ctx, s.db, `SELECT count(*) FROM `+table+` WHERE tenant_id = $1 AND `+where, args...)
	must(s.t, err)
	return n
}

// browser keeps cookies as browsers do, by name and path.
type browser struct {
	provider *provider
	jar      map[string]kept
}

type kept struct{ name, value, path string }

func (s *provider) browser() *browser { return &browser{provider: s, jar: map[string]kept{}} }

// answer is what the browser saw.
type answer struct {
	*http.Response
	body string
}

func (b *browser) send(r *http.Request) answer {
	for _, c := range b.jar {
		if strings.HasPrefix(r.URL.Path, c.path) {
			r.Header.Add("Cookie", c.name+"="+c.value)
		}
	}
	rec := httptest.NewRecorder()
	b.provider.handler.ServeHTTP(rec, r)
	response := rec.Result()
	for _, line := range response.Header.Values("Set-Cookie") {
		b.keep(line)
	}
	return answer{response, rec.Body.String()}
}

func (b *browser) keep(line string) {
	parts := strings.Split(line, "; ")
	name, value, _ := strings.Cut(parts[0], "=")
	c := kept{name: name, value: value}
	gone := false
	for _, attribute := range parts[1:] {
		if path, ok := strings.CutPrefix(attribute, "Path="); ok {
			c.path = path
		}
		gone = gone || attribute == "Max-Age=0"
	}
	if gone {
		delete(b.jar, name+" "+c.path)
		return
	}
	b.jar[name+" "+c.path] = c
}

// cookie returns the value of a cookie for the whole tenant, "" if there is none.
func (b *browser) cookie(name string) string { return b.jar[name+" /"].value }

func (b *browser) get(target string) answer {
	return b.send(httptest.NewRequest(http.MethodGet, target, nil))
}

func (b *browser) post(target string, form url.Values) answer {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

// request returns the parameters of a plain authorization request, changed by
// pairs of name and value; an empty value removes the parameter.
func request(pairs ...string) url.Values {
	q := url.Values{
		"client_id": {spa}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid profile"},
		"state": {"st"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
			continue
		}
		q.Set(pairs[i], pairs[i+1])
	}
	return q
}

func (b *browser) authorize(pairs ...string) answer {
	return b.get("/oidc/auth?" + request(pairs...).Encode())
}

// signIn finishes the interaction that the browser has open with a client, as
// the sign-in engine would, and returns where the browser must go.
func (b *browser) signIn(clientID, userID string) string {
	b.provider.t.Helper()
	in := b.interaction(clientID)
	var target string
	b.provider.tx(func(tx *db.Tx) (err error) {
		target, err = authorize.Finish(b.provider.ctx, tx, b.provider.now(), in, authorize.Login{
			UserID: userID, AMR: []string{"pwd"}, Submission: json.RawMessage(`{"interactionEvent":"SignIn"}`)})
		return err
	})
	return path(target)
}

func (b *browser) interaction(clientID string) *authorize.Interaction {
	b.provider.t.Helper()
	in, err := b.tryInteraction(clientID)
	must(b.provider.t, err)
	return in
}

func (b *browser) tryInteraction(clientID string) (in *authorize.Interaction, err error) {
	r := httptest.NewRequest(http.MethodGet, "/sign-in?app_id="+clientID, nil)
	for _, c := range b.jar {
		if c.path == "/" {
			r.Header.Add("Cookie", c.name+"="+c.value)
		}
	}
	authorize.SignedCookies(b.provider.keys)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		in, err = authorize.InteractionFromRequest(r.Context(), b.provider.db, b.provider.now(), r)
	})).ServeHTTP(httptest.NewRecorder(), r.WithContext(b.provider.ctx))
	return in, err
}

// follow requests targets of the provider until it sends the browser elsewhere,
// or answers otherwise.
func (b *browser) follow(target string) answer {
	b.provider.t.Helper()
	for range 10 {
		a := b.get(target)
		next := a.Header.Get("Location")
		if next == "" || strings.HasPrefix(next, "/sign-in") || !strings.HasPrefix(path(next), "/") || strings.HasPrefix(next, "https://app.") {
			return a
		}
		target = path(next)
	}
	b.provider.t.Fatal("redirects without end")
	return answer{}
}

// authorized signs a person in to the client and returns the code's redirect.
func (b *browser) authorized(userID string, pairs ...string) *url.URL {
	b.provider.t.Helper()
	first := b.authorize(pairs...)
	if location := first.Header.Get("Location"); !strings.HasPrefix(location, "/sign-in") {
		b.provider.t.Fatalf("no sign-in but %d %s %s", first.StatusCode, location, first.body)
	}
	return b.follow(b.signIn(request(pairs...).Get("client_id"), userID)).location(b.provider.t)
}

// path returns a URL of the provider without its origin.
func path(target string) string { return strings.TrimPrefix(target, "https://id.example.com") }

func (a answer) location(t testing.TB) *url.URL {
	t.Helper()
	u, err := url.Parse(a.Header.Get("Location"))
	if err != nil || a.Header.Get("Location") == "" {
		t.Fatalf("no redirect but %d %s (%v)", a.StatusCode, a.body, err)
	}
	return u
}

// failure returns status, code and description of a JSON error.
func (a answer) failure(t testing.TB) string {
	t.Helper()
	var body struct {
		Code, Message, Error string
		Description          string `json:"error_description"`
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(a.body))).Decode(&body); err != nil {
		t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	if body.Message == "" || body.Error == "" {
		t.Errorf("an error without words: %s", a.body)
	}
	return fmt.Sprintf("%d %s %s", a.StatusCode, body.Code, body.Description)
}
