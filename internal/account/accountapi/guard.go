package accountapi

import (
	"context"
	"net/http"

	"signet/internal/account"
	"signet/internal/oidc/dpop"
	"signet/internal/platform/web"
)

// stepUpHeader names the record of a step-up.
const stepUpHeader = "logto-verification-id"

type callerKey struct{}

// guard finds out who asks; every operation but the published ones stands
// behind it.
func (a *API) guard() web.Guard {
	return web.Guard{Name: "account token", Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
		use, err := dpop.UseOf(r)
		if err != nil {
			return nil, err
		}
		caller, err := a.Account.Authenticate(ctx, use, r.Header.Get(stepUpHeader))
		if err != nil {
			return nil, err
		}
		return context.WithValue(ctx, callerKey{}, caller), nil
	}}
}

func caller(ctx context.Context) *account.Caller {
	return ctx.Value(callerKey{}).(*account.Caller)
}
