package db

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// ways returns how SQLite goes about a statement, in its own words.
func ways(t *testing.T, p *Pool, statement string) string {
	t.Helper()
	type step struct {
		ID     int    `db:"id"`
		Parent int    `db:"parent"`
		Unused int    `db:"notused"`
		Detail string `db:"detail"`
	}
	steps, err := All[step](context.Background(), p.Across(), "EXPLAIN QUERY PLAN "+statement, "default", "x")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range steps {
		all = append(all, s.Detail)
	}
	return strings.Join(all, "\n")
}

// What belongs to one user, session or grant is not looked for among everything
// that a tenant has.
func TestStatistics_LeadToTheFewRows(t *testing.T) {
	t.Parallel()
	p := openFile(t, filepath.Join(t.TempDir(), "signet.db"))
	if _, err := p.Plan(t.Context()); err != nil { // which opens a connection that reads
		t.Fatal(err)
	}
	if err := p.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for statement, way := range map[string]string{
		`SELECT id FROM grants WHERE tenant_id = $1 AND session_uid = $2 AND NOT is_offline ORDER BY id`:      "grants_session (tenant_id=? AND session_uid=?)",
		`SELECT id FROM grants WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL ORDER BY id`:      "grants_user (tenant_id=? AND user_id=?)",
		`SELECT uid FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND expires_at > 1 ORDER BY uid DESC`: "sessions_user (tenant_id=? AND user_id=?)",
		`SELECT sid FROM session_clients WHERE tenant_id = $1 AND grant_id = $2 LIMIT 1`:                      "session_clients_grant (tenant_id=? AND grant_id=?)",
		`DELETE FROM session_clients WHERE tenant_id = $1 AND grant_id = $2 RETURNING sid`:                    "session_clients_grant (tenant_id=? AND grant_id=?)",
		`DELETE FROM organization_users WHERE tenant_id = $1 AND user_id = $2`:                                "organization_users_user (tenant_id=? AND user_id=?)",
		`DELETE FROM refresh_tokens WHERE tenant_id = $1 AND session_uid = $2 AND grant_id IN (SELECT id FROM grants
			WHERE tenant_id = $1 AND session_uid = $2)`: "refresh_tokens_grant (grant_id=? AND tenant_id=?)",
		`DELETE FROM access_tokens WHERE tenant_id = $1 AND grant_id IS NOT NULL AND grant_id IN (SELECT id FROM grants
			WHERE tenant_id = $1 AND user_id = $2)`: "access_tokens_grant (grant_id=? AND tenant_id=?)",
	} {
		if got := ways(t, p, statement); !strings.Contains(got, way) || strings.Contains(got, "(tenant_id=?)") {
			t.Errorf("%s:\n%s", statement, got)
		}
	}
}

// A later release, whose tables are others, has statistics of these.
func TestStatistics_FollowTheSchema(t *testing.T) {
	t.Parallel()
	p := openFile(t, filepath.Join(t.TempDir(), "signet.db"))
	if err := p.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored := func() int {
		n, err := One[int](t.Context(), p.Across(), `SELECT count(*) FROM sqlite_stat1 WHERE idx LIKE 'grants%'`)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := stored()
	if _, err := p.Across().Exec(t.Context(), `CREATE INDEX grants_new ON grants (tenant_id, version)`); err != nil {
		t.Fatal(err)
	}
	if err := p.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if before == 0 || stored() != before+1 {
		t.Errorf("%d before, %d after", before, stored())
	}
}
