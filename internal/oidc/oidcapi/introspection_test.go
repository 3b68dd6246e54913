package oidcapi_test

import (
	"reflect"
	"testing"
	"time"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestIntrospection(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		access, refresh, grantID := w.tokens("spa", "openid profile")
		ask := func(value string, client ...string) map[string]any {
			rw := w.post("/oidc/token/introspection", form(append([]string{"token", value, "token_type_hint", "nonsense"}, client...)...))
			if rw.Code != 200 || rw.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %s", rw.Code, rw.Body)
			}
			return decode(t, rw)
		}
		server := []string{"client_id", "server", "client_secret", w.secret}
		now := float64(w.now() / 1000)
		want := map[string]any{
			"active": true, "client_id": "spa", "iat": now, "exp": now + 3600, "iss": "https://id.example/auth/oidc",
			"scope": "openid profile", "sub": w.user.ID, "token_type": "Bearer",
		}
		for name, client := range map[string][]string{"its own client": {"client_id", "spa"}, "a client with a secret": server} {
			if got := ask(access, client...); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v", name, got)
			}
		}
		if got := ask(refresh, server...); got["active"] != true || got["sub"] != w.user.ID || got["exp"] != now+24*3600 || got["token_type"] != nil {
			t.Errorf("a refresh token: %v", got)
		}
		inactive := map[string]any{"active": false}
		if got := ask(access, "client_id", "other"); !reflect.DeepEqual(got, inactive) {
			t.Errorf("somebody else: %v", got)
		}
		if got := ask("unknown", server...); !reflect.DeepEqual(got, inactive) {
			t.Errorf("unknown: %v", got)
		}
		w.clock.Advance(time.Hour)
		if got := ask(access, server...); !reflect.DeepEqual(got, inactive) {
			t.Errorf("expired: %v", got)
		}
		if got := ask(refresh, server...); got["active"] != true {
			t.Errorf("a refresh token lives on: %v", got)
		}
		w.tx(func(tx *db.Tx) error { return token.RevokeGrant(w.ctx, tx, w.now(), grantID) })
		if got := ask(refresh, server...); !reflect.DeepEqual(got, inactive) {
			t.Errorf("revoked: %v", got)
		}
	})
}

func TestIntrospection_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		access, refresh, _ := w.tokens("spa", "openid")
		const path = "/oidc/token/introspection"
		fails(t, "nobody", w.post(path, form("token", access)), 400, "invalid_request", "no client authentication mechanism provided")
		fails(t, "no secret", w.post(path, form("token", access, "client_id", "server")), 401, "invalid_client", "")
		fails(t, "no token", w.post(path, form("client_id", "spa")), 400, "invalid_request", "missing required parameter 'token'")
		fails(t, "a JWT", w.post(path, form("token", "a.b.c", "client_id", "spa")), 400, "unsupported_token_type", "")
		w.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(w.ctx, `UPDATE users SET is_suspended = TRUE WHERE tenant_id = $1`)
			return err
		})
		for name, value := range map[string]string{"access": access, "refresh": refresh} {
			if got := decode(t, w.post(path, form("token", value, "client_id", "spa"))); len(got) != 1 || got["active"] != false {
				t.Errorf("%s token of somebody suspended: %v", name, got)
			}
		}
	})
}
