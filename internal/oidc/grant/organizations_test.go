package grant_test

import (
	"testing"

	"signet/internal/application"
	"signet/internal/oidc/grant"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// An organization is an audience of its own.
func TestOrganizationToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		_, first := w.signIn("fixed", wanted)
		for organization, want := range map[string]string{"north": "invite steer", "south": ""} {
			got := w.mustRefresh("fixed", first.RefreshToken, "organization_id", organization)
			_, payload := claims(t, got.AccessToken)
			if payload["aud"] != "urn:logto:organization:"+organization || payload["scope"] != want || *got.Scope != want ||
				got.ExpiresIn != 3600 || payload["sub"] != w.user.ID || payload["organization_id"] != nil {
				t.Errorf("%s: %v, %+v", organization, payload, got)
			}
		}
		less := w.mustRefresh("fixed", first.RefreshToken, "organization_id", "north", "scope", "urn:logto:scope:organizations steer")
		if *less.Scope != "steer" || less.IDToken != "" {
			t.Errorf("asked for less: %+v", less)
		}
		// The token has the scope of organizations, whatever this answer is for.
		if one := w.mustRefresh("fixed", first.RefreshToken, "organization_id", "north", "scope", "invite"); *one.Scope != "invite" {
			t.Errorf("asked for one: %+v", one)
		}
		w.exec(`DELETE FROM organization_user_roles WHERE tenant_id = $1 AND organization_id = 'north'`)
		if got := w.mustRefresh("fixed", first.RefreshToken, "organization_id", "north"); *got.Scope != "" {
			t.Errorf("after the role was lost: %s", *got.Scope)
		}
	})
}

// Membership is told before the scope, and a refusal costs nothing.
func TestOrganizationToken_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		_, first := w.signIn("spa", wanted)
		_, narrow := w.signIn("spa", "openid offline_access read")
		refresh := func(r *grant.Response, pairs ...string) func() (*grant.Response, error) {
			return func() (*grant.Response, error) { return w.refresh("spa", r.RefreshToken, pairs...) }
		}
		const foreign = "user is not a member of the organization"
		w.refusedAs("no member", foreign, refresh(first, "organization_id", "east"))
		w.refusedAs("no such organization", foreign, refresh(first, "organization_id", "nowhere"))
		w.refusedAs("no member, for a resource", foreign, refresh(first, "organization_id", "east", "resource", harbour))
		w.refusedAs("no member, nor scope", foreign, refresh(narrow, "organization_id", "east"))
		w.refused("no scope", "oidc.insufficient_scope", 403, refresh(narrow, "organization_id", "north"))
		w.refused("no scope, asked for one", "oidc.insufficient_scope", 403, refresh(narrow, "organization_id", "north", "scope", "read"))
		w.exec(`UPDATE organizations SET is_mfa_required = TRUE WHERE tenant_id = $1 AND id = 'north'`)
		w.refusedAs("no second factor", "organization requires MFA but user has no MFA configured", refresh(first, "organization_id", "north"))
		w.exec(`INSERT INTO totp_factors (tenant_id, id, user_id, secret_sealed, created_at) VALUES ($1, 'otp', $2, $3, 1)`, w.user.ID, []byte("sealed"))
		w.mustRefresh("spa", first.RefreshToken, "organization_id", "north")
		w.mustRefresh("spa", narrow.RefreshToken)
	})
}

// A machine acts for the organizations that it is in, by its roles there alone.
func TestOrganizationToken_OfMachines(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		for _, c := range []struct {
			pairs           []string
			audience, scope any
			organization    any
		}{
			{[]string{"organization_id", "north", "scope", "signal steer read"}, "urn:logto:organization:north", "signal", nil},
			{[]string{"organization_id", "north"}, "urn:logto:organization:north", "", nil},
			{[]string{"organization_id", "north", "resource", tides, "scope", "read write"}, tides, "read", "north"},
			{[]string{"organization_id", "north", "resource", harbour, "scope", "read"}, harbour, nil, "north"},
			{[]string{"resource", tides, "scope", "read"}, tides, nil, nil},
		} {
			got, err := w.credentials(c.pairs...)
			if err != nil {
				t.Fatalf("%q: %v", c.pairs, err)
			}
			_, payload := claims(t, got.AccessToken)
			if payload["aud"] != c.audience || payload["scope"] != c.scope || payload["organization_id"] != c.organization ||
				payload["sub"] != "machine" || (got.Scope == nil) != (c.scope == nil) {
				t.Errorf("%q: %v", c.pairs, payload)
			}
		}
		w.refusedAs("another organization", "app has not associated with the organization", func() (*grant.Response, error) {
			return w.credentials("organization_id", "south")
		})
		w.refused("an unknown resource", "oidc.invalid_target", 400, func() (*grant.Response, error) {
			return w.credentials("organization_id", "north", "resource", "https://nobody.example")
		})
	})
}

// Access rules hold for codes and refresh tokens, as they are now.
func TestAccessRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		w.exec(`INSERT INTO application_access_rules (tenant_id, application_id, id, organization_id) VALUES ($1, 'spa', 'r', 'north')`)
		w.tx(func(tx *db.Tx) error {
			if _, err := tx.Exec(w.ctx, `UPDATE applications SET is_access_control_enabled = TRUE WHERE tenant_id = $1 AND id = 'spa'`); err != nil {
				return err
			}
			return tx.Touch(w.ctx, application.Family)
		})
		_, first := w.signIn("spa", wanted)
		code := w.authorize("spa", wanted).code
		w.mustRefresh("spa", first.RefreshToken)
		w.exec(`DELETE FROM organization_users WHERE tenant_id = $1 AND organization_id = 'north'`)
		w.clock.Advance(10e9)
		w.refused("a code", "oidc.access_denied", 400, func() (*grant.Response, error) { return w.redeem("spa", code) })
		_, other := w.signIn("other", wanted)
		w.mustRefresh("other", other.RefreshToken)
	})
}
