package signinexp

import (
	"signet/internal/tenant"
	"signet/internal/user"
)

// Seed returns the settings with which a tenant begins, as clients of the
// published API expect them. No logo is set: the pages then show the tenant's
// name in Signet's neutral look.
func Seed(tenantID string) *Settings {
	s := &Settings{
		Published: Published{
			TenantID:           tenantID,
			ID:                 "default",
			Color:              Color{PrimaryColor: "#6139F6", DarkPrimaryColor: "#8768F8"},
			LanguageInfo:       LanguageInfo{AutoDetect: true, FallbackLanguage: "en"},
			AgreeToTermsPolicy: TermsAutomatic,
			SignIn: SignIn{Methods: []SignInMethod{
				{Identifier: Username, Password: true, IsPasswordPrimary: true},
			}},
			SignUp:                       SignUp{Identifiers: []string{Username}, Password: true},
			SocialSignInConnectorTargets: []string{},
			SignInMode:                   ModeSignInAndRegister,
			CustomContent:                map[string]string{},
			UsernamePolicy:               user.DefaultUsernamePolicy(),
			MFA:                          MFA{Factors: []Factor{}, Policy: PolicyUserControlled},
		},
		ForgotPasswordMethods: []string{},
		Version:               1,
	}
	if tenantID == tenant.Admin {
		s.Color.IsDarkModeEnabled = true
		s.SignInMode = ModeRegister
		s.MFA = MFA{
			Factors:                       []Factor{FactorTOTP, FactorWebAuthn, FactorBackupCode},
			Policy:                        PolicyNoPrompt,
			OrganizationRequiredMFAPolicy: OrganizationMandatory,
		}
	}
	return s
}

// ProductSeed is Seed with Signet's one deliberate difference: on a fresh
// install, people of the default tenant may add a security key, and nobody is
// interrupted to do so.
func ProductSeed(tenantID string) *Settings {
	s := Seed(tenantID)
	if tenantID == tenant.Default {
		s.MFA = MFA{Factors: []Factor{FactorWebAuthn}, Policy: PolicyNoPrompt}
	}
	return s
}
