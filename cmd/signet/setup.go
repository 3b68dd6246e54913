package main

import (
	"context"
	"errors"

	"signet/internal/audit"
	"signet/internal/hosted/setuppages"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/server"
	"signet/internal/setup"
	"signet/internal/tenant"
)

type setupCommand struct{}

// Run replaces the setup link.
func (setupCommand) Run(e *environment) error {
	return e.within(tenant.Admin, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		link, err := newSetupLink(ctx, t)
		audit.Log(ctx, audit.Entry{Key: "CommandLine.Setup", Err: err, Data: map[string]any{"isNeeded": link != ""}})
		if err != nil {
			return err
		}
		if link == "" {
			return errors.New("there is an administrator already: sign in at " + t.URL("/account"))
		}
		return e.print(map[string]string{"url": link}, "Create the first administrator within an hour:\n  %s", link)
	})
}

// newSetupLink returns a fresh link, "" if setup is complete.
func newSetupLink(ctx context.Context, t *tenant.Tenant) (string, error) {
	needed, err := setup.Needed(ctx, t.DB)
	if err != nil || !needed {
		return "", err
	}
	var token string
	err = t.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		token, err = setup.NewToken(ctx, tx, clock.Clock(clock.System).Millis())
		return err
	})
	if err != nil {
		return "", err
	}
	return setuppages.URL(t, token), nil
}
