package apptest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/event"
)

// AuditRow is an entry of the audit trail as it is stored.
type AuditRow struct {
	Key           string                  `db:"key"`
	IsSuccess     bool                    `db:"is_success"`
	UserID        *string                 `db:"user_id"`
	ApplicationID *string                 `db:"application_id"`
	Payload       db.JSON[map[string]any] `db:"payload"`
}

// Audit returns the audit trail of a tenant with everything that requests
// answered so far have left there, oldest first; entries of one instant, and a
// clock that stands knows only one, come in any order.
func (a *App) Audit(t testing.TB, tenantID string) []AuditRow {
	t.Helper()
	if err := a.Server.SyncAudit(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := db.All[AuditRow](t.Context(), a.Pool.For(tenantID), `SELECT key, is_success, user_id, application_id, payload
		FROM audit_logs WHERE tenant_id = $1 ORDER BY created_at, id`)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// AuditKeys returns the keys of the audit trail, each with " failed" behind it
// if the step failed.
func (a *App) AuditKeys(t testing.TB, tenantID string) []string {
	t.Helper()
	keys := []string{}
	for _, row := range a.Audit(t, tenantID) {
		key := row.Key
		if !row.IsSuccess {
			key += " failed"
		}
		keys = append(keys, key)
	}
	return keys
}

// Events returns the outbox of a tenant, in the order of Audit.
func (a *App) Events(t testing.TB, tenantID string) []event.Event {
	t.Helper()
	events, err := event.Since(t.Context(), a.Pool.For(tenantID), "", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// EventNames returns the sorted names of the events in the outbox of a tenant.
func (a *App) EventNames(t testing.TB, tenantID string) []string {
	t.Helper()
	names := []string{}
	for _, e := range a.Events(t, tenantID) {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names
}

// Count returns how many rows of a tenant's table meet a condition; args are
// $2, $3 and so on.
func (a *App) Count(t testing.TB, tenantID, table, where string, args ...any) int {
	t.Helper()
	n, err := db.One[int](t.Context(), a.Pool.For(tenantID), `SELECT count(*) FROM `+table+` WHERE tenant_id = $1 AND (`+where+`)`, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Trails are tables that say what was tried, or follow from it some time after
// the answer: requests that are refused may write to them.
var Trails = []string{"audit_logs*", "daily_active_users", "sentinel_activities", "sentinel_targets", "rate_buckets", "leases"}

// Snapshot is a checksum of every table.
type Snapshot map[string]string

// Snapshot reads every table but Trails and those that are named, over all
// tenants.
func (a *App) Snapshot(t testing.TB, without ...string) Snapshot {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	list := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'users_search%'`
	if a.Pool.Dialect() != db.SQLite {
		list = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`
	}
	tables, err := db.All[string](ctx, a.Pool.Across(), list)
	if err != nil {
		t.Fatal(err)
	}
	s := Snapshot{}
	for _, table := range tables {
		if matches(Trails, table) || matches(without, table) {
			continue
		}
		if s[table], err = a.checksum(ctx, table); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// matches reports whether a list names the table; a star stands for the
// partitions of PostgreSQL.
func matches(list []string, table string) bool {
	return slices.ContainsFunc(list, func(name string) bool {
		prefix, star := strings.CutSuffix(name, "*")
		return name == table || star && strings.HasPrefix(table, prefix)
	})
}

func (a *App) checksum(ctx context.Context, table string) (string, error) {
	var lines []string
	err := a.Pool.Across().Read(ctx, `SELECT * FROM `+table, nil, func(rows db.Cursor) error {
		lines = []string{} // it may be read again
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				return err
			}
			line, err := json.Marshal(values)
			if err != nil {
				return err
			}
			lines = append(lines, string(line))
		}
		return nil
	})
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return fmt.Sprintf("%d rows, %s", len(lines), hex.EncodeToString(sum[:8])), err
}

// Same fails the test if a table differs from what it was.
func (s Snapshot) Same(t testing.TB, now Snapshot) {
	t.Helper()
	for _, table := range slices.Sorted(maps.Keys(s)) {
		if s[table] != now[table] {
			t.Errorf("table %s changed: %s, then %s", table, s[table], now[table])
		}
	}
}
