package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signet/internal/audit"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/server"
	"signet/internal/tenant"
)

type keysCommand struct {
	Add    keysAdd    `cmd:"" help:"Add a key for applications that choose its algorithm for their ID tokens."`
	List   keysList   `cmd:"" help:"List the keys that sign tokens."`
	Delete keysDelete `cmd:"" help:"Stop publishing a previous or an additional key: what it signed no longer verifies."`
	Rotate keysRotate `cmd:"" help:"Sign with a new key, now or after a grace period; the old one stays published so that its tokens still verify."`
}

// keyAnswer is a key as the command line prints one; its material never leaves
// the server.
type keyAnswer struct {
	ID        string `json:"id"`
	Algorithm string `json:"algorithm"`
	Status    string `json:"status"`
	// IsAdditional tells keys that sign for applications alone that choose them.
	IsAdditional bool  `json:"isAdditional"`
	CreatedAt    int64 `json:"createdAt"`
	// EffectiveAt is when a next key begins to sign; nil for others.
	EffectiveAt *int64 `json:"effectiveAt,omitempty"`
}

type keysList struct{ inTenant }

// Run lists the signing keys.
func (c keysList) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		return printKeys(ctx, e, t)
	})
}

type keysRotate struct {
	inTenant

	Algorithm string `enum:"ES256,ES384,ES512,RS256,PS256,EdDSA" default:"ES384" help:"What the new key signs with: ${enum}."`
	// GracePeriod is nil for that of the configuration.
	GracePeriod *int64 `placeholder:"SECONDS" help:"For how long the new key is published before it signs, so that caches can follow; 0 signs with it at once. Without it PRIVATE_KEY_ROTATION_GRACE_PERIOD counts."`
}

// Validate checks what the command line says.
func (c keysRotate) Validate() error {
	if g := c.GracePeriod; g != nil && (*g < 0 || *g > token.MaxGrace) {
		return fmt.Errorf("--grace-period: must be from 0 to %d seconds", token.MaxGrace)
	}
	return nil
}

// Run replaces the current signing key.
func (c keysRotate) Run(e *environment) error {
	grace := int64(e.config.KeyGrace)
	if c.GracePeriod != nil {
		grace = *c.GracePeriod
	}
	return newKey(e, c.Tenant, c.Algorithm, "CommandLine.Keys.Rotate",
		func(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, key *token.NewKey) error {
			return token.ReplaceSigningKey(ctx, tx, now, grace, ring, key)
		})
}

type keysAdd struct {
	inTenant

	Algorithm string `arg:"" enum:"ES256,ES384,ES512,RS256,PS256,EdDSA" help:"What the key signs with: ${enum}."`
}

// Run adds a key beside the primary one.
func (c keysAdd) Run(e *environment) error {
	return newKey(e, c.Tenant, c.Algorithm, "CommandLine.Keys.Add", token.AddSigningKey)
}

// newKey makes a key, has store put it to use, and lists the keys.
func newKey(e *environment, tenantID, algorithm, auditKey string,
	store func(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, key *token.NewKey) error) error {
	key, err := token.GenerateKey(algorithm)
	if err != nil {
		return err
	}
	return e.within(tenantID, func(ctx context.Context, in *server.Installation, t *tenant.Tenant) error {
		err := apply(ctx, audit.Entry{Key: auditKey}, func(tx *db.Tx, now int64) error {
			return store(ctx, tx, now, in.Keyring, key)
		})
		if err != nil {
			return err
		}
		return printKeys(ctx, e, t)
	})
}

type keysDelete struct {
	inTenant

	ID string `arg:"" help:"The id of a previous or an additional key."`
}

// Run removes a key that signs nothing any more.
func (c keysDelete) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		err := apply(ctx, audit.Entry{Key: "CommandLine.Keys.Delete"}, func(tx *db.Tx, now int64) error {
			err := token.DeleteAdditionalKey(ctx, tx, now, c.ID)
			if errors.Is(err, token.ErrKeyNotFound) {
				err = token.DeleteSigningKey(ctx, tx, now, c.ID)
			}
			return err
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
	primary := len(keys)
	additional, err := token.AdditionalKeys(ctx, t.DB)
	if err != nil {
		return err
	}
	answers := make([]keyAnswer, 0, primary+len(additional))
	for i, k := range append(keys, additional...) {
		answers = append(answers, keyAnswer{k.ID, k.Algorithm, k.Status, i >= primary, k.CreatedAt, k.EffectiveAt})
	}
	return printList(e, answers, "No keys.", func(k *keyAnswer) (keyAnswer, string) {
		line := fmt.Sprintf("%-8s  %-5s  %s", k.Status, k.Algorithm, k.ID)
		if k.IsAdditional {
			line += "  (additional)"
		}
		if k.EffectiveAt != nil {
			line += "  (signs from " + time.UnixMilli(*k.EffectiveAt).UTC().Format(time.RFC3339) + ")"
		}
		return *k, line
	})
}
