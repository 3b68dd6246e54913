package accountapi

import (
	"context"
	"net/http"

	"signet/internal/account"
	"signet/internal/platform/web"
)

// stepUpHeader names the record of a step-up.
const stepUpHeader = "logto-verification-id"

type callerKey struct{}

// guard finds out who asks; every operation but the published ones stands
// behind it.
func (a *API) guard() web.Guard {
	return web.Guard{Name: "account token", Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
		caller, err := a.Account.Authenticate(ctx, r.Header.Get("Authorization"), r.Header.Get(stepUpHeader))
		if err != nil {
			return nil, err
		}
		return context.WithValue(ctx, callerKey{}, caller), nil
	}}
}

func caller(ctx context.Context) *account.Caller {
	return ctx.Value(callerKey{}).(*account.Caller)
}
