package conformance_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"signet/internal/apptest"
)

func codeFlow(r *run) {
	tokens, _ := r.signIn()
	r.asked(1)
	if tokens.Refresh != "" {
		r.Errorf("a refresh token without offline_access")
	}
}

func clientSecretPost(r *run) {
	code := r.code("client_id", r.second.ID)
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.party.callback()}}
	tokens, _ := r.granted(r.token(r.second, post, form), r.second, nonce)
	r.userinfo(tokens.Access)
}

func responseTypeMissing(r *run) {
	if got := r.refusal("response_type", ""); got != "invalid_request" {
		r.Errorf("refused as %s", got)
	}
}

// idTokenSignature finds the key by its name among several, as a client must.
func idTokenSignature(r *run) {
	if n := len(r.keys().Keys); n < 2 {
		r.Errorf("%d keys are published", n)
	}
	r.signIn()
}

// idTokenUnsigned asks for ID tokens without a signature, which the suite skips
// where they are not to be had.
func idTokenUnsigned(r *run) {
	var told struct {
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	r.browser.Do("GET", "/oidc/.well-known/openid-configuration", "").JSON(r, &told)
	if len(told.Algorithms) == 0 || slices.Contains(told.Algorithms, "none") {
		r.Errorf("discovery tells %q", told.Algorithms)
	}
	r.app.Refused(r.T, "PATCH /api/applications/"+r.client.ID+` {"customClientMetadata":{"idTokenSignedResponseAlg":"none"}} -> 400 guard.invalid_input`)
}

func userinfoGet(r *run) {
	tokens, _ := r.signIn()
	r.about(r.bearer(http.MethodGet, tokens.Access))
}

func userinfoPostHeader(r *run) {
	tokens, _ := r.signIn()
	r.about(r.bearer(http.MethodPost, tokens.Access))
}

func userinfoPostBody(r *run) {
	tokens, _ := r.signIn()
	body := url.Values{"access_token": {tokens.Access}}.Encode()
	r.about(apptest.Do(r, &http.Client{Timeout: 30 * time.Second}, http.MethodPost, r.app.URL+"/oidc/me", body))
}

func withoutNonce(r *run) {
	r.granted(r.exchange(r.code("nonce", "")), r.client, "")
}

// claimsOf are the claims of each scope (OpenID Connect Core section 5.4).
var claimsOf = map[string][]string{
	"openid": {"sub"},
	"profile": {
		"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
		"website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
	},
	"email":   {"email", "email_verified"},
	"address": {"address"},
	"phone":   {"phone_number", "phone_number_verified"},
}

// scope asks for scopes, whose claims userinfo must have, and none of others.
func scope(wanted string) func(*run) {
	return func(r *run) {
		tokens, _ := r.signIn("scope", wanted)
		got := r.userinfo(tokens.Access)
		for _, scope := range slices.Sorted(maps.Keys(claimsOf)) {
			asked := slices.Contains(strings.Fields(wanted), scope)
			for _, name := range claimsOf[scope] {
				if _, ok := got[name]; ok != asked {
					r.Errorf("%s by the scope %q: %v", name, wanted, got[name])
				}
			}
		}
		for name, value := range got {
			if want := kindOf(name); kind(value) != want {
				r.Errorf("%s is a %s: %v", name, kind(value), value)
			}
		}
	}
}

// kindOf is the JSON type of a standard claim (OpenID Connect Core section 5.1).
func kindOf(name string) string {
	switch name {
	case "email_verified", "phone_number_verified":
		return "boolean"
	case "updated_at", "created_at":
		return "number"
	case "address":
		return "object"
	}
	return "string"
}

func kind(value any) string {
	switch value.(type) {
	case bool:
		return "boolean"
	case float64:
		return "number"
	case map[string]any:
		return "object"
	case string:
		return "string"
	}
	return "something else"
}

// asking adds a parameter to a request, which must succeed.
func asking(name, value string) func(*run) {
	return func(r *run) {
		r.signIn(name, value)
		r.asked(1)
	}
}

func promptLogin(r *run) {
	r.signIn()
	first := r.authTime()
	r.app.Clock.Advance(2 * time.Second)
	r.signIn("prompt", "login")
	r.asked(2)
	if second := r.authTime(); second <= first {
		r.Errorf("signed in at %d, then at %d", first, second)
	}
}

// authTime asks, without the user, when they signed in.
func (r *run) authTime() int64 {
	r.Helper()
	_, id := r.signIn("prompt", "none", "max_age", "15000")
	return id.number("auth_time")
}

func promptNoneNotLoggedIn(r *run) {
	if got := r.refusal("prompt", "none"); got != "login_required" {
		r.Errorf("refused as %s", got)
	}
}

func promptNoneLoggedIn(r *run) {
	_, first := r.signIn("max_age", "15000")
	r.app.Clock.Advance(time.Second)
	_, second := r.signIn("prompt", "none", "max_age", "15000")
	r.asked(1)
	if first["sub"] != second["sub"] || first.number("auth_time") != second.number("auth_time") {
		r.Errorf("first %v, then %v", first, second)
	}
}

func maxAge1(r *run) {
	_, first := r.signIn("max_age", "15000")
	r.app.Clock.Advance(2 * time.Second)
	_, second := r.signIn("max_age", "1")
	r.asked(2)
	now := r.app.Clock.Now().Unix()
	if at := second.number("auth_time"); at <= first.number("auth_time") || at < now-1 || at > now {
		r.Errorf("signed in at %v, then at %v; now is %d", first["auth_time"], second["auth_time"], now)
	}
}

func maxAge10000(r *run) {
	_, first := r.signIn("max_age", "15000")
	r.app.Clock.Advance(2 * time.Second)
	_, second := r.signIn("max_age", "10000")
	r.asked(1)
	if at := first.number("auth_time"); at == 0 || at != second.number("auth_time") {
		r.Errorf("signed in at %v, then at %v", first["auth_time"], second["auth_time"])
	}
}

func idTokenHint(r *run) {
	tokens, first := r.signIn()
	_, second := r.signIn("prompt", "none", "id_token_hint", tokens.ID)
	r.asked(1)
	if first["sub"] != second["sub"] {
		r.Errorf("first %v, then %v", first["sub"], second["sub"])
	}
}

func loginHint(r *run) {
	r.signIn("login_hint", "buffy@example.com")
	if !strings.Contains(r.shown.Text, `value="buffy@example.com"`) {
		r.Errorf("the page does not know the hint: %s", r.shown.Text)
	}
}

// The suite asks for a language that the provider may not know; a known one must
// show.
func uiLocales(r *run) {
	r.signIn("ui_locales", "se")
	r.browser = r.start(r.T).browser
	r.signIn("ui_locales", "se de")
	if !strings.Contains(r.shown.Text, `<html lang="de"`) {
		r.Errorf("the page is not in German: %s", r.shown.Text)
	}
}

func codeReuse(r *run) {
	code := r.code()
	r.redeem(code)
	r.invalidGrant(r.exchange(code))
}

func codeReuseAfter30Seconds(r *run) {
	code := r.code()
	tokens, _ := r.redeem(code)
	r.app.Clock.Advance(30 * time.Second)
	r.userinfo(tokens.Access)
	r.invalidGrant(r.exchange(code))
	r.unauthorized(tokens.Access)
}

func registeredRedirectURI(r *run) {
	r.stopped("redirect_uri", r.party.callback()+"/unregistered")
}

func postRequest(r *run) {
	page := r.browser.Do(http.MethodPost, "/oidc/auth", r.request().Encode())
	r.redeem(r.brought(r.walk(r.browser.Then(page))))
	r.asked(1)
}

func refreshToken(r *run) {
	first, id := r.signIn("scope", "openid offline_access", "prompt", "consent")
	if first.Refresh == "" {
		r.Fatal("no refresh token")
	}
	form := func(token string) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	}
	r.invalidGrant(r.token(r.second, basic, form(first.Refresh)))
	r.app.Clock.Advance(2 * time.Second)
	second, fresh := r.granted(r.token(r.client, basic, form(first.Refresh)), r.client, nonce)
	r.userinfo(second.Access)
	if second.Access == first.Access || second.Refresh == "" {
		r.Errorf("refreshed: %+v", second)
	}
	if fresh.number("iat") <= id.number("iat") || fresh["auth_time"] != id["auth_time"] {
		r.Errorf("first %v, then %v", id, fresh)
	}
	r.invalidGrant(r.token(r.second, basic, form(second.Refresh)))
}

func validPKCE(r *run) {
	challenge := []string{"code_challenge", apptest.Challenge(), "code_challenge_method", "S256"}
	r.invalidGrant(r.exchange(r.code(challenge...)))
	r.invalidGrant(r.exchange(r.code(challenge...), "code_verifier", strings.Repeat("x", 43)))
	tokens, _ := r.granted(r.exchange(r.code(challenge...), "code_verifier", apptest.Verifier), r.client, nonce)
	r.userinfo(tokens.Access)
}
