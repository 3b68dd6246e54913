package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"signet/internal/audit"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/role"
	"signet/internal/server"
	"signet/internal/tenant"
)

type roleCommand struct {
	Create roleCreate `cmd:"" help:"Create a role."`
	List   roleList   `cmd:"" help:"List roles by name."`
}

// roleAnswer is a role as the command line prints one and events tell of it.
type roleAnswer struct {
	TenantID    string `json:"tenantId"`
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type"`
	IsDefault   bool   `json:"isDefault"`
}

func answerOfRole(r *role.Role, tenantID string) roleAnswer {
	return roleAnswer{tenantID, r.ID, r.Name, r.Description, string(r.Type), r.IsDefault}
}

type roleCreate struct {
	inTenant

	Name        string `arg:"" help:"The name."`
	Description string `help:"What it is for." required:""`
	Type        string `help:"Who can have it: people (User) or machines (MachineToMachine, m2m)." enum:"User,MachineToMachine,m2m" default:"User"`
	Default     bool   `help:"Give it to every user created from now on."`
}

// maxRoleText is how many characters name and description have at most.
const maxRoleText = 128

// Validate refuses what the API refuses.
func (c roleCreate) Validate() error {
	for _, text := range []string{c.Name, c.Description} {
		if n := utf8.RuneCountInString(text); n < 1 || n > maxRoleText {
			return fmt.Errorf("the name and --description have 1 to %d characters", maxRoleText)
		}
	}
	if c.Default && c.Type != string(role.User) {
		return errors.New("--default is for roles of users")
	}
	return nil
}

// Run creates the role.
func (c roleCreate) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		wanted := role.Role{Name: c.Name, Description: c.Description, Type: role.Type(c.Type), IsDefault: c.Default}
		if c.Type == "m2m" {
			wanted.Type = role.MachineToMachine
		}
		now := clock.Clock(clock.System).Millis()
		created, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*role.Role, error) {
			created, err := role.Create(ctx, tx, now, wanted)
			if err != nil {
				return nil, err
			}
			return created, event.Record(ctx, tx, now, "Role.Created", answerOfRole(created, t.ID))
		})
		audit.Log(ctx, audit.Entry{Key: "CommandLine.Role.Create", Err: err, Data: map[string]any{"name": c.Name}})
		if err != nil {
			return err
		}
		return e.print(answerOfRole(created, t.ID), "Created %s (%s).", created.Name, created.ID)
	})
}

type roleList struct{ inTenant }

// Run lists the roles.
func (c roleList) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		roles, err := role.All(ctx, t.DB)
		if err != nil {
			return err
		}
		answers, lines := []roleAnswer{}, []string{}
		for i := range roles {
			r := &roles[i]
			answers = append(answers, answerOfRole(r, t.ID))
			lines = append(lines, fmt.Sprintf("%s  %-16s %s", r.ID, r.Type, r.Name))
		}
		if len(lines) == 0 {
			lines = append(lines, "No roles.")
		}
		return e.print(answers, "%s", strings.Join(lines, "\n"))
	})
}
