// Package signin is the state machine of signing in and signing up. An
// interaction is a value that is loaded, changed by one step and saved under
// optimistic locking; Next says which step must follow, for the Experience API
// and the hosted pages alike. Engine has one method per step.
package signin

import (
	"encoding/json"
	"fmt"
	"slices"

	"signet/internal/mfa"
	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

// Event is what a person wants of an interaction.
type Event string

// The events.
const (
	EventSignIn         Event = "SignIn"
	EventRegister       Event = "Register"
	EventForgotPassword Event = "ForgotPassword"
)

// State is all that happened in an interaction so far. What is staged is not
// yet on the user's row: Submit puts it there.
type State struct {
	Event Event `json:"interactionEvent"`
	// UserID is the identified user, "" before identification.
	UserID string `json:"userId,omitempty"`
	// Created says that this interaction made the user. Only then is it a sign-up:
	// an event that was switched afterwards does not make an old user a new one.
	Created bool                 `json:"created,omitempty"`
	Profile Profile              `json:"profile"`
	MFA     Binding              `json:"mfa"`
	Records verification.Records `json:"verificationRecords"`
	Captcha Captcha              `json:"captcha"`
	// Upload is the id of the picture that waits for the new user.
	Upload string `json:"upload,omitempty"`
	// Context is where the person began: address and browser.
	Context map[string]string `json:"signInContext,omitempty"`

	// secrets lie sealed in a column of their own.
	secrets secrets
	// demand is what the authorization asks for; it is no part of what is saved.
	demand demand
}

// demand is what an authorization demands of the sign-in.
type demand struct {
	// classes are the classes of authentication of which one is demanded.
	classes []string
	// stepsUp says that the person is signed in already, and that the class alone
	// is missing.
	stepsUp bool
}

// Profile is what is staged for the user's row.
type Profile struct {
	Username     *string        `json:"username,omitempty"`
	PrimaryEmail *string        `json:"primaryEmail,omitempty"`
	PrimaryPhone *string        `json:"primaryPhone,omitempty"`
	Name         *string        `json:"name,omitempty"`
	Avatar       *string        `json:"avatar,omitempty"`
	Profile      *user.Profile  `json:"profile,omitempty"`
	CustomData   map[string]any `json:"customData,omitempty"`
	// HasPassword says that the hash of a new password is among the secrets.
	HasPassword bool `json:"hasPassword,omitempty"`
	// Submitted says that the form of extra fields was sent, perhaps empty.
	Submitted bool `json:"submitted,omitempty"`
}

// empty reports whether nothing is staged.
func (p Profile) empty() bool {
	return p.Username == nil && p.PrimaryEmail == nil && p.PrimaryPhone == nil && p.Name == nil && p.Avatar == nil &&
		p.Profile == nil && p.CustomData == nil && !p.HasPassword && !p.Submitted
}

// Binding is what is staged about second factors.
type Binding struct {
	// Enabled is the wish to use a second factor; binding one implies it.
	Enabled           bool             `json:"mfaEnabled,omitempty"`
	Skipped           bool             `json:"mfaSkipped,omitempty"`
	SuggestionSkipped bool             `json:"additionalBindingSuggestionSkipped,omitempty"`
	PasskeySkipped    bool             `json:"passkeySkipped,omitempty"`
	WebAuthn          []mfa.Credential `json:"webAuthn,omitempty"`
}

// factors lists the kinds of staged factors.
func (b Binding) factors() []signinexp.Factor {
	if len(b.WebAuthn) > 0 {
		return []signinexp.Factor{signinexp.FactorWebAuthn}
	}
	return nil
}

// Captcha is what is known of the person being no machine.
type Captcha struct {
	Verified bool `json:"verified"`
	Skipped  bool `json:"skipped"`
}

// secrets are hashes of passwords that nobody may read at rest.
type secrets struct {
	// Password is staged for the user, NewIdentity belongs to the record of that
	// kind.
	Password    string `json:"password,omitempty"`
	NewIdentity string `json:"newIdentity,omitempty"`
}

// signingUp reports whether the rules for new users apply.
func (s *State) signingUp() bool {
	return s.Event == EventRegister && (s.Created || s.UserID == "")
}

// switchTo changes the event. What was staged for another purpose is dropped,
// but not the fact that a form was sent.
func (s *State) switchTo(event Event) {
	if s.Event == event {
		return
	}
	s.Event = event
	s.Profile = Profile{Submitted: s.Profile.Submitted}
	s.secrets.Password = ""
}

// provenFactors lists the second factors that the identified user has proved to
// hold. A factor that was only just registered is not among them.
func (s *State) provenFactors() []signinexp.Factor {
	if w, ok := verification.Of[*verification.WebAuthn](s.Records); ok && w.Authenticated && w.UserID == s.UserID {
		return []signinexp.Factor{signinexp.FactorWebAuthn}
	}
	return nil
}

// password returns the proof that the identified user knows the password, nil if
// there is none: it may have been replaced by that of somebody else.
func (s *State) password() *verification.Password {
	if p, ok := verification.Of[*verification.Password](s.Records); ok && p.Verified() && p.UserID == s.UserID {
		return p
	}
	return nil
}

// methods lists how u was authenticated (RFC 8176). Who chose a password a
// moment ago, to sign up, knows it.
func (s *State) methods(u *user.User) []string {
	amr := []string{}
	if s.password() != nil || s.Created && u.HasPassword() {
		amr = append(amr, proto.MethodPassword)
	}
	if w, ok := verification.Of[*verification.WebAuthn](s.Records); ok && w.Authenticated && w.UserID == s.UserID {
		if w.Synced {
			amr = append(amr, proto.MethodSyncedKey)
		} else {
			amr = append(amr, proto.MethodHardwareKey)
		}
		amr = append(amr, proto.MethodMultiple)
	}
	return amr
}

// sealer opens and seals the secrets of one interaction's row.
type sealer struct {
	keyring       *crypt.Keyring
	tenantID, uid string
}

func (k sealer) place() (table, column, tenant, id string) {
	// The row is known by the hash of its name; so is what it seals.
	return "interactions", "state_sealed", k.tenantID, fmt.Sprintf("%x", crypt.Hash(k.uid))
}

// encode returns the two columns that hold a state; sealed is nil without
// secrets.
func (s *State) encode(k sealer) (state json.RawMessage, sealed []byte, err error) {
	if state, err = json.Marshal(s); err != nil {
		return nil, nil, err
	}
	if s.secrets == (secrets{}) {
		return state, nil, nil
	}
	plain, err := json.Marshal(s.secrets)
	if err != nil {
		return nil, nil, err
	}
	table, column, tenantID, id := k.place()
	return state, k.keyring.Seal(plain, table, column, tenantID, id), nil
}

// decode reads what encode wrote. Columns that hold anything else are
// ErrNotStarted: the person begins again.
func decode(k sealer, state json.RawMessage, sealed []byte) (*State, error) {
	s := &State{}
	if len(state) == 0 {
		return nil, ErrNotStarted
	}
	if err := json.Unmarshal(state, s); err != nil {
		return nil, ErrNotStarted.Wrap(err)
	}
	if !slices.Contains([]Event{EventSignIn, EventRegister, EventForgotPassword}, s.Event) {
		return nil, ErrNotStarted
	}
	if sealed == nil {
		return s, nil
	}
	table, column, tenantID, id := k.place()
	plain, err := k.keyring.Open(sealed, table, column, tenantID, id)
	if err != nil {
		return nil, ErrNotStarted.Wrap(err)
	}
	if err := json.Unmarshal(plain, &s.secrets); err != nil {
		return nil, ErrNotStarted.Wrap(err)
	}
	return s, nil
}
