package mfa

import (
	"fmt"

	"signet/internal/platform/errs"
)

// What can go wrong with a second factor.
var (
	// ErrFailed: the ceremony's answer does not prove what it must.
	ErrFailed = errs.New(400, "session.mfa.webauthn_verification_failed")
	// ErrNoPending: an answer came, but no ceremony is under way.
	ErrNoPending = errs.New(400, "session.mfa.pending_info_not_found")
	// ErrNoCredential: the user has no key to be asked for.
	ErrNoCredential = errs.New(400, "session.mfa.webauthn_verification_not_found")
	// ErrRegistered: the credential already belongs to somebody in this tenant.
	ErrRegistered = errs.New(422, "user.webauthn_already_in_use")
	// ErrUnavailable: the address cannot be a relying party id (WebAuthn L3
	// section 5.1.2: a domain, never an IP address).
	ErrUnavailable = errs.New(400, "session.mfa.webauthn_not_available")
)

// CounterError is the cause within ErrFailed when a signature counter did not
// grow: the sign of a cloned authenticator, worth an event and an audit record.
type CounterError struct {
	// CredentialID is the server's handle of the credential.
	CredentialID      string
	Stored, Presented uint32
}

// Error names the two counters.
func (e *CounterError) Error() string {
	return fmt.Sprintf("signature counter of %s is %d, expected more than %d", e.CredentialID, e.Presented, e.Stored)
}
