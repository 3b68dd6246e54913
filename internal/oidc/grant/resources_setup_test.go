package grant_test

import (
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/role"
)

// resources makes two resources with read, write and delete, and returns the ids
// of their scopes by "resource:name".
func (w *world) resources() map[string]string {
	w.t.Helper()
	scopes := map[string]string{}
	w.tx(func(tx *db.Tx) error {
		for _, r := range []resource.Resource{
			{ID: "harbour", Name: "Harbour", Indicator: harbour, AccessTokenTTL: 900},
			{ID: "tides", Name: "Tides", Indicator: tides},
		} {
			if _, err := resource.Create(w.ctx, tx, w.now(), r); err != nil {
				return err
			}
			for _, name := range []string{"read", "write", "delete"} {
				s, err := resource.CreateScope(w.ctx, tx, w.now(), resource.Scope{ResourceID: r.ID, Name: name})
				if err != nil {
					return err
				}
				scopes[r.ID+":"+name] = s.ID
			}
		}
		return nil
	})
	return scopes
}

// crew gives the user a role with read of harbour, and makes the organizations
// "north" and "south". In north the user is a captain, who may invite and steer
// and write to harbour; in south a guest, who may delete there; in "east" nobody.
// The machine is in north alone, as a buoy, which may signal and read tides.
// Authorizations ask for all scopes of both resources.
func crew(w *world) {
	w.t.Helper()
	scopes := w.resources()
	w.tx(func(tx *db.Tx) error {
		r, err := role.Create(w.ctx, tx, w.now(), role.Role{ID: "reader", Name: "Reader", Type: role.User}, scopes["harbour:read"])
		if err != nil {
			return err
		}
		if err := role.Assign(w.ctx, tx, w.now(), w.user.ID, r.ID); err != nil {
			return err
		}
		for _, name := range []string{"invite", "steer", "signal"} {
			if _, err := organization.CreateScope(w.ctx, tx, organization.Scope{ID: name, Name: name}); err != nil {
				return err
			}
		}
		for _, r := range []struct {
			id     string
			kind   organization.RoleType
			own    []string
			scopes []string
		}{
			{"captain", organization.UserRole, []string{"invite", "steer"}, []string{scopes["harbour:write"]}},
			{"guest", organization.UserRole, nil, []string{scopes["harbour:delete"]}},
			{"buoy", organization.MachineRole, []string{"signal"}, []string{scopes["tides:read"]}},
		} {
			if _, err := organization.CreateRole(w.ctx, tx, organization.Role{ID: r.id, Name: r.id, Type: r.kind}, r.own, r.scopes); err != nil {
				return err
			}
		}
		for _, id := range []string{"north", "south", "east"} {
			if _, err := organization.Create(w.ctx, tx, w.now(), organization.Organization{ID: id, Name: id}); err != nil {
				return err
			}
		}
		for _, m := range []struct {
			kind             *organization.Kind
			id, member, role string
		}{
			{organization.Users, "north", w.user.ID, "captain"},
			{organization.Users, "south", w.user.ID, "guest"},
			{organization.Applications, "north", "machine", "buoy"},
		} {
			if _, err := m.kind.Add(w.ctx, tx, w.now(), m.id, []string{m.member}); err != nil {
				return err
			}
			if err := m.kind.GiveRoles(w.ctx, tx, m.id, m.member, []string{m.role}); err != nil {
				return err
			}
		}
		return nil
	})
	w.offered = map[string]string{harbour: "read write delete", tides: "read write delete"}
}

// exec changes the database behind everybody's back.
func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error {
		_, err := tx.Exec(w.ctx, query, args...)
		return err
	})
}
