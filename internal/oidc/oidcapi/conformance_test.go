package oidcapi_test

import (
	"net/url"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/platform/db/dbtest"
)

// Modules of the plan oidcc-backchannel-rp-initiated-logout-certification.
func TestConformance_BackchannelRPInitiatedLogout(t *testing.T) {
	t.Parallel()
	t.Run("oidcc-backchannel-rp-initiated-logout-discovery-endpoint-verification", func(t *testing.T) {
		t.Parallel()
		got := decode(t, setup(t, dbtest.SQLite(t)).do("GET", "/oidc/.well-known/openid-configuration", ""))
		if got["backchannel_logout_supported"] != true || got["backchannel_logout_session_supported"] != true || got["end_session_endpoint"] == nil {
			t.Errorf("discovery says %v", got)
		}
	})
	t.Run("oidcc-backchannel-rp-initiated-logout", func(t *testing.T) {
		t.Parallel()
		s := newProvider(t, dbtest.SQLite(t))
		p := s.party()
		s.tells(p, spa, true, application.CustomMetadata{})
		b := s.browser()
		b.authorized(alice)
		sid := s.sidOf(spa)
		page := b.endSession(url.Values{"id_token_hint": {s.idToken(spa, alice)}, "post_logout_redirect_uri": {bye}, "state": {"st"}})
		if got := b.confirm(page).Header.Get("Location"); got != bye+"?state=st" {
			t.Errorf("it leads to %s", got)
		}
		s.deliver()
		if told := p.received(); len(told) != 1 || told[0].sid() != sid || told[0].claims["nonce"] != nil {
			t.Errorf("told %v", told)
		}
		if got := b.authorize("prompt", "none").location(t).Query().Get("error"); got != "login_required" {
			t.Errorf("afterwards %s", got)
		}
	})
}

// Modules of the plan oidcc-rp-initiated-logout-certification.
func TestConformance_RPInitiatedLogout(t *testing.T) {
	t.Parallel()
	const here, nowhere = "/oidc/session/end/success", ""
	hint := func(v url.Values) func(string) url.Values {
		return func(idToken string) url.Values {
			v.Set("id_token_hint", idToken)
			return v
		}
	}
	plain := func(v url.Values) func(string) url.Values { return func(string) url.Values { return v } }
	for module, c := range map[string]struct {
		query func(idToken string) url.Values
		want  string // where the browser ends; nowhere is a refusal
	}{
		"oidcc-rp-initiated-logout": {hint(url.Values{"post_logout_redirect_uri": {bye}, "state": {"st"}}), bye + "?state=st"},
		"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": {
			hint(url.Values{"post_logout_redirect_uri": {"https://evil.example/"}, "state": {"st"}}), nowhere},
		"oidcc-rp-initiated-logout-modified-id-token-hint": {func(idToken string) url.Values {
			parts := strings.Split(idToken, ".")
			return url.Values{"id_token_hint": {parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2]))}, "post_logout_redirect_uri": {bye}, "state": {"st"}}
		}, nowhere},
		"oidcc-rp-initiated-logout-bad-id-token-hint": {
			plain(url.Values{"id_token_hint": {"bad"}, "post_logout_redirect_uri": {bye}, "state": {"st"}}), nowhere},
		"oidcc-rp-initiated-logout-no-id-token-hint": {
			plain(url.Values{"post_logout_redirect_uri": {bye}, "state": {"st"}}), here},
		"oidcc-rp-initiated-logout-no-params":                   {plain(nil), here},
		"oidcc-rp-initiated-logout-no-post-logout-redirect-uri": {hint(url.Values{"state": {"st"}}), here},
		"oidcc-rp-initiated-logout-no-state":                    {hint(url.Values{"post_logout_redirect_uri": {bye}}), bye},
		"oidcc-rp-initiated-logout-only-state":                  {plain(url.Values{"state": {"st"}}), here},
		"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri": {
			hint(url.Values{"post_logout_redirect_uri": {bye + "?extra=1"}, "state": {"st"}}), nowhere},
	} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			s := newProvider(t, dbtest.SQLite(t))
			b := s.browser()
			b.authorized(alice)
			query := c.query(s.idToken(spa, alice))
			if c.want == nowhere {
				a := b.get("/oidc/session/end?" + query.Encode())
				if got := a.failure(t); !strings.HasPrefix(got, "400 oidc.invalid_request") || a.Header.Get("Location") != "" {
					t.Errorf("not refused: %s", got)
				}
				return
			}
			if got := b.confirm(b.endSession(query)).Header.Get("Location"); got != c.want {
				t.Errorf("it leads to %s", got)
			}
			if got := b.authorize("prompt", "none").location(t).Query().Get("error"); got != "login_required" {
				t.Errorf("afterwards %s", got)
			}
		})
	}
	t.Run("oidcc-rp-initiated-logout-discovery-endpoint-verification", func(t *testing.T) {
		t.Parallel()
		got := decode(t, setup(t, dbtest.SQLite(t)).do("GET", "/oidc/.well-known/openid-configuration", ""))
		if got["end_session_endpoint"] != "https://id.example/auth/oidc/session/end" {
			t.Errorf("discovery says %v", got["end_session_endpoint"])
		}
	})
}
