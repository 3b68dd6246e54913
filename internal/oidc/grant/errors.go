package grant

import "signet/internal/platform/errs"

// errNotMember refuses a token for an organization that the user is not in.
var errNotMember = errs.New(403, "oidc.access_denied").Describe("user is not a member of the organization")
