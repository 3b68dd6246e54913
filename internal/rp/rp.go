// Package rp signs people in to the pages that Signet hosts for itself: the
// account center and the demo application. Each is a relying party of a
// built-in client that uses the authorization code flow with PKCE like any
// other application (OpenID Connect Core section 3.1), only that it runs in the
// same process and redeems its code by a function call.
//
// State, code verifier, nonce and return path lie in a row that is bound to a
// pre-login cookie; success creates a page session with a cookie of its own.
// Every request checks page session, OIDC session and person anew, and these
// cookies open pages only: the APIs take bearer tokens.
package rp

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/tenant"
)

const (
	loginLifetime   = time.Hour
	sessionLifetime = 14 * 24 * time.Hour

	// maxReturnPath bounds a return path in bytes.
	maxReturnPath = 4096
)

// ErrForeignState says that an answer does not belong to a sign-in that this
// browser began. Nothing was redeemed; signing in again helps.
var ErrForeignState = errs.New(400, "session.not_found")

// Redeemed is what a code was worth.
type Redeemed struct {
	UserID     string
	SessionUID string
	// Claims is the payload of the ID token.
	Claims json.RawMessage
}

// Redeem exchanges a code at the token endpoint's rules.
type Redeem func(ctx context.Context, clientID, code, verifier, redirectURI string) (*Redeemed, error)

// Party is one hosted relying party.
type Party struct {
	// ClientID is its built-in client.
	ClientID string
	// Home is its path below the endpoint, which is also its redirect URI.
	Home string
	// Scope is what it asks for.
	Scope string

	Clock   clock.Clock
	Keyring *crypt.Keyring
	Limiter *sentinel.Limiter
	Redeem  Redeem
}

// Session is a person who is signed in to the pages of a party.
type Session struct {
	UserID     string
	SessionUID string
	Claims     json.RawMessage
	CreatedAt  int64
	// VerificationID is the record of the last step-up, StepUpAt its time.
	VerificationID *string
	SteppedUpAt    *int64

	idHash []byte
}

// CSRF returns the token that every form of this session carries.
func (p *Party) CSRF(s *Session) string {
	mac := p.Keyring.MAC("csrf", p.ClientID, base64.RawURLEncoding.EncodeToString(s.idHash))
	return base64.RawURLEncoding.EncodeToString(mac)
}

// Begin starts a sign-in and returns the URL at which the browser continues.
// returnPath is where the person goes afterwards, below the party's home; extra
// parameters are added to the authorization request. It is sentinel.ErrRateLimited
// for an address that begins too often.
func (p *Party) Begin(ctx context.Context, w http.ResponseWriter, returnPath string, extra url.Values) (string, error) {
	t := tenant.From(ctx)
	err := p.Limiter.AllowAddress(ctx, t.DB, p.Clock, "sign-in of "+p.ClientID, web.Info(ctx).IP, sentinel.Authorization)
	if err != nil {
		return "", err
	}
	cookie, state, nonce, verifier := ids.Token(), ids.Token(), ids.Token(), ids.Token()
	l := login{
		CodeVerifierSealed: p.Keyring.Seal([]byte(verifier), "account_logins", "code_verifier_sealed", t.ID, sealID(cookie)),
		ReturnPath:         p.within(returnPath),
	}
	expiresAt := p.Clock.Millis() + loginLifetime.Milliseconds()
	if err := insertLogin(ctx, t.DB, p.ClientID, cookie, state, nonce, l, expiresAt); err != nil {
		return "", err
	}
	c := t.NewCookie(p.loginCookie(), cookie, p.Home)
	c.MaxAge = int(loginLifetime.Seconds())
	http.SetCookie(w, c)
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"client_id": {p.ClientID}, "redirect_uri": {p.redirectURI(t)}, "response_type": {"code"}, "scope": {p.Scope},
		"state": {state}, "nonce": {nonce},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	for key, values := range extra {
		query[key] = values
	}
	return t.Path("/oidc/auth") + "?" + query.Encode(), nil
}

// Complete redeems the code of an answer and creates the page session. It
// returns the path at which the person continues.
func (p *Party) Complete(ctx context.Context, w http.ResponseWriter, r *http.Request) (string, error) {
	t := tenant.From(ctx)
	now := p.Clock.Millis()
	cookie, err := r.Cookie(t.Cookie(p.loginCookie()))
	if err != nil {
		return "", ErrForeignState
	}
	query := r.URL.Query()
	l, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*login, error) {
		return consumeLogin(ctx, tx, now, p.ClientID, cookie.Value, query.Get("state"))
	})
	if err != nil {
		return "", err
	}
	if l == nil || query.Get("iss") != t.Issuer() {
		return "", ErrForeignState
	}
	verifier, err := p.Keyring.Open(l.CodeVerifierSealed, "account_logins", "code_verifier_sealed", t.ID, sealID(cookie.Value))
	if err != nil {
		return "", err
	}
	redeemed, err := p.Redeem(ctx, p.ClientID, query.Get("code"), string(verifier), p.redirectURI(t))
	if err != nil {
		return "", err
	}
	if !nonceMatches(redeemed.Claims, l.NonceHash) {
		return "", ErrForeignState
	}
	if err := p.createSession(ctx, w, r, now, redeemed); err != nil {
		return "", err
	}
	return l.ReturnPath, nil
}

// createSession replaces the page session of this browser, if any.
func (p *Party) createSession(ctx context.Context, w http.ResponseWriter, r *http.Request, now int64, redeemed *Redeemed) error {
	t := tenant.From(ctx)
	old, err := p.Current(ctx, r)
	if err != nil {
		return err
	}
	cookie := ids.Token()
	s := &Session{UserID: redeemed.UserID, SessionUID: redeemed.SessionUID, Claims: redeemed.Claims, CreatedAt: now}
	err = t.DB.Tx(ctx, func(tx *db.Tx) error {
		if old != nil {
			if err := deleteSession(ctx, tx, old); err != nil {
				return err
			}
		}
		return insertSession(ctx, tx, p.ClientID, cookie, s, now+sessionLifetime.Milliseconds())
	})
	if err != nil {
		return err
	}
	clearCookie(w, t, p.loginCookie(), p.Home)
	c := t.NewCookie(p.sessionCookie(), cookie, p.Home)
	c.MaxAge = int(sessionLifetime.Seconds())
	http.SetCookie(w, c)
	return nil
}

// Current returns the page session of the request, nil if there is none.
func (p *Party) Current(ctx context.Context, r *http.Request) (*Session, error) {
	t := tenant.From(ctx)
	cookie, err := r.Cookie(t.Cookie(p.sessionCookie()))
	if err != nil {
		return nil, nil
	}
	return sessionByCookie(ctx, t.DB, p.Clock.Millis(), p.ClientID, cookie.Value)
}

// End ends the page session; the OIDC session goes on until the end-session
// endpoint is visited.
func (p *Party) End(ctx context.Context, w http.ResponseWriter, s *Session) error {
	t := tenant.From(ctx)
	clearCookie(w, t, p.sessionCookie(), p.Home)
	return deleteSession(ctx, t.DB, s)
}

// SignOutURL returns where the browser ends the OIDC session (OpenID Connect
// RP-Initiated Logout 1.0 section 2), which then says that it has ended.
func (p *Party) SignOutURL(ctx context.Context) string {
	return tenant.From(ctx).Path("/oidc/session/end") + "?" + url.Values{"client_id": {p.ClientID}}.Encode()
}

// SignOutHomeURL is SignOutURL for a party whose home says itself that nobody is
// signed in.
func (p *Party) SignOutHomeURL(ctx context.Context) string {
	return p.SignOutURL(ctx) + "&" + url.Values{"post_logout_redirect_uri": {p.redirectURI(tenant.From(ctx))}}.Encode()
}

func (p *Party) redirectURI(t *tenant.Tenant) string { return t.URL(p.Home) }

func (p *Party) loginCookie() string   { return "_" + strings.TrimPrefix(p.Home, "/") + "_login" }
func (p *Party) sessionCookie() string { return "_" + strings.TrimPrefix(p.Home, "/") + "_session" }

// within keeps a return path below the party's home: an absolute URL, another
// page or a trick with slashes becomes the home itself.
func (p *Party) within(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || len(path) > maxReturnPath {
		return p.Home
	}
	if u.Path != p.Home && !strings.HasPrefix(u.Path, p.Home+"/") {
		return p.Home
	}
	if strings.Contains(u.Path, "//") || strings.Contains(u.Path, "..") || strings.ContainsAny(path, "\\\r\n\t") {
		return p.Home
	}
	return path
}

// sealID is the public name under which a login's verifier is sealed: the row's
// key, since the cookie itself is a secret.
func sealID(cookie string) string {
	return base64.RawURLEncoding.EncodeToString(crypt.Hash(cookie))
}

func nonceMatches(claims json.RawMessage, want []byte) bool {
	var payload struct {
		Nonce string `json:"nonce"`
	}
	if err := json.Unmarshal(claims, &payload); err != nil {
		return false
	}
	return crypt.Equal(crypt.Hash(payload.Nonce), want)
}

func clearCookie(w http.ResponseWriter, t *tenant.Tenant, name, path string) {
	c := t.NewCookie(name, "", path)
	c.MaxAge = -1
	http.SetCookie(w, c)
}
