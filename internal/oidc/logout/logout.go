// Package logout ends a browser's session at the request of an application
// (OpenID Connect RP-Initiated Logout 1.0), and tells applications that a session
// has ended, for whatever reason (OpenID Connect Back-Channel Logout 1.0). A
// request is checked and shown as a page whose form the browser posts back; only
// that post ends anything. The form carries the checked request, signed and bound
// to the browser's session, so that no other site can post it and nothing has to
// be stored.
package logout

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"signet/internal/audit"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// formTTL is how long a confirmation page may be left open.
const formTTL = time.Hour

// maxState bounds the state that comes back to the application.
const maxState = 4096

// signingName keeps form signatures apart from those of cookies.
const signingName = "session/end/confirm"

// Engine ends sessions.
type Engine struct {
	Clients *client.Directory
	Keys    *token.Keys
	Clock   clock.Clock
}

// Request is a checked request to sign out.
type Request struct {
	// ClientID is the application that asks, "" if it did not say.
	ClientID string `json:"client_id,omitempty"`
	// RedirectURI is one of the client's post-logout URIs, "" if it named none.
	RedirectURI string `json:"uri,omitempty"`
	State       string `json:"state,omitempty"`
	// ExpiresAt is epoch milliseconds.
	ExpiresAt int64 `json:"exp"`

	isUnvetted bool        // no operator has registered the client
	hint       *token.Hint // nil for none
}

// Target returns where the browser goes after the sign-out: the URI of the
// application with its state, or "" for the provider's own page.
func (rq *Request) Target() string {
	if rq.RedirectURI == "" || rq.State == "" {
		return rq.RedirectURI
	}
	separator := "?"
	if strings.Contains(rq.RedirectURI, "?") {
		separator = "&"
	}
	return rq.RedirectURI + separator + "state=" + url.QueryEscape(rq.State)
}

// Check reads the parameters of a request to sign out. Without a client there
// is nobody whose URI it could be, so post_logout_redirect_uri is ignored.
func (e *Engine) Check(ctx context.Context, q db.Q, sent proto.Params) (*Request, error) {
	rq := &Request{ClientID: sent.Get("client_id"), State: sent.Get("state"), ExpiresAt: e.Clock.Millis() + formTTL.Milliseconds()}
	if len(rq.State) > maxState {
		return nil, proto.ErrInvalidRequest.Describe("a parameter is too long")
	}
	if raw := sent.Get("id_token_hint"); raw != "" {
		hint, err := e.hint(ctx, q, raw)
		if err != nil {
			return nil, err
		}
		if rq.ClientID != "" && rq.ClientID != hint.Audience {
			return nil, proto.ErrInvalidRequest.Describe("client_id does not match the provided id_token_hint")
		}
		rq.ClientID, rq.hint = hint.Audience, hint
	}
	if rq.ClientID == "" {
		return rq, nil
	}
	c, err := e.Clients.ByID(ctx, tenant.From(ctx), q, rq.ClientID)
	if err != nil {
		return nil, err
	}
	rq.isUnvetted = c.IsUnvetted()
	if uri := sent.Get("post_logout_redirect_uri"); uri != "" {
		if !c.MatchPostLogout(uri) {
			return nil, proto.ErrInvalidRequest.Describe("post_logout_redirect_uri not registered")
		}
		rq.RedirectURI = uri
	}
	return rq, nil
}

// Asks reports whether the person has to confirm the request: where no operator has
// registered the client, its link could be anybody's, and lead anywhere. An ID token
// about the session of the secret shows that the client has signed its person in there
// (OpenID Connect RP-Initiated Logout section 2).
func (e *Engine) Asks(ctx context.Context, q db.Q, rq *Request, secret string) (bool, error) {
	if !rq.isUnvetted {
		return false, nil
	}
	session, err := token.SessionByCookie(ctx, q, e.Clock.Millis(), secret)
	if err != nil || session == nil || rq.hint == nil || session.UserID == nil || *session.UserID != rq.hint.Subject {
		return true, err
	}
	members, err := token.SessionClients(ctx, q, session.UID)
	isMember := slices.ContainsFunc(members, func(m token.SessionClient) bool {
		return m.ClientID == rq.ClientID && (rq.hint.SID == "" || rq.hint.SID == m.SID)
	})
	return !isMember, err
}

func (e *Engine) hint(ctx context.Context, q db.Q, raw string) (*token.Hint, error) {
	keys, err := e.Keys.Set(ctx, q)
	if err != nil {
		return nil, err
	}
	hint, err := keys.VerifyHint(raw, tenant.From(ctx).Issuer())
	if err != nil {
		return nil, proto.ErrInvalidRequest.Describe("could not validate id_token_hint").Wrap(err)
	}
	return hint, nil
}

// Seal returns rq as the value of the form's hidden field; it opens for the
// browser alone that holds the session secret, "" if it has no session.
func (e *Engine) Seal(ctx context.Context, q db.Q, rq *Request, secret string) (string, error) {
	keys, err := e.Keys.Set(ctx, q)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(rq)
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(payload)
	return body + "." + keys.SignCookie(signingName, bound(body, secret)), nil
}

// Open returns the request of a form that Seal made for this browser.
func (e *Engine) Open(ctx context.Context, q db.Q, sealed, secret string) (*Request, error) {
	keys, err := e.Keys.Set(ctx, q)
	if err != nil {
		return nil, err
	}
	refusal := proto.ErrInvalidRequest.Describe("xsrf token invalid")
	body, signature, _ := strings.Cut(sealed, ".")
	if !keys.VerifyCookie(signingName, bound(body, secret), signature) {
		return nil, refusal
	}
	payload, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return nil, refusal
	}
	rq := &Request{}
	if err := json.Unmarshal(payload, rq); err != nil || rq.ExpiresAt <= e.Clock.Millis() {
		return nil, refusal
	}
	return rq, nil
}

// bound ties a form to the session, whose secret it must not contain.
func bound(body, secret string) string {
	return body + "." + hex.EncodeToString(crypt.Hash(secret))
}

// End destroys the session of a secret, with what depends on it. Without a live
// session there is nothing to do.
func (e *Engine) End(ctx context.Context, d *db.DB, rq *Request, secret string) error {
	now := e.Clock.Millis()
	session, err := token.SessionByCookie(ctx, d, now, secret)
	if err != nil || session == nil {
		return err
	}
	if err := d.Tx(ctx, func(tx *db.Tx) error { return token.EndSession(ctx, tx, now, session.UID) }); err != nil {
		return err
	}
	entry := audit.Entry{Key: "EndSession", ApplicationID: rq.ClientID, SessionID: session.UID}
	if session.UserID != nil {
		entry.UserID = *session.UserID
	}
	audit.Log(ctx, entry)
	return nil
}
