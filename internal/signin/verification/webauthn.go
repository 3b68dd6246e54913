package verification

import (
	"slices"

	"signet/internal/mfa"
	"signet/internal/platform/errs"
	"signet/internal/user"
)

// ErrIdentityConflict: the record was made for another user.
var ErrIdentityConflict = errs.New(404, "session.identity_conflict")

// WebAuthn is a ceremony with a security key or passkey of the identified user:
// an authentication, which proves a second factor, or a registration, which
// proves nothing but yields a credential to be bound.
type WebAuthn struct {
	base
	UserID string `json:"userId"`
	// Registration or Authentication is the ceremony under way. It is forgotten
	// once it succeeded, so that its answer cannot be sent twice.
	Registration   *mfa.Challenge `json:"registration,omitempty"`
	Authentication *mfa.Challenge `json:"authentication,omitempty"`
	// Registered is the result of a registration until it is bound.
	Registered *mfa.Credential `json:"registered,omitempty"`
	// Authenticated says that an authentication succeeded, Synced that the
	// credential lives on more than one device.
	Authenticated bool `json:"authenticated,omitempty"`
	Synced        bool `json:"synced,omitempty"`
	// CredentialID is the handle of the credential that was authenticated with.
	CredentialID string `json:"credentialId,omitempty"`
	// Bound says that the registration was spent.
	Bound bool `json:"bound,omitempty"`
}

// StartRegistration begins to register a credential for u, who holds the existing
// ones; mfa.ErrTooMany if there can be no further one.
func StartRegistration(rp mfa.RP, u *user.User, existing []mfa.Credential) (*WebAuthn, mfa.CreationOptions, error) {
	options, challenge, err := mfa.RegistrationOptions(rp, mfa.OwnerOf(u), existing)
	if err != nil {
		return nil, options, err
	}
	return &WebAuthn{base: newBase(TypeWebAuthn), UserID: u.ID, Registration: &challenge}, options, nil
}

// FinishRegistration checks the browser's answer; on success the record holds
// the credential. agent is the browser, as it names itself.
func (w *WebAuthn) FinishRegistration(rp mfa.RP, now int64, agent string, payload *mfa.RegistrationPayload) error {
	if w.Registration == nil {
		return mfa.ErrNoPending
	}
	credential, err := mfa.VerifyRegistration(rp, *w.Registration, now, payload)
	if err != nil {
		return err
	}
	if agent != "" {
		credential.UserAgent = &agent
	}
	w.Registration, w.Registered = nil, credential
	return nil
}

// TakeRegistered returns the credential of a finished registration, once:
// ErrNotVerified before that and after.
func (w *WebAuthn) TakeRegistered() (*mfa.Credential, error) {
	if w.Registered == nil {
		return nil, ErrNotVerified
	}
	credential := w.Registered
	w.Registered, w.Bound = nil, true
	return credential, nil
}

// StartAuthentication begins to ask u for one of the credentials.
func StartAuthentication(rp mfa.RP, userID string, credentials []mfa.Credential) (*WebAuthn, mfa.RequestOptions, error) {
	options, challenge, err := mfa.AuthenticationOptions(rp, userID, credentials)
	if err != nil {
		return nil, options, err
	}
	return &WebAuthn{base: newBase(TypeWebAuthn), UserID: userID, Authentication: &challenge}, options, nil
}

// CheckAuthentication checks the browser's answer against the credentials that
// the user has now. The proof is given only once the assertion's counter is
// stored; then call Proved.
func (w *WebAuthn) CheckAuthentication(rp mfa.RP, credentials []mfa.Credential, payload *mfa.AuthenticationPayload) (*mfa.Assertion, error) {
	if w.Authentication == nil {
		return nil, mfa.ErrNoPending
	}
	return mfa.VerifyAuthentication(rp, *w.Authentication, credentials, payload)
}

// Proved records that an assertion holds and that its counter is stored.
func (w *WebAuthn) Proved(a *mfa.Assertion) {
	w.Authentication, w.Authenticated, w.Synced = nil, true, a.BackupEligible
	w.CredentialID = a.Credential.ID
}

// Judge takes the proof back unless the credential that gave it is among those
// that the user has now: who removes a key shuts out whoever holds it.
func (w *WebAuthn) Judge(credentials []mfa.Credential) {
	isProof := func(c mfa.Credential) bool { return c.ID == w.CredentialID }
	w.Authenticated = w.Authenticated && slices.ContainsFunc(credentials, isProof)
}

// Verified implements Record.
func (w *WebAuthn) Verified() bool { return w.Authenticated || w.Registered != nil || w.Bound }

// View implements Record.
func (w *WebAuthn) View() any {
	return struct {
		base
		UserID   string `json:"userId"`
		Verified bool   `json:"verified"`
	}{w.base, w.UserID, w.Verified()}
}
