package resource_test

import (
	"errors"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/resource"
)

const now = 1_800_000_000_000

func TestResources(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		create := func(r resource.Resource, scopes ...string) (*resource.Resource, error) {
			var created *resource.Resource
			err := d.Tx(t.Context(), func(tx *db.Tx) (err error) {
				if created, err = resource.Create(t.Context(), tx, now, r); err != nil {
					return err
				}
				for _, name := range scopes {
					if _, err := resource.CreateScope(t.Context(), tx, now, resource.Scope{ResourceID: created.ID, Name: name}); err != nil {
						return err
					}
				}
				return nil
			})
			return created, err
		}
		api, err := create(resource.Resource{Name: "API", Indicator: "https://api.example"}, "write", "read")
		if err != nil || len(api.ID) != 21 || api.AccessTokenTTL != 3600 {
			t.Fatalf("%+v, %v", api, err)
		}
		got, err := resource.ByIndicator(t.Context(), d, "https://api.example")
		if err != nil || *got != *api {
			t.Errorf("%+v, %v", got, err)
		}
		scopes, err := resource.Scopes(t.Context(), d, api.ID)
		if err != nil || len(scopes) != 2 || scopes[0].Name != "read" || scopes[1].Name != "write" {
			t.Errorf("%+v, %v", scopes, err)
		}
		if _, err := create(resource.Resource{Name: "Twin", Indicator: "https://api.example"}); !errors.Is(err, resource.ErrIndicatorTaken) {
			t.Errorf("same indicator: %v", err)
		}
		if _, err := create(resource.Resource{ID: "half", Name: "Half", Indicator: "https://half.example"}, "x", "x"); !errors.Is(err, resource.ErrScopeTaken) {
			t.Errorf("same scope: %v", err)
		}
		if _, err := resource.ByID(t.Context(), d, "half"); !errors.Is(err, resource.ErrNotFound) {
			t.Errorf("half a resource was stored: %v", err)
		}
		if _, err := resource.ByID(t.Context(), p.For("admin"), api.ID); !errors.Is(err, resource.ErrNotFound) {
			t.Errorf("another tenant: %v", err)
		}
	})
}
