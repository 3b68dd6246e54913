package db_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

var grants = db.Link{Table: "role_scopes", Owner: []string{"role_id"}, Member: "scope_id"}

// addScopes stores a role "r" and n scopes, whose ids it returns.
func addScopes(t *testing.T, d *db.DB, n int) []string {
	t.Helper()
	ids := make([]string, n)
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		if err := addRole(t.Context(), tx, "r", "reader"); err != nil {
			return err
		}
		if _, err := tx.Exec(t.Context(), `INSERT INTO resources (tenant_id, id, name, indicator, created_at) VALUES ($1, 'a', 'A', 'a', 1)`); err != nil {
			return err
		}
		for i := range ids {
			ids[i] = fmt.Sprintf("s%04d", i)
			if _, err := tx.Exec(t.Context(), `INSERT INTO scopes (tenant_id, id, resource_id, name, created_at) VALUES ($1, $2, 'a', $2, 1)`, ids[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		ids := addScopes(t, d, 250)
		// want runs fn and checks what it says was changed, and what is tied then.
		want := func(held []string, fn func(ctx context.Context, tx *db.Tx) error) {
			t.Helper()
			if err := d.Tx(t.Context(), func(tx *db.Tx) error { return fn(t.Context(), tx) }); err != nil {
				t.Fatal(err)
			}
			if got, err := grants.Members(t.Context(), d, "r"); err != nil || !slices.Equal(got, held) {
				t.Fatalf("%d are tied, want %d; %v", len(got), len(held), err)
			}
		}
		equal := func(what string, got, wanted []string) {
			t.Helper()
			slices.Sort(got)
			if !slices.Equal(got, wanted) {
				t.Errorf("%s: %d, want %d", what, len(got), len(wanted))
			}
		}
		want(ids[:3], func(ctx context.Context, tx *db.Tx) error {
			added, err := grants.Add(ctx, tx, 1, []string{ids[2], ids[0], ids[1], ids[0]}, "r")
			equal("added", added, ids[:3])
			return err
		})
		want(ids, func(ctx context.Context, tx *db.Tx) error {
			added, err := grants.Add(ctx, tx, 1, ids, "r")
			equal("added to those there are", added, ids[3:])
			return err
		})
		want(ids[200:], func(ctx context.Context, tx *db.Tx) error {
			added, removed, err := grants.Replace(ctx, tx, 1, ids[200:], "r")
			equal("added by a replacement", added, nil)
			equal("removed by a replacement", removed, ids[:200])
			return err
		})
		want(ids[201:], func(ctx context.Context, tx *db.Tx) error {
			for _, was := range []bool{true, false} {
				if removed, err := grants.Remove(ctx, tx, ids[200], "r"); err != nil || removed != was {
					t.Errorf("removed %v, %v", removed, err)
				}
			}
			return nil
		})
		for what, members := range map[string][]string{"unknown member": {ids[0], "none"}, "unknown owner": ids[:1]} {
			owner := map[string]string{"unknown member": "r", "unknown owner": "none"}[what]
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := grants.Add(t.Context(), tx, 1, members, owner)
				return err
			})
			if !db.IsReference(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
		want(ids[201:], func(context.Context, *db.Tx) error { return nil })
		// Nothing of it reaches another tenant.
		if got, err := grants.Members(t.Context(), p.For("other"), "r"); err != nil || len(got) != 0 {
			t.Errorf("the other tenant sees %v, %v", got, err)
		}
	})
}

func TestListAndChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		addScopes(t, d, 5)
		l := db.Listing{Columns: "id", From: "scopes", Where: "tenant_id = $1", Order: "id"}
		l.AndIn("id", []string{"s0001", "s0002", "s0003", "none"})
		err := l.Narrow(db.SQLite, func(_ db.Dialect, first int) (string, []any, error) {
			return fmt.Sprintf("name <> $%d", first), []any{"s0002"}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for r, want := range map[db.Range][]string{
			{}: {"s0001", "s0003"}, {Limit: 1}: {"s0001"}, {Limit: 5, Offset: 1}: {"s0003"}, {Limit: 5, Offset: 9}: {},
		} {
			got, total, err := db.List[string](t.Context(), d, l, r)
			if err != nil || total != 2 || !slices.Equal(got, want) {
				t.Errorf("%+v: %v of %d, %v", r, got, total, err)
			}
		}
		var c db.Changes
		if !c.Empty() {
			t.Error("nothing is something")
		}
		c.Set("name", "other")
		c.Set("description", nil)
		for id, exists := range map[string]bool{"s0000": true, "none": false} {
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				found, err := c.UpdateWhere(t.Context(), tx, "scopes", []string{"resource_id", "id"}, "a", id)
				if found != exists {
					t.Errorf("%s: %v", id, found)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		if n, err := db.One[int](t.Context(), d, `SELECT count(*) FROM scopes WHERE tenant_id = $1 AND name = 'other'`); err != nil || n != 1 {
			t.Errorf("%d rows changed, %v", n, err)
		}
	})
}
