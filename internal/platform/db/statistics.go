package db

import (
	"context"
	"database/sql"
	"fmt"
)

// wantedStatistics is what SQLite's planner should believe of the indexes that begin
// with the tenant: that a tenant has a million rows, while all that follows leads to
// the few that SQLite guesses anyhow.
const wantedStatistics = `
	SELECT m.name AS tbl, i.name AS idx, '1000000' || (
		SELECT group_concat(CASE
			WHEN x.seqno = 0 THEN ' 1000000'
			WHEN i."unique" AND x.seqno = (SELECT max(seqno) FROM pragma_index_info(i.name)) THEN ' 1'
			ELSE ' ' || max(10 - x.seqno, 5) END, '')
		FROM (SELECT seqno FROM pragma_index_info(i.name) ORDER BY seqno) AS x) || ' noskipscan' AS stat
	FROM sqlite_master m JOIN pragma_index_list(m.name) i
	WHERE m.type = 'table' AND (SELECT name FROM pragma_index_info(i.name) WHERE seqno = 0) = 'tenant_id'`

// instructPlanner leaves statistics in an SQLite database. Without any, SQLite takes
// it that a tenant has ten rows, and would sooner go through all sessions or tokens
// of a tenant than through another index to a few of them. Unlike those of ANALYZE
// they are right however much has come since.
func (p *Pool) instructPlanner(ctx context.Context) error {
	if p.dialect != SQLite {
		return nil
	}
	return p.withConn(ctx, p.writer, func(conn *sql.Conn) error {
		known, err := hasStatistics(ctx, conn)
		if err != nil || known {
			return err
		}
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		for _, statement := range []string{
			// Made anew, so that open connections notice: they read statistics with the schema.
			"DROP TABLE IF EXISTS sqlite_stat1", "DROP TABLE IF EXISTS sqlite_stat4",
			"ANALYZE system_settings", "DELETE FROM sqlite_stat1", "DELETE FROM sqlite_stat4",
			"INSERT INTO sqlite_stat1 (tbl, idx, stat)" + wantedStatistics,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("statistics: %w", err)
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		_, err = conn.ExecContext(ctx, "ANALYZE sqlite_schema")
		return err
	})
}

// hasStatistics reports whether those that are wanted are there.
func hasStatistics(ctx context.Context, conn *sql.Conn) (bool, error) {
	var n int
	err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'").Scan(&n)
	if err != nil || n == 0 {
		return false, err
	}
	err = conn.QueryRowContext(ctx, "SELECT count(*) FROM ("+wantedStatistics+" EXCEPT SELECT tbl, idx, stat FROM sqlite_stat1)").Scan(&n)
	return n == 0, err
}
