package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// endless counts for minutes before it yields its only row.
const endless = `WITH RECURSIVE n AS (SELECT 1 AS i WHERE CAST($1 AS text) <> '' UNION ALL SELECT i + 1 FROM n WHERE i < 4000000000)
	SELECT count(*) FROM n`

func TestInterruptibleStatementEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		ctx, cancel := context.WithTimeout(db.Interruptible(t.Context()), 100*time.Millisecond)
		defer cancel()
		if _, err := db.One[int](ctx, d, endless); err == nil || errors.Is(err, db.ErrUnavailable) {
			t.Errorf("%v", err)
		}
		// Within a transaction too, and the connections still serve.
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			ctx, cancel := context.WithTimeout(db.Interruptible(t.Context()), 100*time.Millisecond)
			defer cancel()
			_, err := db.One[int](ctx, tx, endless)
			return err
		})
		if err == nil || errors.Is(err, db.ErrUnavailable) {
			t.Errorf("in a transaction: %v", err)
		}
		for range 10 {
			if _, err := db.One[int](t.Context(), d, `SELECT count(*) FROM users WHERE tenant_id = $1`); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestInterruptibleStatementTakesArguments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		n, err := db.One[int](db.Interruptible(t.Context()), p.For("default"),
			`SELECT count(*) FROM users WHERE tenant_id = $1 AND created_at > $2 AND name = $3 AND is_suspended = $4`, 7, "x", true)
		if err != nil || n != 0 {
			t.Errorf("%d, %v", n, err)
		}
	})
}
