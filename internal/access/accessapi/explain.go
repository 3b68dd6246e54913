package accessapi

import (
	"context"

	"signet/internal/access"
	"signet/internal/oidc/grant"
	"signet/internal/oidc/proto"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type explainIn struct {
	ApplicationID  *string `query:"applicationId" check:"min=1,max=2048"`
	UserID         *string `query:"userId" check:"min=1,max=128"`
	Resource       *string `query:"resource" check:"min=1,max=2048" example:"https://api.example.com"`
	OrganizationID *string `query:"organizationId" check:"min=1,max=128"`
}

type explainOut struct {
	// Audience is null for an opaque token.
	Audience *string `json:"audience" example:"https://api.example.com"`
	// Refusal is what the token endpoint would answer in place of a token.
	Refusal *refusal `json:"refusal"`
	// Scope is what the token would have.
	Scope  string      `json:"scope" example:"read:orders"`
	Scopes []explained `json:"scopes"`
}

type refusal struct {
	Code    string `json:"code" example:"oidc.access_denied"`
	Details string `json:"details,omitempty"`
}

type explained struct {
	Name      string         `json:"name" example:"read:orders"`
	IsGranted bool           `json:"isGranted"`
	Withheld  grant.Withheld `json:"withheld,omitempty" example:"noRole"`
	Reasons   []reason       `json:"reasons"`
}

// reason is a role; with an organization one that is held there.
type reason struct {
	Role         named  `json:"role"`
	Organization *named `json:"organization,omitempty"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (e *Explainer) explain(ctx context.Context, in *explainIn) (*explainOut, error) {
	if in.ApplicationID == nil {
		return nil, web.Invalid("applicationId", "must name the application that asks for the token")
	}
	x, err := e.Tokens.Explain(ctx, tenant.From(ctx), grant.Question{
		UserID: orEmpty(in.UserID), ClientID: *in.ApplicationID, Resource: orEmpty(in.Resource), OrganizationID: orEmpty(in.OrganizationID),
	})
	if err != nil {
		return nil, err
	}
	out := &explainOut{Scopes: []explained{}}
	if x.Refusal != nil {
		out.Refusal = &refusal{x.Refusal.Code, x.Refusal.Detail}
	}
	if x.Audience != "" {
		out.Audience = &x.Audience
	}
	for _, s := range x.Scopes {
		if s.Withheld == "" {
			out.Scope = proto.UnionScope(out.Scope, s.Name)
		}
		out.Scopes = append(out.Scopes, explained{s.Name, s.Withheld == "", s.Withheld, reasons(s.Reasons)})
	}
	return out, nil
}

func reasons(of []access.Reason) []reason {
	out := []reason{}
	for _, r := range of {
		why := reason{Role: named{r.RoleID, r.RoleName}}
		if r.OrganizationID != nil {
			why.Organization = &named{*r.OrganizationID, *r.OrganizationName}
		}
		out = append(out, why)
	}
	return out
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
