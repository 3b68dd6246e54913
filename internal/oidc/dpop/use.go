package dpop

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// Scheme is the authentication scheme of bound tokens (RFC 9449 section 7.1).
const Scheme = "DPoP"

// Use is how a request presents an access token.
type Use struct {
	Token string
	// IsProved says that the request claims to prove possession of the token's key.
	IsProved bool

	request *http.Request
}

// UseOf reads the Authorization header of a request: web.ErrNoAuthorization, or
// web.ErrNotBearer for a scheme that is neither Bearer nor DPoP.
func UseOf(r *http.Request) (Use, error) {
	authorization := r.Header.Get("Authorization")
	if scheme, value, ok := strings.Cut(authorization, " "); ok && strings.EqualFold(scheme, Scheme) {
		return Use{Token: value, IsProved: true, request: r}, nil
	}
	value, err := web.BearerToken(authorization)
	return Use{Token: value, request: r}, err
}

// Check decides whether a request may use a token that is bound to the key of
// the thumbprint boundTo, "" if to none. A bound token needs a proof that is
// about it, one that is not bound cannot have one (RFC 9449 section 7). Every
// refusal is a 401 that says so in its challenge.
func (v *Verifier) Check(ctx context.Context, use Use, boundTo string) error {
	switch {
	case boundTo == "" && !use.IsProved:
		return nil
	case boundTo == "":
		return challenge(proto.ErrInvalidToken.Describe("the access token is bound to no key"))
	case !use.IsProved:
		return challenge(proto.ErrInvalidToken.Describe("the access token is bound to a key and needs a DPoP proof"))
	}
	config, err := v.Settings.OIDC(ctx, tenant.From(ctx).DB)
	if err != nil {
		return err
	}
	p, err := v.read(ctx, use.request, config.DPoP, use.Token)
	if err == nil {
		err = spend(ctx, tenant.From(ctx).DB, p)
	}
	if e, ok := errs.As(err); ok && e.Status < http.StatusInternalServerError {
		return challenge(e)
	}
	if err == nil && !crypt.Equal([]byte(p.thumbprint), []byte(boundTo)) {
		return challenge(proto.ErrInvalidToken.Describe("the access token is bound to another key"))
	}
	return err
}

// challenge makes a refusal the answer of a resource (RFC 9449 section 7.1).
func challenge(e *errs.Error) error {
	headers := web.Headers{"WWW-Authenticate": fmt.Sprintf(`DPoP error="%s", error_description="%s", algs="%s"`,
		strings.TrimPrefix(e.Code, "oidc."), e.Detail, strings.Join(Algorithms, " "))}
	if told, ok := e.Data.(web.Headers); ok {
		headers[NonceHeader] = told[NonceHeader]
	}
	refusal := *e.With(headers)
	refusal.Status = http.StatusUnauthorized
	return &refusal
}

// Unauthorized is a refusal of Check as the REST APIs say it: with a code of
// their own, and the same challenge.
func Unauthorized(err error) error {
	if e, ok := errs.As(err); ok && e.Status == http.StatusUnauthorized {
		return web.ErrUnauthorized.With(e.Data).Wrap(err)
	}
	return err
}
