package server_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/account"
	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/operator"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/server"
	"signet/internal/tenant"
	"signet/internal/user"
)

// intrusion is a call of the Management API that must be refused.
type intrusion struct {
	name   string
	header []string // of the request, in pairs
	status int
	code   string
}

// intrusions are every way in which a caller can be the wrong one, at the API of
// a tenant.
func intrusions(t *testing.T, app *apptest.App, at string) []intrusion {
	t.Helper()
	machine := app.CreateMachine(t, at)
	c := app.CreateAppIn(t, at, application.Application{})
	sign := func(header, change map[string]any) string {
		return app.SignJWT(t, at, header, app.ManagementClaims(at, at, machine.ID, machine.ID, change))
	}
	now, good := app.Clock.Now().Unix(), sign(nil, nil)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + strings.Split(good, ".")[1] + "."
	refused := func(name, raw string) intrusion {
		return intrusion{name, []string{"Authorization", "Bearer " + raw}, http.StatusUnauthorized, "auth.unauthorized"}
	}
	return append([]intrusion{
		{"no token", nil, http.StatusUnauthorized, "auth.authorization_header_missing"},
		{"a header of tests", []string{"development-user-id", "robin"}, http.StatusUnauthorized, "auth.authorization_header_missing"},
		{"not Bearer", []string{"Authorization", "Basic " + good}, http.StatusUnauthorized, "auth.authorization_token_type_not_supported"},
		{"bearer in lower case", []string{"Authorization", "bearer " + good}, http.StatusUnauthorized, "auth.authorization_token_type_not_supported"},
		{"no subject", []string{"Authorization", "Bearer " + sign(nil, map[string]any{"sub": nil})}, http.StatusUnauthorized, "auth.jwt_sub_missing"},
		{"missing scope", []string{"Authorization", "Bearer " + sign(nil, map[string]any{"scope": "read"})}, http.StatusForbidden, "auth.forbidden"},
		refused("wrong audience", sign(nil, map[string]any{"aud": "https://api.example"})),
		refused("forged organization token", sign(nil, map[string]any{"aud": "urn:logto:organization:o00000000001", "sub": "robin0000000"})),
		refused("expired", sign(nil, map[string]any{"exp": now})),
		refused("future nbf", sign(nil, map[string]any{"nbf": now + 60})),
		refused("alg none", none),
		refused("HS256 with the public key", confused(t, app, at, good)),
		refused("ID token", sign(map[string]any{"typ": nil}, nil)),
		refused("logout token", sign(map[string]any{"typ": "logout+jwt"}, nil)),
	}, strangers(t, app, at, c)...)
}

// strangers are callers who are known, but not here or not any more.
func strangers(t *testing.T, app *apptest.App, at string, c *apptest.Client) []intrusion {
	t.Helper()
	refused := func(name, raw string) intrusion {
		return intrusion{name, []string{"Authorization", "Bearer " + raw}, http.StatusUnauthorized, "auth.unauthorized"}
	}
	elsewhere := map[string]string{tenant.Default: tenant.Admin, tenant.Admin: tenant.Default}[at]
	foreign := app.CreateMachine(t, elsewhere)
	suspended := app.CreateUserIn(t, at, "suspended_"+at)
	deleted := app.CreateMachine(t, at)
	app.Tx(t, at, func(ctx context.Context, tx *db.Tx) error {
		yes := true
		if _, err := user.Update(ctx, tx, app.Clock.Now().UnixMilli(), suspended.ID, user.Patch{IsSuspended: &yes}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM applications WHERE tenant_id = $1 AND id = $2`, deleted.ID); err != nil {
			return err
		}
		return tx.Touch(ctx, application.Family)
	})
	return []intrusion{
		refused("other tenant's token", app.SignJWT(t, elsewhere, nil, app.ManagementClaims(elsewhere, elsewhere, foreign.ID, foreign.ID, nil))),
		refused("other tenant's key in this one's name", app.SignJWT(t, elsewhere, nil, app.ManagementClaims(at, at, foreign.ID, foreign.ID, nil))),
		refused("deleted application", app.SignJWT(t, at, nil, app.ManagementClaims(at, at, deleted.ID, deleted.ID, nil))),
		refused("suspended user", app.SignJWT(t, at, nil, app.ManagementClaims(at, at, suspended.ID, c.ID, nil))),
		refused("opaque token", strings.Repeat("A", 43)),
	}
}

// confused is a token whose signature is made with the public key as a secret.
func confused(t *testing.T, app *apptest.App, at, good string) string {
	t.Helper()
	var published jose.JSONWebKeySet
	a := get(t, app.Tenant(at).URL("/oidc/jwks"))
	a.JSON(t, &published)
	der, err := x509.MarshalPKIXPublicKey(published.Keys[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: der},
		(&jose.SignerOptions{}).WithType("at+jwt").WithHeader("kid", published.Keys[0].KeyID))
	if err != nil {
		t.Fatal(err)
	}
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(good, ".")[1])
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

var pathParam = regexp.MustCompile(`\{[^}]+\}`)

// intrude tries every intrusion at every route that the operator's guard stands
// before, and demands that nothing is written. It returns how many routes those
// are.
func intrude(t *testing.T, app *apptest.App, at string, handler http.Handler, tables []web.Table) (routes int) {
	t.Helper()
	attacks, unchanged := intrusions(t, app, at), watching(t, app)
	for _, table := range tables {
		for _, rt := range table.Routes {
			if !slices.Contains(rt.GuardNames(), operator.GuardName) {
				continue
			}
			routes++
			for _, attack := range attacks {
				target := app.Tenant(at).URL(pathParam.ReplaceAllString(rt.Pattern, "000000000000000000000"))
				a := call(handler, rt.Method, target, attack.header...)
				if a.Code != attack.status || codeOf(a) != attack.code {
					t.Errorf("%s %s at %s, %s: %d %s", rt.Method, rt.Pattern, at, attack.name, a.Code, a.Body)
				}
			}
			unchanged.after(rt.Method + " " + rt.Pattern)
		}
	}
	unchanged.end()
	return routes
}

func call(handler http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func codeOf(w *httptest.ResponseRecorder) string {
	var body struct{ Code string }
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	return body.Code
}

// probe is a Management API of one operation that writes, to be sure that the
// matrix meets a route of each kind: it tells who calls.
func probe(guard web.Guard) web.Table {
	type in struct{}
	type out struct {
		Subject       string `json:"subject"`
		IsApplication bool   `json:"isApplication"`
	}
	return web.Table{Routes: []web.Route{
		web.Post("/api/probe/{id}", func(ctx context.Context, _ *in) (*out, error) {
			c := operator.From(ctx)
			_, err := tenant.From(ctx).DB.Exec(ctx, `INSERT INTO tenant_settings (tenant_id, key, value, updated_at) VALUES ($1, $2, '{}', 1)`, c.Subject)
			return &out{c.Subject, c.IsApplication}, err
		}, web.Guarded(guard)),
	}}
}

// Attack 48: the matrix of every route of the Management API, also of routes
// that come later, and every wrong caller, at both tenants.
func TestManagementAPI_AdmitsNobodyElse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		handler, tables := app.Server.With(probe)
		for _, at := range []string{tenant.Default, tenant.Admin} {
			if n := intrude(t, app, at, handler, tables); n == 0 {
				t.Errorf("no route of %s was tried", at)
			}
		}
		// Who may is not refused, so that the matrix would show a guard that
		// refuses everybody.
		target := app.URL + "/api/probe/x"
		if a := call(handler, http.MethodPost, target, "Authorization", "Bearer "+app.ManagementToken(t)); a.Code != http.StatusOK {
			t.Errorf("a machine: %d %s", a.Code, a.Body)
		}
		person, console := app.CreateUserIn(t, tenant.Admin, "operator"), app.CreateAppIn(t, tenant.Admin, application.Application{})
		raw := app.SignJWT(t, tenant.Admin, nil, app.ManagementClaims(tenant.Admin, tenant.Default, person.ID, console.ID, nil))
		if a := call(handler, http.MethodPost, target, "Authorization", "Bearer "+raw); a.Code != http.StatusOK || !strings.Contains(a.Body.String(), person.ID) {
			t.Errorf("an operator: %d %s", a.Code, a.Body)
		}
		if n := app.Count(t, tenant.Default, "tenant_settings", "key = $2", person.ID); n != 1 {
			t.Errorf("%d rows written", n)
		}
	})
}

// Real tokens of people are for other things, however wide their scope.
func TestManagementAPI_TakesNoTokenOfAPerson(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		c := app.CreateApp(t, application.Application{})
		b := app.Browser(t)
		tokens := b.Redeem(c, b.SignIn(c, "robin", apptest.Password, "prompt", "consent", "scope", account.AllScopes))
		handler, _ := app.Server.With(probe)
		before := app.Snapshot(t)
		for _, raw := range []string{tokens.Access, tokens.ID, tokens.Refresh} {
			if a := call(handler, http.MethodPost, app.URL+"/api/probe/x", "Authorization", "Bearer "+raw); a.Code != http.StatusUnauthorized || codeOf(a) != "auth.unauthorized" {
				t.Errorf("%d %s", a.Code, a.Body)
			}
		}
		before.Same(t, app.Snapshot(t))
		// And a machine's token opens nothing of people's own.
		for _, path := range []string{"/oidc/me", "/api/my-account"} {
			if a := get(t, app.URL+path, "Authorization", "Bearer "+app.ManagementToken(t)); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
			}
		}
	})
}

// The seeded machines exist, and nobody can be them.
func TestSeededMachines_CannotSignIn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		for _, id := range []string{"m-default", "m-admin"} {
			sealed, err := db.One[[]byte](t.Context(), app.Pool.For(tenant.Admin),
				`SELECT secret_sealed FROM application_secrets WHERE tenant_id = $1 AND application_id = $2`, id)
			if err != nil {
				t.Fatal(err)
			}
			secret, err := app.Keyring.Open(sealed, "application_secrets", "secret_sealed", tenant.Admin, id+"|internal")
			if err != nil || !strings.HasPrefix(string(secret), application.InternalSecret) || len(secret) != len(application.InternalSecret)+32 {
				t.Fatalf("%q, %v", secret, err)
			}
			a := send(t, http.MethodPost, app.AdminURL+"/oidc/token", "grant_type=client_credentials&client_id="+id+
				"&resource="+resource.ManagementIndicator(tenant.Default)+"&client_secret=%23"+string(secret[1:]))
			if a.StatusCode != http.StatusUnauthorized || a.String("error") != "invalid_client" {
				t.Errorf("%s: %d %s", id, a.StatusCode, a.Text)
			}
		}
	})
}

// A program that wires doubles in may put a guard of its own before the real
// one.
func TestOptions_WrapOperator(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.With(func(o *server.Options) {
		o.WrapOperator = func(real web.Guard) web.Guard {
			return web.Guard{Name: real.Name, Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
				if id := r.Header.Get("development-user-id"); id != "" {
					return operator.With(ctx, operator.Caller{Subject: id}), nil
				}
				return real.Check(ctx, r)
			}}
		}
	}))
	handler, _ := app.Server.With(probe)
	if a := call(handler, http.MethodPost, app.URL+"/api/probe/x", "development-user-id", "robin"); a.Code != http.StatusOK || !strings.Contains(a.Body.String(), "robin") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := call(handler, http.MethodPost, app.URL+"/api/probe/x"); a.Code != http.StatusUnauthorized {
		t.Errorf("without: %d %s", a.Code, a.Body)
	}
}
