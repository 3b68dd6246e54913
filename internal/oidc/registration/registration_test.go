package registration_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/registration"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/settings"
	"signet/internal/tenant"
)

type world struct {
	engine *registration.Engine
	tenant *tenant.Tenant
	ctx    context.Context
}

// setup lets anybody register whatever can be.
func setup(t testing.TB, p *db.Pool) *world {
	t.Helper()
	ring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	endpoint, _ := url.Parse("https://id.example")
	w := &world{tenant: tenant.New(tenant.Default, endpoint, p), engine: &registration.Engine{
		Clock: clock.NewFake(time.UnixMilli(1_800_000_000_000)).Now, Ring: ring, Settings: settings.NewReader(p),
		Algorithms: func(context.Context, db.Q) ([]string, error) { return []string{"ES384"}, nil },
	}}
	w.ctx = tenant.With(context.Background(), w.tenant)
	err = w.tenant.DB.Tx(w.ctx, func(tx *db.Tx) error {
		return settings.PutRegistration(w.ctx, tx, 1, settings.Registration{
			Enabled: true, GrantTypes: settings.RegistrationGrants, AllowsLoopback: true, AllowsCustomSchemes: true,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) count(t testing.TB) int {
	t.Helper()
	n, err := db.One[int](w.ctx, w.tenant.DB, `SELECT count(*) FROM applications WHERE tenant_id = $1`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What is answered can be sent back, and registers the same.
func TestReplace_ByWhatIsAnswered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		for _, body := range []string{
			`{"redirect_uris":["https://a.example/cb"]}`,
			`{"redirect_uris":["http://[::1]/cb","com.example.app:/cb"],"token_endpoint_auth_method":"none","grant_types":["refresh_token","authorization_code","refresh_token"]}`,
			`{"grant_types":["urn:ietf:params:oauth:grant-type:device_code"],"token_endpoint_auth_method":"none","client_name":"TV"}`,
			`{"redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://a.example/jwks","token_endpoint_auth_signing_alg":"ES256","require_signed_request_object":true}`,
			`{"redirect_uris":["https://a.example/cb"],"post_logout_redirect_uris":["https://a.example/"],"logo_uri":"http://a.example/l.png","policy_uri":"https://a.example/p","backchannel_logout_uri":"https://a.example/out","backchannel_logout_session_required":true,"require_pushed_authorization_requests":true}`,
		} {
			first, _, err := w.engine.Register(w.ctx, w.tenant, "", []byte(body))
			if err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			w.sameAgain(t, first)
		}
	})
}

// sameAgain sends what was answered back.
func (w *world) sameAgain(t testing.TB, first *registration.Answer) {
	t.Helper()
	raw, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	var sent map[string]any
	if err := json.Unmarshal(raw, &sent); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(sent, func(name string, _ any) bool {
		return strings.HasPrefix(name, "registration_") || strings.HasSuffix(name, "_at")
	})
	body, _ := json.Marshal(sent)
	again, err := w.engine.Replace(w.ctx, w.tenant, "Bearer "+first.RegistrationToken, first.ClientID, body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if got, _ := json.Marshal(again); string(got) != string(raw) {
		t.Errorf("%s became %s", raw, got)
	}
}

// Whatever is sent, it is registered as a third-party application that stays so, or
// refused as the client's fault without a trace.
func FuzzRegister(f *testing.F) {
	for _, seed := range []string{
		`{"redirect_uris":["https://a.example/cb"],"client_name":"A"}`, `{"redirect_uris":["http://127.0.0.1:1/"],"token_endpoint_auth_method":"none"}`,
		`{"redirect_uris":null,"grant_types":[],"response_types":null}`, `{"redirect_uris":["javascript:alert(1)"]}`, `{"client_name":"\u0000"}`, `null`, `[]`,
		`{"redirect_uris":["a:b"],"token_endpoint_auth_method":"none","jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"\u0000"}]}}`,
		`{"redirect_uris":["https://a.example"],"jwks_uri":"https://a","backchannel_logout_uri":"https://[::1]"}`,
		`{"redirect_uris":["https://a.example/cb"],"tos_uri":"https://a.example/ü","logo_uri":"https://%zz/"}`,
	} {
		f.Add([]byte(seed))
	}
	w := setup(f, dbtest.SQLite(f))
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := w.count(t)
		answer, _, err := w.engine.Register(w.ctx, w.tenant, "", raw)
		if err != nil {
			if e, ok := errs.As(err); !ok || e.Status != 400 || w.count(t) != before {
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		a, err := application.ByID(w.ctx, w.tenant.DB, answer.ClientID)
		if err != nil || !a.IsThirdParty || a.Type == application.MachineToMachine || a.Registration == nil {
			t.Fatalf("%q became %+v, %v", raw, a, err)
		}
		for _, uri := range a.OIDC.RedirectURIs {
			if application.CheckRedirectURI(uri) != nil || strings.Contains(uri, "*") {
				t.Errorf("%q registers %q", raw, uri)
			}
		}
		w.sameAgain(t, answer)
	})
}
