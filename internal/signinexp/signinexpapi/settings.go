package signinexpapi

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"signet/internal/asset"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// API is the Management API of the sign-in experience.
type API struct {
	Clock clock.Clock
	// Means are what the connectors of a tenant can do.
	Means func(ctx context.Context, q db.Q) (signinexp.Means, error)
	// Pwned tells passwords that are known from breaches; nil knows none.
	Pwned user.PwnedCheck
	// IgnoreUsernameCase makes usernames case-insensitive in every tenant.
	IgnoreUsernameCase bool
	// Disk keeps uploaded user interfaces. Apart says that operators sign in at
	// another origin than users; elsewhere no interface is taken.
	Disk  *asset.Disk
	Apart bool
	// Operator guards every operation.
	Operator web.Guard
}

func (a *API) get(ctx context.Context, _ *struct{}) (*signinexp.Settings, error) {
	return signinexp.Get(ctx, tenant.From(ctx).DB)
}

// patchIn is a change of the settings. What the server decides may be there, as
// in an object that was read before, and is not looked at.
type patchIn struct {
	web.OfTenant
	RemoveUnusedDemoSocialConnector web.Flag `query:"removeUnusedDemoSocialConnector" check:"max=16"`

	Color              web.Opt[signinexp.Color]        `json:"color"`
	Branding           web.Opt[signinexp.Branding]     `json:"branding"`
	HideLogtoBranding  web.Opt[bool]                   `json:"hideLogtoBranding"`
	LanguageInfo       web.Opt[signinexp.LanguageInfo] `json:"languageInfo"`
	TermsOfUseURL      web.Opt[string]                 `json:"termsOfUseUrl" check:"max=2048,pattern=link,nullable"`
	PrivacyPolicyURL   web.Opt[string]                 `json:"privacyPolicyUrl" check:"max=2048,pattern=link,nullable"`
	AgreeToTermsPolicy web.Opt[signinexp.TermsPolicy]  `json:"agreeToTermsPolicy" check:"enum=Automatic|ManualRegistrationOnly|Manual"`

	SignIn                       web.Opt[signinexp.SignIn]       `json:"signIn"`
	SignUp                       web.Opt[signinexp.SignUp]       `json:"signUp"`
	SocialSignIn                 web.Opt[signinexp.SocialSignIn] `json:"socialSignIn"`
	SocialSignInConnectorTargets web.Opt[[]string]               `json:"socialSignInConnectorTargets" check:"items=200,max=128"`
	SignInMode                   web.Opt[signinexp.Mode]         `json:"signInMode" check:"enum=SignIn|Register|SignInAndRegister"`
	SingleSignOnEnabled          web.Opt[bool]                   `json:"singleSignOnEnabled"`

	CustomCSS      web.Opt[string]                   `json:"customCss" check:"max=131072,nullable"`
	CustomContent  web.Opt[pages]                    `json:"customContent"`
	CustomUIAssets web.Opt[signinexp.CustomUIAssets] `json:"customUiAssets" check:"nullable"`
	CustomUICSP    web.Opt[signinexp.CustomUICSP]    `json:"customUiCsp"`

	PasswordPolicy         web.Opt[user.PasswordPolicy]              `json:"passwordPolicy"`
	PasswordExpiration     web.Opt[signinexp.PasswordExpiration]     `json:"passwordExpiration"`
	UsernamePolicy         web.Opt[user.UsernamePolicy]              `json:"usernamePolicy"`
	MFA                    web.Opt[signinexp.MFA]                    `json:"mfa"`
	AdaptiveMFA            web.Opt[signinexp.AdaptiveMFA]            `json:"adaptiveMfa"`
	PasskeySignIn          web.Opt[signinexp.PasskeySignIn]          `json:"passkeySignIn"`
	CaptchaPolicy          web.Opt[signinexp.CaptchaPolicy]          `json:"captchaPolicy"`
	SentinelPolicy         web.Opt[signinexp.SentinelPolicy]         `json:"sentinelPolicy"`
	VerificationCodePolicy web.Opt[signinexp.VerificationCodePolicy] `json:"verificationCodePolicy"`
	EmailBlocklistPolicy   web.Opt[signinexp.EmailBlocklistPolicy]   `json:"emailBlocklistPolicy"`
	ForgotPasswordMethods  web.Opt[[]string]                         `json:"forgotPasswordMethods" check:"items=2,enum=EmailVerificationCode|PhoneVerificationCode,nullable"`

	SupportEmail              web.Opt[string] `json:"supportEmail" check:"max=256,pattern=mailbox,nullable" example:"help@example.com"`
	SupportWebsiteURL         web.Opt[string] `json:"supportWebsiteUrl" check:"max=2048,pattern=link,nullable"`
	UnknownSessionRedirectURL web.Opt[string] `json:"unknownSessionRedirectUrl" check:"max=2048,pattern=link,nullable"`

	SignUpProfileFields web.Opt[[]signinexp.ProfileField] `json:"signUpProfileFields" check:"items=100,nullable"`
}

// pages are HTML by the path of the page that shows it.
type pages map[string]string

const (
	maxPages    = 50
	maxPageHTML = 65_536
)

// UnmarshalJSON reads pages within their limits.
func (p *pages) UnmarshalJSON(raw []byte) error {
	content := map[string]string{}
	if err := json.Unmarshal(raw, &content); err != nil || string(raw) == "null" {
		return web.Issues{{Code: "invalid_type", Expected: "object", Message: "Expected an object of texts"}}
	}
	if len(content) > maxPages {
		return web.Issues{{Code: "too_big", Message: "Too many pages"}}
	}
	for path, html := range content {
		if !strings.HasPrefix(path, "/") || len(path) > 256 || strings.ContainsRune(path+html, 0) || utf8.RuneCountInString(html) > maxPageHTML {
			return web.Issues{{Code: "custom", Path: web.Path{path}, Message: "Must be the path of a page with at most 65536 characters of HTML"}}
		}
	}
	*p = content
	return nil
}

func (a *API) patch(ctx context.Context, in *patchIn) (*signinexp.Settings, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*signinexp.Settings, error) {
		means, err := a.Means(ctx, tx)
		if err != nil {
			return nil, err
		}
		now := a.Clock.Millis()
		return signinexp.Change(ctx, tx, now, means, !a.IgnoreUsernameCase, func(s *signinexp.Settings) (signinexp.Changed, error) {
			previous := s.CustomUIAssets
			changed, err := in.apply(s)
			if err == nil && in.CustomUIAssets.Set {
				err = chooseUI(ctx, tx, now, s.CustomUIAssets, previous)
			}
			return changed, err
		})
	})
}

// apply puts what was given into the settings.
func (in *patchIn) apply(s *signinexp.Settings) (signinexp.Changed, error) {
	given := []bool{
		set(&s.Color, in.Color), set(&s.Branding, in.Branding), set(&s.HideLogtoBranding, in.HideLogtoBranding),
		set(&s.LanguageInfo, in.LanguageInfo), set(&s.AgreeToTermsPolicy, in.AgreeToTermsPolicy),
		set(&s.SignIn, in.SignIn), set(&s.SignUp, in.SignUp), set(&s.SocialSignIn, in.SocialSignIn),
		set(&s.SocialSignInConnectorTargets, in.SocialSignInConnectorTargets), set(&s.SignInMode, in.SignInMode),
		set(&s.SingleSignOnEnabled, in.SingleSignOnEnabled), set(&s.CustomUICSP, in.CustomUICSP),
		set(&s.PasswordPolicy, in.PasswordPolicy), set(&s.PasswordExpiration, in.PasswordExpiration),
		set(&s.UsernamePolicy, in.UsernamePolicy), set(&s.MFA, in.MFA), set(&s.AdaptiveMFA, in.AdaptiveMFA),
		set(&s.PasskeySignIn, in.PasskeySignIn), set(&s.CaptchaPolicy, in.CaptchaPolicy), set(&s.SentinelPolicy, in.SentinelPolicy),
		set(&s.VerificationCodePolicy, in.VerificationCodePolicy), set(&s.EmailBlocklistPolicy, in.EmailBlocklistPolicy),
		set(&s.ForgotPasswordMethods, in.ForgotPasswordMethods), set(&s.SignUpProfileFields, in.SignUpProfileFields),
		setText(&s.TermsOfUseURL, in.TermsOfUseURL), setText(&s.PrivacyPolicyURL, in.PrivacyPolicyURL),
		setText(&s.SupportEmail, in.SupportEmail), setText(&s.SupportWebsiteURL, in.SupportWebsiteURL),
		setText(&s.UnknownSessionRedirectURL, in.UnknownSessionRedirectURL), setText(&s.CustomCSS, in.CustomCSS),
		in.CustomContent.Set, in.CustomUIAssets.Set,
	}
	if in.CustomContent.Set {
		s.CustomContent = maps.Clone(in.CustomContent.Value)
	}
	if in.CustomUIAssets.Set {
		s.CustomUIAssets = in.CustomUIAssets.Ptr()
	}
	if !slices.Contains(given, true) {
		return signinexp.Changed{}, errs.ErrNothingToChange
	}
	return signinexp.Changed{
		SignIn: in.SignIn.Set, SignUp: in.SignUp.Set, MFA: in.MFA.Set, AdaptiveMFA: in.AdaptiveMFA.Set,
		PasswordExpiration: in.PasswordExpiration.Set, ForgotPassword: in.ForgotPasswordMethods.Set,
	}, nil
}

func set[T any](target *T, o web.Opt[T]) (given bool) {
	if o.Set {
		*target = o.Value
	}
	return o.Set
}

func setText(target **string, o web.Opt[string]) (given bool) {
	if o.Set {
		*target = web.Text(o.Ptr())
	}
	return o.Set
}
