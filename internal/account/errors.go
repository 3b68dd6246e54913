package account

import "signet/internal/platform/errs"

// Who may ask.
var (
	ErrThirdParty     = errs.New(403, "auth.third_party_application_forbidden")
	ErrNotEnabled     = errs.New(400, "account_center.not_enabled")
	ErrNotReadable    = errs.New(400, "account_center.field_not_enabled")
	ErrNotEditable    = errs.New(400, "account_center.field_not_editable")
	ErrStepUpRequired = errs.New(401, "verification_record.permission_denied")
	// errScopeMissing is web.ErrUnauthorized where the published API says 400.
	errScopeMissing = errs.New(400, "auth.unauthorized")
)

// What can be wrong with what is asked.
var (
	// ErrRecordNotFound: no such record, or it is expired, spent, unproved or of
	// another kind or user. The published API says the same of factors.
	ErrRecordNotFound = errs.New(400, "verification_record.not_found")
	ErrFactorDisabled = errs.New(400, "session.mfa.mfa_factor_not_enabled")
	ErrSamePassword   = errs.New(422, "user.same_password")
	// ErrLastIdentifier: without it nobody could sign in as the user any more.
	ErrLastIdentifier = errs.New(400, "user.last_sign_in_method_required")
	// The published API answers a missing session with 400 and keeps the true
	// status in the data.
	ErrSessionNotFound = errs.New(400, "oidc.session_not_found").With(map[string]int{"status": 404})
	ErrForeignSession  = errs.New(400, "oidc.invalid_session_account_id").With(map[string]int{"status": 404})
)
