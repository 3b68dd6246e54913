package user

import "signet/internal/platform/errs"

// Errors of this package.
var (
	ErrNotFound  = errs.New(404, "entity.not_found")
	ErrSuspended = errs.New(401, "user.suspended")

	ErrNoIdentity    = errs.New(404, "user.identity_not_exist")
	ErrNoSSOIdentity = errs.New(404, "user.enterprise_sso_identity_not_exists")

	ErrUsernameTaken = errs.New(422, "user.username_already_in_use")
	ErrEmailTaken    = errs.New(422, "user.email_already_in_use")
	ErrPhoneTaken    = errs.New(422, "user.phone_already_in_use")
	ErrInvalidPhone  = errs.New(422, "user.invalid_phone")
	// ErrIdentityTaken: the account at the social provider belongs to a user.
	ErrIdentityTaken = errs.New(422, "user.identity_already_in_use")
	ErrValueTooLong  = errs.New(422, "entity.value_too_long")

	// ErrPasswordAndDigest: a password comes in clear or as a digest of one.
	ErrPasswordAndDigest = errs.New(400, "user.password_and_digest")
	// ErrAlgorithmRequired: a digest needs the algorithm that made it.
	ErrAlgorithmRequired = errs.New(400, "user.password_algorithm_required")

	// ErrPasswordRejected carries []Issue as data.
	ErrPasswordRejected = errs.New(422, "password.rejected")

	ErrUsernameRequired             = errs.New(422, "user.username_required")
	ErrUsernameStartsWithNumber     = errs.New(422, "user.username_starts_with_number")
	ErrUsernameInvalidCharset       = errs.New(422, "user.username_invalid_charset_hard")
	ErrUsernameTooShort             = errs.New(422, "user.username_too_short")
	ErrUsernameTooLong              = errs.New(422, "user.username_too_long")
	ErrUsernameUppercaseNotAllowed  = errs.New(422, "user.username_uppercase_not_allowed")
	ErrUsernameLowercaseNotAllowed  = errs.New(422, "user.username_lowercase_not_allowed")
	ErrUsernameNumbersNotAllowed    = errs.New(422, "user.username_numbers_not_allowed")
	ErrUsernameUnderscoreNotAllowed = errs.New(422, "user.username_underscore_not_allowed")
)
