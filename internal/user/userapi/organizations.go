package userapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/tenant"
	"signet/internal/user"
)

// membership is an organization as its member's list shows it.
type membership struct {
	TenantID          string               `json:"tenantId" check:"max=21"`
	ID                string               `json:"id" check:"max=21"`
	Name              string               `json:"name" check:"max=128" example:"Harbour"`
	Description       *string              `json:"description" check:"max=256,nullable"`
	CustomData        map[string]any       `json:"customData"`
	IsMFARequired     bool                 `json:"isMfaRequired"`
	Color             organizationColor    `json:"color"`
	Branding          organizationBranding `json:"branding"`
	CustomCSS         *string              `json:"customCss" check:"nullable"`
	CreatedAt         int64                `json:"createdAt"`
	OrganizationRoles []organizationRole   `json:"organizationRoles"`
}

type organizationColor struct {
	PrimaryColor      *string `json:"primaryColor,omitempty" example:"#1f5673"`
	IsDarkModeEnabled *bool   `json:"isDarkModeEnabled,omitempty"`
	DarkPrimaryColor  *string `json:"darkPrimaryColor,omitempty" example:"#8fb8de"`
}

type organizationBranding struct {
	LogoURL     *string `json:"logoUrl,omitempty"`
	DarkLogoURL *string `json:"darkLogoUrl,omitempty"`
	Favicon     *string `json:"favicon,omitempty"`
	DarkFavicon *string `json:"darkFavicon,omitempty"`
}

type organizationRole struct {
	ID   string `json:"id"`
	Name string `json:"name" example:"Editor"`
}

func (a *API) organizations(ctx context.Context, in *userPath) (*[]membership, error) {
	t := tenant.From(ctx)
	if _, err := user.ByID(ctx, t.DB, in.UserID); err != nil {
		return nil, err
	}
	out, err := membershipsOf(ctx, t.DB, in.UserID)
	return &out, err
}

type membershipRow struct {
	ID            string                        `db:"id"`
	Name          string                        `db:"name"`
	Description   *string                       `db:"description"`
	CustomData    db.JSON[map[string]any]       `db:"custom_data"`
	IsMFARequired bool                          `db:"is_mfa_required"`
	Color         db.JSON[organizationColor]    `db:"color"`
	Branding      db.JSON[organizationBranding] `db:"branding"`
	CustomCSS     *string                       `db:"custom_css"`
	CreatedAt     int64                         `db:"created_at"`
}

type memberRoleRow struct {
	OrganizationID string `db:"organization_id"`
	ID             string `db:"id"`
	Name           string `db:"name"`
}

// membershipsOf returns the organizations of a user, the oldest first, with the
// user's roles there by name.
func membershipsOf(ctx context.Context, q db.Q, userID string) ([]membership, error) {
	rows, err := db.All[membershipRow](ctx, q, `SELECT o.id, o.name, o.description, o.custom_data, o.is_mfa_required,
			o.color, o.branding, o.custom_css, o.created_at
		FROM organization_users m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.id = m.organization_id
		WHERE m.tenant_id = $1 AND m.user_id = $2 ORDER BY o.created_at, o.id`, userID)
	if err != nil {
		return nil, err
	}
	roles, err := db.All[memberRoleRow](ctx, q, `SELECT m.organization_id, r.id, r.name
		FROM organization_user_roles m JOIN organization_roles r ON r.tenant_id = m.tenant_id AND r.id = m.organization_role_id
		WHERE m.tenant_id = $1 AND m.user_id = $2 ORDER BY r.name, r.id`, userID)
	if err != nil {
		return nil, err
	}
	held := map[string][]organizationRole{}
	for _, r := range roles {
		held[r.OrganizationID] = append(held[r.OrganizationID], organizationRole{r.ID, r.Name})
	}
	out := make([]membership, len(rows))
	for i, r := range rows {
		out[i] = membership{
			TenantID: q.TenantID(), ID: r.ID, Name: r.Name, Description: r.Description, CustomData: r.CustomData.V,
			IsMFARequired: r.IsMFARequired, Color: r.Color.V, Branding: r.Branding.V, CustomCSS: r.CustomCSS,
			CreatedAt: r.CreatedAt, OrganizationRoles: append([]organizationRole{}, held[r.ID]...),
		}
	}
	return out, nil
}
