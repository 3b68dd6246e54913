package signinexp

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"signet/internal/platform/db"
	"signet/internal/user"
)

// ErrNotSeeded means that a tenant has no sign-in experience: it was never
// seeded. No client can cause it.
var ErrNotSeeded = errors.New("signinexp: the tenant has no sign-in experience")

// family is the cache family of everything that shapes the sign-in pages.
const family = "experience"

// row is the table row. A pointer is a column that may be NULL.
type row struct {
	SignInMode                Mode                            `db:"sign_in_mode"`
	SingleSignOnEnabled       bool                            `db:"is_single_sign_on_enabled"`
	AgreeToTermsPolicy        TermsPolicy                     `db:"agree_to_terms_policy"`
	TermsOfUseURL             *string                         `db:"terms_of_use_url"`
	PrivacyPolicyURL          *string                         `db:"privacy_policy_url"`
	SupportEmail              *string                         `db:"support_email"`
	SupportWebsiteURL         *string                         `db:"support_website_url"`
	UnknownSessionRedirectURL *string                         `db:"unknown_session_redirect_url"`
	HideLogtoBranding         bool                            `db:"is_logto_branding_hidden"`
	CustomCSS                 *string                         `db:"custom_css"`
	Color                     db.JSON[Color]                  `db:"color"`
	Branding                  db.JSON[Branding]               `db:"branding"`
	LanguageInfo              db.JSON[LanguageInfo]           `db:"language_info"`
	SignIn                    db.JSON[SignIn]                 `db:"sign_in"`
	SignUp                    db.JSON[SignUp]                 `db:"sign_up"`
	SocialSignIn              db.JSON[SocialSignIn]           `db:"social_sign_in"`
	SocialTargets             db.JSON[[]string]               `db:"social_targets"`
	PasswordPolicy            db.JSON[user.PasswordPolicy]    `db:"password_policy"`
	PasswordExpiration        db.JSON[PasswordExpiration]     `db:"password_expiration"`
	UsernamePolicy            db.JSON[user.UsernamePolicy]    `db:"username_policy"`
	EmailBlocklistPolicy      db.JSON[EmailBlocklistPolicy]   `db:"email_blocklist_policy"`
	SentinelPolicy            db.JSON[SentinelPolicy]         `db:"sentinel_policy"`
	VerificationCodePolicy    db.JSON[VerificationCodePolicy] `db:"verification_code_policy"`
	ForgotPasswordMethods     *db.JSON[[]string]              `db:"forgot_password_methods"`
	MFA                       db.JSON[MFA]                    `db:"mfa"`
	AdaptiveMFA               db.JSON[AdaptiveMFA]            `db:"adaptive_mfa"`
	PasskeySignIn             db.JSON[PasskeySignIn]          `db:"passkey_sign_in"`
	TrustedDevice             db.JSON[TrustedDevice]          `db:"trusted_device"`
	CaptchaPolicy             db.JSON[CaptchaPolicy]          `db:"captcha_policy"`
	SignUpProfileFields       *db.JSON[[]ProfileField]        `db:"sign_up_profile_fields"`
	CustomContent             db.JSON[map[string]string]      `db:"custom_content"`
	CustomUIAssets            *db.JSON[*CustomUIAssets]       `db:"custom_ui_assets"`
	CustomUICSP               db.JSON[CustomUICSP]            `db:"custom_ui_csp"`
	Version                   int                             `db:"version"`
}

func (r *row) settings(tenantID string) *Settings {
	return &Settings{
		Published: Published{
			TenantID: tenantID, ID: "default",
			Color: r.Color.V, Branding: r.Branding.V, HideLogtoBranding: r.HideLogtoBranding,
			LanguageInfo:  r.LanguageInfo.V,
			TermsOfUseURL: r.TermsOfUseURL, PrivacyPolicyURL: r.PrivacyPolicyURL, AgreeToTermsPolicy: r.AgreeToTermsPolicy,
			SignIn: r.SignIn.V, SignUp: r.SignUp.V, SocialSignIn: r.SocialSignIn.V,
			SocialSignInConnectorTargets: r.SocialTargets.V, SignInMode: r.SignInMode, SingleSignOnEnabled: r.SingleSignOnEnabled,
			CustomCSS: r.CustomCSS, CustomContent: r.CustomContent.V,
			CustomUIAssets: unpack(r.CustomUIAssets), CustomUICSP: r.CustomUICSP.V,
			PasswordPolicy: r.PasswordPolicy.V, PasswordExpiration: r.PasswordExpiration.V, UsernamePolicy: r.UsernamePolicy.V,
			MFA: r.MFA.V, AdaptiveMFA: r.AdaptiveMFA.V, PasskeySignIn: r.PasskeySignIn.V, CaptchaPolicy: r.CaptchaPolicy.V,
			SentinelPolicy: r.SentinelPolicy.V, VerificationCodePolicy: r.VerificationCodePolicy.V,
			SupportEmail: r.SupportEmail, SupportWebsiteURL: r.SupportWebsiteURL,
			UnknownSessionRedirectURL: r.UnknownSessionRedirectURL,
			SignUpProfileFields:       unpack(r.SignUpProfileFields),
		},
		EmailBlocklistPolicy:  r.EmailBlocklistPolicy.V,
		ForgotPasswordMethods: unpack(r.ForgotPasswordMethods),
		TrustedDevice:         r.TrustedDevice.V,
		Version:               r.Version,
	}
}

func rowOf(s *Settings) *row {
	r := &row{
		SignInMode: s.SignInMode, SingleSignOnEnabled: s.SingleSignOnEnabled,
		AgreeToTermsPolicy: s.AgreeToTermsPolicy, TermsOfUseURL: s.TermsOfUseURL, PrivacyPolicyURL: s.PrivacyPolicyURL,
		SupportEmail: s.SupportEmail, SupportWebsiteURL: s.SupportWebsiteURL,
		UnknownSessionRedirectURL: s.UnknownSessionRedirectURL, HideLogtoBranding: s.HideLogtoBranding,
		CustomCSS: s.CustomCSS, Color: pack(s.Color), Branding: pack(s.Branding), LanguageInfo: pack(s.LanguageInfo),
		SignIn: pack(s.SignIn), SignUp: pack(s.SignUp), SocialSignIn: pack(s.SocialSignIn),
		SocialTargets: pack(s.SocialSignInConnectorTargets), PasswordPolicy: pack(s.PasswordPolicy),
		PasswordExpiration: pack(s.PasswordExpiration), UsernamePolicy: pack(s.UsernamePolicy),
		EmailBlocklistPolicy: pack(s.EmailBlocklistPolicy), SentinelPolicy: pack(s.SentinelPolicy),
		VerificationCodePolicy: pack(s.VerificationCodePolicy), MFA: pack(s.MFA), AdaptiveMFA: pack(s.AdaptiveMFA),
		PasskeySignIn: pack(s.PasskeySignIn), TrustedDevice: pack(s.TrustedDevice), CaptchaPolicy: pack(s.CaptchaPolicy),
		CustomContent: pack(s.CustomContent), CustomUICSP: pack(s.CustomUICSP), Version: s.Version,
	}
	if s.ForgotPasswordMethods != nil {
		r.ForgotPasswordMethods = &db.JSON[[]string]{V: s.ForgotPasswordMethods}
	}
	if s.SignUpProfileFields != nil {
		r.SignUpProfileFields = &db.JSON[[]ProfileField]{V: s.SignUpProfileFields}
	}
	if s.CustomUIAssets != nil {
		r.CustomUIAssets = &db.JSON[*CustomUIAssets]{V: s.CustomUIAssets}
	}
	return r
}

func pack[T any](v T) db.JSON[T] { return db.JSON[T]{V: v} }

func unpack[T any](j *db.JSON[T]) (v T) {
	if j != nil {
		v = j.V
	}
	return v
}

// columns lists the columns of row, in the order of its fields.
var columns = func() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[row]()) {
		names = append(names, f.Tag.Get("db"))
	}
	return names
}()

var selectRow = `SELECT ` + strings.Join(columns, ", ") + ` FROM sign_in_experiences WHERE tenant_id = $1`

// Get returns the settings of the tenant. A request that needs them more than
// once should read them through a Cache.
func Get(ctx context.Context, q db.Q) (*Settings, error) {
	r, err := db.One[row](ctx, q, selectRow)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotSeeded
	}
	if err != nil {
		return nil, err
	}
	return r.settings(q.TenantID()), nil
}

// Insert stores the settings with which a tenant begins.
func Insert(ctx context.Context, tx *db.Tx, now int64, s *Settings) error {
	names, holders := []string{"tenant_id", "updated_at", "is_username_case_sensitive"}, []string{"$1", "$2", "$3"}
	values := []any{now, s.UsernamePolicy.DistinguishesCase(true)}
	record := reflect.ValueOf(rowOf(s)).Elem()
	for i, name := range columns {
		names = append(names, name)
		holders = append(holders, fmt.Sprintf("$%d", len(names)))
		values = append(values, record.Field(i).Interface())
	}
	_, err := tx.Exec(ctx, `INSERT INTO sign_in_experiences (`+strings.Join(names, ", ")+`)
		VALUES (`+strings.Join(holders, ", ")+`)`, values...)
	if err != nil {
		return err
	}
	return tx.Touch(ctx, family)
}

// Cache reads settings that every step of a sign-in needs.
type Cache struct {
	entries *db.Cache[struct{}, *Settings]
}

// NewCache returns a cache over a database; make one at start.
func NewCache(p *db.Pool) *Cache {
	return &Cache{entries: db.NewCache[struct{}, *Settings](p, family, 1024)}
}

// Get returns the settings of q's tenant. They are shared: callers must not
// change them.
func (c *Cache) Get(ctx context.Context, q db.Q) (*Settings, error) {
	return c.entries.Get(ctx, q, struct{}{}, Get)
}

// SetMode changes who may sign in and register.
func SetMode(ctx context.Context, tx *db.Tx, now int64, m Mode) error {
	_, err := tx.Exec(ctx, `UPDATE sign_in_experiences SET sign_in_mode = $2, version = version + 1, updated_at = $3
		WHERE tenant_id = $1`, string(m), now)
	if err != nil {
		return err
	}
	return tx.Touch(ctx, family)
}
