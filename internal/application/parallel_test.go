package application_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/resource"
	"signet/internal/role"
	"signet/internal/user"
)

// parallelWorld makes a machine and a third-party application, robin with two
// organizations, two roles for machines, and two scopes of each kind.
func parallelWorld(t *testing.T, p *db.Pool) *db.DB {
	t.Helper()
	d := p.For("default")
	for _, a := range []application.Application{
		{ID: "machine", Name: "M", Type: application.MachineToMachine},
		{ID: "third", Name: "T", Type: application.SPA, IsThirdParty: true},
	} {
		if _, _, err := create(t, d, a); err != nil {
			t.Fatal(err)
		}
	}
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for _, id := range []string{"r1", "r2"} {
			if _, err := role.Create(t.Context(), tx, now, role.Role{ID: id, Name: id, Type: role.MachineToMachine}); err != nil {
				return err
			}
		}
		if _, err := user.Create(t.Context(), tx, now, user.New{ID: "robin", Username: "robin"}); err != nil {
			return err
		}
		if _, err := resource.Create(t.Context(), tx, now, resource.Resource{ID: "api", Name: "A", Indicator: "https://api.example"}); err != nil {
			return err
		}
		for _, id := range []string{"s1", "s2"} {
			if _, err := resource.CreateScope(t.Context(), tx, now, resource.Scope{ID: id, ResourceID: "api", Name: id}); err != nil {
				return err
			}
		}
		for _, statement := range []string{
			`INSERT INTO organizations (tenant_id, id, name, search_text, color, created_at) VALUES ($1, 'o1', 'One', 'one', '{}', 1), ($1, 'o2', 'Two', 'two', '{}', 2)`,
			`INSERT INTO organization_users (tenant_id, organization_id, user_id, created_at) VALUES ($1, 'o1', 'robin', 1), ($1, 'o2', 'robin', 1)`,
			`INSERT INTO organization_scopes (tenant_id, id, name) VALUES ($1, 'os1', 'read'), ($1, 'os2', 'write')`,
		} {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Of two replacements at once the later one holds, not both together.
func TestReplacements_OneAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := parallelWorld(t, p)
		for name, c := range map[string]struct {
			set    func(tx *db.Tx, member string) error
			before string
			after  string
			held   string
		}{
			"roles": {
				func(tx *db.Tx, id string) error {
					return application.ReplaceRoles(t.Context(), tx, "machine", []string{id})
				},
				"r1", "r2", `SELECT role_id FROM application_roles WHERE tenant_id = $1`,
			},
			"opened organizations": {
				func(tx *db.Tx, id string) error {
					return application.SetOpenOrganizations(t.Context(), tx, "third", "robin", []string{id})
				},
				"o1", "o2", `SELECT organization_id FROM application_user_organizations WHERE tenant_id = $1`,
			},
		} {
			first, second := dbtest.Overlap(t, p, func(tx *db.Tx) error { return c.set(tx, c.before) },
				func() error { return d.Tx(t.Context(), func(tx *db.Tx) error { return c.set(tx, c.after) }) })
			if first != nil || second != nil {
				t.Fatal(name, first, second)
			}
			held, err := db.All[string](t.Context(), d, c.held)
			if err != nil || !slices.Equal(held, []string{c.after}) {
				t.Errorf("%s: %v, %v", name, held, err)
			}
		}
	})
}

// However they are named, the scopes of two requests are stored in one order, so
// that neither waits for the other: each transaction runs once.
func TestAddConsentScopes_InOneOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := parallelWorld(t, p)
		for _, id := range []string{"third", application.Unregistered} {
			var group sync.WaitGroup
			for i := range 16 {
				group.Go(func() {
					scopes := application.ConsentScopes{
						UserScopes: []string{"profile", "email"}, OrganizationScopes: []string{"os1", "os2"},
						ResourceScopes: []string{"s1", "s2"}, OrganizationResourceScopes: []string{"s1", "s2"},
					}
					if i%2 == 0 {
						for _, list := range [][]string{scopes.UserScopes, scopes.OrganizationScopes, scopes.ResourceScopes, scopes.OrganizationResourceScopes} {
							slices.Reverse(list)
						}
					}
					runs := 0
					err := d.Tx(t.Context(), func(tx *db.Tx) error {
						runs++
						return application.AddConsentScopes(t.Context(), tx, id, scopes)
					})
					if err != nil || runs != 1 {
						t.Errorf("%q: %d runs, %v", id, runs, err)
					}
				})
			}
			group.Wait()
			stored, err := application.Consent(t.Context(), d, id)
			if err != nil || len(stored.UserScopes) != 2 || len(stored.OrganizationScopes) != 2 || len(stored.ResourceScopes[0].Scopes) != 2 {
				t.Errorf("%q: %+v, %v", id, stored, err)
			}
		}
	})
}

// A scope that is deleted meanwhile is unknown, which is no fault of ours.
func TestAddConsentScopes_OfWhatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := parallelWorld(t, p)
		for _, c := range []struct {
			deletion string
			scopes   application.ConsentScopes
		}{
			{`DELETE FROM scopes WHERE tenant_id = $1 AND id = 's1'`, application.ConsentScopes{ResourceScopes: []string{"s1"}}},
			{`DELETE FROM organization_scopes WHERE tenant_id = $1 AND id = 'os1'`, application.ConsentScopes{OrganizationScopes: []string{"os1"}}},
		} {
			first, second := dbtest.Overlap(t, p, func(tx *db.Tx) error {
				_, err := tx.Exec(t.Context(), c.deletion)
				return err
			}, func() error {
				return d.Tx(t.Context(), func(tx *db.Tx) error {
					return application.AddConsentScopes(t.Context(), tx, "third", c.scopes)
				})
			})
			known := errors.Is(second, errs.ErrReference) || errors.Is(second, application.ErrConsentScopesNotFound)
			if first != nil || !known {
				t.Errorf("%s: %v, %v", c.deletion, first, second)
			}
		}
		if n, err := db.One[int](t.Context(), d, `SELECT count(*) FROM consent_scopes WHERE tenant_id = $1`); err != nil || n != 0 {
			t.Errorf("%d stored, %v", n, err)
		}
	})
}

// A secret of an application that is deleted meanwhile belongs to nobody.
func TestAddSecret_ToWhatIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d, ring := parallelWorld(t, p), keyring(t)
		a, err := application.ByID(t.Context(), d, "machine")
		if err != nil {
			t.Fatal(err)
		}
		first, second := dbtest.Overlap(t, p, func(tx *db.Tx) error { return application.Delete(t.Context(), tx, a.ID) }, func() error {
			return d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := application.AddSecret(t.Context(), tx, now, ring, a, "spare", nil)
				return err
			})
		})
		if first != nil || !errors.Is(second, application.ErrNotFound) {
			t.Errorf("%v, %v", first, second)
		}
		if n, err := db.One[int](t.Context(), d, `SELECT count(*) FROM application_secrets WHERE tenant_id = $1`); err != nil || n != 0 {
			t.Errorf("%d secrets, %v", n, err)
		}
	})
}
