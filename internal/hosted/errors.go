package hosted

import "signet/internal/platform/errs"

// ErrStaleForm refuses a form that another session, or another site, has made.
var ErrStaleForm = errs.New(403, "session.csrf_token_mismatch")
