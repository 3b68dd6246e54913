package signinexp

import "slices"

// Factor is a second factor of signing in.
type Factor string

// The factors. Email and phone codes are implied by the address of a user, the
// others are bound.
const (
	FactorWebAuthn   Factor = "WebAuthn"
	FactorTOTP       Factor = "Totp"
	FactorPhoneCode  Factor = "PhoneVerificationCode"
	FactorEmailCode  Factor = "EmailVerificationCode"
	FactorBackupCode Factor = "BackupCode"
)

// DisplayOrder is the order in which factors are offered for binding. Backup
// codes stand last: they cannot be the only factor.
var DisplayOrder = []Factor{FactorWebAuthn, FactorTOTP, FactorPhoneCode, FactorEmailCode, FactorBackupCode}

// MFAPolicy says when people are asked to bind a second factor, and whether
// they may decline.
type MFAPolicy string

// The values of MFAPolicy. PolicyUserControlled is an older name for
// PolicyPromptAlways; the two at the end exist for risk-based sign-in.
const (
	PolicyUserControlled          MFAPolicy = "UserControlled"
	PolicyPromptAlways            MFAPolicy = "PromptAtSignInAndSignUp"
	PolicyPromptAtSignIn          MFAPolicy = "PromptOnlyAtSignIn"
	PolicyNoPrompt                MFAPolicy = "NoPrompt"
	PolicyMandatory               MFAPolicy = "Mandatory"
	PolicyPromptAlwaysMandatory   MFAPolicy = "PromptAtSignInAndSignUpMandatory"
	PolicyPromptAtSignInMandatory MFAPolicy = "PromptOnlyAtSignInMandatory"
)

// Skippable reports whether a person may do without a second factor.
func (p MFAPolicy) Skippable() bool {
	switch p {
	case PolicyMandatory, PolicyPromptAlwaysMandatory, PolicyPromptAtSignInMandatory:
		return false
	}
	return true
}

// SparesSignUp reports whether sign-up never asks for a factor.
func (p MFAPolicy) SparesSignUp() bool {
	return p == PolicyPromptAtSignIn || p == PolicyPromptAtSignInMandatory
}

// MFA is the tenant's rule about second factors.
type MFA struct {
	Factors []Factor  `json:"factors" check:"items=10,enum=Totp|WebAuthn|BackupCode|EmailVerificationCode|PhoneVerificationCode"`
	Policy  MFAPolicy `json:"policy" check:"enum=UserControlled|Mandatory|PromptOnlyAtSignIn|PromptAtSignInAndSignUp|NoPrompt|PromptAtSignInAndSignUpMandatory|PromptOnlyAtSignInMandatory"`
	// OrganizationRequiredMFAPolicy is "Mandatory" where an organization that
	// demands a second factor overrides what its members chose.
	OrganizationRequiredMFAPolicy string `json:"organizationRequiredMfaPolicy,omitempty" check:"enum=NoPrompt|Mandatory"`
}

// OrganizationMandatory is the value of OrganizationRequiredMFAPolicy that lets
// organizations demand a second factor.
const OrganizationMandatory = "Mandatory"

// Has reports whether a factor is switched on.
func (m MFA) Has(f Factor) bool { return slices.Contains(m.Factors, f) }
