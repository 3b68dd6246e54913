package signinexp

import (
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// Errors of settings that do not go together.
var (
	// ErrInvalid is a setting that this edition does not have; its message says
	// which.
	ErrInvalid = errs.New(400, "request.invalid_input")

	ErrUnsupportedLanguage   = errs.New(400, "sign_in_experiences.unsupported_default_language")
	ErrNoFactor              = errs.New(400, "sign_in_experiences.at_least_one_authentication_factor")
	ErrCodeSignInNeeded      = errs.New(400, "sign_in_experiences.code_sign_in_must_be_enabled")
	ErrNoConnector           = errs.New(400, "sign_in_experiences.enabled_connector_not_found")
	ErrVerifyNeeded          = errs.New(400, "sign_in_experiences.passwordless_requires_verify")
	ErrDuplicateIdentifiers  = errs.New(400, "sign_in_experiences.duplicated_sign_up_identifiers")
	ErrNoPrimaryIdentifier   = errs.New(400, "sign_in_experiences.missing_sign_up_identifiers")
	ErrDuplicateFactors      = errs.New(400, "sign_in_experiences.duplicated_mfa_factors")
	ErrBackupCodeAlone       = errs.New(400, "sign_in_experiences.backup_code_cannot_be_enabled_alone")
	ErrEmailCodeForMFA       = errs.New(400, "sign_in_experiences.email_verification_code_cannot_be_used_for_mfa")
	ErrPhoneCodeForMFA       = errs.New(400, "sign_in_experiences.phone_verification_code_cannot_be_used_for_mfa")
	ErrEmailCodeForSignIn    = errs.New(400, "sign_in_experiences.email_verification_code_cannot_be_used_for_sign_in")
	ErrPhoneCodeForSignIn    = errs.New(400, "sign_in_experiences.phone_verification_code_cannot_be_used_for_sign_in")
	ErrAdaptiveNeedsMFA      = errs.New(422, "sign_in_experiences.adaptive_mfa_requires_mfa")
	ErrAdaptiveNeedsPolicy   = errs.New(422, "sign_in_experiences.adaptive_mfa_requires_non_skippable_policy")
	ErrPolicyNeedsAdaptive   = errs.New(422, "sign_in_experiences.non_adaptive_mfa_requires_skippable_policy")
	ErrExpirationNeedsReset  = errs.New(422, "sign_in_experiences.password_expiration_requires_forgot_password")
	ErrExpirationPeriod      = errs.New(422, "sign_in_experiences.password_expiration_invalid_period_days")
	ErrResetNeedsConnector   = errs.New(400, "sign_in_experiences.forgot_password_method_requires_connector")
	ErrBlocklistFormat       = errs.New(400, "sign_in_experiences.invalid_custom_email_blocklist_format")
	ErrUsernameCaseConflicts = errs.New(409, "sign_in_experiences.username_policy_case_conflicts_exist")
)

// Forms of single settings, for check tags.
var (
	_ = web.Pattern("color", `^#[\da-fA-F]{3}([\da-fA-F]{3})?$`)
	_ = web.Pattern("language", `^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	_ = web.Pattern("mailbox", `^(\S+@\S+\.\S+)?$`)
)
