package grant

import (
	"context"
	"errors"

	"signet/internal/access"
	"signet/internal/oidc/proto"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/resource"
)

// clientCredentials is the client credentials grant (RFC 6749 section 4.4): an
// application asks for itself, for a resource (RFC 8707), an organization or a
// resource within one, and gets what its roles there grant of the scope that it
// asks for.
func clientCredentials(ctx context.Context, q db.Q, rq *request) (*authorization, error) {
	a := &authorization{scope: rq.params.Get("scope")}
	t, err := machineTarget(ctx, q, rq.params)
	if err != nil {
		return a, err
	}
	self := access.Application(rq.client.ID)
	if t.organizationID != "" {
		if err := checkAssociation(ctx, q, t.organizationID, rq.client.ID); err != nil {
			return a, err
		}
	}
	if t.indicator != "" {
		a.audience, err = rq.forResource(ctx, q, self, t, a.scope)
		return a, err
	}
	granted, err := access.OrganizationScopes(ctx, q, self, t.organizationID)
	a.audience = organizationAudience(t.organizationID, a.scope, granted)
	return a, err
}

// machineTarget is the target that a request names, else the tenant's default
// resource.
func machineTarget(ctx context.Context, q db.Q, p proto.Params) (target, error) {
	t, err := targetOf(p)
	if err != nil || t != (target{}) {
		return t, err
	}
	usual, err := resource.Default(ctx, q)
	if err == nil && usual == nil {
		err = proto.ErrInvalidTarget.Describe("both `resource` and `organization_id` are not provided")
	}
	if err != nil {
		return t, err
	}
	return target{indicator: usual.Indicator}, nil
}

// checkAssociation refuses an organization that the application does not act
// for.
func checkAssociation(ctx context.Context, q db.Q, organizationID, applicationID string) error {
	err := organization.Applications.RequireMember(ctx, q, organizationID, applicationID)
	if errors.Is(err, organization.ErrNoMember) {
		return errNotAssociated
	}
	return err
}
