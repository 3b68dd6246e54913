package grant

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"signet/internal/access"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/resource"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Question is about the access token that a client gets when it asks for all
// there is: for a user or, without one, for itself; for a resource, an
// organization, a resource within an organization or, with neither, for the
// provider.
type Question struct{ UserID, ClientID, Resource, OrganizationID string }

// Explanation says what is in the token and why.
type Explanation struct {
	// Audience is the token's aud, "" of an opaque token.
	Audience string
	// Refusal is why the client gets no token at all; there are no scopes then.
	Refusal *errs.Error
	Scopes  []Explained
}

// Explained is a scope that the audience offers.
type Explained struct {
	Name string
	// Withheld is why the token does not have the scope; "" if it has.
	Withheld Withheld
	// Reasons are the roles for which the subject has the scope, those among them
	// that do not count for this token too. The provider's own need none.
	Reasons []access.Reason
}

// Withheld is why a token does not have a scope.
type Withheld string

// The values of Withheld, in the order in which they are looked for.
const (
	// WithheldNoRole: no role that counts for the token grants it.
	WithheldNoRole Withheld = "noRole"
	// WithheldNotEnabled: the third-party application may not ask for it.
	WithheldNotEnabled Withheld = "notEnabled"
	// WithheldNotOpened: only roles in organizations that the user has not opened
	// to the third-party application grant it.
	WithheldNotOpened Withheld = "notOpened"
	// WithheldNoConsent: the user has not consented to it.
	WithheldNoConsent Withheld = "noConsent"
)

// Explain answers a question by what decides about tokens: the rules are those
// of the token endpoint, run for everything that the audience offers. Whoever
// does not exist is user.ErrNotFound or invalid_client.
func (e *Endpoint) Explain(ctx context.Context, t *tenant.Tenant, question Question) (*Explanation, error) {
	x := explainer{Question: question, q: t.DB, rq: &request{tenant: t, now: e.Clock.Millis(), clients: e.Clients, resources: e.Resources}}
	c, err := e.Clients.ByID(ctx, t, x.q, question.ClientID)
	if err != nil {
		return nil, err
	}
	x.rq.client = &client.Authenticated{Client: c}
	if x.UserID != "" {
		if x.user, err = user.ByID(ctx, x.q, x.UserID); err != nil {
			return nil, err
		}
	}
	if x.UserID == "" {
		if err := x.asMachine(ctx); err != nil {
			return refused(err)
		}
	}
	offered, err := x.offered(ctx)
	if err != nil {
		return refused(err)
	}
	asked := proto.JoinScope(offered)
	audience, err := x.decide(ctx, asked)
	if err != nil {
		return refused(err)
	}
	out := &Explanation{Audience: audience.indicator, Scopes: []Explained{}}
	reasons, err := x.reasons(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range offered {
		scope := Explained{Name: name, Reasons: slices.DeleteFunc(slices.Clone(reasons), func(r access.Reason) bool { return r.Scope != name })}
		if !proto.HasScope(audience.scope, name) {
			if scope.Withheld, err = x.withheld(ctx, scope); err != nil {
				return nil, err
			}
		} else if !x.isConsented(name) {
			scope.Withheld = WithheldNoConsent
		}
		out.Scopes = append(out.Scopes, scope)
	}
	return out, nil
}

// explainer is the work of one Explain.
type explainer struct {
	Question

	q        db.Q
	rq       *request
	user     *user.User         // nil of a machine
	resource *resource.Resource // nil where none that is registered is asked about
	consents []token.Grant      // of the user to a third-party client
}

// refused makes an explanation of what the token endpoint would answer.
func refused(err error) (*Explanation, error) {
	if e, ok := errs.As(err); ok && e.Status < 500 {
		return &Explanation{Refusal: e, Scopes: []Explained{}}, nil
	}
	return nil, err
}

// asMachine checks that the client may act for itself; one that names no
// audience means the tenant's default resource.
func (x *explainer) asMachine(ctx context.Context) error {
	if !x.rq.client.AllowsGrant(proto.GrantClientCredentials) {
		return proto.ErrUnauthorizedClient.Describe("requested grant type is not allowed for this client")
	}
	t, err := machineTarget(ctx, x.q, x.params(""))
	x.Resource = t.indicator
	return err
}

// offered returns the names of all scopes of the audience.
func (x *explainer) offered(ctx context.Context) ([]string, error) {
	switch {
	case x.Resource == proto.OrganizationsResource, x.Resource == "" && x.OrganizationID != "":
		return organization.ScopeNames(ctx, x.q)
	case x.Resource == "":
		return proto.Scopes, nil
	}
	var err error
	if x.resource, err = resource.ByIndicator(ctx, x.q, x.Resource); err != nil {
		if errors.Is(err, resource.ErrNotFound) {
			err = proto.ErrInvalidTarget
		}
		return nil, err
	}
	scopes, err := resource.Scopes(ctx, x.q, x.resource.ID)
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	return names, err
}

// decide is the audience of the token when everything is asked for.
func (x *explainer) decide(ctx context.Context, asked string) (*audience, error) {
	x.rq.params = x.params(asked)
	if x.UserID == "" {
		a, err := clientCredentials(ctx, x.q, x.rq)
		if err != nil {
			return nil, err
		}
		return a.audience, nil
	}
	err := cmp.Or(x.user.Usable(), x.rq.client.CheckAccess(ctx, x.q, x.UserID))
	if err != nil {
		return nil, err
	}
	if x.rq.ceiling, err = client.CeilingOf(ctx, x.q, x.rq.client.Client); err != nil {
		return nil, err
	}
	if x.rq.ceiling != nil {
		if err := x.findConsents(ctx); err != nil {
			return nil, err
		}
	}
	a := &authorization{
		user: x.user, scope: asked, isExchange: true, resources: []string{x.Resource},
		grant: &token.Grant{OIDCScope: x.rq.ceiling.Provider(asked), ResourceScopes: map[string]string{x.Resource: asked}},
	}
	if x.Resource == "" {
		a.resources = nil
	}
	return audienceOf(ctx, x.q, x.rq, a)
}

// params are those of a token request that asks for a scope.
func (x *explainer) params(scope string) proto.Params {
	p := proto.Params{"scope": {scope}}
	if x.Resource != "" {
		p[proto.Resource] = []string{x.Resource}
	}
	if x.OrganizationID != "" {
		p["organization_id"] = []string{x.OrganizationID}
	}
	return p
}

// findConsents gathers what the user has allowed the client, by its latest grant
// if each names an organization of its own.
func (x *explainer) findConsents(ctx context.Context) error {
	grants, err := token.GrantsOf(ctx, x.q, x.rq.now, x.UserID)
	x.consents = slices.DeleteFunc(grants, func(g token.Grant) bool { return g.ClientID != x.ClientID })
	if last := len(x.consents) - 1; last >= 0 && x.rq.client.IsDocument() {
		x.consents = x.consents[last:]
		x.rq.ceiling.Under(x.consents[0].OrganizationID)
	}
	return err
}

// isConsented reports whether the user has allowed a scope; first-party clients
// need not ask.
func (x *explainer) isConsented(name string) bool {
	return x.rq.ceiling == nil || slices.ContainsFunc(x.consents, func(g token.Grant) bool {
		switch {
		case x.Resource != "":
			return proto.HasScope(g.ResourceScopes[x.Resource], name)
		case x.OrganizationID != "":
			return proto.HasScope(g.ResourceScopes[proto.OrganizationsResource], name)
		}
		return proto.HasScope(g.OIDCScope, name)
	})
}

// reasons returns the roles by which the subject has scopes of the audience.
func (x *explainer) reasons(ctx context.Context) ([]access.Reason, error) {
	subject := access.User(x.UserID)
	if x.UserID == "" {
		subject = access.Application(x.ClientID)
	}
	switch {
	case x.resource != nil:
		return access.ResourceReasons(ctx, x.q, subject, x.resource.ID)
	case x.OrganizationID != "":
		return access.OrganizationReasons(ctx, x.q, subject, x.OrganizationID)
	}
	return nil, nil
}

// withheld says why a token does not have a scope that its audience offers.
func (x *explainer) withheld(ctx context.Context, s Explained) (Withheld, error) {
	if x.rq.ceiling == nil || x.resource == nil && x.OrganizationID != "" && len(s.Reasons) == 0 {
		return WithheldNoRole, nil
	}
	if x.resource == nil {
		return WithheldNotEnabled, nil
	}
	if !slices.ContainsFunc(s.Reasons, x.counts) {
		return WithheldNoRole, nil
	}
	in, err := x.rq.ceiling.ByOrganization(ctx, x.q, x.UserID, x.resource)
	if slices.ContainsFunc(in, func(in access.ScopeIn) bool { return in.Name == s.Name }) {
		return WithheldNotOpened, err
	}
	return WithheldNotEnabled, err
}

// counts reports whether a reason counts for a user's token.
func (x *explainer) counts(r access.Reason) bool {
	return r.OrganizationID == nil || x.OrganizationID == "" || *r.OrganizationID == x.OrganizationID
}
