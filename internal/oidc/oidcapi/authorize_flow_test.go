package oidcapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/tenant"
	"signet/internal/user"
)

func TestAuthorize_FromRequestToCode(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {

		a := b.authorize("scope", "openid profile offline_access", "prompt", "consent", "nonce", "n", "resource", api)
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/sign-in?app_id=spa" {
			t.Fatalf("the request leads to %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.body != "" {
			t.Errorf("a redirect with %q and body %q", a.Header.Get("Cache-Control"), a.body)
		}
		if s.count("sessions", "true") != 0 {
			t.Error("a session before anybody signed in")
		}
		login := b.interaction(spa)
		a = b.get(b.signIn(spa, alice))
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/consent?app_id=spa" {
			t.Fatalf("the sign-in leads to %d %s %s", a.StatusCode, a.Header.Get("Location"), a.body)
		}
		consent := b.interaction(spa)
		if consent.UID == login.UID || consent.Prompt != "consent" {
			t.Errorf("after the sign-in the interaction is %s", consent.Prompt)
		}
		a = b.get("/consent?app_id=spa")
		if want := "https://id.example.com/oidc/auth/" + consent.UID; a.StatusCode != http.StatusFound || a.Header.Get("Location") != want {
			t.Fatalf("consent leads to %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		a = b.get("/oidc/auth/" + consent.UID)
		target := a.location(t)
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(target.String(), redirect+"?code=") ||
			!strings.HasSuffix(target.String(), "&state=st&iss=https%3A%2F%2Fid.example.com%2Foidc") {
			t.Fatalf("the end is %d %s", a.StatusCode, target)
		}
		code, err := token.CodeByValue(s.ctx, s.db, target.Query().Get("code"))
		must(t, err)
		grant, err := token.GrantByID(s.ctx, s.db, code.GrantID)
		must(t, err)
		session, err := token.SessionByCookie(s.ctx, s.db, s.now(), b.cookie("_session"))
		must(t, err)
		if code.ClientID != spa || code.RedirectURI != redirect || *code.CodeChallenge != challenge || *code.Nonce != "n" ||
			code.Scope != "openid profile offline_access" || code.Resources[0] != api || code.IsAuthTimeRequested {
			t.Errorf("the code is %+v", code)
		}
		if grant.UserID != alice || grant.ClientKind != "application" || !grant.IsOffline || *grant.SessionUID != session.UID {
			t.Errorf("the grant is %+v", grant)
		}
		if *session.UserID != alice || session.AMR[0] != "pwd" || !strings.Contains(string(session.LastSubmission), "SignIn") || *session.ClientID != spa {
			t.Errorf("the session is %+v", session)
		}
		if b.cookie("_interaction") != "" || s.count("interactions", "true") != 0 {
			t.Error("something is left of the interaction")
		}
	})
}

func TestAuthorize_RecordsTheFirstApplicationOnce(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		b.follow("/oidc/auth?" + request("client_id", traditional).Encode())
		u, err := user.ByID(s.ctx, s.db, alice)
		must(t, err)
		if u.ApplicationID == nil || *u.ApplicationID != spa {
			t.Errorf("the first application is %v", u.ApplicationID)
		}
		if n := s.count("grants", "user_id = $2", alice); n != 2 {
			t.Errorf("%d grants for two applications", n)
		}
	})
}

func TestAuthorize_LiveSessionNeedsNobody(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		before := b.cookie("_session")
		a := b.authorize()
		if code := a.location(t).Query().Get("code"); code == "" {
			t.Fatalf("the session gives %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		if b.cookie("_session") != before {
			t.Error("the session rotated without a sign-in")
		}
		if n := s.count("grants", "true"); n != 1 {
			t.Errorf("%d grants in one session", n)
		}
		a = b.authorize("scope", "openid email")
		if a.Header.Get("Location") != "/consent?app_id=spa" {
			t.Errorf("a further scope leads to %s", a.Header.Get("Location"))
		}
		if code := b.follow("/consent?app_id=spa").location(t).Query().Get("code"); code == "" {
			t.Error("the further scope was not granted")
		}
		scope, err := db.One[string](s.ctx, s.db, `SELECT oidc_scope FROM grants WHERE tenant_id = $1`)
		must(t, err)
		if scope != "openid profile email" {
			t.Errorf("the extended grant has %q", scope)
		}
	})
}

// A session moves its end forward when it is used, but writes at most once an
// hour.
func TestAuthorize_UseRenewsTheSession(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		for _, step := range []struct {
			after   time.Duration
			renewed bool
		}{{59 * time.Minute, false}, {time.Minute, true}, {time.Minute, false}} {
			s.clock.Advance(step.after)
			a := b.authorize()
			if got := strings.Contains(strings.Join(a.Header.Values("Set-Cookie"), ""), "_session="); got != step.renewed {
				t.Errorf("at %v the cookie was sent: %v", s.clock.Now(), got)
			}
		}
		end, err := db.One[int64](s.ctx, s.db, `SELECT expires_at FROM sessions WHERE tenant_id = $1`)
		must(t, err)
		if want := s.now() - time.Minute.Milliseconds() + (14 * 24 * time.Hour).Milliseconds(); end != want {
			t.Errorf("the session ends %d ms early", want-end)
		}
		s.clock.Advance(14 * 24 * time.Hour)
		if a := b.authorize(); !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
			t.Errorf("after its end the session leads to %s", a.Header.Get("Location"))
		}
	})
}

// Attack 32: the sign-in that the client asks for cannot be replaced by consent.
func TestConsent_IsNoSignIn(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		b.authorize("prompt", "login")
		uid := b.interaction(spa).UID
		if a := b.get("/consent?app_id=spa"); a.Header.Get("Location") != "/unknown-session" {
			t.Errorf("consent: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		if a := b.get("/oidc/auth/" + uid); a.Header.Get("Location") != "/sign-in?app_id=spa" {
			t.Errorf("resume: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
	})
}

// Several applications sign in side by side in one browser.
func TestAuthorize_ParallelTabs(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		other := []string{"client_id", otherSPA, "redirect_uri", "https://a.apps.example.com/cb", "state", "second"}
		b.authorize()
		b.authorize(other...)
		b.authorize("client_id", traditional, "state", "third")
		second := b.follow(b.signIn(otherSPA, alice))
		if target := second.location(t); target.Host != "a.apps.example.com" || target.Query().Get("state") != "second" {
			t.Errorf("the second tab ends at %s", target)
		}
		for client, state := range map[string]string{spa: "st", traditional: "third"} {
			if target := b.follow(b.signIn(client, alice)).location(t); target.Query().Get("state") != state || target.Query().Get("code") == "" {
				t.Errorf("the tab of %s ends at %s", client, target)
			}
		}
		if n := s.count("sessions", "true"); n != 1 {
			t.Errorf("%d sessions in one browser", n)
		}
	})
}

// Two tabs of one application: the newer one counts, the older one says so.
func TestAuthorize_NewerTabOfTheSameApplicationWins(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorize("state", "old")
		old := b.interaction(spa).UID
		b.authorize("state", "new")
		if target := b.follow(b.signIn(spa, alice)).location(t); target.Query().Get("state") != "new" {
			t.Errorf("the newer tab ends at %s", target)
		}
		a := b.get("/oidc/auth/" + old)
		if a.Header.Get("Location") != "/sign-in?app_id=spa" {
			t.Errorf("the older tab: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
	})
}

// A session that ends while a page is open does not let the page go on.
func TestConsent_SessionEndedMeanwhile(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorize()
		b.get(b.signIn(spa, alice))
		consent := b.interaction(spa)
		s.tx(func(tx *db.Tx) error { return token.EndSession(s.ctx, tx, s.now(), *consent.SessionUID) })
		if a := b.get("/consent?app_id=spa"); a.Header.Get("Location") != "/unknown-session" {
			t.Errorf("consent: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		if s.count("grants", "true") != 0 {
			t.Error("something was granted")
		}
		if a := b.get("/oidc/auth/" + consent.UID); a.Header.Get("Location") == "" || strings.Contains(a.Header.Get("Location"), "code=") {
			t.Errorf("resume: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
	})
}

func TestAuthorize_TenantsBelowOnePathKeepApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		s := newProviderAt(t, p, tenant.Admin, "https://id.example.com/base/admin")
		b := s.browser()
		a := b.get("/oidc/auth?" + request().Encode())
		if a.Header.Get("Location") != "/base/admin/sign-in?app_id=spa" {
			t.Errorf("the sign-in is at %s", a.Header.Get("Location"))
		}
		for _, c := range a.Cookies() {
			if !strings.Contains(c.Name, "_admin") || !strings.HasPrefix(c.Path, "/base/admin/") || !c.Secure {
				t.Errorf("the cookie %s", c)
			}
		}
	})
}
