package mfa

import "signet/internal/platform/errs"

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
	// ErrTooMany: the user has MaxCredentials already.
	ErrTooMany = errs.New(422, "user.webauthn_limit_reached")
	// ErrUnavailable: the address cannot be a relying party id (WebAuthn L3
	// section 5.1.2: a domain, never an IP address).
	ErrUnavailable = errs.New(400, "session.mfa.webauthn_not_available")
)
