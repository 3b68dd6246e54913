package oidcapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/authorize"
	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/grant"
	"signet/internal/oidc/oidcapi"
	"signet/internal/oidc/registration"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/settings"
	"signet/internal/tenant"
	"signet/internal/user"
)

const redirectURI = "https://app.example/cb"

type world struct {
	t       testing.TB
	ctx     context.Context
	tenant  *tenant.Tenant
	ring    *crypt.Keyring
	clock   *clock.Fake
	handler http.Handler
	user    *user.User
	secret  string // of the client "server"
}

var signingKey, signingKeyErr = token.GenerateKey(token.ES384)

func setup(t testing.TB, p *db.Pool) *world {
	t.Helper()
	ring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil || signingKeyErr != nil {
		t.Fatal(err, signingKeyErr)
	}
	endpoint, _ := url.Parse("https://id.example/auth")
	w := &world{t: t, ring: ring, tenant: tenant.New("default", endpoint, p), clock: clock.NewFake(time.UnixMilli(1_800_000_000_000))}
	w.ctx = tenant.With(context.Background(), w.tenant)
	config := settings.NewReader(p)
	clients, keys := client.NewDirectory(p, client.Options{Ring: ring}), token.NewKeys(p, ring, w.clock.Now)
	api := oidcapi.New(p, &authorize.Engine{Clients: clients, Keys: keys, Ring: w.ring, Clock: w.clock.Now, Settings: config},
		&grant.Endpoint{Clients: clients, Keys: keys, Clock: w.clock.Now, Settings: config, Ring: ring, Resources: resource.NewCache(p)},
		&dpop.Verifier{Clock: w.clock.Now, Settings: config, Ring: ring}, &registration.Engine{Clock: w.clock.Now, Settings: config, Ring: ring})
	mux := http.NewServeMux()
	web.Mount(mux, web.WriteError, api.Routes())
	w.handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(rw, r.WithContext(tenant.With(r.Context(), w.tenant)))
	})
	w.tx(func(tx *db.Tx) error {
		if err := token.SeedKeys(w.ctx, tx, w.now(), ring, signingKey); err != nil {
			return err
		}
		w.user, err = user.Create(w.ctx, tx, w.now(), user.New{ID: "user00000001", Username: "robin", PrimaryEmail: "robin@example.com", CustomData: map[string]any{"plan": "gold"}})
		return err
	})
	for _, a := range []application.Application{
		{ID: "spa", Name: "SPA", Type: application.SPA},
		{ID: "other", Name: "Other", Type: application.SPA},
		{ID: "server", Name: "Server", Type: application.Traditional},
	} {
		a.OIDC.RedirectURIs = []string{redirectURI}
		w.tx(func(tx *db.Tx) error {
			_, secret, err := application.Create(w.ctx, tx, w.now(), ring, a)
			if a.ID == "server" {
				w.secret = secret
			}
			return err
		})
	}
	return w
}

func (w *world) now() int64 { return w.clock.Now().UnixMilli() }

func (w *world) tx(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.tenant.DB.Tx(w.ctx, fn); err != nil {
		w.t.Fatal(err)
	}
}

// tokens has an access and a refresh token of a client, as a sign-in yields
// them.
func (w *world) tokens(clientID, scope string) (access, refresh, grantID string) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error {
		g, err := token.SaveGrant(w.ctx, tx, w.now(), token.Grant{
			UserID: w.user.ID, ClientID: clientID, ClientKind: client.KindApplication, IsOffline: true, OIDCScope: scope,
		})
		if err != nil {
			return err
		}
		grantID = g.ID
		refresh, err = token.IssueRefresh(w.ctx, tx, w.now(), g, token.RefreshToken{
			ClientID: clientID, Scope: scope, AuthTime: w.now(), ExpiresAt: w.now() + 24*time.Hour.Milliseconds(),
		})
		if err != nil {
			return err
		}
		access, err = token.IssueAccess(w.ctx, tx, w.now(), g, token.AccessToken{ClientID: clientID, Scope: scope})
		return err
	})
	return access, refresh, grantID
}

func (w *world) isRevoked(grantID string) bool {
	w.t.Helper()
	g, err := token.GrantByID(w.ctx, w.tenant.DB, grantID)
	if err != nil || g == nil {
		w.t.Fatal(g, err)
	}
	return g.RevokedAt != nil
}

// do sends a request; header are names and values by turns.
func (w *world) do(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rw := httptest.NewRecorder()
	w.handler.ServeHTTP(rw, r)
	return rw
}

func (w *world) post(path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	return w.do("POST", path, form.Encode(), header...)
}

func form(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		out.Add(pairs[i], pairs[i+1])
	}
	return out
}

func decode(t testing.TB, rw *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(rw.Body.Bytes(), &out); err != nil {
		t.Fatalf("%d %q: %v", rw.Code, rw.Body, err)
	}
	return out
}

// fails asserts an OAuth error.
func fails(t testing.TB, name string, rw *httptest.ResponseRecorder, status int, code, description string) {
	t.Helper()
	body := decode(t, rw)
	if rw.Code != status || body["error"] != code || body["code"] != "oidc."+code || (description != "" && body["error_description"] != description) || body["message"] == "" {
		t.Errorf("%s: %d %v", name, rw.Code, body)
	}
}
