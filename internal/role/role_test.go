package role_test

import (
	"errors"
	"slices"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/resource"
	"signet/internal/role"
	"signet/internal/user"
)

const now = 1_800_000_000_000

func TestRoles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			api, err := resource.Create(t.Context(), tx, now, resource.Resource{Name: "API", Indicator: "https://api.example"})
			if err != nil {
				return err
			}
			scope, err := resource.CreateScope(t.Context(), tx, now, resource.Scope{ResourceID: api.ID, Name: "read"})
			if err != nil {
				return err
			}
			for _, r := range []role.Role{
				{Name: "reader", Description: "Reads.", Type: role.User, IsDefault: true},
				{Name: "admin", Description: "Rules.", Type: role.User},
				{Name: "robot", Description: "Works.", Type: role.MachineToMachine, IsDefault: true},
			} {
				if _, err := role.Create(t.Context(), tx, now, r, scope.ID); err != nil {
					return err
				}
			}
			if _, err := user.Create(t.Context(), tx, now, user.New{ID: "user00000001", Username: "robin"}); err != nil {
				return err
			}
			admin, err := role.ByName(t.Context(), tx, "admin")
			if err != nil {
				return err
			}
			for range 2 {
				if err := role.Assign(t.Context(), tx, now, "user00000001", admin.ID); err != nil {
					return err
				}
			}
			return role.AssignDefaults(t.Context(), tx, now, "user00000001", nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := role.Of(t.Context(), d, "user00000001")
		if err != nil || len(got) != 2 || got[0].Name != "admin" || got[1].Name != "reader" {
			t.Errorf("%+v, %v", got, err)
		}
		byID, err := role.ByID(t.Context(), d, got[0].ID)
		if err != nil || byID.Name != "admin" {
			t.Errorf("%+v, %v", byID, err)
		}
		err = d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := role.Create(t.Context(), tx, now, role.Role{Name: "admin", Description: "Twin.", Type: role.User})
			return err
		})
		if !errors.Is(err, role.ErrNameTaken) {
			t.Errorf("same name: %v", err)
		}
		if _, err := role.ByName(t.Context(), p.For("admin"), "admin"); !errors.Is(err, role.ErrNotFound) {
			t.Errorf("another tenant: %v", err)
		}
	})
}

// The default roles of a tenant and those that the installation has named, each
// once; the admin tenant's operators get only the former.
func TestDefaults(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		for _, tenant := range []string{"default", "admin"} {
			err := p.For(tenant).Tx(t.Context(), func(tx *db.Tx) error {
				for _, r := range []role.Role{
					{ID: "1", Name: "reader", Type: role.User, IsDefault: true},
					{ID: "2", Name: "member", Type: role.User},
					{ID: "3", Name: "other", Type: role.User},
					{ID: "4", Name: "robot", Type: role.MachineToMachine, IsDefault: true},
				} {
					if _, err := role.Create(t.Context(), tx, now, r); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			tenant string
			named  []string
			want   []string
			err    error
		}{
			{"default", nil, []string{"1"}, nil},
			{"default", []string{"member"}, []string{"1", "2"}, nil},
			{"default", []string{"member", "reader"}, []string{"1", "2"}, nil},
			{"default", []string{"Member"}, nil, role.ErrDefaultMissing},
			{"default", []string{"member", "robot"}, nil, role.ErrDefaultMissing},
			{"admin", []string{"member", "gone"}, []string{"1"}, nil},
		} {
			got, err := role.Defaults(t.Context(), p.For(c.tenant), c.named)
			if !slices.Equal(got, c.want) || !errors.Is(err, c.err) {
				t.Errorf("%s with %q: %q, %v; want %q, %v", c.tenant, c.named, got, err, c.want, c.err)
			}
		}
	})
}
