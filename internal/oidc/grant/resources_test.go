package grant_test

import (
	"reflect"
	"testing"

	"signet/internal/oidc/grant"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// wanted is a scope that reaches everything that crew sets up.
const wanted = "openid offline_access urn:logto:scope:organizations read write delete invite steer"

// The token for a resource is exactly this.
func TestResourceToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		_, first := w.signIn("spa", wanted)
		got := w.mustRefresh("spa", first.RefreshToken, "resource", harbour)
		if got.TokenType != "Bearer" || got.ExpiresIn != 900 || *got.Scope != "read write delete" || got.RefreshToken == "" || got.IDToken == "" {
			t.Errorf("%+v", got)
		}
		header, payload := claims(t, got.AccessToken)
		issued := float64(1_800_000_000)
		want := map[string]any{
			"iss": "https://id.example/oidc", "sub": w.user.ID, "aud": harbour, "client_id": "spa", "scope": "read write delete",
			"iat": issued, "exp": issued + 900, "jti": payload["jti"],
		}
		if header["typ"] != "at+jwt" || !reflect.DeepEqual(payload, want) {
			t.Errorf("%v %v, want %v", header, payload, want)
		}
		if _, id := claims(t, got.IDToken); id["sub"] != w.user.ID || id["aud"] != "spa" {
			t.Errorf("id token %v", id)
		}
	})
}

// The scope is what is asked for, was granted and the user has now.
func TestResourceToken_Scope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		w.offered[harbour] = "read write" // delete was not granted
		_, first := w.signIn("fixed", wanted)
		for name, c := range map[string]struct{ indicator, scope, organization, want string }{
			"all organizations":   {harbour, "", "", "read write"},
			"asked for less":      {harbour, "openid write", "", "write"},
			"asked for none":      {harbour, "openid urn:logto:scope:organizations", "", ""},
			"in north":            {harbour, "", "north", "read write"},
			"in south":            {harbour, "", "south", "read"},
			"nothing there":       {tides, "", "", ""},
			"nothing of machines": {tides, "", "north", ""},
		} {
			pairs := []string{"resource", c.indicator, "scope", c.scope, "organization_id", c.organization}
			got := w.mustRefresh("fixed", first.RefreshToken, pairs...)
			_, payload := claims(t, got.AccessToken)
			if payload["scope"] != c.want || *got.Scope != c.want || payload["aud"] != c.indicator {
				t.Errorf("%s: %v", name, payload)
			}
			if id, ok := payload["organization_id"]; ok != (c.organization != "") || ok && id != c.organization {
				t.Errorf("%s: organization %v", name, id)
			}
		}
		w.exec(`DELETE FROM user_roles WHERE tenant_id = $1 AND role_id = 'reader'`)
		if got := w.mustRefresh("fixed", first.RefreshToken, "resource", harbour); *got.Scope != "write" {
			t.Errorf("after a role was lost: %s", *got.Scope)
		}
		w.exec(`DELETE FROM organization_users WHERE tenant_id = $1 AND organization_id = 'north'`)
		if got := w.mustRefresh("fixed", first.RefreshToken, "resource", harbour); *got.Scope != "" {
			t.Errorf("after leaving the organization: %s", *got.Scope)
		}
		w.exec(`DELETE FROM resources WHERE tenant_id = $1 AND id = 'harbour'`)
		w.refused("a resource that was deleted", "oidc.invalid_target", 400, func() (*grant.Response, error) {
			return w.refresh("fixed", first.RefreshToken, "resource", harbour)
		})
	})
}

// Who names no resource gets an opaque token, unless the authorization was not
// about the provider.
func TestResourceToken_Implied(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		audience := func(r *grant.Response) any {
			if w.works(r.AccessToken) {
				return "opaque"
			}
			_, payload := claims(t, r.AccessToken)
			return payload["aud"]
		}
		if _, got := w.signIn("spa", wanted); audience(got) != "opaque" || *got.Scope != "openid offline_access urn:logto:scope:organizations" {
			t.Errorf("with openid: %v, %s", audience(got), *got.Scope)
		}
		exchange := func() (*grant.Response, error) {
			return w.redeem("spa", w.authorize("spa", "offline_access read").code)
		}
		w.refused("without openid, of several", "oidc.invalid_target", 400, exchange)
		w.exec(`UPDATE resources SET is_default = TRUE WHERE tenant_id = $1 AND id = 'harbour'`)
		got, err := exchange()
		if err != nil || audience(got) != harbour || *got.Scope != "read" || got.IDToken != "" {
			t.Errorf("the default of several: %+v, %v", got, err)
		}
		delete(w.offered, harbour)
		if got, err = exchange(); err != nil || audience(got) != tides {
			t.Errorf("the only one: %+v, %v", got, err)
		}
		w.offered = nil
		if got, err = exchange(); err != nil || audience(got) != "opaque" || *got.Scope != "offline_access" {
			t.Errorf("none: %+v, %v", got, err)
		}
	})
}

// What was not authorized is refused, and the refusal costs nothing.
func TestResourceToken_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		delete(w.offered, tides)
		a, first := w.signIn("spa", wanted)
		for name, indicator := range map[string]string{
			"not authorized": tides, "unknown": "https://nobody.example", "another spelling": harbour + "/",
			"all organizations": proto.OrganizationsResource,
		} {
			w.refused(name, "oidc.invalid_target", 400, func() (*grant.Response, error) {
				return w.refresh("spa", first.RefreshToken, "resource", indicator)
			})
		}
		w.refused("two", "oidc.invalid_target", 400, func() (*grant.Response, error) {
			return w.exchangeParams("spa", proto.Params{
				"grant_type": {"refresh_token"}, "refresh_token": {first.RefreshToken}, "resource": {harbour, tides},
			})
		})
		code := w.authorize("spa", wanted).code
		w.refused("at the code", "oidc.invalid_target", 400, func() (*grant.Response, error) {
			return w.exchange("spa", "grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI,
				"code_verifier", verifier, "resource", tides)
		})
		if _, err := w.redeem("spa", code); err != nil {
			t.Errorf("the refusal spent the code: %v", err)
		}
		w.mustRefresh("spa", first.RefreshToken, "resource", harbour)
		if w.isRevoked(a.grantID) {
			t.Error("a refusal revoked the grant")
		}
	})
}

// All organizations at once offer what the template has.
func TestResourceToken_OfAllOrganizations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		w.offered[proto.OrganizationsResource] = "invite steer signal"
		_, first := w.signIn("spa", wanted)
		got := w.mustRefresh("spa", first.RefreshToken, "resource", proto.OrganizationsResource)
		_, payload := claims(t, got.AccessToken)
		if payload["aud"] != proto.OrganizationsResource || payload["scope"] != "invite steer" || got.ExpiresIn != 3600 {
			t.Errorf("%v", payload)
		}
	})
}
