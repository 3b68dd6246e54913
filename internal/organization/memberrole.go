package organization

import (
	"context"
	"errors"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// RequireMember returns ErrNoMember unless somebody is a member.
func (k *Kind) RequireMember(ctx context.Context, q db.Q, organizationID, member string) error {
	return k.require(ctx, q, organizationID, member, "")
}

func (k *Kind) require(ctx context.Context, q db.Q, organizationID, member, locking string) error {
	_, err := db.One[int](ctx, q, `SELECT 1 FROM `+k.members.Table+` WHERE tenant_id = $1 AND organization_id = $2 AND `+
		k.members.Member+` = $3`+locking, organizationID, member)
	if errors.Is(err, db.ErrNoRows) {
		return ErrNoMember
	}
	return err
}

// GiveRoles gives a member roles, of which it may hold some. It fails with
// ErrNoMember, errs.ErrReferenceInOrganization for a role that does not exist
// and errs.ErrConstraint for one of the other kind.
func (k *Kind) GiveRoles(ctx context.Context, tx *db.Tx, organizationID, member string, roleIDs []string) error {
	if err := k.checkGift(ctx, tx, organizationID, member, roleIDs); err != nil {
		return err
	}
	_, err := k.roles.Add(ctx, tx, 0, roleIDs, member, organizationID)
	return reference(err)
}

// ReplaceRoles makes those the only roles of a member. It fails as GiveRoles.
func (k *Kind) ReplaceRoles(ctx context.Context, tx *db.Tx, organizationID, member string, roleIDs []string) error {
	if err := k.checkGift(ctx, tx, organizationID, member, roleIDs); err != nil {
		return err
	}
	_, _, err := k.roles.Replace(ctx, tx, 0, roleIDs, member, organizationID)
	return reference(err)
}

// checkGift locks the membership, so that the roles are replaced by one at a
// time.
func (k *Kind) checkGift(ctx context.Context, tx *db.Tx, organizationID, member string, roleIDs []string) error {
	if err := k.require(ctx, tx, organizationID, member, tx.Dialect().ForUpdate()); err != nil {
		return err
	}
	return checkRoles(ctx, tx, k.roleType, roleIDs)
}

// GiveRolesToMany gives each of the members each of the roles. Members and roles
// that do not exist are errs.ErrReferenceInOrganization, roles of the other kind
// errs.ErrConstraint.
func (k *Kind) GiveRolesToMany(ctx context.Context, tx *db.Tx, organizationID string, members, roleIDs []string) error {
	if err := checkRoles(ctx, tx, k.roleType, roleIDs); err != nil {
		return err
	}
	for _, roleID := range db.Distinct(roleIDs) {
		if _, err := k.holders.Add(ctx, tx, 0, members, organizationID, roleID); err != nil {
			return reference(err)
		}
	}
	return nil
}

// TakeRole takes a role from a member, or returns errs.ErrNotFound.
func (k *Kind) TakeRole(ctx context.Context, tx *db.Tx, organizationID, member, roleID string) error {
	removed, err := k.roles.Remove(ctx, tx, roleID, member, organizationID)
	if err == nil && !removed {
		return errs.ErrNotFound
	}
	return err
}

// Roles returns a range of a member's roles by name, and how many there are.
func (k *Kind) Roles(ctx context.Context, q db.Q, organizationID, member string, r db.Range) ([]Role, int64, error) {
	return db.List[Role](ctx, q, db.Listing{
		Columns: "r.id, r.name, r.description, r.type", From: k.heldRoles(),
		Where: "h.tenant_id = $1 AND h." + k.members.Member + " = $2 AND h.organization_id = $3", Order: "r.name, r.id",
		Args: []any{member, organizationID},
	}, r)
}

func (k *Kind) heldRoles() string {
	return k.roles.Table + " h JOIN organization_roles r ON r.tenant_id = h.tenant_id AND r.id = h.organization_role_id"
}

// Held are roles by who holds them, or where; each list is by name.
type Held map[string][]Named

// of returns a list that is never nil.
func (h Held) of(id string) []Named {
	if roles := h[id]; roles != nil {
		return roles
	}
	return []Named{}
}

// RolesOf returns the roles of members of an organization; every member has a
// list.
func (k *Kind) RolesOf(ctx context.Context, q db.Q, organizationID string, members []string) (Held, error) {
	if len(members) == 0 {
		return Held{}, nil
	}
	held, err := k.held(ctx, q, k.members.Member, "h.organization_id = $2 AND h."+k.members.Member+
		" IN ("+db.Placeholders(3, len(members))+")", append([]any{organizationID}, db.Args(members)...)...)
	if err != nil {
		return nil, err
	}
	for _, member := range members {
		held[member] = held.of(member)
	}
	return held, nil
}

// rolesOfMember returns the roles of a member by organization.
func (k *Kind) rolesOfMember(ctx context.Context, q db.Q, member string) (Held, error) {
	return k.held(ctx, q, "organization_id", "h."+k.members.Member+" = $2", member)
}

func (k *Kind) held(ctx context.Context, q db.Q, key, where string, args ...any) (Held, error) {
	type row struct {
		Named

		Key string `db:"key"`
	}
	rows, err := db.All[row](ctx, q, `SELECT h.`+key+` AS key, r.id, r.name FROM `+k.heldRoles()+`
		WHERE h.tenant_id = $1 AND `+where+` ORDER BY r.name, r.id`, args...)
	held := Held{}
	for _, r := range rows {
		held[r.Key] = append(held[r.Key], r.Named)
	}
	return held, err
}

// ScopesOf returns the organization scopes that a user has through its roles in
// an organization, each once, by name.
func ScopesOf(ctx context.Context, q db.Q, organizationID, userID string) ([]Scope, error) {
	return db.All[Scope](ctx, q, `SELECT s.id, s.name, s.description FROM organization_scopes s
		WHERE s.tenant_id = $1 AND s.id IN (
			SELECT g.organization_scope_id FROM organization_user_roles h CROSS JOIN organization_role_scopes g
			WHERE h.tenant_id = $1 AND h.user_id = $2 AND h.organization_id = $3
				AND g.tenant_id = $1 AND g.organization_role_id = h.organization_role_id)
		ORDER BY s.name, s.id`, userID, organizationID)
}
