package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// side is one of two tenants that share an origin. People and applications have
// the same ids in both, so that nothing but the tenant tells them apart.
type side struct {
	tenantID string
	client   *apptest.Client
	browser  *apptest.Browser
	tokens   apptest.Tokens
	access   string
	cookies  []*http.Cookie
}

const twin = "twin00000000"

// sides makes the same person and application in both tenants, each signed in,
// with an open sign-in and an account page.
func sides(t *testing.T, app *apptest.App) [2]*side {
	t.Helper()
	app.ChangeExperience(t, tenant.Admin, func(s *signinexp.Settings) { s.SignInMode = signinexp.ModeSignIn })
	var out [2]*side
	for i, endpoint := range []string{app.URL, app.AdminURL} {
		s := &side{tenantID: []string{tenant.Default, tenant.Admin}[i], browser: app.BrowserAt(t, endpoint)}
		app.CreateUserIn(t, s.tenantID, "robin", func(n *user.New) { n.ID = twin })
		s.client = app.CreateAppIn(t, s.tenantID, application.Application{ID: "twin-application00000"})
		s.access = s.browser.AccountToken(s.client, "robin")
		s.tokens = s.browser.Redeem(s.client, s.browser.Follow(s.browser.Authorize(s.client, "prompt", "consent", "scope", "openid offline_access").Header.Get("Location")))
		if page := s.browser.Visit("/account"); page.StatusCode != http.StatusOK || !strings.Contains(page.Text, "robin") {
			t.Fatalf("account page: %d %.300s", page.StatusCode, page.Text)
		}
		s.browser.Authorize(s.client, "prompt", "login")
		s.browser.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
		for _, path := range []string{"/", "/account"} {
			at, _ := url.Parse(endpoint + path)
			s.cookies = append(s.cookies, s.browser.Client.Jar.Cookies(at)...)
		}
		out[i] = s
	}
	return out
}

// forgedCookies are the cookies of a tenant, under its own names and under those
// of the other.
func (s *side) forgedCookies() string {
	var all []string
	for _, c := range s.cookies {
		for _, name := range []string{c.Name, plainName(c.Name), adminName(c.Name)} {
			all = append(all, name+"="+c.Value)
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "; ")
}

func plainName(name string) string { return strings.Replace(name, "_admin", "", 1) }

func adminName(name string) string {
	base, sig := strings.CutSuffix(plainName(name), ".sig")
	if sig {
		return base + "_admin.sig"
	}
	return base + "_admin"
}

// Tenants share an origin and no power.
func TestTenants_CookiesOfOneOpenNothingInTheOther(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		both := sides(t, app)
		for i, from := range both {
			at := both[1-i]
			stolen := from.forgedCookies()
			if !strings.Contains(stolen, "_session_admin=") || !strings.Contains(stolen, "_account_session=") {
				t.Fatalf("the attack carries too little: %q", stolen)
			}
			ask := func(path string) *apptest.Answer {
				return get(t, at.browser.Endpoint+path, "Cookie", stolen, "Accept", "text/html")
			}
			silent := ask(apptest.AuthorizeURL(at.client, "prompt", "none"))
			if !strings.Contains(silent.Header.Get("Location"), "error=login_required") {
				t.Errorf("%s session at %s: %d %s", from.tenantID, at.tenantID, silent.StatusCode, silent.Header.Get("Location"))
			}
			if a := ask("/api/experience/interaction"); a.StatusCode != http.StatusBadRequest || a.Code() != "session.not_found" {
				t.Errorf("%s interaction at %s: %d %s", from.tenantID, at.tenantID, a.StatusCode, a.Text)
			}
			for _, path := range []string{"/account", "/account/name", "/account/passkey/add"} {
				if a := ask(path); a.StatusCode != http.StatusSeeOther || !strings.Contains(a.Header.Get("Location"), "/oidc/auth?") {
					t.Errorf("%s account page at %s%s: %d %.200s", from.tenantID, at.tenantID, path, a.StatusCode, a.Text)
				}
			}
			if a := ask("/sign-in"); strings.Contains(a.Text, "<form") {
				t.Errorf("%s sign-in at %s: %d", from.tenantID, at.tenantID, a.StatusCode)
			}
			// The same cookies do open their own tenant.
			own := get(t, from.browser.Endpoint+"/account", "Cookie", stolen)
			if own.StatusCode != http.StatusOK {
				t.Errorf("%s: the attack would fail anywhere: %d", from.tenantID, own.StatusCode)
			}
		}
	})
}

func TestTenants_TokensOfOneAreWorthNothingInTheOther(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		both := sides(t, app)
		for i, from := range both {
			at := both[1-i]
			for _, path := range []string{"/oidc/me", "/api/my-account", "/api/my-account/sessions", "/api/my-account/mfa-verifications"} {
				for _, token := range []string{from.access, from.tokens.ID, from.tokens.Refresh} {
					if a := get(t, at.browser.Endpoint+path, "Authorization", "Bearer "+token); a.StatusCode != http.StatusUnauthorized {
						t.Errorf("%s token at %s%s: %d %s", from.tenantID, at.tenantID, path, a.StatusCode, a.Text)
					}
				}
			}
			before := app.Snapshot(t)
			refresh := at.browser.Token(at.client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {from.tokens.Refresh}})
			if refresh.StatusCode != http.StatusBadRequest || refresh.String("error") != "invalid_grant" {
				t.Errorf("%s refresh token at %s: %d %s", from.tenantID, at.tenantID, refresh.StatusCode, refresh.Text)
			}
			// Revoking a token that is not ours succeeds and does nothing (RFC 7009).
			send(t, http.MethodPost, at.browser.Endpoint+"/oidc/token/revocation", url.Values{"client_id": {at.client.ID}, "token": {from.access}}.Encode())
			before.Same(t, app.Snapshot(t))
			hint := at.browser.Do(http.MethodGet, "/oidc/session/end?"+url.Values{"id_token_hint": {from.tokens.ID}}.Encode(), "")
			if hint.StatusCode != http.StatusBadRequest {
				t.Errorf("%s ID token as a hint at %s: %d", from.tenantID, at.tenantID, hint.StatusCode)
			}
			if a := get(t, from.browser.Endpoint+"/oidc/me", "Authorization", "Bearer "+from.access); a.StatusCode != http.StatusOK {
				t.Errorf("%s: its own token: %d", from.tenantID, a.StatusCode)
			}
		}
	})
}

func TestTenants_CodesOfOneAreWorthNothingInTheOther(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		both := sides(t, app)
		for i, from := range both {
			at := both[1-i]
			redirect := from.browser.Follow(from.browser.Authorize(from.client).Header.Get("Location"))
			if redirect.Query().Get("iss") != from.browser.Endpoint+"/oidc" {
				t.Errorf("issuer of the answer: %s", redirect)
			}
			a := at.browser.Token(at.client, url.Values{
				"grant_type": {"authorization_code"}, "code": {redirect.Query().Get("code")},
				"redirect_uri": {at.client.Redirect()}, "code_verifier": {apptest.Verifier},
			})
			if a.StatusCode != http.StatusBadRequest || a.String("error") != "invalid_grant" {
				t.Errorf("%s code at %s: %d %s", from.tenantID, at.tenantID, a.StatusCode, a.Text)
			}
			from.browser.Redeem(from.client, redirect) // the attempt did not spend it
		}
	})
}

// Passkeys of both tenants belong to one relying party, since they share a
// host; the tenant is checked all the same.
func TestTenants_PasskeysOfOneAreUselessInTheOther(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		both := sides(t, app)
		keys := [2]*softkey.Key{softkey.New(), softkey.New()}
		for i, s := range both {
			s.browser.StepUp()
			s.browser.AddPasskey(keys[i])
		}
		for i, s := range both {
			app.ChangeExperience(t, s.tenantID, func(e *signinexp.Settings) {
				e.SignInMode, e.MFA.Factors, e.MFA.Policy = signinexp.ModeSignIn, []signinexp.Factor{signinexp.FactorWebAuthn}, signinexp.PolicyMandatory
			})
			b := app.BrowserAt(t, s.browser.Endpoint)
			b.Identify(s.client, "robin", apptest.Password)
			if a := b.VerifyPasskey(keys[1-i]); a.StatusCode < 400 || a.StatusCode >= 500 {
				t.Errorf("%s accepts the other tenant's key: %d %s", s.tenantID, a.StatusCode, a.Text)
			}
			if a := b.Experience(http.MethodPost, "/submit", ""); a.StatusCode != http.StatusForbidden || a.Code() != "session.mfa.require_mfa_verification" {
				t.Errorf("%s goes on without a key: %d %s", s.tenantID, a.StatusCode, a.Text)
			}
			if a := b.VerifyPasskey(keys[i]); a.StatusCode != http.StatusOK {
				t.Fatalf("%s refuses its own key: %d %s", s.tenantID, a.StatusCode, a.Text)
			}
			b.Redeem(s.client, b.Submit())
		}
	})
}

// A step-up in one tenant proves nothing in the other.
func TestTenants_StepUpOfOneIsUnknownInTheOther(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		both := sides(t, app)
		for i, from := range both {
			at := both[1-i]
			from.browser.StepUp()
			before := app.Snapshot(t)
			a := at.browser.Account(http.MethodPost, "/api/my-account/password", `{"password":"Green-Meadow-43"}`,
				"logto-verification-id", from.browser.StepUpID())
			if a.StatusCode < 400 || a.StatusCode >= 500 {
				t.Errorf("%s step-up at %s: %d %s", from.tenantID, at.tenantID, a.StatusCode, a.Text)
			}
			before.Same(t, app.Snapshot(t))
		}
	})
}
