package proto

import (
	"net/http"
	"strings"

	"signet/internal/platform/errs"
)

// Errors of the protocol. The code is "oidc." plus the OAuth error of RFC 6749
// sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, RFC 8628 section 3.5, RFC
// 7591 section 3.2.2, RFC 8707 section 2, RFC 9449 section 12.2 or OpenID
// Connect Core section 3.1.2.6; Detail becomes the error_description.
var (
	ErrInvalidRequest          = errs.New(400, "oidc.invalid_request")
	ErrRequestTooLarge         = errs.New(413, "oidc.invalid_request").Describe("request entity too large")
	ErrTooManyRequests         = errs.New(429, "oidc.invalid_request").Describe("too many requests, try again later")
	ErrInvalidRequestObject    = errs.New(400, "oidc.invalid_request_object").Describe("the request object is not a valid one that the client has signed")
	ErrInvalidClient           = errs.New(400, "oidc.invalid_client")
	ErrClientAuthentication    = errs.New(401, "oidc.invalid_client").Describe("client authentication failed")
	ErrInvalidClientMetadata   = errs.New(400, "oidc.invalid_client_metadata")
	ErrSoftwareStatement       = errs.New(400, "oidc.unapproved_software_statement").Describe("software statements are not accepted here")
	ErrInvalidGrant            = errs.New(400, "oidc.invalid_grant").Describe("grant request is invalid")
	ErrInvalidRedirectURI      = errs.New(400, "oidc.invalid_redirect_uri").Describe("redirect_uri did not match any of the client's registered redirect_uris")
	ErrInvalidScope            = errs.New(400, "oidc.invalid_scope")
	ErrInvalidTarget           = errs.New(400, "oidc.invalid_target").Describe("resource indicator is missing, or unknown")
	ErrInvalidDPoPProof        = errs.New(400, "oidc.invalid_dpop_proof")
	ErrUseDPoPNonce            = errs.New(400, "oidc.use_dpop_nonce").Describe("the DPoP proof must hold the nonce of the DPoP-Nonce header")
	ErrInvalidToken            = errs.New(401, "oidc.invalid_token").Describe("invalid token provided")
	ErrInsufficientScope       = errs.New(403, "oidc.insufficient_scope")
	ErrAccessDenied            = errs.New(400, "oidc.access_denied")
	ErrAuthorizationPending    = errs.New(400, "oidc.authorization_pending").Describe("authorization request is still pending as the end-user hasn't yet completed the user interaction steps")
	ErrExpiredToken            = errs.New(400, "oidc.expired_token").Describe("the device code has expired")
	ErrAborted                 = ErrAccessDenied.Describe("End-User aborted interaction")
	ErrUnauthorizedClient      = errs.New(400, "oidc.unauthorized_client")
	ErrUnsupportedGrantType    = errs.New(400, "oidc.unsupported_grant_type").Describe("unsupported grant_type requested")
	ErrUnsupportedResponseType = errs.New(400, "oidc.unsupported_response_type").Describe("unsupported response_type requested")
	ErrUnsupportedResponseMode = errs.New(400, "oidc.unsupported_response_mode").Describe("unsupported response_mode requested")
	ErrUnsupportedTokenType    = errs.New(400, "oidc.unsupported_token_type")
	ErrLoginRequired           = errs.New(400, "oidc.login_required")
	ErrConsentRequired         = errs.New(400, "oidc.consent_required")
	ErrInteractionRequired     = errs.New(400, "oidc.interaction_required")
	ErrUnknownRoute            = errs.New(404, "oidc.invalid_request")
	ErrServer                  = errs.New(500, "oidc.server_error").Describe("oops! something went wrong")
)

// MissingParameter is the answer to a request without a required parameter.
func MissingParameter(name string) error {
	return ErrInvalidRequest.Describe("missing required parameter '%s'", name)
}

// UnknownRoute is the answer to a request that no endpoint takes, or not with its
// method.
func UnknownRoute(r *http.Request) error {
	return ErrUnknownRoute.Describe("unrecognized route or not allowed method (%s on %s)", r.Method, strings.TrimPrefix(r.URL.Path, PathIssuer))
}
