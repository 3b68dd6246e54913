package main

import (
	"context"
	"errors"

	"signet/internal/audit"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/server"
	"signet/internal/tenant"
)

type orgCommand struct {
	Create orgCreate `cmd:"" help:"Create an organization."`
	List   orgList   `cmd:"" help:"List organizations, oldest first."`
	Get    orgGet    `cmd:"" help:"Show an organization."`
	Delete orgDelete `cmd:"" help:"Delete an organization with its memberships and invitations."`
	Member orgMember `cmd:"" help:"Say who is in an organization, and with which roles."`
	Role   orgRole   `cmd:"" help:"Create, list and delete the roles that members of organizations can have."`
}

// oneOrg names an organization.
type oneOrg struct {
	Org string `arg:"" help:"The organization's id."`
}

// on finds the organization and calls fn.
func (o oneOrg) on(e *environment, tenantID string, fn func(ctx context.Context, t *tenant.Tenant, org *organization.Organization) error) error {
	return e.within(tenantID, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		org, err := organization.ByID(ctx, t.DB, o.Org)
		if err != nil {
			return orMissing(err, "organization", o.Org, t.ID)
		}
		return fn(ctx, t, org)
	})
}

// Lengths of names and descriptions, as the API has them.
const (
	maxOrgName        = 128
	maxOrgDescription = 256
)

type orgCreate struct {
	inTenant

	Name        string `arg:"" help:"The name that people see."`
	Description string `help:"What it is."`
	RequireMFA  bool   `help:"Refuse tokens of the organization to members without a second factor." name:"require-mfa"`
}

// Validate refuses what the API refuses.
func (c orgCreate) Validate() error {
	return errors.Join(characters("the name of an organization", c.Name, 1, maxOrgName),
		characters("--description", c.Description, 0, maxOrgDescription))
}

// Run creates the organization.
func (c orgCreate) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		wanted := organization.Organization{Name: c.Name, Description: optional(c.Description), IsMFARequired: c.RequireMFA}
		entry := audit.Entry{Key: "CommandLine.Organization.Create", Data: map[string]any{"name": c.Name}}
		created, err := change(ctx, entry, func(tx *db.Tx, now int64) (*organization.Organization, error) {
			created, err := organization.Create(ctx, tx, now, wanted)
			if err != nil {
				return nil, err
			}
			return created, event.Record(ctx, tx, now, "Organization.Created", created.Published(t.ID))
		})
		if err != nil {
			return err
		}
		return e.print(created.Published(t.ID), "Created %s (%s).", created.Name, created.ID)
	})
}

type orgList struct {
	inTenant
	page

	Search string `help:"Only those with this text in the id or the name."`
}

// Run lists the organizations.
func (c orgList) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		found, _, err := organization.List(ctx, t.DB, c.Search, c.rows())
		if err != nil {
			return err
		}
		return printList(e, found, "No organizations.", func(o *organization.Organization) (organization.Published, string) {
			return o.Published(t.ID), o.ID + "  " + o.Name
		})
	})
}

type orgGet struct {
	inTenant
	oneOrg
}

// Run shows the organization.
func (c orgGet) Run(e *environment) error {
	return c.on(e, c.Tenant, func(_ context.Context, t *tenant.Tenant, org *organization.Organization) error {
		return e.printJSON(org.Published(t.ID))
	})
}

type orgDelete struct {
	inTenant
	oneOrg
}

// Run deletes the organization.
func (c orgDelete) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, t *tenant.Tenant, org *organization.Organization) error {
		entry := audit.Entry{Key: "CommandLine.Organization.Delete", Data: map[string]any{"organizationId": org.ID}}
		err := apply(ctx, entry, func(tx *db.Tx, now int64) error {
			if err := organization.Delete(ctx, tx, org.ID); err != nil {
				return err
			}
			return event.Record(ctx, tx, now, "Organization.Deleted", nil)
		})
		if err != nil {
			return err
		}
		return e.print(org.Published(t.ID), "Deleted %s.", org.Name)
	})
}
