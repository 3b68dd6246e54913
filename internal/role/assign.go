package role

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/user"
)

var (
	userLink        = db.Link{Table: "user_roles", Owner: []string{"role_id"}, Member: "user_id", Stamped: true}
	applicationLink = db.Link{Table: "application_roles", Owner: []string{"role_id"}, Member: "application_id"}
)

// AssignApplication gives a role to a machine-to-machine application that may
// have it already.
func AssignApplication(ctx context.Context, tx *db.Tx, applicationID, roleID string) error {
	_, err := tx.Exec(ctx, `INSERT INTO application_roles (tenant_id, application_id, role_id) VALUES ($1, $2, $3)
		ON CONFLICT (tenant_id, application_id, role_id) DO NOTHING`, applicationID, roleID)
	return err
}

// AddUsers gives a role to users who do not have it yet: ErrUserHeld if one has.
// A role for machines is errs.ErrConstraint, an unknown user errs.ErrReference.
func AddUsers(ctx context.Context, tx *db.Tx, now int64, roleID string, userIDs []string) error {
	if err := mustBe(ctx, tx, roleID, User); err != nil {
		return err
	}
	added, err := addAll(ctx, tx, now, userLink, roleID, userIDs, ErrUserHeld)
	if err != nil {
		return err
	}
	return db.CountMany(ctx, tx, user.CountedRoles, roleID, added, 1)
}

// RemoveUser takes a role from a user; errs.ErrNotFound if they do not have it.
func RemoveUser(ctx context.Context, tx *db.Tx, roleID, userID string) error {
	if _, err := ByID(ctx, tx, roleID); err != nil {
		return err
	}
	removed, err := userLink.Remove(ctx, tx, userID, roleID)
	switch {
	case err != nil:
		return err
	case !removed:
		return errs.ErrNotFound
	}
	return db.Count(ctx, tx, user.CountedRoles, roleID, userID, -1)
}

// AddApplications gives a role to machine-to-machine applications that do not
// have it yet: ErrApplicationHeld if one has. A role for users, or an application
// of another type, is errs.ErrConstraint, an unknown one errs.ErrReference.
func AddApplications(ctx context.Context, tx *db.Tx, roleID string, applicationIDs []string) error {
	if err := mustBe(ctx, tx, roleID, MachineToMachine); err != nil {
		return err
	}
	others := db.Listing{From: "applications", Where: "tenant_id = $1 AND type <> 'MachineToMachine'"}
	others.AndIn("id", applicationIDs)
	wrong, err := others.Total(ctx, tx)
	switch {
	case err != nil:
		return err
	case wrong > 0:
		return errs.ErrConstraint
	}
	_, err = addAll(ctx, tx, 0, applicationLink, roleID, applicationIDs, ErrApplicationHeld)
	return err
}

// RemoveApplication takes a role from an application; errs.ErrNotFound if it
// does not have it.
func RemoveApplication(ctx context.Context, tx *db.Tx, roleID, applicationID string) error {
	if _, err := ByID(ctx, tx, roleID); err != nil {
		return err
	}
	removed, err := applicationLink.Remove(ctx, tx, applicationID, roleID)
	if err == nil && !removed {
		return errs.ErrNotFound
	}
	return err
}

// addAll ties members that none may be tied yet.
func addAll(ctx context.Context, tx *db.Tx, now int64, l db.Link, owner string, members []string, held error) ([]string, error) {
	distinct := db.Distinct(members)
	added, err := l.Add(ctx, tx, now, distinct, owner)
	switch {
	case db.IsReference(err):
		return nil, errs.ErrReference.Wrap(err)
	case err != nil:
		return nil, err
	case len(added) < len(distinct):
		return nil, held
	}
	return added, nil
}

func mustBe(ctx context.Context, q db.Q, roleID string, wanted Type) error {
	r, err := ByID(ctx, q, roleID)
	if err == nil && r.Type != wanted {
		return errs.ErrConstraint
	}
	return err
}
