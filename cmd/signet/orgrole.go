package main

import (
	"context"
	"errors"
	"fmt"

	"signet/internal/audit"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/event"
	"signet/internal/server"
	"signet/internal/tenant"
)

type orgRole struct {
	Create orgRoleCreate `cmd:"" help:"Create an organization role."`
	List   orgRoleList   `cmd:"" help:"List organization roles by name."`
	Delete orgRoleDelete `cmd:"" help:"Delete an organization role, from every member too."`
}

// findOrgRole finds an organization role by name or id.
func findOrgRole(ctx context.Context, q db.Q, name string) (*organization.Role, error) {
	id := name
	switch found, err := organization.ResolveRoles(ctx, q, nil, []string{name}); {
	case err == nil:
		id = found[0]
	case !errors.Is(err, organization.ErrNoRoleName):
		return nil, err
	}
	r, err := organization.RoleByID(ctx, q, id)
	return r, orMissing(err, "organization role", name, q.TenantID())
}

type orgRoleCreate struct {
	inTenant
	roleKind

	Name        string `arg:"" help:"The name."`
	Description string `help:"What it is for."`
}

// Validate refuses what the API refuses.
func (c orgRoleCreate) Validate() error {
	return errors.Join(characters("the name of a role", c.Name, 1, maxOrgName),
		characters("--description", c.Description, 0, maxOrgDescription))
}

// Run creates the role.
func (c orgRoleCreate) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		wanted := organization.Role{Name: c.Name, Description: optional(c.Description), Type: organization.RoleType(c.kind())}
		entry := audit.Entry{Key: "CommandLine.OrganizationRole.Create", Data: map[string]any{"name": c.Name}}
		created, err := change(ctx, entry, func(tx *db.Tx, now int64) (*organization.Role, error) {
			created, err := organization.CreateRole(ctx, tx, wanted, nil, nil)
			if err != nil {
				return nil, err
			}
			return created, event.Record(ctx, tx, now, "OrganizationRole.Created", created.Published(t.ID))
		})
		if err != nil {
			return instead(err, errs.ErrNotUnique, fmt.Sprintf("there is an organization role %q already", c.Name))
		}
		return e.print(created.Published(t.ID), "Created %s (%s).", created.Name, created.ID)
	})
}

type orgRoleList struct {
	inTenant
	page
}

// Run lists the roles.
func (c orgRoleList) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		found, _, err := organization.RoleList(ctx, t.DB, "", c.rows())
		if err != nil {
			return err
		}
		return printList(e, found, "No organization roles.", func(r *organization.Role) (organization.PublishedRole, string) {
			return r.Published(t.ID), fmt.Sprintf("%s  %-16s %s", r.ID, r.Type, r.Name)
		})
	})
}

type orgRoleDelete struct {
	inTenant

	Role string `arg:"" help:"The role's name or id."`
}

// Run deletes the role.
func (c orgRoleDelete) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		r, err := findOrgRole(ctx, t.DB, c.Role)
		if err != nil {
			return err
		}
		entry := audit.Entry{Key: "CommandLine.OrganizationRole.Delete", Data: map[string]any{"organizationRoleId": r.ID}}
		err = apply(ctx, entry, func(tx *db.Tx, now int64) error {
			if err := organization.DeleteRole(ctx, tx, r.ID); err != nil {
				return err
			}
			return event.Record(ctx, tx, now, "OrganizationRole.Deleted", nil)
		})
		if err != nil {
			return err
		}
		return e.print(r.Published(t.ID), "Deleted %s.", r.Name)
	})
}
