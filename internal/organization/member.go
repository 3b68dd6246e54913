package organization

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/event"
	"signet/internal/platform/search"
	"signet/internal/user"
)

// Kind is a kind of members: users, or machine-to-machine applications.
type Kind struct {
	// table holds those who can become members.
	table string
	// members ties them to organizations, roles ties a member to its roles,
	// holders a role of an organization to its members.
	members, roles, holders db.Link

	roleType RoleType
	// counted is the kind of sharded counts of members, "" if there is none.
	counted string
	// memberType is the only type of those who can be members, "" if any can.
	memberType string
	// change puts together what happened to an organization.
	change func(organizationID string, added, removed []string) Change
}

// The kinds of members.
var (
	Users = &Kind{
		table:    "users",
		members:  membersIn("organization_users", "user_id"),
		roles:    rolesIn("organization_user_roles", "user_id"),
		holders:  holdersIn("organization_user_roles", "user_id"),
		roleType: UserRole, counted: user.CountedOrganizations,
		change: func(id string, added, removed []string) Change {
			return Change{OrganizationID: id, AddedUserIDs: added, RemovedUserIDs: removed}
		},
	}
	Applications = &Kind{
		table:    "applications",
		members:  membersIn("organization_applications", "application_id"),
		roles:    rolesIn("organization_application_roles", "application_id"),
		holders:  holdersIn("organization_application_roles", "application_id"),
		roleType: MachineRole, memberType: "MachineToMachine",
		change: func(id string, added, removed []string) Change {
			return Change{OrganizationID: id, AddedApplicationIDs: added, RemovedApplicationIDs: removed}
		},
	}
)

// DemandsMFA reports whether a user is a member of an organization that demands a
// second factor.
func DemandsMFA(ctx context.Context, q db.Q, userID string) (bool, error) {
	n, err := db.One[int64](ctx, q, `SELECT count(*)
		FROM organization_users m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.id = m.organization_id
		WHERE m.tenant_id = $1 AND m.user_id = $2 AND o.is_mfa_required`, userID)
	return n > 0, err
}

func membersIn(table, member string) db.Link {
	return db.Link{Table: table, Owner: []string{"organization_id"}, Member: member, Stamped: true}
}

func rolesIn(table, member string) db.Link {
	return db.Link{Table: table, Owner: []string{member, "organization_id"}, Member: "organization_role_id"}
}

func holdersIn(table, member string) db.Link {
	return db.Link{Table: table, Owner: []string{"organization_id", "organization_role_id"}, Member: member}
}

// Change is what happened to the members of an organization.
type Change struct {
	OrganizationID        string   `json:"organizationId"`
	AddedUserIDs          []string `json:"addedUserIds,omitempty"`
	RemovedUserIDs        []string `json:"removedUserIds,omitempty"`
	AddedApplicationIDs   []string `json:"addedApplicationIds,omitempty"`
	RemovedApplicationIDs []string `json:"removedApplicationIds,omitempty"`
}

// maxReported is how many ids of a kind an event names.
const maxReported = 5000

// Record tells of the change in the transaction that made it, even if nothing
// changed: who listens learns that somebody asked for it.
func (c Change) Record(ctx context.Context, tx *db.Tx, now int64) error {
	for _, list := range []*[]string{&c.AddedUserIDs, &c.RemovedUserIDs, &c.AddedApplicationIDs, &c.RemovedApplicationIDs} {
		*list = (*list)[:min(len(*list), maxReported)]
	}
	return event.RecordBeside(ctx, tx, now, "Organization.Membership.Updated", nil, c)
}

// Add makes members of an organization, of whom some may be it already, and
// returns what changed. An organization or member that does not exist is
// errs.ErrReferenceInOrganization, an application of the wrong type
// errs.ErrConstraint.
func (k *Kind) Add(ctx context.Context, tx *db.Tx, now int64, organizationID string, members []string) (Change, error) {
	if err := k.check(ctx, tx, members); err != nil {
		return Change{}, err
	}
	added, err := k.members.Add(ctx, tx, now, members, organizationID)
	if err != nil {
		return Change{}, reference(err)
	}
	return k.change(organizationID, added, nil), k.count(ctx, tx, organizationID, added, 1)
}

// Replace makes those the only members of an organization and returns what
// changed; who stays keeps its roles. It fails as Add does.
func (k *Kind) Replace(ctx context.Context, tx *db.Tx, now int64, organizationID string, members []string) (Change, error) {
	if err := lock(ctx, tx, organizationID); err != nil {
		return Change{}, err
	}
	if err := k.check(ctx, tx, members); err != nil {
		return Change{}, err
	}
	added, removed, err := k.members.Replace(ctx, tx, now, members, organizationID)
	if err != nil {
		return Change{}, reference(err)
	}
	if err := k.count(ctx, tx, organizationID, removed, -1); err != nil {
		return Change{}, err
	}
	return k.change(organizationID, added, removed), k.count(ctx, tx, organizationID, added, 1)
}

// Remove ends a membership, with the member's roles, and returns what changed.
// Who is no member is errs.ErrNotFound.
func (k *Kind) Remove(ctx context.Context, tx *db.Tx, organizationID, member string) (Change, error) {
	removed, err := k.members.Remove(ctx, tx, member, organizationID)
	if err != nil {
		return Change{}, err
	}
	if !removed {
		return Change{}, errs.ErrNotFound
	}
	return k.change(organizationID, nil, []string{member}), k.count(ctx, tx, organizationID, []string{member}, -1)
}

func (k *Kind) check(ctx context.Context, tx *db.Tx, members []string) error {
	if k.memberType == "" {
		return nil
	}
	return checkTypes(ctx, tx, k.table, k.memberType, members)
}

func (k *Kind) count(ctx context.Context, tx *db.Tx, organizationID string, members []string, delta int) error {
	if k.counted == "" {
		return nil
	}
	return db.CountMany(ctx, tx, k.counted, organizationID, members, delta)
}

var applicationFields = search.Columns("a", "id", "name", "description")

// ApplicationList returns the ids of the applications that are members, the
// newest application first, and how many there are. A text narrows them to those
// that have it in id, name or description, in any case.
func ApplicationList(ctx context.Context, q db.Q, organizationID, text string, r db.Range) ([]string, int64, error) {
	l := db.Listing{
		Columns: "a.id", From: "organization_applications m JOIN applications a ON a.tenant_id = m.tenant_id AND a.id = m.application_id",
		Where: "m.tenant_id = $1 AND m.organization_id = $2", Order: "a.created_at DESC, a.id DESC", Args: []any{organizationID},
	}
	if err := containing(q, &l, text, applicationFields); err != nil {
		return nil, 0, err
	}
	return db.List[string](ctx, q, l, r)
}
