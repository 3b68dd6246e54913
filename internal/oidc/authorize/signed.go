package authorize

import (
	"context"

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
