package purge

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/job"
)

// fixtures insert one row of a table: $1 tenant, $2 a text that is its key, $3
// the time that decides.
var fixtures = []struct{ table, insert string }{
	{"users", `(tenant_id, id, search_text, created_at, updated_at) VALUES ($1, $2, '', $3, 1)`},
	{"sessions", `(tenant_id, uid, id_hash, user_id, created_at, renewed_at, expires_at) VALUES ($1, $2, {b}, $2, 1, 1, $3)`},
	{"grants", `(tenant_id, id, user_id, client_id, client_kind, issued_at, expires_at) VALUES ($1, $2, $2, 'c', 'builtin', 1, $3)`},
	{"authorization_codes", `(tenant_id, code_hash, grant_id, client_id, redirect_uri, scope, auth_time, expires_at) VALUES ($1, {b}, $2, 'c', '', '', 1, $3)`},
	{"device_codes", `(tenant_id, code_hash, user_code_hash, client_id, params, status, grant_id, approval, expires_at) VALUES ($1, {b}, {b}, 'c', '{}', 'approved', $2, '{}', $3)`},
	{"refresh_tokens", `(tenant_id, token_hash, grant_id, family_id, client_id, scope, auth_time, family_started_at, issued_at, expires_at) VALUES ($1, {b}, $2, 'f', 'c', '', 1, 1, 1, $3)`},
	{"access_tokens", `(tenant_id, token_hash, grant_id, client_id, scope, issued_at, expires_at) VALUES ($1, {b}, $2, 'c', '', 1, $3)`},
	{"pushed_requests", `(tenant_id, uri_hash, client_id, params, expires_at) VALUES ($1, {b}, 'c', '{}', $3)`},
	{"interactions", `(tenant_id, id_hash, kind, prompt, client_id, params, created_at, expires_at) VALUES ($1, {b}, 'authorize', 'login', 'c', '{}', 1, $3)`},
	{"account_logins", `(tenant_id, id_hash, state_hash, code_verifier_sealed, return_path, expires_at) VALUES ($1, {b}, {b}, {b}, '/', $3)`},
	{"account_sessions", `(tenant_id, id_hash, user_id, session_uid, created_at, expires_at) VALUES ($1, {b}, $2, $2, 1, $3)`},
	{"verification_records", `(tenant_id, id, type, created_at, expires_at) VALUES ($1, $2, 'Password', 1, $3)`},
	{"setup_tokens", `(tenant_id, token_hash, created_at, expires_at) VALUES ($1, {b}, 1, $3)`},
	{"sentinel_activities", `(tenant_id, id, pool, target_type, target_hash, action, outcome, created_at) VALUES ($1, $2, 'user', 'User', {b}, 'Password', 'failed', $3)`},
	{"sentinel_targets", `(tenant_id, pool, target_hash, touched_at) VALUES ($1, 'user', {b}, $3)`},
	{"rate_buckets", `(tenant_id, bucket_hash, tokens, refilled_at) VALUES ($1, {b}, 1.5, $3)`},
	{"cimd_clients", `(tenant_id, client_id_hash, client_id, document, fetched_at, expires_at) VALUES ($1, {b}, 'https://c.example/', '{}', 1, $3)`},
	{"used_nonces", `(tenant_id, realm, nonce_hash, expires_at) VALUES ($1, 'jti', {b}, $3)`},
	{"subject_tokens", `(tenant_id, token_hash, user_id, creator_id, created_at, expires_at) VALUES ($1, {b}, $2, 'c', 1, $3)`},
	{"one_time_tokens", `(tenant_id, id, email, token_hash, token_sealed, created_at, expires_at) VALUES ($1, $2, 'e', {b}, {b}, 1, $3)`},
	{"initial_access_tokens", `(tenant_id, id, name, token_hash, created_at, expires_at) VALUES ($1, $2, 'n', {b}, 1, $3)`},
	{"outbox_events", `(tenant_id, id, name, data, context, created_at, dispatched_at) VALUES ($1, $2, 'n', '{}', '{}', 1, $3)`},
	{"jobs", `(tenant_id, id, kind, payload, run_at, created_at, done_at) VALUES ($1, $2, 'k', '{}', 1, 1, $3)`},
	{"daily_active_users", `(tenant_id, user_id, day) VALUES ($1, $2, (CAST($3 AS BIGINT) - 51200000) / 86400000)`}, // a day ends at start
	{"audit_logs", `(tenant_id, id, created_at, key, is_success, is_listed, payload) VALUES ($1, $2, $3, 'k', TRUE, TRUE, '{}')`},
}

const start = 1_790_000_000_000

// each runs fn on both engines with a clock that stands at start.
func each(t *testing.T, fn func(t *testing.T, now *clock.Fake, p *db.Pool)) {
	for name, options := range map[string]func(testing.TB) db.Options{
		"sqlite": dbtest.SQLiteOptions, "postgres": dbtest.PostgresOptions,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := clock.NewFake(time.UnixMilli(start))
			o := options(t)
			o.Clock = now.Now
			fn(t, now, dbtest.Open(t, o))
		})
	}
}

func insert(t *testing.T, p *db.Pool, table, tenant, key string, at int64) {
	t.Helper()
	for _, f := range fixtures {
		if f.table != table {
			continue
		}
		bytes := "CAST($2 AS BLOB)"
		if p.Dialect() == db.Postgres {
			bytes = "convert_to($2, 'UTF8')"
		}
		if _, err := p.Across().Exec(context.Background(), "INSERT INTO "+table+" "+strings.ReplaceAll(f.insert, "{b}", bytes), tenant, key, at); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
}

func rows(t *testing.T, p *db.Pool, table string) int {
	t.Helper()
	n, err := db.One[int](context.Background(), p.Across(), "SELECT count(*) FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func purge(p *db.Pool) error {
	lease, _, err := job.Acquire(context.Background(), p, "purge", "test")
	if err != nil {
		return err
	}
	return Expired(context.Background(), lease)
}

func TestPurgeKeepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, p *db.Pool) {
		keep := map[string]int64{}
		for _, r := range rules {
			if r.set == "" {
				keep[r.table] = r.keep.Milliseconds()
			}
		}
		if _, err := p.Across().Exec(t.Context(), `INSERT INTO tenants (id, name, created_at) VALUES ('a', 'a', 1), ('b', 'b', 1)`); err != nil {
			t.Fatal(err)
		}
		for _, f := range fixtures {
			for _, tenant := range []string{"a", "b"} {
				// Parents of the rows that stay must stay as well.
				insert(t, p, f.table, tenant, "old", start-keep[f.table]-1)
				insert(t, p, f.table, tenant, "due", start-keep[f.table])
				insert(t, p, f.table, tenant, "new", start+1)
			}
		}
		if err := purge(p); err != nil {
			t.Fatal(err)
		}
		for _, f := range fixtures {
			want := 4
			if f.table == "users" {
				want = 6
			}
			if n := rows(t, p, f.table); n != want {
				t.Errorf("%s holds %d rows, want %d", f.table, n, want)
			}
		}
	})
}

// What waits for somebody waits long, though not for ever.
func TestPurgeKeepsWhatNeverEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		_, outbox := p.Across().Exec(ctx, `INSERT INTO outbox_events (tenant_id, id, name, data, context, created_at) VALUES
			('a', 'x', 'n', '{}', '{}', $1), ('a', 'nobody took it', 'n', '{}', '{}', 1)`, time.Now().Add(-29*24*time.Hour).UnixMilli())
		_, waiting := p.Across().Exec(ctx, `INSERT INTO jobs (tenant_id, id, kind, payload, run_at, created_at) VALUES ('a', 'x', 'k', '{}', 1, 1)`)
		_, blocked := p.Across().Exec(ctx, `INSERT INTO sentinel_targets (tenant_id, pool, target_hash, touched_at, blocked_until) VALUES ('a', 'user', $1, 1, $2)`,
			[]byte("x"), time.Now().Add(time.Hour).UnixMilli())
		if err := errors.Join(outbox, waiting, blocked, purge(p)); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"outbox_events", "jobs", "sentinel_targets"} {
			if n := rows(t, p, table); n != 1 {
				t.Errorf("%s holds %d rows", table, n)
			}
		}
	})
}

func TestPurgeForgetsSealedSuccessors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, p *db.Pool) {
		ctx := context.Background()
		insert(t, p, "users", "a", "old", 1)
		insert(t, p, "grants", "a", "old", start+1000_000)
		insert(t, p, "refresh_tokens", "a", "old", start+1000_000)
		if _, err := p.Across().Exec(ctx, `UPDATE refresh_tokens SET successor_sealed = $1, consumed_at = $2`, []byte("sealed"), start); err != nil {
			t.Fatal(err)
		}
		sealed := func() int {
			n, err := db.One[int](ctx, p.Across(), `SELECT count(*) FROM refresh_tokens WHERE successor_sealed IS NOT NULL`)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		now.Advance(3 * time.Second)
		lease, _, err := job.Acquire(ctx, p, "purge", "test")
		if err != nil {
			t.Fatal(err)
		}
		if err := Expired(ctx, lease); err != nil || sealed() != 1 {
			t.Errorf("after 3 s: %d sealed, %v", sealed(), err)
		}
		now.Advance(time.Millisecond)
		if err := Expired(ctx, lease); err != nil || sealed() != 0 || rows(t, p, "refresh_tokens") != 1 {
			t.Errorf("later: %d sealed, %v", sealed(), err)
		}
	})
}

// What counts once is remembered as long as any node could still take it.
func TestPurgeKeepsSpentProofsForLateClocks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *clock.Fake, p *db.Pool) {
		insert(t, p, "used_nonces", "a", "late", start-2*60_000)
		insert(t, p, "used_nonces", "a", "over", start-2*60_000-1)
		if err := purge(p); err != nil || rows(t, p, "used_nonces") != 1 {
			t.Errorf("%d are remembered, %v", rows(t, p, "used_nonces"), err)
		}
	})
}

func TestPurgeWorksInBatches(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		_, err := p.Across().Exec(context.Background(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
			INSERT INTO verification_records (tenant_id, id, type, created_at, expires_at) SELECT 'a', 'r' || i, 'Password', 1, i FROM n`)
		if err != nil {
			t.Fatal(err)
		}
		if err := purge(p); err != nil || rows(t, p, "verification_records") != 0 {
			t.Errorf("%d rows stay, %v", rows(t, p, "verification_records"), err)
		}
	})
}

func TestPurgeStopsWhenTheLeaseIsLost(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, now *clock.Fake, p *db.Pool) {
		ctx := context.Background()
		insert(t, p, "used_nonces", "a", "old", 1)
		lease, _, err := job.Acquire(ctx, p, "purge", "first")
		if err != nil {
			t.Fatal(err)
		}
		now.Advance(time.Hour)
		if _, _, err := job.Acquire(ctx, p, "purge", "second"); err != nil {
			t.Fatal(err)
		}
		if err := Expired(ctx, lease); !errors.Is(err, job.ErrLost) || rows(t, p, "used_nonces") != 1 {
			t.Errorf("%d rows stay, %v", rows(t, p, "used_nonces"), err)
		}
	})
}

// Every table with something that expires is purged, and by an index.
func TestEveryExpiryIsPurged(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	ctx := context.Background()
	expiring, err := db.All[string](ctx, p.Across(), `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.name = 'expires_at' ORDER BY m.name`)
	if err != nil {
		t.Fatal(err)
	}
	purged := map[string]bool{}
	for _, r := range rules {
		purged[r.table] = true
		for _, step := range queryPlan(t, p, r) {
			if strings.HasPrefix(step, "SCAN "+r.table) && !strings.Contains(step, "INDEX") {
				t.Errorf("%s is searched whole: %s", r.table, step)
			}
		}
	}
	// A lease is taken over in its row; secrets, tokens of a person and
	// invitations stay listed until somebody deletes them.
	kept := map[string]bool{
		"leases": true, "application_secrets": true, "personal_access_tokens": true, "organization_invitations": true,
	}
	for _, table := range expiring {
		if !purged[table] && !kept[table] {
			t.Errorf("%s is never purged", table)
		}
	}
	covered := map[string]bool{}
	for _, f := range fixtures {
		covered[f.table] = true
	}
	for _, table := range slices.Sorted(maps.Keys(purged)) {
		if !covered[table] {
			t.Errorf("%s has no fixture above", table)
		}
	}
}

func queryPlan(t *testing.T, p *db.Pool, r rule) []string {
	t.Helper()
	type step struct {
		ID     int    `db:"id"`
		Parent int    `db:"parent"`
		Unused int    `db:"notused"`
		Detail string `db:"detail"`
	}
	steps, err := db.All[step](context.Background(), p.Across(), "EXPLAIN QUERY PLAN "+r.statement(), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	details := make([]string, len(steps))
	for i, s := range steps {
		details[i] = s.Detail
	}
	return details
}
