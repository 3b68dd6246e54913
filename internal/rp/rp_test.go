package rp_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/rp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// world is one tenant with one person and a party whose codes are redeemed by
// the test.
type world struct {
	t      *testing.T
	ctx    context.Context
	tenant *tenant.Tenant
	clock  *clock.Fake
	party  *rp.Party
	user   *user.User
	uid    string
	// redeemed counts the codes that reached the token endpoint, nonce is what
	// the ID token says.
	redeemed int
	nonce    string
	cookies  map[string]*http.Cookie
}

func setup(t *testing.T, p *db.Pool) *world {
	t.Helper()
	return setupNamed(t, p, "robin")
}

func setupNamed(t *testing.T, p *db.Pool, username string) *world {
	t.Helper()
	ring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	endpoint, _ := url.Parse("https://id.example/auth")
	w := &world{
		t: t, tenant: tenant.New("default", endpoint, p), cookies: map[string]*http.Cookie{},
		clock: clock.NewFake(time.UnixMilli(1_800_000_000_000)),
	}
	w.ctx = tenant.With(context.Background(), w.tenant)
	w.party = &rp.Party{
		ClientID: "account-center", Home: "/account", Scope: "openid", Clock: w.clock.Now, Keyring: ring, Redeem: w.redeem,
	}
	w.signIn(username)
	return w
}

// signIn makes a person with an OIDC session; the next code is theirs.
func (w *world) signIn(username string) {
	w.t.Helper()
	now := w.clock.Now().UnixMilli()
	err := w.tenant.DB.Tx(w.ctx, func(tx *db.Tx) error {
		u, err := user.Create(w.ctx, tx, now, user.New{Username: username})
		if err != nil {
			return err
		}
		s, _, err := token.StartSession(w.ctx, tx, now, time.Hour)
		if err != nil {
			return err
		}
		w.user, w.uid = u, s.UID
		_, err = token.LoginSession(w.ctx, tx, now, s, token.Login{UserID: u.ID})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) redeem(_ context.Context, _, code, verifier, redirectURI string) (*rp.Redeemed, error) {
	w.redeemed++
	if code != "good" || len(verifier) < 43 || redirectURI != "https://id.example/auth/account" {
		w.t.Errorf("redeemed %q %q %q", code, verifier, redirectURI)
	}
	claims, _ := json.Marshal(map[string]string{"sub": w.user.ID, "nonce": w.nonce})
	return &rp.Redeemed{UserID: w.user.ID, SessionUID: w.uid, Claims: claims}, nil
}

func (w *world) request(path string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	for _, c := range w.cookies {
		r.AddCookie(c)
	}
	return r.WithContext(w.ctx)
}

func (w *world) take(rec *httptest.ResponseRecorder) {
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(w.cookies, c.Name)
			continue
		}
		w.cookies[c.Name] = c
	}
}

// begin starts a sign-in and returns the authorization request's parameters.
func (w *world) begin(returnPath string) url.Values {
	w.t.Helper()
	rec := httptest.NewRecorder()
	target, err := w.party.Begin(w.ctx, rec, returnPath, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.take(rec)
	u, _ := url.Parse(target)
	w.nonce = u.Query().Get("nonce")
	return u.Query()
}

func (w *world) complete(code, state, iss string) (string, error) {
	rec := httptest.NewRecorder()
	query := url.Values{"code": {code}, "state": {state}, "iss": {iss}}
	path, err := w.party.Complete(w.ctx, rec, w.request("/account?"+query.Encode()))
	w.take(rec)
	return path, err
}

func (w *world) current() *rp.Session {
	w.t.Helper()
	s, err := w.party.Current(w.ctx, w.request("/account"))
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

const issuer = "https://id.example/auth/oidc"

func TestParty_SignsInAndReturns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		request := w.begin("/account/passkeys/add?kind=key")
		for name, want := range map[string]string{
			"client_id": "account-center", "redirect_uri": "https://id.example/auth/account",
			"response_type": "code", "code_challenge_method": "S256", "scope": "openid",
		} {
			if got := request.Get(name); got != want {
				t.Errorf("%s = %q", name, got)
			}
		}
		path, err := w.complete("good", request.Get("state"), issuer)
		if err != nil || path != "/account/passkeys/add?kind=key" {
			t.Fatalf("%q %v", path, err)
		}
		s := w.current()
		if s == nil || s.UserID != w.user.ID || s.SessionUID != w.uid || s.SteppedUpAt != nil {
			t.Fatalf("session %+v", s)
		}
		c := w.cookies["_account_session"]
		if c.Path != "/auth/account" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %+v", c)
		}
	})
}

// Attacks 9 and 37: a code that this browser did not ask for is never redeemed.
func TestParty_ForeignStateIsNeverRedeemed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		request := w.begin("/account")
		state := request.Get("state")
		for name, c := range map[string]struct{ state, iss string }{
			"foreign state": {"attacker", issuer}, "no state": {"", issuer},
		} {
			if _, err := w.complete("good", c.state, c.iss); !errors.Is(err, rp.ErrForeignState) {
				t.Errorf("%s: %v", name, err)
			}
		}
		mine := w.cookies
		w.cookies = map[string]*http.Cookie{}
		if _, err := w.complete("good", state, issuer); !errors.Is(err, rp.ErrForeignState) {
			t.Errorf("another browser: %v", err)
		}
		w.cookies = mine
		if w.redeemed != 0 || w.current() != nil {
			t.Fatal("a foreign code was redeemed")
		}
		if _, err := w.complete("good", state, issuer); err != nil {
			t.Fatal(err)
		}
		if _, err := w.complete("good", state, issuer); !errors.Is(err, rp.ErrForeignState) {
			t.Errorf("replay: %v", err)
		}
	})
}

// RFC 9207: an answer of another issuer ends the sign-in.
func TestParty_RefusesAnotherIssuerOrNonce(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	request := w.begin("/account")
	if _, err := w.complete("good", request.Get("state"), "https://evil.example/oidc"); !errors.Is(err, rp.ErrForeignState) || w.redeemed != 0 {
		t.Errorf("issuer: %v", err)
	}
	request = w.begin("/account")
	w.nonce = "other"
	if _, err := w.complete("good", request.Get("state"), issuer); !errors.Is(err, rp.ErrForeignState) || w.current() != nil {
		t.Errorf("nonce: %v", err)
	}
}

// Attack 5: a return path leads nowhere but to the party's own pages.
func TestParty_ReturnPathStaysAtHome(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	for _, path := range []string{
		"https://evil.example/", "//evil.example/account", "/sign-in", "/accountant", "/account/../sign-in", "/account//evil",
		"/account/\\evil", "javascript:alert(1)", "/account/\nx", "/account/" + strings.Repeat("a", 4096), "",
	} {
		request := w.begin(path)
		got, err := w.complete("good", request.Get("state"), issuer)
		if err != nil || got != "/account" {
			t.Errorf("%q led to %q, %v", path, got, err)
		}
	}
}

// Attack 38 and ASVS 7.4.2: the page session ends with what it stands on.
func TestParty_SessionEndsWithItsFoundations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		yes := true
		for name, end := range map[string]func(w *world, tx *db.Tx, now int64) error{
			"sign-out": func(w *world, tx *db.Tx, now int64) error { return token.EndSession(w.ctx, tx, now, w.uid) },
			"suspension": func(w *world, tx *db.Tx, now int64) error {
				_, err := user.Update(w.ctx, tx, now, w.user.ID, user.Patch{IsSuspended: &yes})
				return err
			},
			"revocation": func(w *world, tx *db.Tx, now int64) error { return token.RevokeUser(w.ctx, tx, now, w.user.ID) },
			"deletion":   func(w *world, tx *db.Tx, _ int64) error { return user.Delete(w.ctx, tx, w.user.ID) },
			"time": func(w *world, _ *db.Tx, _ int64) error {
				w.clock.Advance(time.Hour + time.Millisecond)
				return nil
			},
		} {
			t.Run(name, func(t *testing.T) {
				w := setupNamed(t, p, strings.ReplaceAll(name, "-", "_"))
				request := w.begin("/account")
				if _, err := w.complete("good", request.Get("state"), issuer); err != nil || w.current() == nil {
					t.Fatal(err)
				}
				now := w.clock.Now().UnixMilli()
				if err := w.tenant.DB.Tx(w.ctx, func(tx *db.Tx) error { return end(w, tx, now) }); err != nil {
					t.Fatal(err)
				}
				if w.current() != nil {
					t.Error("the page session lives on")
				}
			})
		}
	})
}

func TestParty_AnotherPartysCookieOpensNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	request := w.begin("/account")
	if _, err := w.complete("good", request.Get("state"), issuer); err != nil {
		t.Fatal(err)
	}
	demo := *w.party
	demo.ClientID, demo.Home = "demo-app", "/demo-app"
	stolen := *w.cookies["_account_session"]
	stolen.Name = "_demo-app_session"
	w.cookies[stolen.Name] = &stolen
	if s, err := demo.Current(w.ctx, w.request("/demo-app")); s != nil || err != nil {
		t.Errorf("got %v %v", s, err)
	}
	first, second := w.current(), w.current()
	if w.party.CSRF(first) != w.party.CSRF(second) || w.party.CSRF(first) == demo.CSRF(first) {
		t.Error("the form token is not the session's own")
	}
}

func TestParty_StepUpAndSignOut(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	request := w.begin("/account")
	if _, err := w.complete("good", request.Get("state"), issuer); err != nil {
		t.Fatal(err)
	}
	s := w.current()
	now := w.clock.Now().UnixMilli()
	if err := rp.SaveStepUp(w.ctx, w.tenant.DB, now, s, "record-1"); err != nil {
		t.Fatal(err)
	}
	if again := w.current(); again.VerificationID == nil || *again.VerificationID != "record-1" || *again.SteppedUpAt != now {
		t.Errorf("step-up %+v", again)
	}
	rec := httptest.NewRecorder()
	if err := w.party.End(w.ctx, rec, s); err != nil {
		t.Fatal(err)
	}
	if w.current() != nil {
		t.Error("still signed in")
	}
	want := "/auth/oidc/session/end?client_id=account-center"
	if got := w.party.SignOutURL(w.ctx); got != want {
		t.Errorf("sign-out %s", got)
	}
	want += "&post_logout_redirect_uri=https%3A%2F%2Fid.example%2Fauth%2Faccount"
	if got := w.party.SignOutHomeURL(w.ctx); got != want {
		t.Errorf("sign-out %s", got)
	}
}
