package mfa

import (
	"context"
	"errors"

	"signet/internal/platform/db"
	"signet/internal/platform/event"
)

// eventCounter says that a credential's signature counter did not grow.
const eventCounter = "User.Passkey.CounterRegressed"

// ReportCounter records an event if err is about a counter that did not grow
// (WebAuthn L3 section 7.2 step 22): somebody may hold a copy of the user's key.
// The failed request's own transaction is gone, so this takes one of its own.
func ReportCounter(ctx context.Context, d *db.DB, now int64, userID string, err error) error {
	var counter *CounterError
	if !errors.As(err, &counter) {
		return nil
	}
	return d.Tx(ctx, func(tx *db.Tx) error {
		return event.Record(ctx, tx, now, eventCounter, map[string]any{
			"userId": userID, "credentialId": counter.CredentialID,
			"stored": counter.Stored, "presented": counter.Presented,
		})
	})
}
