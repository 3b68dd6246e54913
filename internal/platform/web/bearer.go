package web

import (
	"strings"

	"signet/internal/platform/errs"
)

// Errors of requests that must carry a bearer token (RFC 6750 section 3.1).
var (
	ErrNoAuthorization = errs.New(401, "auth.authorization_header_missing")
	ErrNotBearer       = errs.New(401, "auth.authorization_token_type_not_supported").With(map[string][]string{"supportedTypes": {bearer}})
	ErrUnauthorized    = errs.New(401, "auth.unauthorized")
	ErrForbidden       = errs.New(403, "auth.forbidden")
)

// bearer is the authentication scheme; its case counts, as the published API
// says.
const bearer = "Bearer"

// BearerToken returns the token of an Authorization header (RFC 6750 section
// 2.1), ErrNoAuthorization or ErrNotBearer.
func BearerToken(authorization string) (string, error) {
	if authorization == "" {
		return "", ErrNoAuthorization
	}
	token, ok := strings.CutPrefix(authorization, bearer)
	if !ok {
		return "", ErrNotBearer
	}
	return strings.TrimPrefix(token, " "), nil
}
