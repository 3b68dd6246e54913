package organization

import (
	"context"

	"signet/internal/platform/db"
)

// Published is an organization as the API and events show it.
type Published struct {
	TenantID      string         `json:"tenantId" check:"max=21"`
	ID            string         `json:"id" check:"max=21"`
	Name          string         `json:"name" check:"max=128" example:"Harbour Crew"`
	Description   *string        `json:"description" check:"max=256,nullable"`
	CustomData    map[string]any `json:"customData"`
	IsMFARequired bool           `json:"isMfaRequired"`
	Color         Color          `json:"color"`
	Branding      Branding       `json:"branding"`
	CustomCSS     *string        `json:"customCss" check:"nullable"`
	CreatedAt     int64          `json:"createdAt"` // epoch milliseconds
}

// Published returns what the API and events show of the organization.
func (o *Organization) Published(tenantID string) Published {
	data := o.CustomData.V
	if data == nil {
		data = map[string]any{}
	}
	return Published{
		TenantID: tenantID, ID: o.ID, Name: o.Name, Description: o.Description, CustomData: data,
		IsMFARequired: o.IsMFARequired, Color: o.Color.V, Branding: o.Branding.V, CustomCSS: o.CustomCSS,
		CreatedAt: o.CreatedAt,
	}
}

// Named is an id with a name, as lists of memberships show roles and scopes.
type Named struct {
	ID   string `json:"id" db:"id" check:"max=21"`
	Name string `json:"name" db:"name"`
}

// PublishedScope is an organization scope as the API and events show it.
type PublishedScope struct {
	TenantID    string  `json:"tenantId" check:"max=21"`
	ID          string  `json:"id" check:"max=21"`
	Name        string  `json:"name" check:"max=128" example:"read:report"`
	Description *string `json:"description" check:"max=256,nullable"`
}

// Published returns what the API and events show of the scope.
func (s *Scope) Published(tenantID string) PublishedScope {
	return PublishedScope{tenantID, s.ID, s.Name, s.Description}
}

// PublishedRole is an organization role as the API and events show it.
type PublishedRole struct {
	TenantID    string   `json:"tenantId" check:"max=21"`
	ID          string   `json:"id" check:"max=21"`
	Name        string   `json:"name" check:"max=128" example:"editor"`
	Description *string  `json:"description" check:"max=256,nullable"`
	Type        RoleType `json:"type" check:"enum=User|MachineToMachine"`
}

// Published returns what the API and events show of the role.
func (r *Role) Published(tenantID string) PublishedRole {
	return PublishedRole{tenantID, r.ID, r.Name, r.Description, r.Type}
}

// Membership is an organization with the roles that somebody has in it.
type Membership struct {
	Published

	OrganizationRoles []Named `json:"organizationRoles"`
}

// OfUser returns the organizations of a user with the user's roles in each, in
// the order in which the user joined.
func OfUser(ctx context.Context, q db.Q, userID string) ([]Membership, error) {
	memberships, _, err := of(ctx, q, Users, userID, db.Range{})
	return memberships, err
}

// OfApplication returns a range of the organizations of an application with its
// roles in each, in the order in which it joined, and how many there are.
func OfApplication(ctx context.Context, q db.Q, applicationID string, r db.Range) ([]Membership, int64, error) {
	return of(ctx, q, Applications, applicationID, r)
}

// Opened returns a range of the organizations that a user opened to a
// third-party application, the oldest first, and how many there are.
func Opened(ctx context.Context, q db.Q, applicationID, userID string, r db.Range) ([]Organization, int64, error) {
	return db.List[Organization](ctx, q, db.Listing{
		Columns: qualified,
		From:    "application_user_organizations m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.id = m.organization_id",
		Where:   "m.tenant_id = $1 AND m.application_id = $2 AND m.user_id = $3", Order: "o.created_at, o.id", Args: []any{applicationID, userID},
	}, r)
}

func of(ctx context.Context, q db.Q, k *Kind, memberID string, r db.Range) ([]Membership, int64, error) {
	organizations, total, err := db.List[Organization](ctx, q, db.Listing{
		Columns: qualified, From: k.members.Table + " m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.id = m.organization_id",
		Where: "m.tenant_id = $1 AND m." + k.members.Member + " = $2", Order: "m.created_at, o.id", Args: []any{memberID},
	}, r)
	if err != nil {
		return nil, 0, err
	}
	roles, err := k.rolesOfMember(ctx, q, memberID)
	if err != nil {
		return nil, 0, err
	}
	out := make([]Membership, len(organizations))
	for i, o := range organizations {
		out[i] = Membership{o.Published(q.TenantID()), roles.of(o.ID)}
	}
	return out, total, nil
}
