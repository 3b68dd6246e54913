package application

import (
	"context"

	"signet/internal/platform/db"
)

// PublishedConsent is what an application may ask its users for, as the API
// shows it.
type PublishedConsent struct {
	OrganizationScopes         []ConsentScope    `json:"organizationScopes"`
	ResourceScopes             []ConsentResource `json:"resourceScopes"`
	OrganizationResourceScopes []ConsentResource `json:"organizationResourceScopes"`
	UserScopes                 []string          `json:"userScopes"`
}

// ConsentScope is a scope that users are asked for.
type ConsentScope struct {
	ID          string  `json:"id" db:"id"`
	Name        string  `json:"name" db:"name" example:"read:orders"`
	Description *string `json:"description" check:"nullable" db:"description"`
}

// ConsentResource is an API with those of its scopes that users are asked for.
type ConsentResource struct {
	Resource ConsentAPI     `json:"resource"`
	Scopes   []ConsentScope `json:"scopes"`
}

// ConsentAPI names an API resource.
type ConsentAPI struct {
	ID        string `json:"id"`
	Name      string `json:"name" example:"Orders"`
	Indicator string `json:"indicator"`
}

// Unregistered stands for all clients that no operator has registered, in place of
// the id of an application.
const Unregistered = ""

// Consent returns what an application may ask its users for, by name.
func Consent(ctx context.Context, q db.Q, id string) (*PublishedConsent, error) {
	var out PublishedConsent
	var err error
	out.UserScopes, err = db.All[string](ctx, q, `SELECT user_scope FROM consent_scopes
		WHERE tenant_id = $1 AND coalesce(application_id, '') = $2 AND kind = 'user' ORDER BY user_scope`, id)
	if err != nil {
		return nil, err
	}
	out.OrganizationScopes, err = db.All[ConsentScope](ctx, q, `SELECT s.id, s.name, s.description
		FROM consent_scopes c JOIN organization_scopes s ON s.tenant_id = c.tenant_id AND s.id = c.organization_scope_id
		WHERE c.tenant_id = $1 AND coalesce(c.application_id, '') = $2 AND c.kind = 'organization' ORDER BY s.name, s.id`, id)
	if err != nil {
		return nil, err
	}
	if out.ResourceScopes, err = consentResources(ctx, q, id, consentResource); err != nil {
		return nil, err
	}
	out.OrganizationResourceScopes, err = consentResources(ctx, q, id, consentOrganizationResource)
	return &out, err
}

type consentRow struct {
	ConsentScope

	ResourceID   string `db:"resource_id"`
	ResourceName string `db:"resource_name"`
	Indicator    string `db:"indicator"`
}

func consentResources(ctx context.Context, q db.Q, id string, kind ConsentKind) ([]ConsentResource, error) {
	rows, err := db.All[consentRow](ctx, q, `SELECT s.id, s.name, s.description, r.id AS resource_id, r.name AS resource_name, r.indicator
		FROM consent_scopes c JOIN scopes s ON s.tenant_id = c.tenant_id AND s.id = c.scope_id
			JOIN resources r ON r.tenant_id = s.tenant_id AND r.id = s.resource_id
		WHERE c.tenant_id = $1 AND coalesce(c.application_id, '') = $2 AND c.kind = $3 ORDER BY r.name, r.id, s.name, s.id`, id, kind)
	if err != nil {
		return nil, err
	}
	out := []ConsentResource{}
	for _, row := range rows {
		if len(out) == 0 || out[len(out)-1].Resource.ID != row.ResourceID {
			out = append(out, ConsentResource{Resource: ConsentAPI{row.ResourceID, row.ResourceName, row.Indicator}})
		}
		last := &out[len(out)-1]
		last.Scopes = append(last.Scopes, row.ConsentScope)
	}
	return out, nil
}
