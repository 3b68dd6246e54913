package oidcapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/oidc/oidcapi"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

const bye = "https://app.example.com/bye"

// endSession asks to sign out and returns the page that confirms it.
func (b *browser) endSession(query url.Values) oidcapi.LogoutPage {
	b.provider.t.Helper()
	a := b.get("/oidc/session/end?" + query.Encode())
	var page oidcapi.LogoutPage
	if err := json.Unmarshal([]byte(a.body), &page); err != nil || page.XSRF == "" {
		b.provider.t.Fatalf("no confirmation but %d %s", a.StatusCode, a.body)
	}
	return page
}

func (b *browser) confirm(page oidcapi.LogoutPage) answer {
	return b.post(page.Action, url.Values{"xsrf": {page.XSRF}, "logout": {"yes"}})
}

func TestLogout_EndsTheSessionAndReturnsToTheApplication(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		secret := b.cookie("_session")
		page := b.endSession(url.Values{"client_id": {spa}, "post_logout_redirect_uri": {bye}, "state": {"a b&c"}})
		if page.Action != "/oidc/session/end/confirm" || page.ReturnsTo != bye {
			t.Errorf("the page is %+v", page)
		}
		if s.count("sessions", "true") != 1 {
			t.Fatal("the session ended before the confirmation")
		}
		a := b.confirm(page)
		if want := bye + "?state=a+b%26c"; a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != want {
			t.Errorf("the confirmation leads to %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		if b.cookie("_session") != "" || b.cookie("_session.sig") != "" {
			t.Error("the cookie is still there")
		}
		old, err := token.SessionByCookie(s.ctx, s.db, s.now(), secret)
		must(t, err)
		if old != nil || s.count("grants", "revoked_at IS NULL") != 0 || s.count("session_clients", "true") != 0 {
			t.Error("session, grants or authorizations live on")
		}
		if a := b.authorize(); !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
			t.Errorf("afterwards the browser gets %s", a.Header.Get("Location"))
		}
	})
}

func TestLogout_SparesOfflineGrants(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice, "scope", "openid offline_access", "prompt", "consent")
		b.follow("/oidc/auth?" + request("client_id", traditional).Encode())
		a := b.confirm(b.endSession(nil))
		if a.Header.Get("Location") != "/oidc/session/end/success" {
			t.Errorf("without an application it leads to %s", a.Header.Get("Location"))
		}
		live, err := db.All[string](s.ctx, s.db, `SELECT client_id FROM grants WHERE tenant_id = $1 AND revoked_at IS NULL`)
		must(t, err)
		if len(live) != 1 || live[0] != spa {
			t.Errorf("live grants: %v", live)
		}
		if got := b.get("/oidc/session/end/success").body; got != "signed out" {
			t.Errorf("the last page is %s", got)
		}
	})
}

// Pages of the account center live by the session.
func TestLogout_EndsTheSessionsOfOurOwnPages(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		s.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(s.ctx, `INSERT INTO account_sessions (tenant_id, id_hash, client_id, user_id, session_uid, created_at, expires_at)
				SELECT $1, $2, 'account-center', user_id, uid, $3, $4 FROM sessions WHERE tenant_id = $1`,
				make([]byte, 32), s.now(), s.now()+1000)
			return err
		})
		b.confirm(b.endSession(nil))
		if s.count("account_sessions", "true") != 0 {
			t.Error("a page is still signed in")
		}
	})
}

// Attack 66: hints of others, and URIs that are not the application's.
func TestLogout_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		s := newProvider(t, p)
		b := s.browser()
		b.authorized(alice)
		foreign := newProviderAt(t, p, "admin", "https://id.example.com/admin").idToken(spa, alice)
		own := s.idToken(spa, alice)
		parts := strings.Split(own, ".")
		const badHint = "400 oidc.invalid_request could not validate id_token_hint"
		const badURI = "400 oidc.invalid_request post_logout_redirect_uri not registered"
		for _, c := range []struct{ name, query, want string }{
			{"a token of another tenant", url.Values{"id_token_hint": {foreign}}.Encode(), badHint},
			{"no token", "id_token_hint=x", badHint},
			{"no signature", "id_token_hint=" + parts[0] + "." + parts[1] + ".", badHint},
			{"alg none", "id_token_hint=eyJhbGciOiJub25lIn0." + parts[1] + ".", badHint},
			{"altered", "id_token_hint=" + parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2], badHint},
			{"another client's token", url.Values{"id_token_hint": {own}, "client_id": {traditional}}.Encode(),
				"400 oidc.invalid_request client_id does not match the provided id_token_hint"},
			{"unknown client", "client_id=nobody", "400 oidc.invalid_client invalid client nobody"},
			{"foreign URI", url.Values{"client_id": {spa}, "post_logout_redirect_uri": {"https://evil.example"}}.Encode(), badURI},
			{"longer URI", url.Values{"client_id": {spa}, "post_logout_redirect_uri": {bye + "/x"}}.Encode(), badURI},
			{"URI with a query", url.Values{"client_id": {spa}, "post_logout_redirect_uri": {bye + "?x"}}.Encode(), badURI},
			{"URI with credentials", url.Values{"client_id": {spa}, "post_logout_redirect_uri": {"https://app.example.com@evil.example/bye"}}.Encode(), badURI},
			{"redirect URI", url.Values{"id_token_hint": {own}, "post_logout_redirect_uri": {redirect}}.Encode(), badURI},
			{"native loopback with another port", url.Values{"client_id": {native}, "post_logout_redirect_uri": {"http://127.0.0.1:1/cb"}}.Encode(), badURI},
			{"twice", "client_id=spa&client_id=spa", "400 oidc.invalid_request 'client_id' parameter must not be provided twice"},
			{"long state", "state=" + strings.Repeat("s", 5000), "400 oidc.invalid_request a parameter is too long"},
		} {
			a := b.get("/oidc/session/end?" + c.query)
			if got := a.failure(t); got != c.want || a.Header.Get("Location") != "" {
				t.Errorf("%s: %s", c.name, got)
			}
		}
		if s.count("sessions", "true") != 1 {
			t.Error("the session ended")
		}
	})
}

func TestLogout_ClientFromTheHint(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	b := s.browser()
	b.authorized(alice)
	hint := s.idToken(spa, alice) // it has expired, which does not matter
	page := b.endSession(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {bye}})
	if got := b.confirm(page).Header.Get("Location"); got != bye {
		t.Errorf("the confirmation leads to %s", got)
	}
	// Nobody's URI leads nowhere.
	page = b.endSession(url.Values{"post_logout_redirect_uri": {"https://evil.example"}, "state": {"x"}})
	if got := b.confirm(page).Header.Get("Location"); page.ReturnsTo != "" || got != "/oidc/session/end/success" {
		t.Errorf("without a client it leads to %s", got)
	}
}

// Attack 66: another site cannot make or take a confirmation.
func TestLogout_FormBelongsToOneSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		s := newProvider(t, p)
		victim, attacker, stranger := s.browser(), s.browser(), s.browser()
		victim.authorized(alice)
		attacker.authorized(bob)
		const refusal = "400 oidc.invalid_request xsrf token invalid"
		theirs := attacker.endSession(nil).XSRF
		mine := victim.endSession(nil).XSRF
		body, signature, _ := strings.Cut(mine, ".")
		for name, xsrf := range map[string]string{
			"none": "", "made up": "x.y", "of another session": theirs, "of no session": stranger.endSession(nil).XSRF,
			"altered": body + "A." + signature, "cut": body, "doubled": mine + "." + signature,
		} {
			a := victim.post("/oidc/session/end/confirm", url.Values{"xsrf": {xsrf}, "logout": {"yes"}})
			if got := a.failure(t); got != refusal {
				t.Errorf("%s: %s", name, got)
			}
		}
		s.clock.Advance(time.Hour)
		if got := victim.post("/oidc/session/end/confirm", url.Values{"xsrf": {mine}, "logout": {"yes"}}).failure(t); got != refusal {
			t.Errorf("after an hour: %s", got)
		}
		if s.count("sessions", "user_id = $2", alice) != 1 {
			t.Error("the victim was signed out")
		}
	})
}

func TestLogout_WithoutAYesEndsNothing(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	b := s.browser()
	b.authorized(alice)
	page := b.endSession(url.Values{"client_id": {spa}, "post_logout_redirect_uri": {bye}})
	a := b.post(page.Action, url.Values{"xsrf": {page.XSRF}})
	if a.Header.Get("Location") != bye || s.count("sessions", "true") != 1 || b.cookie("_session") == "" {
		t.Errorf("it leads to %s with %d sessions", a.Header.Get("Location"), s.count("sessions", "true"))
	}
}

func TestLogout_TwiceAndWithoutSession(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	b := s.browser()
	page := b.endSession(url.Values{"client_id": {spa}, "post_logout_redirect_uri": {bye}})
	for range 2 {
		if a := b.confirm(page); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != bye {
			t.Errorf("without a session: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
	}
}

func TestLogout_PostIsLikeGet(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	b := s.browser()
	b.authorized(alice)
	form := url.Values{"client_id": {spa}, "post_logout_redirect_uri": {bye}}
	a := b.post("/oidc/session/end", form)
	var page oidcapi.LogoutPage
	must(t, json.Unmarshal([]byte(a.body), &page))
	if got := b.confirm(page).Header.Get("Location"); got != bye {
		t.Errorf("it leads to %s", got)
	}
	r := httptest.NewRequest(http.MethodPost, "/oidc/session/end", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := s.browser().send(r); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/oidc/session/end?") {
		t.Errorf("from another site: %d %s", a.StatusCode, a.Header.Get("Location"))
	}
}
