package main

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"signet/internal/application"
	"signet/internal/audit"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/server"
	"signet/internal/tenant"
)

type appSecret struct {
	Add secretAdd `cmd:"" help:"Draw another secret and print it."`
}

type secretAdd struct {
	inTenant

	App       string        `arg:"" help:"The application's id."`
	Name      string        `arg:"" help:"The name of the secret, such as when it was drawn."`
	ExpiresIn time.Duration `help:"After how long it stops working, such as 2160h; never if it is not given."`
}

// Validate refuses what the API refuses.
func (c secretAdd) Validate() error {
	if n := utf8.RuneCountInString(c.Name); n < 1 || n > 256 {
		return errors.New("the name of a secret has 1 to 256 characters")
	}
	if c.ExpiresIn < 0 {
		return errors.New("--expires-in lies in the past")
	}
	return nil
}

// Run draws the secret.
func (c secretAdd) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, in *server.Installation, t *tenant.Tenant) error {
		now := clock.Clock(clock.System).Millis()
		var expiresAt *int64
		if c.ExpiresIn > 0 {
			at := now + c.ExpiresIn.Milliseconds()
			expiresAt = &at
		}
		secret, err := db.Do(ctx, t.DB, func(tx *db.Tx) (string, error) {
			a, err := application.ByID(ctx, tx, c.App)
			if errors.Is(err, application.ErrNotFound) {
				return "", fmt.Errorf("there is no application %q in tenant %s", c.App, t.ID)
			}
			if err != nil {
				return "", err
			}
			return application.AddSecret(ctx, tx, now, in.Keyring, a, c.Name, expiresAt)
		})
		if errors.Is(err, application.ErrNoSecrets) {
			err = errors.New("applications of this type have no secrets")
		}
		audit.Log(ctx, audit.Entry{Key: "CommandLine.Application.Secret.Create", ApplicationID: c.App, Err: err, Data: map[string]any{"name": c.Name}})
		if err != nil {
			return err
		}
		return e.print(map[string]any{"applicationId": c.App, "name": c.Name, "value": secret, "expiresAt": expiresAt},
			"Secret  %s", secret)
	})
}
