package conformance_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/apptest"
)

// claims are the payload of an ID token whose signature and standing claims are
// in order.
type claims map[string]any

// number returns a claim that is epoch seconds, 0 if there is none.
func (c claims) number(name string) int64 {
	n, _ := c[name].(float64)
	return int64(n)
}

// basic and post are the ways in which a client may send its secret.
const (
	basic = "client_secret_basic"
	post  = "client_secret_post"
)

// token calls the token endpoint for a client, which authenticates by method.
func (r *run) token(c *apptest.Client, method string, form url.Values) *apptest.Answer {
	r.Helper()
	var headers []string
	if method == post {
		form.Set("client_id", c.ID)
		form.Set("client_secret", c.Secret)
	} else {
		request := &http.Request{Header: http.Header{}}
		request.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
		headers = []string{"Authorization", request.Header.Get("Authorization")}
	}
	return apptest.Do(r, &http.Client{Timeout: 30 * time.Second}, http.MethodPost, r.app.URL+"/oidc/token", form.Encode(), headers...)
}

// exchange redeems a code of the first client. pairs are further parameters.
func (r *run) exchange(code string, pairs ...string) *apptest.Answer {
	r.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.party.callback()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return r.token(r.client, basic, form)
}

// granted checks a token response (OpenID Connect Core section 3.1.3.3) and
// returns its tokens and the claims of the ID token.
func (r *run) granted(a *apptest.Answer, c *apptest.Client, wantNonce string) (apptest.Tokens, claims) {
	r.Helper()
	var tokens struct {
		apptest.Tokens

		Type      string `json:"token_type"`
		ExpiresIn int64  `json:"expires_in"`
	}
	if a.StatusCode != http.StatusOK {
		r.Fatalf("no tokens: %d %s", a.StatusCode, a.Text)
	}
	a.JSON(r, &tokens)
	switch {
	case !strings.EqualFold(tokens.Type, "Bearer"), tokens.Access == "", tokens.ID == "", tokens.ExpiresIn <= 0:
		r.Errorf("the token response is %s", a.Text)
	case !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json"), !strings.Contains(a.Header.Get("Cache-Control"), "no-store"):
		r.Errorf("the token response has the headers %v", a.Header)
	}
	return tokens.Tokens, r.verify(tokens.ID, c, wantNonce)
}

// redeem exchanges a code for tokens, and sees that they work at userinfo.
func (r *run) redeem(code string) (apptest.Tokens, claims) {
	r.Helper()
	tokens, id := r.granted(r.exchange(code), r.client, nonce)
	r.userinfo(tokens.Access)
	return tokens, id
}

// signIn runs an authorization from the request to userinfo.
func (r *run) signIn(pairs ...string) (apptest.Tokens, claims) {
	r.Helper()
	return r.redeem(r.code(pairs...))
}

// verify checks an ID token as OpenID Connect Core section 3.1.3.7 tells clients
// to: RS256 with a key that the issuer publishes, from it, for the client, of now.
func (r *run) verify(raw string, c *apptest.Client, wantNonce string) claims {
	r.Helper()
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		r.Fatalf("the ID token is no RS256 JWT: %v", err)
	}
	kid := signed.Signatures[0].Header.KeyID
	keys := r.keys().Key(kid)
	if kid == "" || len(keys) != 1 {
		r.Fatalf("%d published keys are called %q", len(keys), kid)
	}
	payload, err := signed.Verify(keys[0].Key)
	if err != nil {
		r.Fatalf("the ID token's signature: %v", err)
	}
	id := claims{}
	if err := json.Unmarshal(payload, &id); err != nil {
		r.Fatal(err)
	}
	now := r.app.Clock.Now().Unix()
	gotNonce, _ := id["nonce"].(string)
	_, hasNonce := id["nonce"]
	switch {
	case id["iss"] != r.app.URL+"/oidc", id["aud"] != c.ID, id["sub"] != r.user.ID:
		r.Errorf("the ID token is from %v for %v about %v", id["iss"], id["aud"], id["sub"])
	case id.number("iat") > now, id.number("iat") < now-60, id.number("exp") <= now, id.number("exp") > now+86400:
		r.Errorf("the ID token is of %v to %v, now is %d", id["iat"], id["exp"], now)
	case gotNonce != wantNonce, hasNonce != (wantNonce != ""):
		r.Errorf("the ID token has the nonce %q", gotNonce)
	}
	// The code flow may leave out at_hash and azp, and we do; null is no value.
	for name, value := range id {
		if value == nil || slices.Contains([]string{"at_hash", "azp"}, name) {
			r.Errorf("the ID token says %s: %v", name, value)
		}
	}
	return id
}

func (r *run) keys() *jose.JSONWebKeySet {
	r.Helper()
	var set jose.JSONWebKeySet
	r.browser.Do("GET", "/oidc/jwks", "").JSON(r, &set)
	return &set
}

// userinfo reads the claims of an access token, which must be about the user.
func (r *run) userinfo(access string) claims {
	r.Helper()
	return r.about(r.bearer("GET", access))
}

// bearer calls the userinfo endpoint with a token in the header.
func (r *run) bearer(method, access string) *apptest.Answer {
	r.Helper()
	return apptest.Do(r, &http.Client{Timeout: 30 * time.Second}, method, r.app.URL+"/oidc/me", "", "Authorization", "Bearer "+access)
}

// about checks a userinfo response (OpenID Connect Core section 5.3.2).
func (r *run) about(a *apptest.Answer) claims {
	r.Helper()
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		r.Fatalf("userinfo: %d %s %s", a.StatusCode, a.Header.Get("Content-Type"), a.Text)
	}
	got := claims{}
	a.JSON(r, &got)
	if got["sub"] != r.user.ID {
		r.Errorf("userinfo is about %v", got["sub"])
	}
	for name, value := range got {
		if value == nil || value == "" {
			r.Errorf("the claim %s is %v", name, value)
		}
	}
	return got
}

// unauthorized fails the test unless an access token has become worth nothing.
func (r *run) unauthorized(access string) {
	r.Helper()
	a := r.bearer("GET", access)
	if a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
		r.Errorf("the access token still works: %d %s %q", a.StatusCode, a.Text, a.Header.Get("WWW-Authenticate"))
	}
}

// invalidGrant fails the test unless a token request was refused as such.
func (r *run) invalidGrant(a *apptest.Answer) {
	r.Helper()
	if a.StatusCode != http.StatusBadRequest || a.String("error") != "invalid_grant" || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
		r.Errorf("not refused as an invalid grant: %d %s %v", a.StatusCode, a.Text, a.Header)
	}
}
