package grant_test

import (
	"testing"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/grant"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/resource"
)

const thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"

// holding sends a token request that proves to hold a key, "" for none.
func (w *world) holding(key, clientID string, pairs ...string) (*grant.Response, error) {
	params := proto.Params{}
	for i := 0; i < len(pairs); i += 2 {
		params[pairs[i]] = []string{pairs[i+1]}
	}
	return w.endpoint.Exchange(w.ctx, w.tenant, params, func() (*client.Authenticated, error) {
		c, err := w.clients.ByID(w.ctx, w.tenant, w.tenant.DB, clientID)
		return &client.Authenticated{Client: c, Key: key}, err
	})
}

// RFC 9449 section 6.1: a JWT names the key that it is bound to.
func TestKey_IsNamedByJWTs(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	w.tx(func(tx *db.Tx) error {
		_, err := resource.Create(w.ctx, tx, w.now(), resource.Resource{Name: "Orders", Indicator: "https://orders.example", AccessTokenTTL: 600})
		return err
	})
	for _, key := range []string{thumbprint, ""} {
		response, err := w.holding(key, "machine", "grant_type", "client_credentials", "resource", "https://orders.example")
		if err != nil {
			t.Fatal(err)
		}
		_, payload := claims(t, response.AccessToken)
		confirmation, _ := payload["cnf"].(map[string]any)
		if key == "" && (payload["cnf"] != nil || response.TokenType != "Bearer") || key != "" && (confirmation["jkt"] != key || response.TokenType != "DPoP") {
			t.Errorf("%q: %s %v", key, response.TokenType, payload)
		}
	}
}

// Exchanging must not turn a stolen token that is bound to a key into one that is
// not: a client that anybody can play needs the key.
func TestKey_ExchangeOfABoundToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		w.tx(func(tx *db.Tx) error {
			_, _, err := application.Create(w.ctx, tx, w.now(), w.ring, application.Application{
				ID: "anybody", Name: "Anybody", Type: application.SPA, OIDC: application.ClientMetadata{RedirectURIs: []string{redirectURI}},
				Custom: application.CustomMetadata{AllowTokenExchange: &yes},
			})
			return err
		})
		a := w.authorize("spa", "openid offline_access profile")
		response, err := w.holding(thumbprint, "spa", "grant_type", "authorization_code", "code", a.code, "redirect_uri", redirectURI, "code_verifier", verifier)
		if err != nil {
			t.Fatal(err)
		}
		opaque := response.AccessToken
		keys, err := w.keys.Set(w.ctx, w.tenant.DB)
		if err != nil {
			t.Fatal(err)
		}
		jwt, err := keys.SignAccess(token.AccessJWT{
			Issuer: w.tenant.Issuer(), Subject: w.user.ID, ClientID: "spa", Audience: "https://orders.example",
			IssuedAt: w.now(), TTL: token.AccessTTL, KeyThumbprint: thumbprint,
		})
		if err != nil {
			t.Fatal(err)
		}
		const grantType, kind = "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:token-type:access_token"
		exchange := func(key, clientID, subject, actor string) func() (*grant.Response, error) {
			pairs := []string{"grant_type", grantType, "subject_token", subject, "subject_token_type", kind, "scope", "openid profile"}
			if actor != "" {
				pairs = append(pairs, "actor_token", actor, "actor_token_type", kind)
			}
			return func() (*grant.Response, error) { return w.holding(key, clientID, pairs...) }
		}
		_, free := w.signIn("spa", "openid")
		for name, subject := range map[string]string{"opaque": opaque, "jwt": jwt} {
			w.refused(name+" without the key", "oidc.invalid_grant", 400, exchange("", "anybody", subject, ""))
			w.refused(name+" with another", "oidc.invalid_grant", 400, exchange("x"+thumbprint[1:], "anybody", subject, ""))
			for _, clientID := range []string{"anybody", "exchanger"} {
				key := thumbprint
				if clientID == "exchanger" {
					key = ""
				}
				if response, err := exchange(key, clientID, subject, "")(); err != nil || response.TokenType != token.TypeOf(key) {
					t.Errorf("%s by %s: %+v, %v", name, clientID, response, err)
				}
			}
		}
		w.refused("as the actor, without the key", "oidc.invalid_grant", 400, exchange("", "anybody", free.AccessToken, opaque))
		if _, err := exchange(thumbprint, "anybody", free.AccessToken, opaque)(); err != nil {
			t.Errorf("as the actor: %v", err)
		}
	})
}
