package resource_test

import (
	"errors"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/resource"
)

// seedResources makes the resources a and b, none of which is the default one.
func seedResources(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for _, id := range []string{"a", "b"} {
			if _, err := resource.Create(t.Context(), tx, now, resource.Resource{ID: id, Name: id, Indicator: "https://" + id + ".example"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Of two that become the default at once, the later one is it.
func TestSetDefault_OneAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		seedResources(t, d)
		set := func(id string) func(tx *db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := resource.SetDefault(t.Context(), tx, id, true)
				return err
			}
		}
		first, second := dbtest.Overlap(t, p, set("a"), func() error { return d.Tx(t.Context(), set("b")) })
		if first != nil || second != nil {
			t.Fatal(first, second)
		}
		if r, err := resource.Default(t.Context(), d); err != nil || r == nil || r.ID != "b" {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// A scope of a resource that is deleted meanwhile belongs nowhere.
func TestAddScope_ToWhatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		seedResources(t, d)
		first, second := dbtest.Overlap(t, p, func(tx *db.Tx) error { return resource.Delete(t.Context(), tx, "a") }, func() error {
			return d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := resource.AddScope(t.Context(), tx, now, resource.Scope{ResourceID: "a", Name: "read"})
				return err
			})
		})
		// Who comes after the deletion does not find the resource.
		gone := errors.Is(second, errs.ErrReference) || errors.Is(second, resource.ErrNotFound)
		if first != nil || !gone {
			t.Errorf("%v, %v", first, second)
		}
		if n, err := db.One[int](t.Context(), d, `SELECT count(*) FROM scopes WHERE tenant_id = $1`); err != nil || n != 0 {
			t.Errorf("%d scopes, %v", n, err)
		}
	})
}
