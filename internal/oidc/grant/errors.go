package grant

import "signet/internal/platform/errs"

var errDenied = errs.New(403, "oidc.access_denied")

var (
	// errNotMember refuses a token for an organization that the user is not in.
	errNotMember = errDenied.Describe("user is not a member of the organization")
	// errNotOpened refuses one that the user has not opened to the application.
	errNotOpened = errDenied.Describe("organization access is not granted to the application")
	// errNoMFA refuses one for an organization that demands a second factor.
	errNoMFA = errDenied.Describe("organization requires MFA but user has no MFA configured")
	// errNotAssociated refuses one that the application does not act for.
	errNotAssociated = errDenied.Describe("app has not associated with the organization")
)
