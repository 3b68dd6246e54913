package main

import (
	"errors"
	"strings"

	"signet/internal/platform/clock"
	"signet/internal/server"
)

type migrateCommand struct {
	Plan bool `help:"Only show what would run."`
}

// Run brings the database up to date, or says what that would take.
func (c migrateCommand) Run(e *environment) error {
	if c.Plan {
		return planMigration(e)
	}
	in, err := server.Open(e, e.config, server.ForServing)
	if err != nil {
		return err
	}
	err = server.SeedTenants(e, server.Options{Pool: in.Pool, Keyring: in.Keyring, Clock: clock.System})
	if err := errors.Join(err, in.Close()); err != nil {
		return err
	}
	return e.print(planAnswer{Pending: []string{}}, "The database is up to date.")
}

type planAnswer struct {
	Pending []string `json:"pending"`
}

func planMigration(e *environment) error {
	pending, err := server.Plan(e, e.config)
	if err != nil {
		return err
	}
	if len(pending) == 0 {
		return e.print(planAnswer{Pending: []string{}}, "Nothing to do.")
	}
	return e.print(planAnswer{Pending: pending}, "Would run:\n  %s", strings.Join(pending, "\n  "))
}
