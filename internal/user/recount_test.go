package user

import (
	"context"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/job"
)

func TestRecount_RepairsEveryTenant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := people(t, p, New{ID: "u1"}, New{ID: "u2"})
		belong(t, d, "r", "o", "u1")
		for _, statement := range []string{
			`INSERT INTO tenants (id, name, created_at) VALUES ('default', 'default', 1) ON CONFLICT DO NOTHING`,
			`UPDATE entity_counts SET n = n + 5`,
		} {
			if _, err := p.Across().Exec(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		lease, _, err := job.Acquire(ctx, p, "recount", "test")
		if err != nil || lease == nil {
			t.Fatalf("%v, %v", lease, err)
		}
		if err := Recount(ctx, lease); err != nil {
			t.Fatal(err)
		}
		for kind, want := range map[[2]string]int{{Counted, ""}: 2, {CountedRoles, "r"}: 1, {CountedOrganizations, "o"}: 1} {
			if n, err := db.Total(ctx, d, kind[0], kind[1]); err != nil || n != want {
				t.Errorf("%v: %d, want %d, %v", kind, n, want, err)
			}
		}
	})
}
