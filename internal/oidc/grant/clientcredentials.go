package grant

import (
	"context"
	"errors"

	"signet/internal/access"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/resource"
)

// clientCredentials is the client credentials grant (RFC 6749 section 4.4): an
// application asks for itself, for one resource (RFC 8707), and gets what its
// roles grant of the scope that it asks for.
func clientCredentials(ctx context.Context, q db.Q, rq *request) (*authorization, error) {
	target, err := machineTarget(ctx, q, rq.params)
	if err != nil {
		return nil, err
	}
	a := &authorization{resource: target}
	granted, err := access.ResourceScopes(ctx, q, access.Application(rq.client.ID), target.ID)
	if err != nil {
		return a, err
	}
	a.scope = proto.IntersectScope(rq.params.Get("scope"), proto.JoinScope(access.Names(granted)))
	return a, nil
}

// machineTarget is the resource that a request names, else the tenant's default
// one.
func machineTarget(ctx context.Context, q db.Q, p proto.Params) (*resource.Resource, error) {
	if p.Has("organization_id") {
		return nil, errNotAssociated
	}
	switch indicators := p.All(proto.Resource); len(indicators) {
	case 0:
		target, err := resource.Default(ctx, q)
		if err == nil && target == nil {
			err = proto.ErrInvalidTarget.Describe("both `resource` and `organization_id` are not provided")
		}
		return target, err
	case 1:
		target, err := resource.ByIndicator(ctx, q, indicators[0])
		if errors.Is(err, resource.ErrNotFound) {
			return nil, proto.ErrInvalidTarget
		}
		return target, err
	default:
		return nil, proto.ErrInvalidTarget.Describe("a token is for one resource")
	}
}
