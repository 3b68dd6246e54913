package main

import (
	"errors"
	"path/filepath"
	"strings"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/server"
)

type migrateCommand struct {
	Plan bool `help:"Only show what would run."`
}

// Run brings the schema up to date, or says what that would take.
func (c migrateCommand) Run(e *environment) error {
	if !c.Plan {
		in, err := server.Open(e, e.config, server.ForServing)
		if err != nil {
			return err
		}
		if err := in.Close(); err != nil {
			return err
		}
		return e.print(map[string]any{"pending": []string{}}, "The database is up to date.")
	}
	pool, err := db.Open(e, db.Options{
		URL: e.config.DatabaseURL, Path: filepath.Join(e.config.DataDir, "signet.db"), Clock: clock.System,
	})
	if err != nil {
		return err
	}
	pending, err := pool.Plan(e)
	if err = errors.Join(err, pool.Close()); err != nil {
		return err
	}
	if len(pending) == 0 {
		return e.print(map[string]any{"pending": []string{}}, "Nothing to do.")
	}
	return e.print(map[string]any{"pending": pending}, "Would run:\n  %s", strings.Join(pending, "\n  "))
}
