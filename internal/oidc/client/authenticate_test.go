package client_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/tenant"
)

const now = 1_800_000_000_000

type world struct {
	tenant    *tenant.Tenant
	ring      *crypt.Keyring
	clock     *clock.Fake
	directory *client.Directory
	secret    string // of the application "server"
	expired   string // another one of it
}

func setup(t testing.TB, p *db.Pool) *world {
	t.Helper()
	ring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	endpoint, _ := url.Parse("https://id.example/auth")
	w := &world{tenant: tenant.New("default", endpoint, p), ring: ring, clock: clock.NewFake(time.UnixMilli(now))}
	w.directory = client.NewDirectory(p, client.Options{Ring: ring, Clock: w.clock.Now, Outbound: trusting()})
	uris := application.ClientMetadata{RedirectURIs: []string{"https://app.example/cb"}}
	w.create(t, application.Application{ID: "spa", Name: "SPA", Type: application.SPA, OIDC: uris})
	w.create(t, application.Application{ID: "empty", Name: "Empty", Type: application.SPA})
	w.create(t, application.Application{ID: "machine", Name: "Machine", Type: application.MachineToMachine})
	server, secret := w.create(t, application.Application{ID: "server", Name: "Server", Type: application.Traditional, OIDC: uris})
	w.secret = secret
	w.tx(t, func(tx *db.Tx) error {
		past := int64(now)
		w.expired, err = application.AddSecret(t.Context(), tx, now-1, ring, server, "old", &past)
		return err
	})
	return w
}

func (w *world) tx(t testing.TB, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := w.tenant.DB.Tx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func (w *world) create(t testing.TB, a application.Application) (created *application.Application, secret string) {
	t.Helper()
	w.tx(t, func(tx *db.Tx) (err error) {
		created, secret, err = application.Create(t.Context(), tx, now, w.ring, a)
		return err
	})
	return created, secret
}

func (w *world) authenticate(authorization string, params proto.Params) (*client.Authenticated, error) {
	r := httptest.NewRequest("POST", "/oidc/token", nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return w.directory.Authenticate(context.Background(), w.tenant, w.tenant.DB, w.clock.Now().UnixMilli(), r, params)
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

func body(pairs ...string) proto.Params {
	p := proto.Params{}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = []string{pairs[i+1]}
	}
	return p
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		for name, tc := range map[string]struct {
			authorization string
			params        proto.Params
			id, secret    string
		}{
			"Basic":                      {basic("server", w.secret), nil, "server", "Default secret"},
			"Basic beside the same id":   {basic("server", w.secret), body("client_id", "server"), "server", "Default secret"},
			"Basic in another case":      {strings.Replace(basic("server", w.secret), "Basic", "bAsIc", 1), nil, "server", "Default secret"},
			"secret in the body":         {"", body("client_id", "server", "client_secret", w.secret), "server", "Default secret"},
			"public client":              {"", body("client_id", "spa"), "spa", ""},
			"built-in client":            {"", body("client_id", "account-center"), "account-center", ""},
			"a machine has no redirects": {basic("machine", w.machineSecret(t)), nil, "machine", "another"},
		} {
			c, err := w.authenticate(tc.authorization, tc.params)
			if err != nil || c.ID != tc.id || c.SecretName != tc.secret {
				t.Errorf("%s: %v, %v", name, c, err)
			}
		}
	})
}

func (w *world) machineSecret(t *testing.T) (secret string) {
	t.Helper()
	w.tx(t, func(tx *db.Tx) error {
		a, err := application.ByID(t.Context(), tx, "machine")
		if err == nil {
			secret, err = application.AddSecret(t.Context(), tx, now, w.ring, a, "another", nil)
		}
		return err
	})
	return secret
}

func TestAuthenticate_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		raw := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
		const (
			malformed = "invalid authorization header value format"
			failed    = "client authentication failed"
		)
		for name, tc := range map[string]struct {
			authorization string
			params        proto.Params
			status        int
			code, detail  string
		}{
			"nothing":                    {"", nil, 400, "oidc.invalid_request", "no client authentication mechanism provided"},
			"only a secret":              {"", body("client_secret", w.secret), 400, "oidc.invalid_request", "no client authentication mechanism provided"},
			"another scheme":             {"Bearer x", nil, 400, "oidc.invalid_request", malformed},
			"no base64":                  {"Basic %%%", nil, 400, "oidc.invalid_request", malformed},
			"no colon":                   {raw("server"), nil, 400, "oidc.invalid_request", malformed},
			"no id":                      {raw(":x"), nil, 400, "oidc.invalid_request", malformed},
			"bad escape":                 {raw("server:%zz"), nil, 400, "oidc.invalid_request", malformed},
			"NUL":                        {raw("ser\x00ver:x"), nil, 400, "oidc.invalid_request", malformed},
			"bad UTF-8":                  {raw("\xff:x"), nil, 400, "oidc.invalid_request", malformed},
			"scheme alone":               {"Basic", nil, 400, "oidc.invalid_request", malformed},
			"header and body differ":     {basic("server", w.secret), body("client_id", "spa"), 400, "oidc.invalid_request", "client_id mismatch"},
			"two secrets":                {basic("server", w.secret), body("client_secret", "x"), 400, "oidc.invalid_request", "client authentication must only be provided using one mechanism"},
			"unknown client":             {"", body("client_id", "nobody"), 400, "oidc.invalid_client", "invalid client nobody"},
			"unknown client with secret": {basic("nobody", "x"), nil, 400, "oidc.invalid_client", "invalid client nobody"},
			"endless client id":          {"", body("client_id", strings.Repeat("x", 3000)), 400, "oidc.invalid_client", "invalid client"},
			"wrong secret":               {basic("server", "wrong"), nil, 401, "oidc.invalid_client", failed},
			"another client's secret":    {basic("machine", w.secret), nil, 401, "oidc.invalid_client", failed},
			"empty secret":               {basic("server", ""), nil, 401, "oidc.invalid_client", failed},
			"no secret":                  {"", body("client_id", "server"), 401, "oidc.invalid_client", failed},
			"secret of a public client":  {"", body("client_id", "spa", "client_secret", "x"), 401, "oidc.invalid_client", failed},
			"Basic of a public client":   {basic("spa", ""), nil, 401, "oidc.invalid_client", failed},
			"expired secret":             {basic("server", w.expired), nil, 400, "oidc.invalid_request", "client secret has expired"},
			"internal secret":            {basic("server", "#internal:x"), nil, 401, "oidc.invalid_client", failed},
			"no redirect URI":            {"", body("client_id", "empty"), 400, "oidc.invalid_client_metadata", "redirect_uris must contain members"},
		} {
			_, err := w.authenticate(tc.authorization, tc.params)
			e, ok := errs.As(err)
			if !ok || e.Status != tc.status || e.Code != tc.code || e.Detail != tc.detail {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A client is not known in another tenant, and a change is seen at once.
func TestDirectory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		other := tenant.New("admin", w.tenant.Endpoint, p)
		if _, err := w.directory.ByID(t.Context(), other, other.DB, "server"); !errors.Is(err, proto.ErrInvalidClient) {
			t.Errorf("foreign tenant: %v", err)
		}
		if _, err := w.authenticate(basic("server", w.secret), nil); err != nil {
			t.Fatal(err)
		}
		var added string
		w.tx(t, func(tx *db.Tx) error {
			a, err := application.ByID(t.Context(), tx, "server")
			if err == nil {
				added, err = application.AddSecret(t.Context(), tx, now, w.ring, a, "new", nil)
			}
			return err
		})
		if c, err := w.authenticate(basic("server", added), nil); err != nil || c.SecretName != "new" {
			t.Errorf("new secret: %v, %v", c, err)
		}
	})
}

func TestDirectory_Builtin(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	c, err := w.directory.ByID(t.Context(), w.tenant, w.tenant.DB, client.AccountCenter)
	if err != nil {
		t.Fatal(err)
	}
	if !c.IsPublic() || !c.RequiresPKCE() || c.IsThirdParty || c.Kind != client.KindBuiltin || !c.IssuesRefresh("openid") {
		t.Errorf("%+v", c)
	}
	if uri, ok := c.MatchRedirect("https://id.example/auth/account"); !ok {
		t.Errorf("redirect %q", uri)
	}
	demo, err := w.directory.ByID(t.Context(), w.tenant, w.tenant.DB, client.DemoApp)
	if err != nil || demo.IssuesRefresh("openid") || !demo.IssuesRefresh("openid offline_access") {
		t.Errorf("%+v, %v", demo, err)
	}
	if _, ok := demo.MatchRedirect("https://id.example/auth/demo-app"); !ok || !demo.MatchPostLogout("https://id.example/auth/demo-app") {
		t.Error("the demo app has no way back")
	}
}

func TestClient_Metadata(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	days, seconds, idTTL, grants, yes, no := int64(30), int64(60), int64(120), int64(2), true, false
	w.create(t, application.Application{
		ID: "tuned", Name: "Tuned", Type: application.Native,
		OIDC: application.ClientMetadata{
			RedirectURIs: []string{"com.example:/cb"}, BackchannelLogoutURI: "https://app.example/out", BackchannelLogoutSessionRequired: new(true),
		},
		Custom: application.CustomMetadata{
			RefreshTokenTTLInDays: &days, RefreshTokenTTL: &seconds, IDTokenTTL: &idTTL, MaxAllowedGrants: &grants,
			RotateRefreshToken: &no, AlwaysIssueRefreshToken: &yes,
		},
	})
	c, err := w.directory.ByID(t.Context(), w.tenant, w.tenant.DB, "tuned")
	if err != nil {
		t.Fatal(err)
	}
	if c.RefreshTTL != 30*24*time.Hour || c.IDTokenTTL != 2*time.Minute || c.MaxGrants != 2 || c.RotatesRefresh || !c.HasSID {
		t.Errorf("%+v", c)
	}
	if c.AlwaysIssues {
		t.Error("native applications need offline_access")
	}
	server, err := w.directory.ByID(t.Context(), w.tenant, w.tenant.DB, "server")
	if err != nil || server.RequiresPKCE() || server.AuthMethod() != proto.AuthBasic || server.RefreshTTL != 14*24*time.Hour {
		t.Errorf("%+v, %v", server, err)
	}
	machine, err := w.directory.ByID(t.Context(), w.tenant, w.tenant.DB, "machine")
	if err != nil || machine.AllowsGrant(proto.GrantAuthorizationCode) || machine.AllowsGrant(proto.GrantRefreshToken) {
		t.Errorf("%+v, %v", machine, err)
	}
}
