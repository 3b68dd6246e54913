package role

import (
	"context"

	"signet/internal/platform/db"
)

// InternalPrefix begins the names of roles that lists do not show.
const InternalPrefix = "#internal:"

// Published is a role as the API shows it.
type Published struct {
	TenantID    string `json:"tenantId" check:"max=21"`
	ID          string `json:"id" check:"max=21"`
	Name        string `json:"name" check:"max=128" example:"Reader of orders"`
	Description string `json:"description" check:"max=128"`
	Type        Type   `json:"type" check:"enum=User|MachineToMachine"`
	IsDefault   bool   `json:"isDefault"`
}

// Published returns what the API shows of the role.
func (r *Role) Published(tenantID string) Published {
	return Published{tenantID, r.ID, r.Name, r.Description, r.Type, r.IsDefault}
}

// OfApplication returns the roles of an application by name, but for internal
// ones, and how many there are. The filter is a search over columns of roles,
// which have the alias r, or nil.
func OfApplication(ctx context.Context, q db.Q, applicationID string, filter db.Filter, rows db.Range) ([]Role, int64, error) {
	l := db.Listing{
		Columns: "r.id, r.name, r.description, r.type, r.is_default, r.created_at",
		From:    "application_roles a JOIN roles r ON r.tenant_id = a.tenant_id AND r.id = a.role_id",
		Where:   "a.tenant_id = $1 AND a.application_id = $2 AND r.name NOT LIKE '" + InternalPrefix + "%'",
		Order:   "r.name, r.id", Args: []any{applicationID},
	}
	if err := l.Narrow(q.Dialect(), filter); err != nil {
		return nil, 0, err
	}
	return db.List[Role](ctx, q, l, rows)
}
