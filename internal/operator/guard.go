package operator

import (
	"context"
	"net/http"

	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// ErrNoHeader: the request says nothing of who calls.
var ErrNoHeader = errs.New(401, "auth.authorization_header_missing")

// Guard refuses who cannot prove to operate the tenant.
func Guard() web.Guard {
	return web.Guard{Name: "operator", Check: func(context.Context, *http.Request) (context.Context, error) {
		return nil, ErrNoHeader
	}}
}
