package role_test

import (
	"slices"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/role"
	"signet/internal/user"
)

// Of two replacements at once the later one holds, not both together.
func TestReplace_OneAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			for _, id := range []string{"reader", "writer"} {
				if _, err := role.Create(t.Context(), tx, now, role.Role{ID: id, Name: id, Type: role.User}); err != nil {
					return err
				}
			}
			_, err := user.Create(t.Context(), tx, now, user.New{ID: "user00000001", Username: "robin"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		replace := func(id string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				return role.Replace(t.Context(), tx, now, "user00000001", []string{id})
			}
		}
		first, second := dbtest.Overlap(t, p, replace("reader"), func() error { return d.Tx(t.Context(), replace("writer")) })
		if first != nil || second != nil {
			t.Fatal(first, second)
		}
		held, err := db.All[string](t.Context(), d, `SELECT role_id FROM user_roles WHERE tenant_id = $1`)
		if err != nil || !slices.Equal(held, []string{"writer"}) {
			t.Errorf("holds %v, %v", held, err)
		}
		if n, err := db.Total(t.Context(), d, user.CountedRoles, "reader"); err != nil || n != 0 {
			t.Errorf("%d readers are counted, %v", n, err)
		}
	})
}
