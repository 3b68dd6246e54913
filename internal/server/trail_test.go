package server_test

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
)

// The trail says which tokens were given for which request, and holds nothing that
// would let its readers in.
func TestTrail_OfTokens(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		c := app.CreateApp(t, application.Application{Type: application.Traditional})
		b := app.Browser(t)
		redirect := b.SignIn(c, "robin", apptest.Password, "prompt", "consent", "scope", "openid offline_access")
		first := b.Redeem(c, redirect)
		second := b.Refresh(c, first.Refresh)
		b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"canary"}, "scope": {"openid"}})
		form := url.Values{"token": {second.Refresh}, "token_type_hint": {"refresh_token"}, "client_id": {c.ID}, "client_secret": {c.Secret}}
		apptest.Do(t, app.Client(t), "POST", app.URL+"/oidc/token/revocation", form.Encode())

		payloads, all := map[string]map[string]any{}, ""
		for _, row := range app.Audit(t, tenant.Default) {
			raw, err := json.Marshal(row.Payload.V)
			if err != nil {
				t.Fatal(err)
			}
			all += string(raw)
			if row.IsSuccess {
				payloads[row.Key] = row.Payload.V
			} else {
				payloads[row.Key+" failed"] = row.Payload.V
			}
		}
		everything := []any{"AccessToken", "RefreshToken", "IdToken"}
		for key, want := range map[string]struct{ types, params any }{
			"Interaction.Create": {nil, map[string]any{
				"client_id": c.ID, "redirect_uri": c.Redirect(), "response_type": "code", "prompt": "consent", "scope": "openid offline_access",
			}},
			"ExchangeTokenBy.AuthorizationCode": {everything, map[string]any{
				"client_id": c.ID, "grant_type": "authorization_code", "redirect_uri": c.Redirect(),
			}},
			"ExchangeTokenBy.RefreshToken":        {everything, map[string]any{"client_id": c.ID, "grant_type": "refresh_token"}},
			"ExchangeTokenBy.RefreshToken failed": {nil, map[string]any{"client_id": c.ID, "grant_type": "refresh_token", "scope": "openid"}},
			"RevokeToken":                         {[]any{"RefreshToken"}, map[string]any{"client_id": c.ID, "token_type_hint": "refresh_token"}},
		} {
			got := payloads[key]
			if !reflect.DeepEqual(got["tokenTypes"], want.types) || !reflect.DeepEqual(got["params"], want.params) {
				t.Errorf("%s: %v", key, got)
			}
		}
		for _, secret := range []string{
			redirect.Query().Get("code"), first.Access, first.Refresh, first.ID, second.Refresh, c.Secret, apptest.Verifier, apptest.Password, "canary",
		} {
			if strings.Contains(all, secret) {
				t.Errorf("%q is on record", secret)
			}
		}
	})
}
