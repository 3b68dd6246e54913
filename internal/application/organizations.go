package application

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// Organization is an organization as the API shows it.
type Organization struct {
	TenantID      string         `json:"tenantId" check:"max=21"`
	ID            string         `json:"id" check:"max=21"`
	Name          string         `json:"name" check:"max=128" example:"Harbour Works"`
	Description   *string        `json:"description" check:"nullable,max=256"`
	CustomData    map[string]any `json:"customData"`
	IsMFARequired bool           `json:"isMfaRequired"`
	Color         Color          `json:"color"`
	Branding      Branding       `json:"branding"`
	CustomCSS     *string        `json:"customCss" check:"nullable"`
	CreatedAt     int64          `json:"createdAt"`
}

// Membership is an organization with the roles that an application has there.
type Membership struct {
	Organization

	Roles []OrganizationRole `json:"organizationRoles"`
}

// OrganizationRole names a role in an organization.
type OrganizationRole struct {
	ID   string `json:"id" db:"id"`
	Name string `json:"name" db:"name" example:"Deployer"`
}

type organizationRow struct {
	ID            string                  `db:"id"`
	Name          string                  `db:"name"`
	Description   *string                 `db:"description"`
	CustomData    db.JSON[map[string]any] `db:"custom_data"`
	IsMFARequired bool                    `db:"is_mfa_required"`
	Color         db.JSON[Color]          `db:"color"`
	Branding      db.JSON[Branding]       `db:"branding"`
	CustomCSS     *string                 `db:"custom_css"`
	CreatedAt     int64                   `db:"created_at"`
}

func (r *organizationRow) organization(tenantID string) Organization {
	return Organization{
		TenantID: tenantID, ID: r.ID, Name: r.Name, Description: r.Description, CustomData: r.CustomData.V,
		IsMFARequired: r.IsMFARequired, Color: r.Color.V, Branding: r.Branding.V, CustomCSS: r.CustomCSS, CreatedAt: r.CreatedAt,
	}
}

const organizationColumns = `o.id, o.name, o.description, o.custom_data, o.is_mfa_required, o.color, o.branding, o.custom_css, o.created_at`

// Memberships returns the organizations of an application with its roles there,
// the oldest first, and how many there are.
func Memberships(ctx context.Context, q db.Q, id string, r db.Range) ([]Membership, int64, error) {
	rows, total, err := db.List[organizationRow](ctx, q, db.Listing{
		Columns: organizationColumns,
		From:    "organization_applications m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.id = m.organization_id",
		Where:   "m.tenant_id = $1 AND m.application_id = $2", Order: "o.created_at, o.id", Args: []any{id},
	}, r)
	if err != nil {
		return nil, 0, err
	}
	held, err := organizationRolesOf(ctx, q, id)
	out := make([]Membership, len(rows))
	for i := range rows {
		out[i] = Membership{rows[i].organization(q.TenantID()), held[rows[i].ID]}
		if out[i].Roles == nil {
			out[i].Roles = []OrganizationRole{}
		}
	}
	return out, total, err
}

// organizationRolesOf returns the roles of an application by organization.
func organizationRolesOf(ctx context.Context, q db.Q, id string) (map[string][]OrganizationRole, error) {
	type row struct {
		OrganizationRole

		OrganizationID string `db:"organization_id"`
	}
	rows, err := db.All[row](ctx, q, `SELECT a.organization_id, r.id, r.name FROM organization_application_roles a
		JOIN organization_roles r ON r.tenant_id = a.tenant_id AND r.id = a.organization_role_id
		WHERE a.tenant_id = $1 AND a.application_id = $2 ORDER BY r.name, r.id`, id)
	held := map[string][]OrganizationRole{}
	for _, r := range rows {
		held[r.OrganizationID] = append(held[r.OrganizationID], r.OrganizationRole)
	}
	return held, err
}

// opened ties an application and a user to the organizations that the user
// opened to it. Only organizations of the user can be tied.
var opened = db.Link{Table: "application_user_organizations", Owner: []string{"application_id", "user_id"}, Member: "organization_id"}

// OpenedOrganizations returns the organizations that a user opened to an
// application, the oldest first, and how many there are.
func OpenedOrganizations(ctx context.Context, q db.Q, id, userID string, r db.Range) ([]Organization, int64, error) {
	rows, total, err := db.List[organizationRow](ctx, q, db.Listing{
		Columns: organizationColumns,
		From:    "application_user_organizations m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.id = m.organization_id",
		Where:   "m.tenant_id = $1 AND m.application_id = $2 AND m.user_id = $3", Order: "o.created_at, o.id", Args: []any{id, userID},
	}, r)
	out := make([]Organization, len(rows))
	for i := range rows {
		out[i] = rows[i].organization(q.TenantID())
	}
	return out, total, err
}

// OpenOrganizations opens organizations of a user to an application; ErrNotMember
// if the user does not belong to one of them.
func OpenOrganizations(ctx context.Context, tx *db.Tx, id, userID string, organizationIDs []string) error {
	_, err := opened.Add(ctx, tx, 0, organizationIDs, id, userID)
	return notMember(err)
}

// SetOpenOrganizations makes organizations all that a user opens to an
// application; see OpenOrganizations.
func SetOpenOrganizations(ctx context.Context, tx *db.Tx, id, userID string, organizationIDs []string) error {
	_, _, err := opened.Replace(ctx, tx, 0, organizationIDs, id, userID)
	return notMember(err)
}

func notMember(err error) error {
	if db.IsReference(err) {
		return ErrNotMember
	}
	return err
}

// CloseOrganization closes an organization of a user to an application;
// errs.ErrNotFound if it was not open.
func CloseOrganization(ctx context.Context, tx *db.Tx, id, userID, organizationID string) error {
	removed, err := opened.Remove(ctx, tx, organizationID, id, userID)
	if err == nil && !removed {
		return errs.ErrNotFound
	}
	return err
}
