package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"signet/internal/application"
	"signet/internal/audit"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/server"
	"signet/internal/tenant"
)

type appSecret struct {
	Add    secretAdd    `cmd:"" help:"Draw another secret and print it."`
	List   secretList   `cmd:"" help:"List the secrets of an application, oldest first."`
	Delete secretDelete `cmd:"" help:"Delete a secret: nobody can authenticate with it any more."`
}

// secretAnswer is a secret as the command line prints one. The value is there
// only where it was asked for.
type secretAnswer struct {
	ApplicationID string `json:"applicationId"`
	Name          string `json:"name"`
	Value         string `json:"value,omitempty"`
	CreatedAt     int64  `json:"createdAt"` // epoch milliseconds, as the next one
	ExpiresAt     *int64 `json:"expiresAt"`
}

func answerOfSecret(s *application.PublishedSecret) secretAnswer {
	return secretAnswer{s.ApplicationID, s.Name, s.Value, s.CreatedAt, s.ExpiresAt}
}

type secretAdd struct {
	inTenant
	oneApp

	Name      string        `arg:"" help:"The name of the secret, such as when it was drawn."`
	ExpiresIn time.Duration `help:"After how long it stops working, such as 2160h; never if it is not given."`
}

// Validate refuses what the API refuses.
func (c secretAdd) Validate() error {
	if c.ExpiresIn < 0 {
		return errors.New("--expires-in lies in the past")
	}
	return characters("the name of a secret", c.Name, 1, 256)
}

// Run draws the secret.
func (c secretAdd) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, in *server.Installation, _ *tenant.Tenant, a *application.Application) error {
		entry := audit.Entry{Key: "CommandLine.Application.Secret.Create", ApplicationID: a.ID, Data: map[string]any{"name": c.Name}}
		secret, err := change(ctx, entry, func(tx *db.Tx, now int64) (*application.PublishedSecret, error) {
			var expiresAt *int64
			if c.ExpiresIn > 0 {
				at := now + c.ExpiresIn.Milliseconds()
				expiresAt = &at
			}
			if _, err := application.AddSecret(ctx, tx, now, in.Keyring, a, c.Name, expiresAt); err != nil {
				return nil, instead(err, application.ErrNoSecrets, "applications of this type have no secrets")
			}
			return application.NamedSecret(ctx, tx, in.Keyring, a.ID, c.Name)
		})
		if err != nil {
			return err
		}
		return e.print(answerOfSecret(secret), "Secret  %s", secret.Value)
	})
}

type secretList struct {
	inTenant
	oneApp

	WithValues bool `help:"Print the secrets themselves too."`
}

// Run lists the secrets. Who was shown their values is on record.
func (c secretList) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, in *server.Installation, t *tenant.Tenant, a *application.Application) error {
		found, err := application.NamedSecrets(ctx, t.DB, in.Keyring, a.ID)
		if c.WithValues {
			audit.Log(ctx, audit.Entry{Key: "CommandLine.Application.Secret.Read", ApplicationID: a.ID, Err: err})
		}
		if err != nil {
			return err
		}
		return printList(e, found, "No secrets.", func(s *application.PublishedSecret) (secretAnswer, string) {
			if !c.WithValues {
				s.Value = ""
			}
			line := day(s.CreatedAt) + "  "
			if s.ExpiresAt != nil {
				line += "until " + day(*s.ExpiresAt) + "  "
			}
			return answerOfSecret(s), strings.TrimRight(line+s.Name+"  "+s.Value, " ")
		})
	})
}

// day is the date of a time in epoch milliseconds, in UTC.
func day(millis int64) string { return time.UnixMilli(millis).UTC().Format(time.DateOnly) }

type secretDelete struct {
	inTenant
	oneApp

	Name string `arg:"" help:"The name of the secret."`
}

// Run deletes the secret.
func (c secretDelete) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, _ *server.Installation, _ *tenant.Tenant, a *application.Application) error {
		entry := audit.Entry{Key: "CommandLine.Application.Secret.Delete", ApplicationID: a.ID, Data: map[string]any{"name": c.Name}}
		err := apply(ctx, entry, func(tx *db.Tx, _ int64) error { return application.DeleteSecret(ctx, tx, a.ID, c.Name) })
		if err != nil {
			return instead(err, errs.ErrNotFound, fmt.Sprintf("%s has no secret %q", a.Name, c.Name))
		}
		return e.print(map[string]string{"applicationId": a.ID, "name": c.Name}, "Deleted the secret %s of %s.", c.Name, a.Name)
	})
}
