// Package signinexp is the sign-in experience of a tenant: how people may sign
// in and sign up, what is asked of them, and how the pages look. One row per
// tenant holds it; everything about signing in reads it, so it is cached.
package signinexp

import (
	"slices"

	"signet/internal/user"
)

// Settings is the whole sign-in experience. Its JSON form is the published one
// of the management API.
type Settings struct {
	Published
	EmailBlocklistPolicy EmailBlocklistPolicy `json:"emailBlocklistPolicy"`
	// ForgotPasswordMethods are the factors that reset a password: none if
	// empty, whatever connectors allow if nil.
	ForgotPasswordMethods []string `json:"forgotPasswordMethods"`
	// TrustedDevice is not published yet.
	TrustedDevice TrustedDevice `json:"-"`

	// Version counts changes.
	Version int `json:"-"`
}

// Published is the part of the settings that the sign-in pages, and with them
// everybody, may read.
type Published struct {
	TenantID string `json:"tenantId"`
	// ID is always "default".
	ID string `json:"id"`

	Color             Color        `json:"color"`
	Branding          Branding     `json:"branding"`
	HideLogtoBranding bool         `json:"hideLogtoBranding"`
	LanguageInfo      LanguageInfo `json:"languageInfo"`

	TermsOfUseURL      *string     `json:"termsOfUseUrl"`
	PrivacyPolicyURL   *string     `json:"privacyPolicyUrl"`
	AgreeToTermsPolicy TermsPolicy `json:"agreeToTermsPolicy"`

	SignIn                       SignIn       `json:"signIn"`
	SignUp                       SignUp       `json:"signUp"`
	SocialSignIn                 SocialSignIn `json:"socialSignIn"`
	SocialSignInConnectorTargets []string     `json:"socialSignInConnectorTargets"`
	SignInMode                   Mode         `json:"signInMode"`
	SingleSignOnEnabled          bool         `json:"singleSignOnEnabled"`

	CustomCSS      *string           `json:"customCss"`
	CustomContent  map[string]string `json:"customContent"`
	CustomUIAssets *CustomUIAssets   `json:"customUiAssets"`
	CustomUICSP    CustomUICSP       `json:"customUiCsp"`

	PasswordPolicy         user.PasswordPolicy    `json:"passwordPolicy"`
	PasswordExpiration     PasswordExpiration     `json:"passwordExpiration"`
	UsernamePolicy         user.UsernamePolicy    `json:"usernamePolicy"`
	MFA                    MFA                    `json:"mfa"`
	AdaptiveMFA            AdaptiveMFA            `json:"adaptiveMfa"`
	PasskeySignIn          PasskeySignIn          `json:"passkeySignIn"`
	CaptchaPolicy          CaptchaPolicy          `json:"captchaPolicy"`
	SentinelPolicy         SentinelPolicy         `json:"sentinelPolicy"`
	VerificationCodePolicy VerificationCodePolicy `json:"verificationCodePolicy"`

	SupportEmail              *string `json:"supportEmail"`
	SupportWebsiteURL         *string `json:"supportWebsiteUrl"`
	UnknownSessionRedirectURL *string `json:"unknownSessionRedirectUrl"`

	// SignUpProfileFields names the profile fields of the sign-up form in their
	// order; nil stands for the whole catalogue.
	SignUpProfileFields []ProfileField `json:"signUpProfileFields"`
}

// Color is the palette of the pages; colours are #rgb or #rrggbb.
type Color struct {
	PrimaryColor      string `json:"primaryColor" check:"pattern=color" example:"#6139F6"`
	IsDarkModeEnabled bool   `json:"isDarkModeEnabled"`
	DarkPrimaryColor  string `json:"darkPrimaryColor" check:"pattern=color" example:"#8768F8"`
}

// Branding are URLs of pictures, "" where there is none.
type Branding struct {
	LogoURL     string `json:"logoUrl,omitempty" check:"max=2048,pattern=link" example:"https://example.com/logo.png"`
	DarkLogoURL string `json:"darkLogoUrl,omitempty" check:"max=2048,pattern=link" example:"https://example.com/logo.png"`
	Favicon     string `json:"favicon,omitempty" check:"max=2048,pattern=link" example:"https://example.com/logo.png"`
	DarkFavicon string `json:"darkFavicon,omitempty" check:"max=2048,pattern=link" example:"https://example.com/logo.png"`
}

// LanguageInfo says how the language of the pages is chosen.
type LanguageInfo struct {
	AutoDetect bool `json:"autoDetect"`
	// FallbackLanguage is a BCP 47 tag.
	FallbackLanguage string `json:"fallbackLanguage" check:"max=35,pattern=language" example:"en"`
}

// TermsPolicy says how people agree to the terms: by text or by checkbox.
type TermsPolicy string

// The values of TermsPolicy.
const (
	TermsAutomatic              TermsPolicy = "Automatic"
	TermsManualRegistrationOnly TermsPolicy = "ManualRegistrationOnly"
	TermsManual                 TermsPolicy = "Manual"
)

// Mode says whether people may sign in, sign up, or both.
type Mode string

// The values of Mode.
const (
	ModeSignIn            Mode = "SignIn"
	ModeRegister          Mode = "Register"
	ModeSignInAndRegister Mode = "SignInAndRegister"
)

// AllowsSignIn reports whether people may sign in.
func (m Mode) AllowsSignIn() bool { return m != ModeRegister }

// AllowsRegister reports whether people may create accounts.
func (m Mode) AllowsRegister() bool { return m != ModeSignIn }

// The kinds of identifier by which people sign in or sign up. EmailOrPhone
// occurs among secondary sign-up identifiers and in lists of what is missing.
const (
	Username     = "username"
	Email        = "email"
	Phone        = "phone"
	EmailOrPhone = "emailOrPhone"
)

// SignIn lists the ways to sign in by identifier.
type SignIn struct {
	Methods []SignInMethod `json:"methods" check:"items=10"`
}

// SignInMethod says what proves the owner of one kind of identifier.
type SignInMethod struct {
	Identifier        string `json:"identifier" check:"enum=username|email|phone"`
	Password          bool   `json:"password"`
	VerificationCode  bool   `json:"verificationCode"`
	IsPasswordPrimary bool   `json:"isPasswordPrimary"`
}

// Method returns the way to sign in by a kind of identifier; one that is not
// configured allows nothing.
func (s SignIn) Method(identifier string) SignInMethod {
	for _, m := range s.Methods {
		if m.Identifier == identifier {
			return m
		}
	}
	return SignInMethod{Identifier: identifier}
}

// SignUp says what a new account needs.
type SignUp struct {
	// Identifiers are alternatives; a new account needs one of them.
	Identifiers []string `json:"identifiers" check:"items=10,enum=username|email|phone"`
	Password    bool     `json:"password"`
	Verify      bool     `json:"verify"`
	// SecondaryIdentifiers are needed besides, every one.
	SecondaryIdentifiers []SecondaryIdentifier `json:"secondaryIdentifiers,omitempty" check:"items=10"`
}

// SecondaryIdentifier is a further identifier that a new account needs.
type SecondaryIdentifier struct {
	Identifier string `json:"identifier" check:"enum=username|email|phone|emailOrPhone"`
	Verify     bool   `json:"verify,omitempty"`
}

// Offers reports whether a kind of identifier is collected at sign-up, as a
// primary or a secondary one.
func (s SignUp) Offers(identifier string) bool {
	return slices.Contains(s.Identifiers, identifier) ||
		slices.ContainsFunc(s.SecondaryIdentifiers, func(second SecondaryIdentifier) bool {
			return second.Identifier == identifier ||
				second.Identifier == EmailOrPhone && identifier != Username
		})
}

// SocialSignIn tunes signing in by social identity.
type SocialSignIn struct {
	AutomaticAccountLinking *bool `json:"automaticAccountLinking,omitempty"`
	SkipRequiredIdentifiers *bool `json:"skipRequiredIdentifiers,omitempty"`
}

// CustomUIAssets names an uploaded user interface.
type CustomUIAssets struct {
	ID        string `json:"id" check:"min=1,max=64"`
	CreatedAt int64  `json:"createdAt"`
}

// CustomUICSP widens the content security policy of an uploaded interface.
type CustomUICSP struct {
	ScriptSrc  []string `json:"scriptSrc,omitempty"`
	ConnectSrc []string `json:"connectSrc,omitempty"`
}

// PasswordExpiration makes passwords age.
type PasswordExpiration struct {
	Enabled         *bool `json:"enabled,omitempty"`
	ValidPeriodDays int   `json:"validPeriodDays,omitempty"`
	// EnabledAt is when it was switched on, in milliseconds.
	EnabledAt int64 `json:"enabledAt,omitempty"`
}

const dayMillis = 24 * 60 * 60 * 1000

// Expired reports whether a password is too old at now. changedAt is nil for a
// password whose age is unknown; it then counts from the later of the moment
// when expiry was switched on and the creation of the user. Times are in
// milliseconds.
func (p PasswordExpiration) Expired(now int64, changedAt *int64, createdAt int64) bool {
	if p.Enabled == nil || !*p.Enabled || p.ValidPeriodDays < 1 {
		return false
	}
	since := createdAt
	switch {
	case changedAt != nil:
		since = *changedAt
	case p.EnabledAt != 0:
		since = p.EnabledAt
	}
	return now >= since+int64(p.ValidPeriodDays)*dayMillis
}

// AdaptiveMFA asks for a second factor by risk.
type AdaptiveMFA struct {
	Enabled bool `json:"enabled,omitempty"`
}

// PasskeySignIn makes passkeys a first factor.
type PasskeySignIn struct {
	Enabled           bool `json:"enabled,omitempty"`
	ShowPasskeyButton bool `json:"showPasskeyButton,omitempty"`
	AllowAutofill     bool `json:"allowAutofill,omitempty"`
}

// CaptchaPolicy demands a captcha.
type CaptchaPolicy struct {
	Enabled bool `json:"enabled,omitempty"`
}

// SentinelPolicy tunes the lockout; nil fields take the built-in default.
type SentinelPolicy struct {
	MaxAttempts *int `json:"maxAttempts,omitempty" check:"min=1,max=1000000" example:"100"`
	// LockoutDuration is in minutes.
	LockoutDuration *int `json:"lockoutDuration,omitempty" check:"min=1,max=525600" example:"60"`
}

// VerificationCodePolicy tunes codes that are sent.
type VerificationCodePolicy struct {
	// ExpirationDuration is in seconds.
	ExpirationDuration *int `json:"expirationDuration,omitempty" check:"min=60,max=3600" example:"600"`
	MaxRetryAttempts   *int `json:"maxRetryAttempts,omitempty" check:"min=1,max=100" example:"10"`
}

// EmailBlocklistPolicy says which addresses may be used.
type EmailBlocklistPolicy struct {
	BlockDisposableAddresses *bool    `json:"blockDisposableAddresses,omitempty"`
	BlockSubaddressing       *bool    `json:"blockSubaddressing,omitempty"`
	CustomAllowlist          []string `json:"customAllowlist,omitempty" check:"max=256"`
	CustomBlocklist          []string `json:"customBlocklist,omitempty" check:"max=256"`
}

// TrustedDevice lets a device skip the second factor for a time.
type TrustedDevice struct {
	Enabled      bool `json:"enabled,omitempty"`
	DurationDays int  `json:"durationDays,omitempty"`
}

// ProfileField names a field of the profile catalogue.
type ProfileField struct {
	Name string `json:"name" check:"min=1,max=128"`
}
