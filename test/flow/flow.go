// Package flow speaks to a running server as a program does: it registers
// people, signs them in, adds security keys, and keeps the tokens, all over the
// published APIs. Benchmarks and fault tests drive the product with it.
package flow

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"signet/internal/mfa/softkey"
)

// ClientID is the built-in application that may use the Account API, as which everybody
// signs in.
const ClientID = "account-center"

// Browser is one person's browser: its cookies belong to one server.
type Browser struct {
	// Base is the endpoint of the server, without a slash at the end.
	Base string
	// Address is where the browser claims to be, for servers that believe it of
	// a proxy; limits count by it.
	Address string
	// Requests counts what the browser has sent.
	Requests int

	http *http.Client
}

// New opens a browser without cookies. transport may be shared by browsers and
// keeps connections open; nil uses one of its own.
func New(base string, transport http.RoundTripper) *Browser {
	jar, _ := cookiejar.New(nil)
	return &Browser{Base: base, http: &http.Client{
		Jar: jar, Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Tokens are the answer of the token endpoint.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

// Refusal is an answer that is no success.
type Refusal struct {
	Status int
	Body   string
}

func (r *Refusal) Error() string { return fmt.Sprintf("status %d: %.300s", r.Status, r.Body) }

// Has tells refusals apart by the error code in their body.
func (r *Refusal) Has(code string) bool { return strings.Contains(r.Body, `"`+code+`"`) }

// ErrSubmitted is wrapped by errors that came after the server had acknowledged
// the interaction: the account exists, or the person is signed in, but the
// tokens did not arrive.
var ErrSubmitted = errors.New("submitted")

// Register creates a person who signs in with a password.
func (b *Browser) Register(ctx context.Context, username, password string) (Tokens, error) {
	return b.walk(ctx, func() error {
		if err := b.api(ctx, http.MethodPut, "/api/experience", "", map[string]any{"interactionEvent": "Register"}, nil); err != nil {
			return err
		}
		var made struct {
			VerificationID string `json:"verificationId"`
		}
		err := b.api(ctx, http.MethodPost, "/api/experience/verification/new-password-identity", "", map[string]any{
			"identifier": map[string]string{"type": "username", "value": username}, "password": password,
		}, &made)
		if err != nil {
			return err
		}
		return b.api(ctx, http.MethodPost, "/api/experience/identification", "", made, nil)
	}, nil)
}

// SignIn signs a person in, with the key if the server asks for one.
func (b *Browser) SignIn(ctx context.Context, username, password string, key *softkey.Key) (Tokens, error) {
	return b.walk(ctx, func() error {
		if err := b.api(ctx, http.MethodPut, "/api/experience", "", map[string]any{"interactionEvent": "SignIn"}, nil); err != nil {
			return err
		}
		var made struct {
			VerificationID string `json:"verificationId"`
		}
		err := b.api(ctx, http.MethodPost, "/api/experience/verification/password", "", map[string]any{
			"identifier": map[string]string{"type": "username", "value": username}, "password": password,
		}, &made)
		if err != nil {
			return err
		}
		return b.api(ctx, http.MethodPost, "/api/experience/identification", "", made, nil)
	}, key)
}

// walk goes from the authorization request through the interaction to tokens.
func (b *Browser) walk(ctx context.Context, identify func() error, key *softkey.Key) (Tokens, error) {
	verifier := rand.Text() + rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	redirect := b.Base + "/account"
	_, err := b.follow(ctx, b.Base+"/oidc/auth?"+url.Values{
		"client_id": {ClientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "prompt": {"consent"},
		"scope": {"openid offline_access profile identities"}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode(), b.Base+"/sign-in")
	if err != nil {
		return Tokens{}, fmt.Errorf("authorize: %w", err)
	}
	if err := identify(); err != nil {
		return Tokens{}, fmt.Errorf("identify: %w", err)
	}
	var submitted struct {
		RedirectTo string `json:"redirectTo"`
	}
	err = b.api(ctx, http.MethodPost, "/api/experience/submit", "", nil, &submitted)
	if refusal, ok := err.(*Refusal); ok && key != nil && refusal.Has("session.mfa.require_mfa_verification") {
		if err = b.prove(ctx, key); err == nil {
			err = b.api(ctx, http.MethodPost, "/api/experience/submit", "", nil, &submitted)
		}
	}
	if err != nil {
		return Tokens{}, fmt.Errorf("submit: %w", err)
	}
	callback, err := b.follow(ctx, submitted.RedirectTo, redirect+"?")
	if err != nil {
		return Tokens{}, fmt.Errorf("%w: resume: %w", ErrSubmitted, err)
	}
	tokens, err := b.token(ctx, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {ClientID}, "redirect_uri": {redirect},
		"code": {callback.Query().Get("code")}, "code_verifier": {verifier},
	})
	if err != nil {
		return Tokens{}, fmt.Errorf("%w: token: %w", ErrSubmitted, err)
	}
	return tokens, nil
}

// prove answers the second factor of a sign-in.
func (b *Browser) prove(ctx context.Context, key *softkey.Key) error {
	var asked struct {
		VerificationID string          `json:"verificationId"`
		Options        json.RawMessage `json:"authenticationOptions"`
	}
	if err := b.api(ctx, http.MethodPost, "/api/experience/verification/web-authn/authentication", "", nil, &asked); err != nil {
		return err
	}
	answer, err := key.TryGet(b.origin(), asked.Options)
	if err != nil {
		return err
	}
	return b.api(ctx, http.MethodPost, "/api/experience/verification/web-authn/authentication/verify", "",
		map[string]any{"verificationId": asked.VerificationID, "payload": answer}, nil)
}

// AddKey registers a security key with the account of the access token.
func (b *Browser) AddKey(ctx context.Context, access, password, name string, key *softkey.Key) error {
	var proof, registration struct {
		ID      string          `json:"verificationRecordId"`
		Options json.RawMessage `json:"registrationOptions"`
	}
	if err := b.api(ctx, http.MethodPost, "/api/verifications/password", access, map[string]string{"password": password}, &proof); err != nil {
		return err
	}
	if err := b.api(ctx, http.MethodPost, "/api/verifications/web-authn/registration", access, nil, &registration); err != nil {
		return err
	}
	answer, err := key.TryCreate(b.origin(), registration.Options)
	if err != nil {
		return err
	}
	err = b.api(ctx, http.MethodPost, "/api/verifications/web-authn/registration/verify", access,
		map[string]any{"verificationRecordId": registration.ID, "payload": answer}, nil)
	if err != nil {
		return err
	}
	return b.api(ctx, http.MethodPost, "/api/my-account/mfa-verifications", access,
		map[string]string{"type": "WebAuthn", "newIdentifierVerificationRecordId": registration.ID, "name": name}, nil,
		"logto-verification-id", proof.ID)
}

// Keys lists the names of the account's keys.
func (b *Browser) Keys(ctx context.Context, access string) ([]string, error) {
	var list []struct{ Name string }
	if err := b.api(ctx, http.MethodGet, "/api/my-account/mfa-verifications", access, nil, &list); err != nil {
		return nil, err
	}
	var names []string
	for _, k := range list {
		names = append(names, k.Name)
	}
	return names, nil
}

// Refresh spends a refresh token.
func (b *Browser) Refresh(ctx context.Context, refresh string) (Tokens, error) {
	return b.token(ctx, url.Values{"grant_type": {"refresh_token"}, "client_id": {ClientID}, "refresh_token": {refresh}})
}

// Userinfo reads the claims of the access token.
func (b *Browser) Userinfo(ctx context.Context, access string) (map[string]any, error) {
	var claims map[string]any
	return claims, b.api(ctx, http.MethodGet, "/oidc/me", access, nil, &claims)
}

// Get fetches a path and throws the answer away.
func (b *Browser) Get(ctx context.Context, path string) error {
	return b.api(ctx, http.MethodGet, path, "", nil, nil)
}

func (b *Browser) token(ctx context.Context, form url.Values) (Tokens, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.Base+"/oidc/token", strings.NewReader(form.Encode()))
	if err != nil {
		return Tokens{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var tokens Tokens
	return tokens, b.send(req, &tokens)
}

// api calls a JSON operation. headers are pairs.
func (b *Browser) api(ctx context.Context, method, path, access string, in, out any, headers ...string) error {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, b.Base+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if access != "" {
		req.Header.Set("Authorization", "Bearer "+access)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return b.send(req, out)
}

func (b *Browser) do(req *http.Request) (*http.Response, error) {
	b.Requests++
	if b.Address != "" {
		req.Header.Set("X-Forwarded-For", b.Address)
	}
	return b.http.Do(req)
}

func (b *Browser) send(req *http.Request, out any) error {
	res, err := b.do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return &Refusal{res.StatusCode, string(body)}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(body, out)
}

// follow fetches a URL and its redirects until one leads to an address that
// begins with stop, which is returned unfetched.
func (b *Browser) follow(ctx context.Context, from, stop string) (*url.URL, error) {
	const maxHops = 10
	for range maxHops {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept", "text/html")
		res, err := b.do(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		_ = res.Body.Close()
		if err != nil {
			return nil, err
		}
		location, err := res.Location()
		if err != nil {
			return nil, &Refusal{res.StatusCode, string(body)}
		}
		if strings.HasPrefix(location.String(), stop) {
			return location, nil
		}
		from = location.String()
	}
	return nil, fmt.Errorf("more than %d redirects, last to %s", maxHops, from)
}

func (b *Browser) origin() string {
	base, err := url.Parse(b.Base)
	if err != nil {
		return b.Base
	}
	return base.Scheme + "://" + base.Host
}
