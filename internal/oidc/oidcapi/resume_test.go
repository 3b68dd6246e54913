package oidcapi_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/user"
)

// Attack 37: what a browser was given before the sign-in is worth nothing after.
func TestResume_SignInRotatesTheSessionSecret(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		uid := func() string {
			session, err := token.SessionByCookie(s.ctx, s.db, s.now(), b.cookie("_session"))
			must(t, err)
			return session.UID
		}
		secret, name := b.cookie("_session"), uid()
		b.authorized(alice, "prompt", "login")
		if b.cookie("_session") == secret {
			t.Error("the secret survived a sign-in")
		}
		if uid() != name {
			t.Error("the session itself changed")
		}
		old, err := token.SessionByCookie(s.ctx, s.db, s.now(), secret)
		must(t, err)
		if old != nil {
			t.Error("the old secret still opens the session")
		}
	})
}

// Attack 37: the attacker begins a sign-in and sends the victim its URL.
func TestResume_OnlyInTheBrowserThatBegan(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		s := newProvider(t, p)
		attacker, victim := s.browser(), s.browser()
		attacker.authorize()
		uid := attacker.interaction(spa).UID
		if _, err := victim.tryInteraction(spa); err == nil {
			t.Error("the victim's browser takes part in the attacker's interaction")
		}
		if got := victim.get("/oidc/auth/" + uid).failure(t); got != "400 session.not_found authorization request has expired" {
			t.Errorf("the victim gets %s", got)
		}
		// The other way round: the attacker knows the URL of a finished sign-in.
		victim.authorize()
		target := victim.signIn(spa, alice)
		attacker.jar["_interaction_resume "+target] = kept{"_interaction_resume", strings.TrimPrefix(target, "/oidc/auth/"), target}
		attacker.jar["_interaction_resume.sig "+target] = kept{"_interaction_resume.sig", "guess", target}
		if got := attacker.get(target).failure(t); got != "400 session.not_found authorization request has expired" {
			t.Errorf("the attacker gets %s", got)
		}
		if s.count("sessions", "true") != 0 || s.count("authorization_codes", "true") != 0 {
			t.Error("somebody was signed in")
		}
		if victim.follow(target).location(t).Query().Get("code") == "" {
			t.Error("the victim cannot go on")
		}
	})
}

// Attack 38: A's session is in the browser when B signs in.
func TestResume_AnotherAccountEndsTheFormerSession(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		former, code := b.cookie("_session"), b.authorized(bob, "prompt", "login").Query().Get("code")
		if code == "" {
			t.Fatal("B got no code")
		}
		old, err := token.SessionByCookie(s.ctx, s.db, s.now(), former)
		must(t, err)
		if old != nil || s.count("sessions", "user_id = $2", alice) != 0 {
			t.Error("A's session lives on")
		}
		if s.count("grants", "user_id = $2 AND revoked_at IS NULL", alice) != 0 {
			t.Error("A's grant lives on")
		}
		issued, err := token.CodeByValue(s.ctx, s.db, code)
		must(t, err)
		grant, err := token.GrantByID(s.ctx, s.db, issued.GrantID)
		must(t, err)
		if grant.UserID != bob {
			t.Errorf("B's code is of %s", grant.UserID)
		}
	})
}

func TestResume_WorksOnce(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorize()
		target := b.signIn(spa, alice)
		jar := map[string]kept{}
		for name, c := range b.jar {
			jar[name] = c
		}
		b.follow(target)
		replay := &browser{provider: s, jar: jar}
		if got := replay.get(target).failure(t); got != "400 session.not_found interaction session not found" {
			t.Errorf("a second resume gets %s", got)
		}
		if n := s.count("sessions", "true"); n != 1 {
			t.Errorf("%d sessions from one sign-in", n)
		}
	})
}

func TestResume_FiftyAtOnceYieldOneSession(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice, "client_id", spa)
		b.authorize("prompt", "login")
		target := b.signIn(spa, alice)
		var codes, refused atomic.Int32
		var group sync.WaitGroup
		for range 50 {
			jar := map[string]kept{}
			for name, c := range b.jar {
				jar[name] = c
			}
			group.Go(func() {
				a := (&browser{provider: s, jar: jar}).get(target)
				switch {
				case strings.HasPrefix(a.Header.Get("Location"), redirect+"?code="):
					codes.Add(1)
				case a.StatusCode == http.StatusBadRequest:
					refused.Add(1)
				default:
					t.Errorf("one got %d %s %s", a.StatusCode, a.Header.Get("Location"), a.body)
				}
			})
		}
		group.Wait()
		if codes.Load() != 1 || refused.Load() != 49 {
			t.Errorf("%d codes, %d refusals", codes.Load(), refused.Load())
		}
		if n := s.count("authorization_codes", "true"); n != 2 {
			t.Errorf("%d codes are stored", n)
		}
	})
}

// Attack 32: the steps of the flow cannot be skipped by going to the next URL.
func TestResume_UnfinishedInteractionLeadsBackToItsPage(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorize()
		uid := b.interaction(spa).UID
		for range 2 {
			if a := b.get("/oidc/auth/" + uid); a.Header.Get("Location") != "/sign-in?app_id=spa" {
				t.Errorf("without a sign-in: %d %s", a.StatusCode, a.Header.Get("Location"))
			}
		}
		if a := b.get("/consent?app_id=spa"); a.Header.Get("Location") != "/unknown-session" {
			t.Errorf("consent before the sign-in: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		b.get(b.signIn(spa, alice))
		consent := b.interaction(spa)
		if a := b.get("/oidc/auth/" + consent.UID); a.Header.Get("Location") != "/consent?app_id=spa" {
			t.Errorf("without consent: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		if s.count("grants", "true") != 0 || s.count("authorization_codes", "true") != 0 {
			t.Error("something was granted")
		}
	})
}

// Attack 6: what the browser sends later cannot change the request.
func TestResume_ParametersAreThoseOfTheBeginning(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorize()
		evil := "?" + url.Values{"redirect_uri": {"https://evil.example"}, "client_id": {otherSPA}, "state": {"x"},
			"scope": {"openid email"}, "response_mode": {"fragment"}}.Encode()
		a := b.get(b.signIn(spa, alice) + evil)
		if a.Header.Get("Location") != "/consent?app_id=spa" {
			t.Fatalf("resume leads to %s", a.Header.Get("Location"))
		}
		a = b.get("/consent" + evil + "&app_id=spa")
		target := b.get(path(a.Header.Get("Location")) + evil).location(t)
		if !strings.HasPrefix(target.String(), redirect+"?code=") || target.Query().Get("state") != "st" {
			t.Errorf("the code goes to %s", target)
		}
		code, err := token.CodeByValue(s.ctx, s.db, target.Query().Get("code"))
		must(t, err)
		if code.Scope != "openid profile" || code.ClientID != spa {
			t.Errorf("the code is %+v", code)
		}
	})
}

// A redirect URI that the operator removes must not get a code from a sign-in
// that was under way.
func TestResume_RedirectURIRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorize()
		target := b.signIn(spa, alice)
		s.tx(func(tx *db.Tx) error {
			if _, err := tx.Exec(s.ctx, `UPDATE applications SET oidc_client_metadata = $2 WHERE tenant_id = $1`,
				`{"redirectUris":["https://new.example.com/cb"],"postLogoutRedirectUris":[]}`); err != nil {
				return err
			}
			return tx.Touch(s.ctx, "application")
		})
		if got := b.get(target).failure(t); !strings.HasPrefix(got, "400 oidc.invalid_redirect_uri") {
			t.Errorf("the resume gets %s", got)
		}
		if s.count("sessions", "true") != 0 {
			t.Error("the person was signed in")
		}
	})
}

func TestResume_AccountThatMayNotSignInAnyMore(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		suspended := true
		for _, c := range []struct {
			name, want string
			before     func(tx *db.Tx) error
		}{
			{"suspended", "401 oidc.invalid_request ", func(tx *db.Tx) error {
				_, err := user.Update(s.ctx, tx, s.now(), alice, user.Patch{IsSuspended: &suspended})
				return err
			}},
			{"deleted", "400 session.not_found session account not found", func(tx *db.Tx) error { return user.Delete(s.ctx, tx, alice) }},
		} {
			b.authorize()
			target := b.signIn(spa, alice)
			s.tx(c.before)
			if got := b.get(target).failure(t); got != c.want {
				t.Errorf("%s: %s", c.name, got)
			}
		}
		if s.count("sessions", "true") != 0 {
			t.Error("the person was signed in")
		}
	})
}

// Attack 38: a sign-in that began in A's session does not end in B's.
func TestResume_SessionChangedMeanwhile(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		b.authorize("prompt", "login")
		began := b.signIn(spa, alice)
		b.authorized(bob, "client_id", traditional, "prompt", "login")
		if got := b.get(began).failure(t); got != "400 oidc.invalid_request session principal changed" {
			t.Errorf("in B's session: %s", got)
		}
		b.authorize("prompt", "login")
		began = b.signIn(spa, bob)
		b.confirm(b.endSession(nil))
		if got := b.get(began).failure(t); got != "400 session.not_found session not found" {
			t.Errorf("after a sign-out: %s", got)
		}
		if s.count("sessions", "true") != 0 {
			t.Error("somebody is signed in")
		}
	})
}

// Attack: somebody signs in with a stolen password, keeps the link on which it goes
// on, and follows it when the operator has locked them out.
func TestResume_AfterTheUserWasLockedOut(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		suspended, active, hash := true, false, "$argon2id$another"
		update := func(p user.Patch) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { _, err := user.Update(s.ctx, tx, s.now(), alice, p); return err }
		}
		for _, c := range []struct{ name, want string }{
			{"revoked", "400 session.not_found interaction session not found"},
			{"suspended and back", "400 session.not_found interaction session not found"},
			{"password replaced", "400 session.not_found authorization request has expired"},
		} {
			b.authorize()
			target := b.signIn(spa, alice)
			s.clock.Advance(time.Second)
			switch c.name {
			case "suspended and back":
				s.tx(update(user.Patch{IsSuspended: &suspended}))
				s.tx(func(tx *db.Tx) error { return token.RevokeUser(s.ctx, tx, s.now(), alice) })
				s.tx(update(user.Patch{IsSuspended: &active}))
			case "revoked":
				s.tx(func(tx *db.Tx) error { return token.RevokeUser(s.ctx, tx, s.now(), alice) })
			case "password replaced":
				s.tx(update(user.Patch{PasswordHash: &hash}))
			}
			if got := b.get(target).failure(t); got != c.want {
				t.Errorf("%s: %s", c.name, got)
			}
		}
		if s.count("sessions", "true")+s.count("grants", "true")+s.count("authorization_codes", "true") != 0 {
			t.Error("somebody was signed in")
		}
		b.authorize()
		other := b.signIn(spa, bob)
		s.tx(func(tx *db.Tx) error { return token.RevokeUser(s.ctx, tx, s.now(), alice) })
		if b.follow(other).location(t).Query().Get("code") == "" {
			t.Error("somebody else was locked out too")
		}
	})
}

// A password that is set in the course of signing in is the one of the sign-in.
func TestResume_PasswordSetBySigningIn(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		hash := "$argon2id$chosen"
		b.authorize()
		s.tx(func(tx *db.Tx) error {
			_, err := user.Update(s.ctx, tx, s.now(), alice, user.Patch{PasswordHash: &hash})
			return err
		})
		if b.follow(b.signIn(spa, alice)).location(t).Query().Get("code") == "" {
			t.Error("got no code")
		}
	})
}

func TestResume_Soon(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorize()
		target := b.signIn(spa, alice)
		s.clock.Advance(2 * time.Minute)
		if got := b.get(target).failure(t); got != "400 session.not_found authorization request has expired" {
			t.Errorf("late: %s", got)
		}
		if s.count("sessions", "true") != 0 {
			t.Error("the person was signed in")
		}
		b.authorize()
		target = b.signIn(spa, alice)
		s.clock.Advance(2*time.Minute - time.Millisecond)
		if b.follow(target).location(t).Query().Get("code") == "" {
			t.Error("a slow network got no code")
		}
	})
}

// Whoever signs out while other tabs come back gets no errors, and no code outlives
// the session.
func TestAuthorize_RacesWithSigningOut(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		for range 15 {
			b.authorized(alice, "scope", "openid offline_access", "prompt", "login consent")
			page := b.endSession(nil)
			var group sync.WaitGroup
			for range 4 {
				tab := &browser{provider: s, jar: maps.Clone(b.jar)}
				group.Go(func() {
					if a := tab.authorize("scope", "openid"); a.StatusCode != http.StatusSeeOther {
						t.Errorf("a tab got %d %s", a.StatusCode, a.body)
					}
				})
			}
			group.Go(func() { (&browser{provider: s, jar: maps.Clone(b.jar)}).confirm(page) })
			group.Wait()
			if s.count("session_clients", "true")+s.count("sessions", "true") != 0 {
				t.Fatal("the session lives on")
			}
		}
	})
}
