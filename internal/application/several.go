package application

import (
	"context"
	"slices"

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

// ChosenAlgorithms returns the algorithms that applications have chosen for their
// ID tokens, each once. It reads every application: for rare changes of keys.
func ChosenAlgorithms(ctx context.Context, q db.Q) ([]string, error) {
	all, err := db.All[db.JSON[CustomMetadata]](ctx, q, `SELECT custom_client_metadata FROM applications WHERE tenant_id = $1`)
	if err != nil {
		return nil, err
	}
	var chosen []string
	for _, m := range all {
		if m.V.IDTokenSignedResponseAlg != "" {
			chosen = append(chosen, m.V.IDTokenSignedResponseAlg)
		}
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}
