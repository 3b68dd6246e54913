package apptest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Browser is a person's browser that speaks the JSON API where people would see
// pages: it asks an application's provider for a sign-in, takes the steps, and
// comes back to the application with a code. It keeps cookies.
type Browser struct {
	// Endpoint is the tenant's public URL.
	Endpoint string
	// Header is sent with every request.
	Header http.Header
	Client *http.Client

	t             testing.TB
	token, stepUp string
}

// Browser returns a fresh browser at the default tenant.
func (a *App) Browser(t testing.TB) *Browser { return a.BrowserAt(t, a.URL) }

// BrowserAt returns a fresh browser at the tenant of endpoint.
func (a *App) BrowserAt(t testing.TB, endpoint string) *Browser {
	t.Helper()
	return NewBrowser(t, endpoint)
}

// NewBrowser returns a fresh browser at any server, for example a process of its
// own.
func NewBrowser(t testing.TB, endpoint string) *Browser {
	t.Helper()
	return &Browser{Endpoint: endpoint, Client: newClient(t), Header: http.Header{}, t: t}
}

// Verifier is the PKCE verifier of every authorization request of a Browser.
const Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// Challenge is the S256 challenge of Verifier.
func Challenge() string {
	sum := sha256.Sum256([]byte(Verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Do requests a path of the tenant, or an absolute URL; see the function Do.
func (b *Browser) Do(method, path, body string, headers ...string) *Answer {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.Endpoint + path
	}
	for name, values := range b.Header {
		headers = append([]string{name, values[0]}, headers...)
	}
	return Do(b.t, b.Client, method, path, body, headers...)
}

// AuthorizeURL returns the path of an authorization request of an application.
// pairs change its parameters; an empty value removes one.
func AuthorizeURL(c *Client, pairs ...string) string {
	query := url.Values{
		"client_id": {c.ID}, "redirect_uri": {c.Redirect()}, "response_type": {"code"}, "scope": {"openid profile"},
		"state": {"st"}, "code_challenge": {Challenge()}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			query.Del(pairs[i])
		}
	}
	return "/oidc/auth?" + query.Encode()
}

// Authorize begins a sign-in and returns the answer, normally a redirect to the
// page that signs people in.
func (b *Browser) Authorize(c *Client, pairs ...string) *Answer {
	b.t.Helper()
	return b.Do(http.MethodGet, AuthorizeURL(c, pairs...), "")
}

// Experience calls the Experience API.
func (b *Browser) Experience(method, path, body string) *Answer {
	b.t.Helper()
	return b.Do(method, "/api/experience"+path, body)
}

// Step is Experience for a call that must succeed.
func (b *Browser) Step(method, path, body string) *Answer {
	b.t.Helper()
	a := b.Experience(method, path, body)
	if a.StatusCode >= 300 {
		b.t.Fatalf("%s /api/experience%s: %d %s", method, path, a.StatusCode, a.Text)
	}
	return a
}

// VerifyPassword posts a password and returns the answer.
func (b *Browser) VerifyPassword(username, password string) *Answer {
	b.t.Helper()
	return b.Experience(http.MethodPost, "/verification/password", quote(map[string]any{
		"identifier": map[string]string{"type": "username", "value": username}, "password": password,
	}))
}

// Identify signs the person in up to the point where only Submit is missing.
func (b *Browser) Identify(c *Client, username, password string, pairs ...string) {
	b.t.Helper()
	if a := b.Authorize(c, pairs...); a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("authorize: %d %s", a.StatusCode, a.Text)
	}
	b.Prove(username, password)
}

// Prove is Identify for a sign-in that has begun.
func (b *Browser) Prove(username, password string) {
	b.t.Helper()
	b.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
	a := b.VerifyPassword(username, password)
	if a.StatusCode != http.StatusOK {
		b.t.Fatalf("password: %d %s", a.StatusCode, a.Text)
	}
	b.Step(http.MethodPost, "/identification", quote(map[string]string{"verificationId": a.String("verificationId")}))
}

// SignIn signs a person in with a password and returns the redirect back to the
// application.
func (b *Browser) SignIn(c *Client, username, password string, pairs ...string) *url.URL {
	b.t.Helper()
	b.Identify(c, username, password, pairs...)
	return b.Submit()
}

// Register signs a person up with a username and a password and returns the
// redirect back to the application.
func (b *Browser) Register(c *Client, username, password string, pairs ...string) *url.URL {
	b.t.Helper()
	if a := b.Authorize(c, pairs...); a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("authorize: %d %s", a.StatusCode, a.Text)
	}
	b.Step(http.MethodPut, "", `{"interactionEvent":"Register"}`)
	b.Step(http.MethodPost, "/profile", quote(map[string]string{"type": "username", "value": username}))
	b.Step(http.MethodPost, "/profile", quote(map[string]string{"type": "password", "value": password}))
	b.Step(http.MethodPost, "/identification", "{}")
	return b.Submit()
}

// Submit completes the interaction and follows the redirects.
func (b *Browser) Submit() *url.URL {
	b.t.Helper()
	return b.Follow(b.Step(http.MethodPost, "/submit", "").String("redirectTo"))
}

// Follow requests target and what it redirects to until the browser is sent to
// another origin, whose URL it returns; an answer that is no redirect fails the
// test.
func (b *Browser) Follow(target string) *url.URL {
	b.t.Helper()
	at, err := url.Parse(b.Endpoint)
	if err != nil {
		b.t.Fatal(err)
	}
	origin := at.Scheme + "://" + at.Host
	for range 12 {
		next, err := at.Parse(target)
		if err != nil {
			b.t.Fatal(err)
		}
		if next.Scheme+"://"+next.Host != origin {
			return next
		}
		a := Do(b.t, b.Client, http.MethodGet, next.String(), "")
		if target = a.Header.Get("Location"); target == "" {
			b.t.Fatalf("%s leads nowhere: %d %s", next, a.StatusCode, a.Text)
		}
		at = next
	}
	b.t.Fatalf("redirects without end, last to %s", target)
	return nil
}

// Tokens are the answer of the token endpoint.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Scope   string `json:"scope"`
}

// Redeem exchanges the code of a redirect for tokens.
func (b *Browser) Redeem(c *Client, redirect *url.URL) Tokens {
	b.t.Helper()
	code := redirect.Query().Get("code")
	if code == "" {
		b.t.Fatalf("no code: %s", redirect)
	}
	return b.tokens(b.Token(c, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.Redirect()}, "code_verifier": {Verifier},
	}))
}

// Refresh uses a refresh token.
func (b *Browser) Refresh(c *Client, refreshToken string) Tokens {
	b.t.Helper()
	return b.tokens(b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}))
}

// Token calls the token endpoint as the application's own program would: from
// elsewhere, without the browser's cookies.
func (b *Browser) Token(c *Client, form url.Values) *Answer {
	b.t.Helper()
	form.Set("client_id", c.ID)
	if c.Secret != "" {
		form.Set("client_secret", c.Secret)
	}
	return Do(b.t, &http.Client{Timeout: b.Client.Timeout}, http.MethodPost, b.Endpoint+"/oidc/token", form.Encode())
}

func (b *Browser) tokens(a *Answer) (tokens Tokens) {
	b.t.Helper()
	if a.StatusCode != http.StatusOK {
		b.t.Fatalf("token: %d %s", a.StatusCode, a.Text)
	}
	a.JSON(b.t, &tokens)
	return tokens
}

// Cookie returns the value of a cookie that the browser would send to path, ""
// if there is none.
func (b *Browser) Cookie(path, name string) string {
	u, err := url.Parse(b.Endpoint + path)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.Client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// JSON reads the body into v.
func (a *Answer) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Text), v); err != nil {
		t.Fatalf("%s: %d %q: %v", a.Request.URL, a.StatusCode, a.Text, err)
	}
}

// String returns a property of a JSON object, "" if there is none.
func (a *Answer) String(property string) string {
	var object map[string]any
	if json.Unmarshal([]byte(a.Text), &object) != nil {
		return ""
	}
	text, _ := object[property].(string)
	return text
}

// Code returns the code of a JSON error.
func (a *Answer) Code() string { return a.String("code") }

func quote(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
