package main

import (
	"context"
	"fmt"

	"signet/internal/audit"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/server"
	"signet/internal/tenant"
)

type keysCommand struct {
	List   keysList   `cmd:"" help:"List the keys that sign tokens."`
	Delete keysDelete `cmd:"" help:"Stop publishing a previous key: what it signed no longer verifies."`
	Rotate keysRotate `cmd:"" help:"Sign with a new key from now on; the old one stays published so that its tokens still verify."`
}

// keyAnswer is a key as the command line prints one; its material never leaves
// the server.
type keyAnswer struct {
	ID        string `json:"id"`
	Algorithm string `json:"algorithm"`
	Status    string `json:"status"`
	CreatedAt int64  `json:"createdAt"`
}

type keysList struct{ inTenant }

// Run lists the signing keys.
func (c keysList) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		return printKeys(ctx, e, t)
	})
}

type keysRotate struct{ inTenant }

// Run replaces the current signing key.
func (c keysRotate) Run(e *environment) error {
	key, err := token.GenerateKey(token.ES384)
	if err != nil {
		return err
	}
	return e.within(c.Tenant, func(ctx context.Context, in *server.Installation, t *tenant.Tenant) error {
		err := apply(ctx, audit.Entry{Key: "CommandLine.Keys.Rotate"}, func(tx *db.Tx, now int64) error {
			return token.RotateSigningKey(ctx, tx, now, in.Keyring, key)
		})
		if err != nil {
			return err
		}
		return printKeys(ctx, e, t)
	})
}

type keysDelete struct {
	inTenant

	ID string `arg:"" help:"The id of a previous key."`
}

// Run removes a key that signs nothing any more.
func (c keysDelete) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		err := apply(ctx, audit.Entry{Key: "CommandLine.Keys.Delete"}, func(tx *db.Tx, now int64) error {
			return token.DeleteSigningKey(ctx, tx, now, c.ID)
		})
		if err != nil {
			return err
		}
		return printKeys(ctx, e, t)
	})
}

func printKeys(ctx context.Context, e *environment, t *tenant.Tenant) error {
	keys, err := token.SigningKeys(ctx, t.DB, clock.Clock(clock.System).Millis())
	if err != nil {
		return err
	}
	return printList(e, keys, "No keys.", func(k *token.Key) (keyAnswer, string) {
		return keyAnswer{k.ID, k.Algorithm, k.Status, k.CreatedAt}, fmt.Sprintf("%-8s  %s  %s", k.Status, k.Algorithm, k.ID)
	})
}
