package account_test

import (
	"context"
	"errors"
	"testing"

	"signet/internal/account"
	"signet/internal/accountcenter"
	"signet/internal/apptest"
	"signet/internal/oidc/client"
	"signet/internal/platform/db"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Who was let in a moment ago may be suspended by now.
func TestEngine_RefusesASuspendedCaller(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		engine := &account.Engine{
			Center: accountcenter.NewCache(app.Pool), Experience: signinexp.NewCache(app.Pool),
			Clients: client.NewDirectory(app.Pool, client.Options{}), Hasher: app.Hasher, Clock: app.Clock.Now,
		}
		ctx := tenant.With(t.Context(), app.Tenant(tenant.Default))
		u := app.CreateUserIn(t, tenant.Default, "robin")
		caller, err := engine.PageCaller(ctx, u.ID, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Account(ctx, caller); err != nil {
			t.Fatal(err)
		}
		suspended, name := true, "Mallory"
		app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
			_, err := user.Update(ctx, tx, app.Clock.Now().UnixMilli(), u.ID, user.Patch{IsSuspended: &suspended})
			return err
		})
		before := app.Snapshot(t)
		if view, err := engine.Account(ctx, caller); !errors.Is(err, user.ErrSuspended) {
			t.Errorf("read %+v, %v", view, err)
		}
		if _, err := engine.ChangeBasics(ctx, caller, account.Basics{Name: &name}); !errors.Is(err, user.ErrSuspended) {
			t.Errorf("changed, %v", err)
		}
		before.Same(t, app.Snapshot(t))
	})
}
