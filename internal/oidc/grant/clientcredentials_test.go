package grant_test

import (
	"reflect"
	"testing"

	"signet/internal/oidc/grant"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/resource"
	"signet/internal/role"
)

const (
	harbour = "https://harbour.example/api"
	tides   = "https://tides.example/api"
)

// machine gives the client "machine" a role with read and write of harbour,
// where delete exists too, and with read of tides.
func machine(w *world) {
	w.t.Helper()
	scopes := w.resources()
	w.tx(func(tx *db.Tx) error {
		r, err := role.Create(w.ctx, tx, w.now(), role.Role{ID: "robot", Name: "Robot", Type: role.MachineToMachine},
			scopes["harbour:read"], scopes["harbour:write"], scopes["tides:read"])
		if err != nil {
			return err
		}
		return role.AssignApplication(w.ctx, tx, "machine", r.ID)
	})
}

func (w *world) credentials(pairs ...string) (*grant.Response, error) {
	return w.exchange("machine", append([]string{"grant_type", "client_credentials"}, pairs...)...)
}

// The token is exactly this.
func TestClientCredentials(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		machine(w)
		before := w.rows()
		got, err := w.credentials("resource", harbour, "scope", "write delete openid all read")
		if err != nil {
			t.Fatal(err)
		}
		if got.TokenType != "Bearer" || got.ExpiresIn != 900 || *got.Scope != "write read" || got.IDToken != "" || got.RefreshToken != "" {
			t.Errorf("%+v", got)
		}
		keys, err := token.SigningKeys(w.ctx, w.tenant.DB, w.clock.Now().UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
		header, payload := claims(t, got.AccessToken)
		if want := map[string]any{"alg": "ES384", "kid": keys[0].ID, "typ": "at+jwt"}; !reflect.DeepEqual(header, want) {
			t.Errorf("header %v", header)
		}
		issued := float64(1_800_000_000)
		want := map[string]any{
			"iss": "https://id.example/oidc", "sub": "machine", "aud": harbour, "client_id": "machine", "scope": "write read",
			"iat": issued, "exp": issued + 900, "jti": payload["jti"],
		}
		if id, _ := payload["jti"].(string); len(id) < 20 || !reflect.DeepEqual(payload, want) {
			t.Errorf("claims %v, want %v", payload, want)
		}
		again, err := w.credentials("resource", harbour, "scope", "read")
		if err != nil {
			t.Fatal(err)
		}
		if _, second := claims(t, again.AccessToken); second["jti"] == payload["jti"] {
			t.Error("two tokens share an id")
		}
		if after := w.rows(); after != before {
			t.Errorf("a signed token left rows: %s, before %s", after, before)
		}
	})
}

// Without any granted scope neither the token nor the answer has one.
func TestClientCredentials_WithoutScope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		machine(w)
		for name, pairs := range map[string][]string{
			"none requested":      {"resource", harbour},
			"none granted":        {"resource", harbour, "scope", "delete"},
			"another resource's":  {"resource", tides, "scope", "write"},
			"the provider's only": {"resource", tides, "scope", "openid offline_access"},
		} {
			got, err := w.credentials(pairs...)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_, payload := claims(t, got.AccessToken)
			if _, has := payload["scope"]; has || got.Scope != nil || got.RefreshToken != "" || got.IDToken != "" {
				t.Errorf("%s: %v, %+v", name, payload, got)
			}
		}
		// What the role loses, the next token lacks.
		if _, err := w.tenant.DB.Exec(w.ctx, `DELETE FROM application_roles WHERE tenant_id = $1`); err != nil {
			t.Fatal(err)
		}
		if got, err := w.credentials("resource", harbour, "scope", "read"); err != nil || got.Scope != nil {
			t.Errorf("without the role: %+v, %v", got, err)
		}
	})
}

// What changes about a resource counts for the next token.
func TestClientCredentials_FollowsTheResource(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		machine(w)
		ask := func() (*grant.Response, error) { return w.credentials("resource", tides, "scope", "read") }
		for _, life := range []int64{resource.DefaultAccessTokenTTL, 60} {
			var changes db.Changes
			changes.Set("access_token_ttl", life)
			w.tx(func(tx *db.Tx) error {
				_, err := resource.Update(w.ctx, tx, "tides", changes)
				return err
			})
			if got, err := ask(); err != nil || got.ExpiresIn != life {
				t.Errorf("a life of %d s: %+v, %v", life, got, err)
			}
		}
		w.tx(func(tx *db.Tx) error { return resource.Delete(w.ctx, tx, "tides") })
		w.refused("deleted", "oidc.invalid_target", 400, ask)
	})
}

func TestClientCredentials_Target(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		machine(w)
		send := func(pairs ...string) func() (*grant.Response, error) {
			return func() (*grant.Response, error) { return w.credentials(pairs...) }
		}
		w.refused("no resource and no default", "oidc.invalid_target", 400, send("scope", "read"))
		w.refused("unknown", "oidc.invalid_target", 400, send("resource", "https://nobody.example"))
		w.refused("a fragment", "oidc.invalid_target", 400, send("resource", harbour+"#x"))
		w.refused("another spelling", "oidc.invalid_target", 400, send("resource", harbour+"/"))
		w.refused("an organization", "oidc.access_denied", 403, send("organization_id", "org000000001"))
		w.refused("an organization's resource", "oidc.access_denied", 403, send("organization_id", "org000000001", "resource", harbour))
		w.refused("two", "oidc.invalid_target", 400, func() (*grant.Response, error) {
			return w.exchangeParams("machine", proto.Params{"grant_type": {"client_credentials"}, "resource": {harbour, tides}})
		})
		for _, clientID := range []string{"spa", "native", "server"} {
			w.refused(clientID, "oidc.unauthorized_client", 400, func() (*grant.Response, error) {
				return w.exchange(clientID, "grant_type", "client_credentials", "resource", harbour)
			})
		}
		if _, err := w.tenant.DB.Exec(w.ctx, `UPDATE resources SET is_default = TRUE WHERE tenant_id = $1 AND id = 'tides'`); err != nil {
			t.Fatal(err)
		}
		got, err := w.credentials("scope", "read")
		if err != nil {
			t.Fatal(err)
		}
		if _, payload := claims(t, got.AccessToken); payload["aud"] != tides || payload["scope"] != "read" || got.ExpiresIn != 3600 {
			t.Errorf("the default resource: %v", payload)
		}
		w.refused("an organization beside a default", "oidc.access_denied", 403, send("organization_id", "org000000001"))
	})
}
