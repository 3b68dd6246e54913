package application

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/role"
)

// roles ties applications to the roles that they hold.
var roles = db.Link{Table: "application_roles", Owner: []string{"application_id"}, Member: "role_id"}

// Machine returns an application that can hold roles; ErrNoRoles if it is of a
// type that cannot.
func Machine(ctx context.Context, q db.Q, id string) (*Application, error) {
	a, err := ByID(ctx, q, id)
	if err == nil && a.Type != MachineToMachine {
		return nil, ErrNoRoles
	}
	return a, err
}

// AddRoles gives roles to a machine and returns those that it did not hold
// before. Roles for users are ErrRoleType, unknown ones errs.ErrReference.
func AddRoles(ctx context.Context, tx *db.Tx, id string, roleIDs []string) (added []string, err error) {
	if err := checkRoles(ctx, tx, id, roleIDs, ErrRoleType); err != nil {
		return nil, err
	}
	added, err = roles.Add(ctx, tx, 0, roleIDs, id)
	if db.IsReference(err) {
		return nil, errs.ErrReference
	}
	return added, err
}

// ReplaceRoles makes roles all that a machine holds. Roles for users are
// errs.ErrConstraint, unknown ones errs.ErrReference.
func ReplaceRoles(ctx context.Context, tx *db.Tx, id string, roleIDs []string) error {
	if err := checkRoles(ctx, tx, id, roleIDs, errs.ErrConstraint); err != nil {
		return err
	}
	_, _, err := roles.Replace(ctx, tx, 0, roleIDs, id)
	if db.IsReference(err) {
		return errs.ErrReference
	}
	return err
}

// RemoveRole takes a role from a machine; errs.ErrNotFound if it does not hold
// it.
func RemoveRole(ctx context.Context, tx *db.Tx, id, roleID string) error {
	if _, err := Machine(ctx, tx, id); err != nil {
		return err
	}
	removed, err := roles.Remove(ctx, tx, roleID, id)
	if err == nil && !removed {
		return errs.ErrNotFound
	}
	return err
}

// checkRoles refuses applications that hold no roles, and returns wrong if one
// of the roles is for users. The application is held until the transaction ends,
// so that its roles are replaced by one at a time.
func checkRoles(ctx context.Context, tx *db.Tx, id string, roleIDs []string, wrong error) error {
	a, err := lock(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case a.Type != MachineToMachine:
		return ErrNoRoles
	case len(roleIDs) == 0:
		return nil
	}
	n, err := countOfType(ctx, tx, "roles", role.User, roleIDs)
	if err == nil && n > 0 {
		return wrong
	}
	return err
}

// countOfType counts the roles of a table that have one of the ids and a type.
func countOfType(ctx context.Context, q db.Q, table string, kind role.Type, ids []string) (n int64, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	l := db.Listing{From: table, Where: "tenant_id = $1 AND type = $2", Args: []any{kind}}
	l.AndIn("id", ids)
	return l.Total(ctx, q)
}
