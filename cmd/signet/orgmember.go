package main

import (
	"context"
	"fmt"
	"strings"

	"signet/internal/application"
	"signet/internal/audit"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/tenant"
	"signet/internal/user"
)

type orgMember struct {
	Add    memberAdd    `cmd:"" help:"Make a user or a machine a member."`
	List   memberList   `cmd:"" help:"List members with their roles."`
	Remove memberRemove `cmd:"" help:"End a membership, with the member's roles."`
	Role   memberRole   `cmd:"" help:"Give organization roles to members, and take them."`
}

// memberKind says which kind of members a command is about.
type memberKind struct {
	App bool `help:"Members that are machine-to-machine applications, not people."`
}

func (m memberKind) kind() *organization.Kind {
	if m.App {
		return organization.Applications
	}
	return organization.Users
}

// oneMember names an organization, and somebody who is or becomes its member.
type oneMember struct {
	oneOrg
	memberKind

	Member string `arg:"" help:"The user's id or username; with --app the application's id."`
}

// member is somebody in an organization, as the command line prints them.
type member struct {
	OrganizationID string   `json:"organizationId"`
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Roles          []string `json:"roles"`
}

// find finds who is meant; whether they are a member is not looked at.
func (m oneMember) find(ctx context.Context, e *environment, t *tenant.Tenant) (id, name string, err error) {
	if m.App {
		a, err := oneApp{m.Member}.find(ctx, t.DB)
		if err != nil {
			return "", "", err
		}
		return a.ID, a.Name, nil
	}
	u, err := oneUser{m.Member}.find(ctx, e, t)
	if err != nil {
		return "", "", err
	}
	return u.ID, u.DisplayName(), nil
}

// change finds organization and member, and calls fn in one transaction with an
// entry of the audit trail. Then it prints the text, in which %s are member and
// organization, or what roles the member has.
func (m oneMember) change(e *environment, tenantID, key, text string, fn func(ctx context.Context, tx *db.Tx, now int64, id string) error) error {
	return m.on(e, tenantID, func(ctx context.Context, t *tenant.Tenant, org *organization.Organization) error {
		id, name, err := m.find(ctx, e, t)
		if err != nil {
			return err
		}
		entry := audit.Entry{Key: key, Data: map[string]any{"organizationId": org.ID}}
		if entry.UserID = id; m.App {
			entry.UserID, entry.ApplicationID = "", id
		}
		if err := apply(ctx, entry, func(tx *db.Tx, now int64) error { return fn(ctx, tx, now, id) }); err != nil {
			return err
		}
		held, err := m.kind().RolesOf(ctx, t.DB, org.ID, []string{id})
		if err != nil {
			return err
		}
		return e.print(member{org.ID, id, name, namesOf(held[id])}, text, name, org.Name)
	})
}

func namesOf(roles []organization.Named) []string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = r.Name
	}
	return names
}

type memberAdd struct {
	inTenant
	oneMember

	Role []string `help:"The name of an organization role to have; may be repeated."`
}

// Run adds the member.
func (c memberAdd) Run(e *environment) error {
	return c.change(e, c.Tenant, "CommandLine.Organization.Member.Add", "%s is a member of %s.", func(ctx context.Context, tx *db.Tx, now int64, id string) error {
		changed, err := c.kind().Add(ctx, tx, now, c.Org, []string{id})
		if err != nil {
			return instead(err, errs.ErrConstraint, "only machine-to-machine applications can be members")
		}
		if err := giveRoles(ctx, tx, c.kind(), c.Org, id, c.Role); err != nil {
			return err
		}
		return changed.Record(ctx, tx, now)
	})
}

// giveRoles gives a member the organization roles of the given names or ids.
func giveRoles(ctx context.Context, tx *db.Tx, k *organization.Kind, orgID, memberID string, names []string) error {
	for _, name := range names {
		r, err := findOrgRole(ctx, tx, name)
		if err != nil {
			return err
		}
		if err := k.GiveRoles(ctx, tx, orgID, memberID, []string{r.ID}); err != nil {
			return instead(err, errs.ErrConstraint, fmt.Sprintf("the role %s is of type %s", r.Name, r.Type))
		}
	}
	return nil
}

type memberRemove struct {
	inTenant
	oneMember
}

// Run ends the membership.
func (c memberRemove) Run(e *environment) error {
	return c.change(e, c.Tenant, "CommandLine.Organization.Member.Remove", "%s is no longer a member of %s.", func(ctx context.Context, tx *db.Tx, now int64, id string) error {
		changed, err := c.kind().Remove(ctx, tx, c.Org, id)
		if err != nil {
			return instead(err, errs.ErrNotFound, c.Member+" is no member of the organization")
		}
		return changed.Record(ctx, tx, now)
	})
}

type memberRole struct {
	Add    memberRoleAdd    `cmd:"" help:"Give a member an organization role."`
	Remove memberRoleRemove `cmd:"" help:"Take an organization role from a member."`
}

// ofMember names a member and an organization role.
type ofMember struct {
	oneMember

	Role string `arg:"" help:"The organization role's name or id."`
}

type memberRoleAdd struct {
	inTenant
	ofMember
}

// Run gives the role.
func (c memberRoleAdd) Run(e *environment) error {
	return c.change(e, c.Tenant, "CommandLine.Organization.Member.Role.Add", "%s has the role in %s.", func(ctx context.Context, tx *db.Tx, _ int64, id string) error {
		return giveRoles(ctx, tx, c.kind(), c.Org, id, []string{c.Role})
	})
}

type memberRoleRemove struct {
	inTenant
	ofMember
}

// Run takes the role.
func (c memberRoleRemove) Run(e *environment) error {
	return c.change(e, c.Tenant, "CommandLine.Organization.Member.Role.Remove", "%s no longer has the role in %s.", func(ctx context.Context, tx *db.Tx, _ int64, id string) error {
		r, err := findOrgRole(ctx, tx, c.Role)
		if err != nil {
			return err
		}
		err = c.kind().TakeRole(ctx, tx, c.Org, id, r.ID)
		return instead(err, errs.ErrNotFound, fmt.Sprintf("%s does not have the role %s there", c.Member, r.Name))
	})
}

type memberList struct {
	inTenant
	oneOrg
	memberKind
	page
}

// Run lists the members.
func (c memberList) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, t *tenant.Tenant, org *organization.Organization) error {
		find := c.users
		if c.App {
			find = c.machines
		}
		members, err := find(ctx, t)
		if err != nil {
			return err
		}
		ids := make([]string, len(members))
		for i, m := range members {
			ids[i] = m.ID
		}
		held, err := c.kind().RolesOf(ctx, t.DB, org.ID, ids)
		if err != nil {
			return err
		}
		return printList(e, members, "No members.", func(m *member) (member, string) {
			m.OrganizationID, m.Roles = org.ID, namesOf(held[m.ID])
			return *m, strings.TrimRight(m.ID+"  "+m.Name+"  "+strings.Join(m.Roles, ", "), " ")
		})
	})
}

func (c memberList) users(ctx context.Context, t *tenant.Tenant) ([]member, error) {
	found, err := user.Search(ctx, t.DB, user.Filter{OrganizationID: c.Org}, user.Page{Limit: int(c.Limit), Offset: int(c.Offset)})
	if err != nil {
		return nil, err
	}
	members := make([]member, len(found.Users))
	for i, u := range found.Users {
		members[i] = member{ID: u.ID, Name: u.DisplayName()}
	}
	return members, nil
}

func (c memberList) machines(ctx context.Context, t *tenant.Tenant) ([]member, error) {
	ids, _, err := organization.ApplicationList(ctx, t.DB, c.Org, "", c.rows())
	if err != nil {
		return nil, err
	}
	found, err := application.ByIDs(ctx, t.DB, ids)
	if err != nil {
		return nil, err
	}
	members := make([]member, len(found))
	for i, a := range found {
		members[i] = member{ID: a.ID, Name: a.Name}
	}
	return members, nil
}
