package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"signet/internal/audit"
	"signet/internal/platform/clock"
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
	switch {
	case c.Indicator == "" || len(c.Indicator) > 2048:
		return errors.New("an indicator has 1 to 2048 characters")
	case len(c.Name) > 256 || c.Name == "" && len(c.Indicator) > 256:
		return errors.New("--name has up to 256 characters")
	case c.AccessTokenTTL < 1 || c.AccessTokenTTL > 1<<31-1:
		return errors.New("--access-token-ttl is a number of seconds")
	}
	return nil
}

// Run creates the resource.
func (c resourceCreate) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		wanted := resource.Resource{Name: c.Name, Indicator: c.Indicator, AccessTokenTTL: c.AccessTokenTTL}
		if wanted.Name == "" {
			wanted.Name = c.Indicator
		}
		created, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*resource.Resource, error) {
			return resource.Create(ctx, tx, clock.Clock(clock.System).Millis(), wanted)
		})
		audit.Log(ctx, audit.Entry{Key: "CommandLine.Resource.Create", Err: err, Data: map[string]any{"indicator": c.Indicator}})
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
		resources, _, err := resource.List(ctx, t.DB, db.Range{Limit: int64(c.Limit), Offset: int64(c.Offset)})
		if err != nil {
			return err
		}
		answers, lines := []resourceAnswer{}, []string{}
		for _, r := range resources {
			scopes, err := resource.Scopes(ctx, t.DB, r.ID)
			if err != nil {
				return err
			}
			a := resourceAnswer{r.Published(t.ID), []resource.PublishedScope{}}
			lines = append(lines, fmt.Sprintf("%s  %s  %s", r.ID, r.Indicator, r.Name))
			for _, s := range scopes {
				a.Scopes = append(a.Scopes, s.Published(t.ID))
				lines = append(lines, "    "+s.Name)
			}
			answers = append(answers, a)
		}
		if len(lines) == 0 {
			lines = append(lines, "No resources.")
		}
		return e.print(answers, "%s", strings.Join(lines, "\n"))
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
	if errors.Is(err, resource.ErrNotFound) {
		return nil, fmt.Errorf("there is no resource %q in tenant %s", o.Resource, t.ID)
	}
	return r, err
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
		err = t.DB.Tx(ctx, func(tx *db.Tx) error { return resource.Delete(ctx, tx, r.ID) })
		audit.Log(ctx, audit.Entry{Key: "CommandLine.Resource.Delete", Err: err, Data: map[string]any{"resourceId": r.ID}})
		if err != nil {
			return err
		}
		return e.print(r.Published(t.ID), "Deleted %s.", r.Indicator)
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
	if c.Scope == "" || len(c.Scope) > 256 || len(c.Description) > 4096 {
		return errors.New("a scope has 1 to 256 characters, its description up to 4096")
	}
	return nil
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
		wanted := resource.Scope{ResourceID: r.ID, Name: c.Scope}
		if c.Description != "" {
			wanted.Description = &c.Description
		}
		now := clock.Clock(clock.System).Millis()
		created, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*resource.Scope, error) {
			created, err := resource.AddScope(ctx, tx, now, wanted)
			if err != nil {
				return nil, err
			}
			return created, event.Record(ctx, tx, now, "Scope.Created", created.Published(t.ID))
		})
		audit.Log(ctx, audit.Entry{Key: "CommandLine.Scope.Create", Err: err, Data: map[string]any{"resourceId": r.ID, "name": c.Scope}})
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
		now := clock.Clock(clock.System).Millis()
		deleted, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*resource.Scope, error) {
			s, err := scopeNamed(ctx, tx, r, c.Scope)
			if err != nil {
				return nil, err
			}
			if _, err := resource.DeleteScope(ctx, tx, r.ID, s.ID); err != nil {
				return nil, err
			}
			return s, event.Record(ctx, tx, now, "Scope.Deleted", nil)
		})
		audit.Log(ctx, audit.Entry{Key: "CommandLine.Scope.Delete", Err: err, Data: map[string]any{"resourceId": r.ID, "name": c.Scope}})
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
