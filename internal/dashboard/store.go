package dashboard

import (
	"context"
	"errors"

	"signet/internal/platform/db"
)

func insertActive(ctx context.Context, tx *db.Tx, day Day, userID string) error {
	_, err := tx.Exec(ctx, `INSERT INTO daily_active_users (tenant_id, day, user_id) VALUES ($1, $2, $3)
		ON CONFLICT (tenant_id, day, user_id) DO NOTHING`, int64(day), userID)
	return err
}

// activeOn counts who was active on each of the days; one on which nobody was is
// left out.
func activeOn(ctx context.Context, q db.Q, days []int64) ([]counts, error) {
	return db.All[counts](ctx, q, `SELECT day, count(*) AS dau FROM daily_active_users
		WHERE tenant_id = $1 AND day IN (`+db.Placeholders(2, len(days))+`) GROUP BY day`, db.Args(days)...)
}

// activeBetween counts who was active on at least one of the days, the first and
// the last included.
func activeBetween(ctx context.Context, q db.Q, first, last Day) (int64, error) {
	return db.One[int64](ctx, q, `SELECT count(*) FROM (SELECT DISTINCT user_id FROM daily_active_users
		WHERE tenant_id = $1 AND day >= $2 AND day <= $3) AS people`, int64(first), int64(last))
}

// createdBetween counts the users who were created at or after from and before
// to, in epoch milliseconds.
func createdBetween(ctx context.Context, q db.Q, from, to int64) (int64, error) {
	return db.One[int64](ctx, q, `SELECT count(*) FROM users WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3`, from, to)
}

// counts are how many were active on a day, and in the 7 and 30 days that end
// with it.
type counts struct {
	Day Day   `db:"day"`
	DAU int64 `db:"dau"`
	WAU int64 `db:"wau"`
	MAU int64 `db:"mau"`
}

// settledBetween returns the stored counts of finished days by day.
func settledBetween(ctx context.Context, q db.Q, first, last Day) (map[Day]counts, error) {
	rows, err := db.All[counts](ctx, q, `SELECT day, dau, wau, mau FROM daily_stats
		WHERE tenant_id = $1 AND day >= $2 AND day <= $3`, int64(first), int64(last))
	if err != nil {
		return nil, err
	}
	settled := make(map[Day]counts, len(rows))
	for _, c := range rows {
		settled[c.Day] = c
	}
	return settled, nil
}

func insertCounts(ctx context.Context, q db.Q, c counts) error {
	_, err := q.Exec(ctx, `INSERT INTO daily_stats (tenant_id, day, dau, wau, mau) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant_id, day) DO NOTHING`, int64(c.Day), c.DAU, c.WAU, c.MAU)
	return err
}

// unsettled returns the first day whose counts are not stored; ok is false if
// nobody was ever active.
func unsettled(ctx context.Context, q db.Q) (first Day, ok bool, err error) {
	last, err := db.One[Day](ctx, q, `SELECT day FROM daily_stats WHERE tenant_id = $1 ORDER BY day DESC LIMIT 1`)
	if err == nil {
		return last + 1, true, nil
	}
	if !errors.Is(err, db.ErrNoRows) {
		return 0, false, err
	}
	first, err = db.One[Day](ctx, q, `SELECT day FROM daily_active_users WHERE tenant_id = $1 ORDER BY day LIMIT 1`)
	if errors.Is(err, db.ErrNoRows) {
		return 0, false, nil
	}
	return first, err == nil, err
}
