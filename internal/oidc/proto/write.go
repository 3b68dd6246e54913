package proto

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// Context is the Data of an error that says more than code and description.
type Context struct {
	// Scope is what the request lacks (RFC 6750 section 3).
	Scope string
	// State and Issuer belong to the authorization request that failed (RFC 6749
	// section 4.1.2.1, RFC 9207).
	State, Issuer string
}

// errorBody is the answer of a protocol endpoint: the members of RFC 6749
// section 5.2 beside those that every API of the product has.
type errorBody struct {
	Code        string `json:"code,omitempty"`
	Message     string `json:"message,omitempty"`
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
	URI         string `json:"error_uri,omitempty"`
	Scope       string `json:"scope,omitempty"`
	State       string `json:"state,omitempty"`
	Issuer      string `json:"iss,omitempty"`
}

// codePrefix stands before an OAuth error in the code of an errs.Error.
const codePrefix = "oidc."

// invalidGrantURI explains invalid_grant to developers.
const invalidGrantURI = "https://openid.sh/debug/invalid_grant"

// Render returns err as a protocol endpoint answers it: an OAuth error with its
// code, description and status. What the protocol does not know is an
// invalid_request if the client is to blame and a server_error if not. It is
// nil if the client has gone away and no answer is needed.
func Render(r *http.Request, err error) *errs.Error {
	e := web.Classify(r.Context(), err)
	switch {
	case e == nil:
		return nil
	case e.Status >= http.StatusInternalServerError:
		answer := *ErrServer
		answer.Status, answer.RetryAfter = e.Status, e.RetryAfter
		return &answer
	case e.Status == http.StatusTooManyRequests:
		return ErrTooManyRequests.RetryIn(e.RetryAfter)
	case strings.HasPrefix(e.Code, codePrefix), e.Code == "session.not_found":
		return e
	}
	answer := *ErrInvalidRequest
	answer.Status, answer.Detail = e.Status, e.Detail
	return &answer
}

// OAuthError is the bare OAuth error of a rendered error.
func OAuthError(e *errs.Error) string {
	if name, ok := strings.CutPrefix(e.Code, codePrefix); ok {
		return name
	}
	return "invalid_request"
}

// WriteError answers with err as a protocol endpoint does. A client that sends
// the query parse_error=false gets the members of RFC 6749 alone.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	e := Render(r, err)
	if e == nil {
		return
	}
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Pragma", "no-cache")
	web.SetRetryAfter(w, e)
	if challenge := challengeOf(r, e); !web.Tell(w, e) && challenge != "" {
		header.Set("WWW-Authenticate", challenge)
	}
	body := errorBody{Error: OAuthError(e), Description: Printable(e.Detail)}
	if c, ok := e.Data.(Context); ok {
		body.Scope, body.State, body.Issuer = c.Scope, c.State, c.Issuer
	}
	if r.URL.Query().Get("parse_error") != "false" {
		body.Code, body.Message = e.Code, web.Message(r.Context(), e)
		if errors.Is(e, ErrInvalidGrant) {
			body.URI = invalidGrantURI
		}
	}
	if err := web.WriteJSON(w, r, e.Status, body); err != nil {
		slog.ErrorContext(r.Context(), "cannot encode an error", "code", e.Code, "error", err)
	}
}

// challengeOf is the WWW-Authenticate header that an error demands: Basic when
// the client tried it (RFC 6749 section 5.2), Bearer for bad tokens (RFC 6750
// section 3).
func challengeOf(r *http.Request, e *errs.Error) string {
	realm := func() string { return tenant.From(r.Context()).Issuer() }
	switch {
	case errors.Is(e, ErrInvalidClient) && e.Status == http.StatusUnauthorized && r.Header.Get("Authorization") != "":
		return fmt.Sprintf(`Basic realm="%s"`, realm())
	case errors.Is(e, ErrInvalidToken), errors.Is(e, ErrInsufficientScope):
		challenge := fmt.Sprintf(`Bearer realm="%s", error="%s", error_description="%s"`, realm(), OAuthError(e), Printable(e.Detail))
		if c, ok := e.Data.(Context); ok && c.Scope != "" {
			challenge += fmt.Sprintf(`, scope="%s"`, Printable(c.Scope))
		}
		return challenge
	}
	return ""
}

// Printable drops what neither an error_description (RFC 6749 section 5.2) nor a
// quoted header value (RFC 9110 section 5.6.4) can hold.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, text)
}
