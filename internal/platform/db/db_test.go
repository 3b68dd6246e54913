package db_test

import (
	"context"
	"errors"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		n, err := d.Exec(ctx, `INSERT INTO roles (tenant_id, id, name, description, type, is_default, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, "r1", "n", "d", "User", true, 5)
		if err != nil || n != 1 {
			t.Fatal(n, err)
		}
		type role struct {
			ID      string `db:"id"`
			Default bool   `db:"is_default"`
		}
		got, err := db.One[role](ctx, d, `SELECT id, is_default FROM roles WHERE tenant_id = $1 AND is_default`)
		if err != nil || got != (role{"r1", true}) {
			t.Fatal(got, err)
		}
		_, err = db.One[role](ctx, p.For("other"), `SELECT id, is_default FROM roles WHERE tenant_id = $1`)
		if !errors.Is(err, db.ErrNoRows) {
			t.Fatal(err)
		}
		_, err = d.Exec(ctx, `INSERT INTO roles (tenant_id, id, name, description, type, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)`, "r2", "n", "d", "User", 5)
		if !db.IsUnique(err, "roles", "name") || db.IsUnique(err, "roles", "id") || db.IsUnique(err, "scopes", "name") {
			t.Fatal(err)
		}
	})
}
