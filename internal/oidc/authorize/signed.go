package authorize

import (
	"context"
	"maps"
	"slices"

	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// openSigned puts the request that the client has signed in the place of the one
// that carries it (RFC 9101 section 6.3): whatever stands beside it, anybody could
// have written. An unsigned one, which the specification of OpenID Connect permits,
// is left for checkSigned, so that the client hears that we do not.
func openSigned(ctx context.Context, _ db.Q, rq *Request) error {
	raw := rq.sent.Get("request")
	switch {
	case raw == "", client.IsUnsigned(raw):
		return nil
	case rq.sent.Has("request_uri"):
		return proto.ErrInvalidRequest.Describe("request and request_uri must not be used together")
	}
	object, err := rq.engine.Clients.OpenRequest(ctx, rq.Client, raw, tenant.From(ctx).Issuer(), rq.now)
	if err != nil {
		return err
	}
	maps.DeleteFunc(object, isForeign)
	params, err := proto.FromObject(object)
	if err != nil {
		return err
	}
	if params.Get("client_id") != rq.Client.ID || params.Has("request") || params.Has("request_uri") {
		return proto.ErrInvalidRequestObject
	}
	rq.sent, rq.isSigned = params, true
	return nil
}

// parameters are those of an authorization request that count here.
var parameters = []string{
	"client_id", "redirect_uri", "response_type", "response_mode", "scope", proto.Resource, "state", "nonce", "prompt", "max_age",
	"acr_values", "code_challenge", "code_challenge_method", ParamKey, "id_token_hint", "login_hint", "ui_locales",
	"request", "request_uri", "registration", "first_screen", "interaction_mode", "direct_sign_in", "organization_id", "identifier",
	paramOneTimeToken, paramGoogleOneTap,
}

// isForeign reports whether a member of a request object is no parameter at all,
// which is ignored (RFC 6749 section 3.1), of a type that none has.
func isForeign(name string, value any) bool {
	_, isArray := value.([]any)
	_, isObject := value.(map[string]any)
	return (isArray || isObject) && !slices.Contains(parameters, name)
}

// checkSigned refuses a request object that openSigned has left.
func checkSigned(_ context.Context, _ db.Q, rq *Request) error {
	if rq.sent.Has("request") {
		return errRequestNotSupported
	}
	return nil
}

// checkArrival refuses a request that came through the browser, or unsigned, where
// the client does not want that.
func checkArrival(_ context.Context, _ db.Q, rq *Request) error {
	switch {
	case rq.Client.RequiresPushedRequest && !rq.isPushing && !rq.isPushed:
		return proto.ErrInvalidRequest.Describe("the client sends its authorization requests to the pushed_authorization_request_endpoint")
	case rq.Client.RequiresSignedRequest && !rq.isSigned && !rq.isPushed:
		return proto.ErrInvalidRequest.Describe("the client signs its authorization requests")
	}
	rq.Params.IsClientsOwn = rq.Client.RequiresPushedRequest || rq.Client.RequiresSignedRequest
	return nil
}
