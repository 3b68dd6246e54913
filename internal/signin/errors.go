package signin

import "signet/internal/platform/errs"

// The refusals of the state machine.
var (
	// ErrNotStarted: the interaction exists, but nobody began to sign in.
	ErrNotStarted = errs.New(404, "session.interaction_not_found")
	// ErrNotIdentified: it is not known yet who signs in.
	ErrNotIdentified = errs.New(404, "session.identifier_not_found")
	// ErrUserNotFound: the proof is good, but its user does not exist.
	ErrUserNotFound = errs.New(404, "user.user_not_exist")
	// ErrOtherUser: another user is identified already.
	ErrOtherUser = errs.New(409, "session.identity_conflict")
	// ErrForbidden: the tenant does not let people sign in, or sign up.
	ErrForbidden = errs.New(403, "auth.forbidden")
	// ErrMethodDisabled: the tenant does not accept this proof for signing in.
	ErrMethodDisabled = errs.New(422, "user.sign_in_method_not_enabled")
	// ErrNotForForgotPassword: a password reset knows no such step.
	ErrNotForForgotPassword = errs.New(400, "session.not_supported_for_forgot_password")
	// ErrForgotPasswordOnly: a proof that cannot reset a password.
	ErrForgotPasswordOnly = errs.New(422, "session.not_supported_for_forgot_password")
	ErrCaptchaRequired    = errs.New(422, "session.captcha_required")
	ErrCaptchaFailed      = errs.New(422, "session.captcha_failed")
	ErrPasswordExpired    = errs.New(422, "password.expired")
)

// What Submit still wants. Their data is in Step.
var (
	ErrNewPasswordRequired = errs.New(422, "user.new_password_required_in_profile")
	ErrMFARequired         = errs.New(403, "session.mfa.require_mfa_verification")
	ErrMissingProfile      = errs.New(422, "user.missing_profile")
	ErrPasskeyPreferred    = errs.New(422, "user.passkey_preferred")
	ErrFactorDisabled      = errs.New(400, "session.mfa.mfa_factor_not_enabled")
	ErrSuggestMFA          = errs.New(422, "user.suggest_mfa")
	ErrMissingMFA          = errs.New(422, "user.missing_mfa")
	ErrSuggestMoreMFA      = errs.New(422, "session.mfa.suggest_additional_mfa")
	ErrBackupCodeRequired  = errs.New(422, "session.mfa.backup_code_required")
)

// The refusals of staging a profile or a factor.
var (
	ErrUsernameInProfile = errs.New(422, "user.username_exists_in_profile")
	ErrPasswordInProfile = errs.New(422, "user.password_exists_in_profile")
	// ErrOnlyForRegister: who has an account changes it elsewhere.
	ErrOnlyForRegister = errs.New(400, "session.invalid_interaction_type")
	// ErrMFAMandatory: the person may not decline a second factor.
	ErrMFAMandatory = errs.New(422, "session.mfa.mfa_policy_not_user_controlled")
	// ErrFieldBuiltIn and ErrFieldIdentifier refuse extra profile fields whose name
	// stands for something else.
	ErrFieldBuiltIn    = errs.New(400, "custom_profile_fields.name_conflict_built_in_prop")
	ErrFieldIdentifier = errs.New(400, "custom_profile_fields.name_conflict_sign_in_identifier")
)
