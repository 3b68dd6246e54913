package main

import (
	"context"
	"errors"
	"fmt"

	"signet/internal/audit"
	"signet/internal/oidc/protectedresource"
	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/resource"
	"signet/internal/server"
	"signet/internal/tenant"
)

type resourceCommand struct {
	Create resourceCreate `cmd:"" help:"Create an API resource."`
	List   resourceList   `cmd:"" help:"List API resources, oldest first."`
	Delete resourceDelete `cmd:"" help:"Delete an API resource with its scopes, and those from every role."`
	Scope  resourceScope  `cmd:"" help:"Add and delete scopes."`

	Metadata resourceMetadata `cmd:"" help:"Print the metadata that an API should publish for its clients (RFC 9728)."`
}

// resourceAnswer is a resource as the command line prints one.
type resourceAnswer struct {
	resource.Published

	Scopes []resource.PublishedScope `json:"scopes"`
}

type resourceCreate struct {
	inTenant

	Indicator      string `arg:"" help:"The URI that names it in tokens; it never changes."`
	Name           string `help:"The name that people see; the indicator if it is not given."`
	AccessTokenTTL int64  `help:"How many seconds its access tokens live." name:"access-token-ttl" default:"3600"`
}

// Validate refuses what the API refuses.
func (c resourceCreate) Validate() error {
	if c.AccessTokenTTL < 1 || c.AccessTokenTTL > 1<<31-1 {
		return errors.New("--access-token-ttl is a number of seconds")
	}
	return errors.Join(characters("an indicator", c.Indicator, 1, 2048),
		characters("--name, or the indicator without one,", c.name(), 0, 256))
}

// name is the name that people see.
func (c resourceCreate) name() string {
	if c.Name == "" {
		return c.Indicator
	}
	return c.Name
}

// Run creates the resource.
func (c resourceCreate) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		wanted := resource.Resource{Name: c.name(), Indicator: c.Indicator, AccessTokenTTL: c.AccessTokenTTL}
		entry := audit.Entry{Key: "CommandLine.Resource.Create", Data: map[string]any{"indicator": c.Indicator}}
		created, err := change(ctx, entry, func(tx *db.Tx, now int64) (*resource.Resource, error) {
			return resource.Create(ctx, tx, now, wanted)
		})
		if err != nil {
			return err
		}
		return e.print(resourceAnswer{created.Published(t.ID), []resource.PublishedScope{}}, "Created %s (%s).", created.Name, created.ID)
	})
}

type resourceList struct {
	inTenant
	page
}

// Run lists resources with their scopes.
func (c resourceList) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		resources, _, err := resource.List(ctx, t.DB, c.rows())
		if err != nil {
			return err
		}
		all := make([]resourceAnswer, len(resources))
		for i, r := range resources {
			scopes, err := resource.Scopes(ctx, t.DB, r.ID)
			if err != nil {
				return err
			}
			all[i] = resourceAnswer{r.Published(t.ID), make([]resource.PublishedScope, len(scopes))}
			for j, s := range scopes {
				all[i].Scopes[j] = s.Published(t.ID)
			}
		}
		return printList(e, all, "No resources.", func(r *resourceAnswer) (resourceAnswer, string) {
			text := fmt.Sprintf("%s  %s  %s", r.ID, r.Indicator, r.Name)
			for _, s := range r.Scopes {
				text += "\n    " + s.Name
			}
			return *r, text
		})
	})
}

// oneResource names a resource by id or indicator.
type oneResource struct {
	Resource string `arg:"" help:"The resource's id or indicator."`
}

func (o oneResource) find(ctx context.Context, t *tenant.Tenant) (*resource.Resource, error) {
	r, err := resource.ByIndicator(ctx, t.DB, o.Resource)
	if errors.Is(err, resource.ErrNotFound) {
		r, err = resource.ByID(ctx, t.DB, o.Resource)
	}
	return r, orMissing(err, "resource", o.Resource, t.ID)
}

type resourceDelete struct {
	inTenant
	oneResource
}

// Run deletes the resource.
func (c resourceDelete) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		r, err := c.find(ctx, t)
		if err != nil {
			return err
		}
		entry := audit.Entry{Key: "CommandLine.Resource.Delete", Data: map[string]any{"resourceId": r.ID}}
		err = apply(ctx, entry, func(tx *db.Tx, _ int64) error { return resource.Delete(ctx, tx, r.ID) })
		if err != nil {
			return err
		}
		return e.print(r.Published(t.ID), "Deleted %s.", r.Indicator)
	})
}

type resourceMetadata struct {
	inTenant
	oneResource
}

// Run prints the metadata.
func (c resourceMetadata) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		r, err := c.find(ctx, t)
		if err != nil {
			return err
		}
		m, err := protectedresource.Of(ctx, t.DB, t, r)
		if err != nil {
			return err
		}
		return e.printJSON(m)
	})
}

type resourceScope struct {
	Add    scopeAdd    `cmd:"" help:"Add a scope to an API resource."`
	Delete scopeDelete `cmd:"" help:"Delete a scope of an API resource, and from every role."`
}

// oneScope names a scope of a resource.
type oneScope struct {
	Scope string `arg:"" help:"The scope's name."`
}

type scopeAdd struct {
	inTenant
	oneResource
	oneScope

	Description string `help:"What it permits."`
}

// Validate refuses what the API refuses.
func (c scopeAdd) Validate() error {
	return errors.Join(characters("a scope", c.Scope, 1, 256), characters("--description", c.Description, 0, 4096))
}

// Run adds the scope.
func (c scopeAdd) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		if err := resource.CheckScopeName(c.Scope); err != nil {
			return err
		}
		r, err := c.find(ctx, t)
		if err != nil {
			return err
		}
		wanted := resource.Scope{ResourceID: r.ID, Name: c.Scope, Description: optional(c.Description)}
		entry := audit.Entry{Key: "CommandLine.Scope.Create", Data: map[string]any{"resourceId": r.ID, "name": c.Scope}}
		created, err := change(ctx, entry, func(tx *db.Tx, now int64) (*resource.Scope, error) {
			created, err := resource.AddScope(ctx, tx, now, wanted)
			if err != nil {
				return nil, err
			}
			return created, event.Record(ctx, tx, now, "Scope.Created", created.Published(t.ID))
		})
		if err != nil {
			return err
		}
		return e.print(created.Published(t.ID), "Added %s to %s.", created.Name, r.Indicator)
	})
}

type scopeDelete struct {
	inTenant
	oneResource
	oneScope
}

// Run deletes the scope.
func (c scopeDelete) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		r, err := c.find(ctx, t)
		if err != nil {
			return err
		}
		entry := audit.Entry{Key: "CommandLine.Scope.Delete", Data: map[string]any{"resourceId": r.ID, "name": c.Scope}}
		deleted, err := change(ctx, entry, func(tx *db.Tx, now int64) (*resource.Scope, error) {
			s, err := scopeNamed(ctx, tx, r, c.Scope)
			if err != nil {
				return nil, err
			}
			if _, err := resource.DeleteScope(ctx, tx, r.ID, s.ID); err != nil {
				return nil, err
			}
			return s, event.Record(ctx, tx, now, "Scope.Deleted", nil)
		})
		if err != nil {
			return err
		}
		return e.print(deleted.Published(t.ID), "Deleted %s from %s.", deleted.Name, r.Indicator)
	})
}

func scopeNamed(ctx context.Context, q db.Q, r *resource.Resource, name string) (*resource.Scope, error) {
	scopes, err := resource.Scopes(ctx, q, r.ID)
	if err != nil {
		return nil, err
	}
	for i := range scopes {
		if scopes[i].Name == name {
			return &scopes[i], nil
		}
	}
	return nil, fmt.Errorf("%s has no scope %q", r.Indicator, name)
}
