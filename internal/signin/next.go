package signin

import (
	"slices"

	"signet/internal/platform/errs"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

// Need is what an interaction needs next.
type Need string

// The needs, in the order in which they are asked for.
const (
	NeedCaptcha        Need = "captcha"
	NeedIdentification Need = "identification"
	NeedNewPassword    Need = "new password"
	NeedVerification   Need = "second factor"
	NeedFreeIdentifier Need = "free identifier"
	NeedProfile        Need = "profile"
	NeedPasskeyChoice  Need = "passkey choice"
	NeedEnabledFactor  Need = "enabled factor"
	NeedMFAChoice      Need = "second factor choice"
	NeedFactor         Need = "factor"
	NeedFurtherFactor  Need = "further factor"
	NeedBackupCodes    Need = "backup codes"
	// Done: nothing is missing, Submit succeeds.
	Done Need = "nothing"
)

// Step is what must happen next, and why.
type Step struct {
	Need Need
	// Err is the refusal of Submit with its data, nil when Done.
	Err error
	// Missing lists missing profile fields in the order of asking.
	Missing []string
	// Factors are those the user can be verified by, or may add.
	Factors []signinexp.Factor
	// Skippable says that the person may decline.
	Skippable bool
	// EnablesMFA says, when Done, that the user is to count from now on as one who
	// wants a second factor.
	EnablesMFA bool
}

// Person is what Next must know of the identified user: the row and what hangs
// on it.
type Person struct {
	User *user.User
	// Factors are the stored ones, most recently used first, one per kind; backup
	// codes count while one is unused.
	Factors []signinexp.Factor
	// HasDemandedKey says that one of the keys is of a class that the authorization
	// demands.
	HasDemandedKey    bool
	HasSocialIdentity bool
	HasSSOIdentity    bool
	// OrganizationRequiresMFA says that an organization of the user demands a
	// second factor.
	OrganizationRequiresMFA bool
	// Taken is the error about a staged identifier that meanwhile is somebody
	// else's.
	Taken error
}

// Next says what an interaction needs. p is nil as long as nobody is
// identified. Conditions are met one at a time, in the order of the rules.
func Next(s *State, settings *signinexp.Settings, p *Person) Step {
	n := next{s, settings, p}
	if s.UserID == "" || p == nil {
		n.person = &Person{User: &user.User{}}
	}
	for _, rule := range rules {
		if step := rule(n); step != nil {
			return *step
		}
	}
	return Step{Need: Done, EnablesMFA: n.asksForMFAChoice() && n.mfaUndecided()}
}

// rules in their order; each returns nil if it is satisfied.
var rules = []func(next) *Step{
	next.captcha,
	next.identification,
	next.newPassword,
	next.secondFactor,
	next.demandedKey,
	next.freeIdentifier,
	next.profile,
	next.passkeyChoice,
	next.enabledFactors,
	next.mfaChoice,
	next.factor,
	next.furtherFactor,
	next.backupCodes,
}

type next struct {
	state    *State
	settings *signinexp.Settings
	person   *Person
}

func refuse(need Need, err *errs.Error) *Step { return &Step{Need: need, Err: err} }

func (n next) captcha() *Step {
	if n.settings.CaptchaPolicy.Enabled && !n.state.Captcha.Verified && !n.state.Captcha.Skipped {
		return refuse(NeedCaptcha, ErrCaptchaRequired)
	}
	return nil
}

func (n next) identification() *Step {
	if n.state.UserID == "" {
		return refuse(NeedIdentification, ErrNotIdentified)
	}
	return nil
}

func (n next) newPassword() *Step {
	if n.state.Event == EventForgotPassword {
		return refuse(NeedNewPassword, ErrNewPasswordRequired)
	}
	return nil
}

func (n next) freeIdentifier() *Step {
	if n.person.Taken != nil {
		return &Step{Need: NeedFreeIdentifier, Err: n.person.Taken}
	}
	return nil
}

// viaSSO reports whether an enterprise identity provider answers for the
// person: nothing more is asked then.
func (n next) viaSSO() bool { return n.state.Records.Verified(verification.TypeEnterpriseSSO) }

func (n next) profile() *Step {
	missing := n.missingProfile()
	if len(missing) == 0 {
		return nil
	}
	return &Step{Need: NeedProfile, Missing: missing, Err: ErrMissingProfile.With(missingProfileData{missing})}
}

type missingProfileData struct {
	MissingProfile []string `json:"missingProfile"`
}

// missingProfile lists the mandatory fields that neither the row nor the stage
// holds.
func (n next) missingProfile() []string {
	if n.person.HasSSOIdentity || n.viaSSO() {
		return nil
	}
	required := requiredProfile(n.settings.SignUp)
	missing := []string{}
	for _, field := range required {
		if !n.has(field) {
			missing = append(missing, field)
		}
	}
	return missing
}

const fieldPassword = "password"

// requiredProfile lists what an account must have, in the order of asking.
func requiredProfile(signUp signinexp.SignUp) []string {
	wanted := map[string]bool{fieldPassword: signUp.Password}
	email, phone := slices.Contains(signUp.Identifiers, signinexp.Email), slices.Contains(signUp.Identifiers, signinexp.Phone)
	switch {
	case slices.Contains(signUp.Identifiers, signinexp.Username):
		wanted[signinexp.Username] = true
	case email && phone:
		wanted[signinexp.EmailOrPhone] = true
	case email:
		wanted[signinexp.Email] = true
	case phone:
		wanted[signinexp.Phone] = true
	}
	for _, second := range signUp.SecondaryIdentifiers {
		wanted[second.Identifier] = true
	}
	var required []string
	for _, field := range []string{signinexp.Username, signinexp.EmailOrPhone, signinexp.Email, signinexp.Phone, fieldPassword} {
		if wanted[field] {
			required = append(required, field)
		}
	}
	return required
}

func (n next) has(field string) bool {
	u, staged := n.person.User, n.state.Profile
	switch field {
	case signinexp.Username:
		return u.Username != nil || staged.Username != nil
	case signinexp.Email:
		return u.PrimaryEmail != nil || staged.PrimaryEmail != nil
	case signinexp.Phone:
		return u.PrimaryPhone != nil || staged.PrimaryPhone != nil
	case signinexp.EmailOrPhone:
		return n.has(signinexp.Email) || n.has(signinexp.Phone)
	default:
		// Who signs in by a social identity needs no password.
		return u.HasPassword() || staged.HasPassword || n.person.HasSocialIdentity
	}
}
