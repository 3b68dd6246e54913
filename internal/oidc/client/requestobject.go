package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4/jwt"

	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
)

// requestJWT is the typ of a request object (RFC 9101 section 4).
const requestJWT = "oauth-authz-req+jwt"

// requestClaims are members of a request object that are about the JWT, or about
// what is not supported, and no parameters of the request.
var requestClaims = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "claims"}

// IsUnsigned reports whether a request object says of itself that nobody has
// signed it (RFC 7519 section 6).
func IsUnsigned(raw string) bool {
	first, _, _ := strings.Cut(raw, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		return false
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	return crypt.Unmarshal(decoded, &header) == nil && header.Algorithm == "none"
}

// OpenRequest returns the parameters of an authorization request that the client
// has signed with its private key (RFC 9101), as JSON values whose numbers are
// json.Number. The object may be used until it expires: a browser may come twice.
// now is epoch milliseconds. Whatever is wrong with it is
// proto.ErrInvalidRequestObject.
func (d *Directory) OpenRequest(ctx context.Context, c *Client, raw, issuer string, now int64) (map[string]any, error) {
	token, err := parseJWT(raw, application.KeyAlgorithms, requestJWT)
	if err != nil {
		return nil, because(ctx, proto.ErrInvalidRequestObject, err)
	}
	var claims jwt.Claims
	var body json.RawMessage
	if err := d.verify(ctx, c, token, &claims, &body); err != nil {
		return nil, because(ctx, proto.ErrInvalidRequestObject, err)
	}
	if err := c.check(&claims, []string{issuer}, now); err != nil {
		return nil, because(ctx, proto.ErrInvalidRequestObject, err)
	}
	// An assertion of the client is not to be taken for a request (RFC 9101 section
	// 10.8).
	if claims.Subject == c.ID {
		return nil, proto.ErrInvalidRequestObject
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	object := map[string]any{}
	if err := decoder.Decode(&object); err != nil {
		return nil, proto.ErrInvalidRequestObject.Wrap(err)
	}
	for name := range object {
		if slices.Contains(requestClaims, name) {
			delete(object, name)
		}
	}
	return object, nil
}
