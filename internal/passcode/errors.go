package passcode

import "signet/internal/platform/errs"

// Errors of verification codes.
var (
	// ErrNoConnector: nothing is set up that could send a code.
	ErrNoConnector  = errs.New(501, "connector.not_found")
	ErrCodeNotFound = errs.New(400, "verification_code.not_found")
)
