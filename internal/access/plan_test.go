package access_test

import (
	"strings"
	"testing"

	"signet/internal/access"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// Every request for a token runs one of the statements: each finds its rows by
// keys, and none walks a table or the whole of a tenant.
func TestScopes_AreFoundByKeys(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	for _, statement := range access.Statements() {
		args := []any{"t", "s", "r", "o"}[:strings.Count(statement, "$4")+3]
		type step struct {
			ID     int    `db:"id"`
			Parent int    `db:"parent"`
			Unused int    `db:"notused"`
			Detail string `db:"detail"`
		}
		steps, err := db.All[step](t.Context(), p.Across(), "EXPLAIN QUERY PLAN "+statement, args...)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if strings.HasPrefix(s.Detail, "SCAN") || strings.Contains(s.Detail, "AUTOMATIC") ||
				strings.HasPrefix(s.Detail, "SEARCH") && !strings.Contains(s.Detail, "tenant_id=? AND") {
				t.Errorf("%s in\n%s", s.Detail, statement)
			}
		}
	}
}
