package application

import (
	"context"

	"signet/internal/platform/db"
)

// ByIDs returns the applications of those ids in their order; ids that name none
// are left out.
func ByIDs(ctx context.Context, q db.Q, ids []string) ([]Application, error) {
	list := make([]Application, 0, len(ids))
	if len(ids) == 0 {
		return list, nil
	}
	l := db.Listing{Columns: applicationColumns, From: "applications", Where: "tenant_id = $1", Order: "id"}
	l.AndIn("id", ids)
	rows, err := db.Rows[row](ctx, q, l, db.Range{})
	if err != nil {
		return nil, err
	}
	byID := make(map[string]row, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	for _, id := range ids {
		if r, ok := byID[id]; ok {
			list = append(list, *r.application())
		}
	}
	return list, nil
}
