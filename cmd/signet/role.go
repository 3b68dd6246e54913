package main

import (
	"context"
	"errors"
	"fmt"

	"signet/internal/audit"
	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/role"
	"signet/internal/server"
	"signet/internal/tenant"
)

type roleCommand struct {
	Create roleCreate `cmd:"" help:"Create a role."`
	List   roleList   `cmd:"" help:"List roles by name."`
	Delete roleDelete `cmd:"" help:"Delete a role, from all who have it too."`
}

// findRole finds a role by name or id.
func findRole(ctx context.Context, q db.Q, name string) (*role.Role, error) {
	r, err := role.ByName(ctx, q, name)
	if errors.Is(err, role.ErrNotFound) {
		r, err = role.ByID(ctx, q, name)
	}
	return r, orMissing(err, "role", name, q.TenantID())
}

// roleKind is embedded by commands that create roles.
type roleKind struct {
	Type string `help:"Who can have it: people (User) or machines (MachineToMachine, m2m)." enum:"User,MachineToMachine,m2m" default:"User"`
}

// kind is the type of the role; "m2m" is short for a machine's.
func (k roleKind) kind() role.Type {
	if k.Type == "m2m" {
		return role.MachineToMachine
	}
	return role.Type(k.Type)
}

type roleCreate struct {
	inTenant
	roleKind

	Name        string `arg:"" help:"The name."`
	Description string `help:"What it is for." required:""`
	Default     bool   `help:"Give it to every user created from now on."`
}

// maxRoleText is how many characters name and description have at most.
const maxRoleText = 128

// Validate refuses what the API refuses.
func (c roleCreate) Validate() error {
	if c.Default && c.kind() != role.User {
		return errors.New("--default is for roles of users")
	}
	return errors.Join(characters("the name of a role", c.Name, 1, maxRoleText),
		characters("--description", c.Description, 1, maxRoleText))
}

// Run creates the role.
func (c roleCreate) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		wanted := role.Role{Name: c.Name, Description: c.Description, Type: c.kind(), IsDefault: c.Default}
		entry := audit.Entry{Key: "CommandLine.Role.Create", Data: map[string]any{"name": c.Name}}
		created, err := change(ctx, entry, func(tx *db.Tx, now int64) (*role.Role, error) {
			created, err := role.Create(ctx, tx, now, wanted)
			if err != nil {
				return nil, err
			}
			return created, event.Record(ctx, tx, now, "Role.Created", created.Published(t.ID))
		})
		if err != nil {
			return err
		}
		return e.print(created.Published(t.ID), "Created %s (%s).", created.Name, created.ID)
	})
}

type roleList struct{ inTenant }

// Run lists the roles.
func (c roleList) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		found, err := role.All(ctx, t.DB)
		if err != nil {
			return err
		}
		return printRoles(e, found, t.ID)
	})
}

func printRoles(e *environment, found []role.Role, tenantID string) error {
	return printList(e, found, "No roles.", func(r *role.Role) (role.Published, string) {
		return r.Published(tenantID), fmt.Sprintf("%s  %-16s %s", r.ID, r.Type, r.Name)
	})
}

type roleDelete struct {
	inTenant

	Role string `arg:"" help:"The role's name or id."`
}

// Run deletes the role.
func (c roleDelete) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		r, err := findRole(ctx, t.DB, c.Role)
		if err != nil {
			return err
		}
		entry := audit.Entry{Key: "CommandLine.Role.Delete", Data: map[string]any{"roleId": r.ID}}
		err = apply(ctx, entry, func(tx *db.Tx, now int64) error {
			if err := role.Delete(ctx, tx, r.ID); err != nil {
				return err
			}
			return event.Record(ctx, tx, now, "Role.Deleted", nil)
		})
		if err != nil {
			return err
		}
		return e.print(r.Published(t.ID), "Deleted %s.", r.Name)
	})
}
