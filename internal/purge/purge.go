// Package purge deletes what nobody needs any more: expired sessions, grants,
// codes and tokens, spent proofs, old attempts and old audit records, of every
// tenant and in batches small enough that nobody waits for them.
package purge

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"signet/internal/dashboard"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/job"
)

// Period is how often Expired should run.
const Period = time.Minute

const day = 24 * time.Hour

// rule says which rows of a table nobody needs any more: those whose column
// lies further back than keep.
type rule struct {
	table  string
	key    string // beside tenant_id
	column string
	keep   time.Duration
	also   string // further condition; $1 is the same time
	order  string // which rows go first; by column if empty
	inDays bool   // column holds days since 1970-01-01
	set    string // assignment instead of deletion
}

// rules are in an order in which children go before their parents, so that no
// cascade meets a large set.
var rules = []rule{
	// A token that was replaced can give its successor again for three seconds.
	{table: "refresh_tokens", key: "token_hash", column: "consumed_at", keep: 3 * time.Second,
		also: "successor_sealed IS NOT NULL", set: "successor_sealed = NULL"},
	{table: "setup_tokens", key: "token_hash", column: "expires_at", keep: day},
	{table: "account_logins", key: "id_hash", column: "expires_at"},
	{table: "account_sessions", key: "id_hash", column: "expires_at"},
	{table: "verification_records", key: "id", column: "expires_at"},
	{table: "authorization_codes", key: "code_hash", column: "expires_at", keep: time.Hour},
	{table: "device_codes", key: "code_hash", column: "expires_at", keep: time.Hour},
	{table: "access_tokens", key: "token_hash", column: "expires_at", keep: 10 * time.Minute},
	// A consumed one proves reuse until it expires itself: after that it is refused
	// like any other, and tells nothing of its family.
	{table: "refresh_tokens", key: "token_hash", column: "expires_at"},
	{table: "pushed_requests", key: "uri_hash", column: "expires_at", keep: time.Hour},
	// A document may be used for an hour past its end, and what began then lasts
	// another.
	{table: "cimd_clients", key: "client_id_hash", column: "expires_at", keep: 2 * time.Hour},
	{table: "interactions", key: "id_hash", column: "expires_at", keep: time.Hour},
	{table: "sessions", key: "uid", column: "expires_at", keep: day},
	{table: "grants", key: "id", column: "expires_at"},
	{table: "sentinel_activities", key: "id", column: "created_at", keep: day},
	{table: "sentinel_targets", key: "pool, target_hash", column: "touched_at", keep: day, also: "blocked_until < $1"},
	{table: "rate_buckets", key: "bucket_hash", column: "refilled_at", keep: time.Hour},
	// A node whose clock is late takes for good what has expired here.
	{table: "used_nonces", key: "realm, nonce_hash", column: "expires_at", keep: clock.Skew},
	{table: "subject_tokens", key: "token_hash", column: "expires_at", keep: day},
	{table: "one_time_tokens", key: "id", column: "expires_at", keep: 30 * day},
	{table: "initial_access_tokens", key: "id", column: "expires_at", keep: 7 * day},
	// Whom it was for has been away for a month, or there is nobody.
	{table: "outbox_events", key: "id", column: "created_at", keep: 30 * day, also: "dispatched_at IS NULL"},
	{table: "outbox_events", key: "id", column: "dispatched_at", keep: 3 * day},
	{table: "jobs", key: "id", column: "done_at", keep: 7 * day},
	{table: "audit_logs", key: "created_at, id", column: "created_at", keep: 90 * day},
	// Its only index begins with the tenant.
	{table: "daily_active_users", key: "day, user_id", column: "day", inDays: true, keep: dashboard.Kept * day,
		also: "tenant_id IN (SELECT id FROM tenants)", order: "tenant_id, day"},
}

// statement returns the statement of one batch: $1 is the time, $2 its size.
func (r rule) statement() string {
	condition := r.column + " < $1"
	if r.also != "" {
		condition += " AND " + r.also
	}
	action := "DELETE FROM " + r.table
	if r.set != "" {
		action = "UPDATE " + r.table + " SET " + r.set
	}
	return fmt.Sprintf(`%s WHERE (tenant_id, %s) IN (SELECT tenant_id, %s FROM %s WHERE %s ORDER BY %s LIMIT $2)`,
		action, r.key, r.key, r.table, condition, cmp.Or(r.order, r.column))
}

// Expired deletes expired rows and forgets sealed values that have served. It
// is work for a job.Runner.
func Expired(ctx context.Context, lease *job.Lease) error {
	for _, r := range rules {
		if err := r.run(ctx, lease); err != nil {
			return fmt.Errorf("purge %s: %w", r.table, err)
		}
	}
	return nil
}

// run works in batches small enough that nobody waits long for a lock.
func (r rule) run(ctx context.Context, lease *job.Lease) error {
	size := int64(500)
	if lease.Pool().Dialect() == db.SQLite {
		size = 200
	}
	before := lease.Pool().Clock().Millis() - r.keep.Milliseconds()
	if r.inDays {
		before /= day.Milliseconds()
	}
	for {
		var n int64
		err := lease.Pool().Across().Tx(ctx, func(tx *db.AcrossTx) (err error) {
			if err := lease.Hold(ctx, tx); err != nil {
				return err
			}
			n, err = tx.Exec(ctx, r.statement(), before, size)
			return err
		})
		if err != nil || n < size {
			return err
		}
	}
}
