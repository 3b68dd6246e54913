package accessapi

import (
	"context"
	"slices"

	"signet/internal/operator"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/role"
	"signet/internal/tenant"
)

var errExpectedRole = errs.New(401, "auth.expected_role_not_found")

type hasuraIn struct {
	Authorization    string  `header:"Authorization" check:"max=16384"`
	ExpectedRole     *string `header:"Expected-Role" check:"max=256"`
	Resource         *string `query:"resource" check:"min=1,max=2048" example:"https://api.example.com"`
	UnauthorizedRole *string `query:"unauthorizedRole" check:"max=256" example:"anonymous"`
}

// hasuraOut are the session variables of a request to Hasura.
type hasuraOut struct {
	UserID string `json:"X-Hasura-User-Id,omitempty"`
	Role   string `json:"X-Hasura-Role,omitempty" example:"editor"`
}

func (a *API) hasura(ctx context.Context, in *hasuraIn) (*hasuraOut, error) {
	if in.Resource == nil {
		return nil, web.Invalid("resource", "must name the API resource for which tokens are")
	}
	caller, refusal := a.Gate.Bearer(ctx, in.Authorization, *in.Resource)
	if refusal != nil && !errs.IsRefusal(refusal) {
		return nil, refusal
	}
	web.Header(ctx).Set("Cache-Control", "no-store") // it is about whoever holds the token
	out := &hasuraOut{}
	if caller != nil {
		out.UserID = caller.Subject
		held, err := holds(ctx, tenant.From(ctx).DB, caller, in.ExpectedRole)
		if err != nil {
			return nil, err
		}
		if held {
			out.Role = *in.ExpectedRole
			return out, nil
		}
	}
	switch {
	case in.UnauthorizedRole != nil:
		out.Role = *in.UnauthorizedRole
	case in.ExpectedRole != nil:
		return nil, errExpectedRole.Wrap(refusal)
	}
	return out, nil
}

func holds(ctx context.Context, q db.Q, c *operator.Caller, name *string) (bool, error) {
	if name == nil {
		return false, nil
	}
	kind := role.User
	if c.IsApplication {
		kind = role.MachineToMachine
	}
	held, _, err := role.HeldBy(ctx, q, kind, c.Subject, nil, db.Range{})
	return slices.ContainsFunc(held, func(r role.Role) bool { return r.Name == *name }), err
}
