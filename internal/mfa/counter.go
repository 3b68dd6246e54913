package mfa

import (
	"context"
	"errors"
	"fmt"

	"signet/internal/platform/db"
	"signet/internal/platform/event"
)

// CounterRegressed is the name of the event that tells of a CounterError.
const CounterRegressed = "User.Passkey.CounterRegressed"

// CounterError is the cause within ErrFailed when a signature counter did not
// grow: the sign of a copied authenticator (WebAuthn L3 section 6.1.1).
type CounterError struct {
	// CredentialID is the server's handle of the credential.
	CredentialID      string
	Stored, Presented uint32
}

// Error names the two counters.
func (e *CounterError) Error() string {
	return fmt.Sprintf("signature counter of %s is %d, expected more than %d", e.CredentialID, e.Presented, e.Stored)
}

// Overtaken returns the cause of failure when AdvanceCounter has refused a.
func (a *Assertion) Overtaken() *CounterError {
	return &CounterError{CredentialID: a.Credential.ID, Stored: uint32(a.Credential.SignCount), Presented: a.SignCount}
}

// grows reports whether a signature counter may follow the stored one:
// authenticators without a counter always say zero.
func grows(stored, presented int64) bool {
	return presented > stored || (presented == 0 && stored == 0)
}

// ReportCounter records an event if err holds a CounterError; any other error is
// nothing to report. The failed request's own transaction is gone, so this takes
// one of its own. The trail is the caller's.
func ReportCounter(ctx context.Context, d *db.DB, now int64, userID string, err error) error {
	var counter *CounterError
	if !errors.As(err, &counter) {
		return nil
	}
	return d.Tx(ctx, func(tx *db.Tx) error {
		return event.Record(ctx, tx, now, CounterRegressed, map[string]any{
			"userId": userID, "credentialId": counter.CredentialID,
			"stored": counter.Stored, "presented": counter.Presented,
		})
	})
}
