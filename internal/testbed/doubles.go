package testbed

import (
	"context"
	"net/http"

	"signet/internal/operator"
	"signet/internal/platform/web"
)

// DeveloperHeader names the user who calls the Management API, in place of a
// token.
const DeveloperHeader = "development-user-id"

// AdmitDevelopers lets in who names a user in DeveloperHeader, as that user with
// the scope "all"; whether the user exists does not matter. Others must pass the
// real guard.
func AdmitDevelopers(real web.Guard) web.Guard {
	return web.Guard{Name: real.Name, Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
		if subject := r.Header.Get(DeveloperHeader); subject != "" {
			return operator.With(ctx, operator.Caller{Subject: subject}), nil
		}
		return real.Check(ctx, r)
	}}
}

// Pwned stands for the service that knows breached passwords: there are exactly
// two.
func Pwned(_ context.Context, password string) bool {
	return password == "123456aA" || password == "test_password"
}
