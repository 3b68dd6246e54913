package grant

import (
	"context"
	"errors"
	"slices"
	"time"

	"signet/internal/access"
	"signet/internal/mfa"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/resource"
)

// audience is whom an access token is for, and what it says to them. The zero
// value is the provider itself: an opaque token.
type audience struct {
	indicator string             // aud, "" for an opaque token
	resource  *resource.Resource // nil where aud is no registered resource
	// organizationID is the one organization that the token acts in.
	organizationID string
	scope          string
	ttl            time.Duration
}

// isOpaque reports whether the provider itself is meant.
func (a *audience) isOpaque() bool { return a.indicator == "" }

// organizationClaim is the organization as a claim: it is in the audience where
// no resource is.
func (a *audience) organizationClaim() string {
	if a.resource == nil {
		return ""
	}
	return a.organizationID
}

// organizationIndicator is the audience of an organization's own tokens.
func organizationIndicator(id string) string { return resource.OrganizationPrefix + id }

// target is what a request says about the audience (RFC 8707 section 2.2).
type target struct{ indicator, organizationID string }

// targetOf reads the target of a request; a token is for one resource.
func targetOf(p proto.Params) (target, error) {
	t := target{organizationID: p.Get("organization_id")}
	switch indicators := p.All(proto.Resource); len(indicators) {
	case 0:
	case 1:
		t.indicator = indicators[0]
	default:
		return t, proto.ErrInvalidTarget.Describe("only a single resource indicator value must be requested/granted for an Access Token")
	}
	return t, nil
}

// audienceOf decides for whom a user's token is, and in which scope: what is
// asked for, within what is granted, within what the user may do now.
func audienceOf(ctx context.Context, q db.Q, rq *request, a *authorization) (*audience, error) {
	t, err := targetOf(rq.params)
	if err != nil {
		return nil, err
	}
	if t.organizationID != "" {
		if err := rq.checkOrganization(ctx, q, a, t.organizationID); err != nil {
			return nil, err
		}
	}
	if t.indicator == "" && t.organizationID == "" {
		if t.indicator, err = rq.impliedResource(ctx, q, a); err != nil {
			return nil, err
		}
	}
	switch {
	case t.indicator != "":
		return rq.resourceAudience(ctx, q, a, t)
	case t.organizationID != "":
		granted, err := access.OrganizationScopes(ctx, q, access.User(a.user.ID), t.organizationID)
		return organizationAudience(t.organizationID, rq.ceiling.Organizations(a.scope), granted), err
	}
	return &audience{scope: rq.provided(a, a.scope), ttl: token.AccessTTL}, nil
}

// organizationAudience is an organization as the audience, where a subject has
// been granted scopes.
func organizationAudience(id, requested string, granted []access.Scope) *audience {
	return &audience{
		indicator: organizationIndicator(id), organizationID: id, ttl: token.AccessTTL,
		scope: proto.IntersectScope(requested, proto.JoinScope(access.Names(granted))),
	}
}

// impliedResource is the resource that is meant where the request names none:
// nothing but the provider if the authorization has openid, else what was
// granted alone or, among several, by default.
func (rq *request) impliedResource(ctx context.Context, q db.Q, a *authorization) (string, error) {
	switch {
	case proto.HasScope(rq.provided(a, a.scope), proto.ScopeOpenID), len(a.resources) == 0: // as in every exchange that names none
		return "", nil
	case len(a.resources) == 1:
		return a.resources[0], nil
	}
	usual, err := resource.Default(ctx, q)
	if err != nil {
		return "", err
	}
	if usual == nil || !slices.Contains(a.resources, usual.Indicator) {
		return "", proto.ErrInvalidTarget.Describe("resource indicator is missing, or unknown")
	}
	return usual.Indicator, nil
}

// resourceAudience is a resource that the authorization covers.
func (rq *request) resourceAudience(ctx context.Context, q db.Q, a *authorization, t target) (*audience, error) {
	granted, ok := a.grant.ResourceScopes[t.indicator]
	if !ok || !slices.Contains(a.resources, t.indicator) {
		return nil, proto.ErrInvalidTarget
	}
	requested := rq.ceiling.Resource(t.indicator, proto.IntersectScope(a.scope, granted))
	if t.indicator == proto.OrganizationsResource {
		// It offers what the template has, whatever the user's own part in it.
		return &audience{indicator: t.indicator, scope: requested, ttl: token.AccessTTL}, nil
	}
	out, err := rq.forResource(ctx, q, access.User(a.user.ID), t, requested)
	if err != nil || rq.ceiling == nil {
		return out, err
	}
	given, err := rq.ceiling.Given(ctx, q, a.user.ID, out.resource, t.organizationID)
	out.scope = proto.IntersectScope(out.scope, given)
	return out, err
}

// forResource is a registered resource as the audience, in that part of the
// requested scope that the subject has there now.
func (rq *request) forResource(ctx context.Context, q db.Q, s access.Subject, t target, requested string) (*audience, error) {
	r, err := rq.resources.ByIndicator(ctx, q, t.indicator)
	if errors.Is(err, resource.ErrNotFound) {
		return nil, proto.ErrInvalidTarget
	}
	if err != nil {
		return nil, err
	}
	var effective []access.Scope
	if t.organizationID == "" {
		effective, err = access.ResourceScopes(ctx, q, s, r.ID)
	} else {
		effective, err = access.ResourceScopesIn(ctx, q, s, r.ID, t.organizationID)
	}
	return &audience{
		indicator: r.Indicator, resource: r, organizationID: t.organizationID, ttl: time.Duration(r.AccessTokenTTL) * time.Second,
		scope: proto.IntersectScope(requested, proto.JoinScope(access.Names(effective))),
	}, err
}

// checkOrganization refuses an organization that the user, or what the user has
// allowed the client, does not reach. Membership is told first.
func (rq *request) checkOrganization(ctx context.Context, q db.Q, a *authorization, id string) error {
	err := organization.Users.RequireMember(ctx, q, id, a.user.ID)
	if errors.Is(err, organization.ErrNoMember) {
		return errNotMember
	}
	if err != nil {
		return err
	}
	if rq.ceiling != nil {
		opened, err := rq.ceiling.Opened(ctx, q, a.user.ID)
		if err != nil {
			return err
		}
		if !slices.Contains(opened, id) {
			return errNotOpened
		}
	}
	o, err := organization.ByID(ctx, q, id)
	if err != nil {
		return err
	}
	if o.IsMFARequired {
		factors, err := mfa.FactorsOf(ctx, q, a.user.ID)
		if err != nil {
			return err
		}
		if len(factors) == 0 {
			return errNoMFA
		}
	}
	if !a.isExchange && !proto.HasScope(rq.provided(a, a.held), proto.ScopeOrganizations) {
		return proto.ErrInsufficientScope.Describe("refresh token missing required scope").With(proto.Context{Scope: proto.ScopeOrganizations})
	}
	return nil
}
