package application

import "signet/internal/platform/errs"

// Errors of this package.
var (
	ErrNotFound             = errs.ErrNotExistsWithID
	ErrSecretNameTaken      = errs.New(422, "application.secret_name_exists")
	ErrThirdPartyType       = errs.New(400, "application.invalid_third_party_application_type")
	ErrThirdPartyExchange   = errs.New(422, "application.third_party_application_cannot_enable_token_exchange")
	ErrDeviceFlowNativeOnly = errs.New(422, "application.device_flow_native_only")
	ErrDeviceFlowFixed      = errs.New(422, "application.device_flow_not_changeable")
	ErrUseSAMLAPI           = errs.New(400, "application.saml.use_saml_app_api")
	ErrNoSecrets            = errs.ErrConstraint
	ErrNoLegacySecret       = errs.New(400, "application.no_legacy_secret_found")
	ErrNoRoles              = errs.New(422, "application.invalid_type")
	ErrRoleType             = errs.New(422, "application.invalid_role_type")

	ErrThirdPartyOnly        = errs.New(422, "application.third_party_application_only")
	ErrConsentScopesNotFound = errs.New(422, "application.user_consent_scopes_not_found")
	ErrConsentReserved       = errs.New(422, "application.consent_management_api_scopes_not_allowed")
	// ErrNotMember: a user can open to an application only organizations that
	// they belong to.
	ErrNotMember = errs.New(422, "organization.require_membership")

	ErrProtectedMetadata = errs.New(400, "application.protected_app_metadata_is_required")
	// ErrProtectedUnavailable: nothing is configured that could stand in front of
	// protected applications.
	ErrProtectedUnavailable = errs.New(501, "application.protected_app_not_configured")
	// ErrNotProtected: protection belongs to another type of application.
	// ErrNotProtectedBody is the same for a body that brings some.
	ErrNotProtected     = errs.New(422, "application.protected_application_only")
	ErrNotProtectedBody = errs.New(400, "application.protected_application_only")
	ErrDomainsFirst     = errs.New(422, "application.should_delete_custom_domains_first")

	errRules = errs.New(422, "request.invalid_input")
)

// Errors of access rules; see ReplaceAccess and Update.
var (
	ErrNoRules = rulesError("an application that limits access needs a rule")
	ErrNoGroup = rulesError("an organization needs at least one role")
)

func rulesError(reason string) *errs.Error {
	return errRules.WithArgs(map[string]any{"reason": reason}).Describe("%s", reason)
}
