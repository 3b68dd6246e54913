package role

import (
	"context"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/user"
)

// held ties users to their roles.
var held = db.Link{Table: "user_roles", Owner: []string{"user_id"}, Member: "role_id", Stamped: true}

// Assign gives a role to a user who may have it already.
func Assign(ctx context.Context, tx *db.Tx, now int64, userID, roleID string) error {
	_, err := give(ctx, tx, now, userID, []string{roleID})
	return err
}

// AssignAll gives roles to a user and returns those that the user did not have.
// It fails with user.ErrNotFound, with ErrForMachines, or with errs.ErrReference
// if a role does not exist.
func AssignAll(ctx context.Context, tx *db.Tx, now int64, userID string, roleIDs []string) (added []string, err error) {
	if _, err := user.Hold(ctx, tx, userID); err != nil {
		return nil, err
	}
	if err := forUsers(ctx, tx, roleIDs, ErrForMachines); err != nil {
		return nil, err
	}
	return give(ctx, tx, now, userID, roleIDs)
}

// Replace makes roles the only ones of a user. It fails with user.ErrNotFound,
// with errs.ErrConstraint if a role is for machines, or with errs.ErrReference if
// one does not exist.
func Replace(ctx context.Context, tx *db.Tx, now int64, userID string, roleIDs []string) error {
	// One at a time, or two would end in what both name together.
	if _, err := user.Hold(ctx, tx, userID); err != nil {
		return err
	}
	if err := forUsers(ctx, tx, roleIDs, errs.ErrConstraint); err != nil {
		return err
	}
	had, err := held.Members(ctx, tx, userID)
	if err != nil {
		return err
	}
	for _, id := range had {
		if slices.Contains(roleIDs, id) {
			continue
		}
		if _, err := Unassign(ctx, tx, userID, id); err != nil {
			return err
		}
	}
	_, err = give(ctx, tx, now, userID, roleIDs)
	return err
}

// Unassign takes a role from a user and reports whether the user had it.
func Unassign(ctx context.Context, tx *db.Tx, userID, roleID string) (had bool, err error) {
	if had, err = held.Remove(ctx, tx, roleID, userID); err != nil || !had {
		return false, err
	}
	return true, db.Count(ctx, tx, user.CountedRoles, roleID, userID, -1)
}

// give assigns roles of any type and returns those that the user did not have.
func give(ctx context.Context, tx *db.Tx, now int64, userID string, roleIDs []string) (added []string, err error) {
	added, err = held.Add(ctx, tx, now, roleIDs, userID)
	if db.IsReference(err) {
		return nil, errs.ErrReference.Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	// In order, so that two of these cannot wait for each other.
	slices.Sort(added)
	for _, id := range added {
		if err := db.Count(ctx, tx, user.CountedRoles, id, userID, 1); err != nil {
			return nil, err
		}
	}
	return added, nil
}

// forUsers returns refusal if one of the roles is for machines, and
// errs.ErrReference if one does not exist.
func forUsers(ctx context.Context, q db.Q, ids []string, refusal error) error {
	if len(ids) == 0 {
		return nil
	}
	l := db.Listing{Columns: columns, From: "roles", Where: "tenant_id = $1", Order: "id"}
	l.AndIn("id", ids)
	roles, err := db.Rows[Role](ctx, q, l, db.Range{})
	if err != nil {
		return err
	}
	for _, r := range roles {
		if r.Type != User {
			return refusal
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(roles, func(r Role) bool { return r.ID == id }) {
			return errs.ErrReference.Describe("there is no role %s", id)
		}
	}
	return nil
}
