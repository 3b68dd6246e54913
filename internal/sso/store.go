package sso

import (
	"context"

	"signet/internal/platform/db"
)

const columns = `id, provider_name, connector_name, config_sealed, branding, is_sync_profile, is_token_storage_enabled, created_at`

// ByIDs returns the connectors of those ids with their domains, by id; ids that
// name none are left out.
func ByIDs(ctx context.Context, q db.Q, ids []string) ([]Connector, error) {
	if len(ids) == 0 {
		return []Connector{}, nil
	}
	l := db.Listing{Columns: columns, From: "sso_connectors", Where: "tenant_id = $1", Order: "id"}
	l.AndIn("id", ids)
	connectors, err := db.Rows[Connector](ctx, q, l, db.Range{})
	if err != nil {
		return nil, err
	}
	for i := range connectors {
		connectors[i].Domains, err = db.All[string](ctx, q, `SELECT domain FROM sso_connector_domains
			WHERE tenant_id = $1 AND connector_id = $2 ORDER BY position, domain`, connectors[i].ID)
		if err != nil {
			return nil, err
		}
	}
	return connectors, nil
}
