package apptest

import (
	"context"
	"testing"

	"signet/internal/accountcenter"
	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Client is a registered application.
type Client struct {
	*application.Application

	// Secret is "" for types that have none.
	Secret string
}

// Redirect is where the application gets its users back after signing in.
func (c *Client) Redirect() string { return c.OIDC.RedirectURIs[0] }

// CallbackURI is the redirect URI of applications that name none.
const CallbackURI = "https://app.example.com/callback"

// Tx runs fn in a transaction of the tenant.
func (a *App) Tx(t testing.TB, tenantID string, fn func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	if err := a.Pool.For(tenantID).Tx(ctx, func(tx *db.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
}

// CreateUser makes a person of the default tenant who signs in with Password.
func (a *App) CreateUser(t testing.TB, username string) *user.User {
	t.Helper()
	return a.CreateUserIn(t, tenant.Default, username)
}

// CreateUserIn makes a person who signs in with Password; change, if given,
// adjusts what is stored.
func (a *App) CreateUserIn(t testing.TB, tenantID, username string, change ...func(*user.New)) *user.User {
	t.Helper()
	hash, err := a.Hasher.Hash(t.Context(), Password)
	if err != nil {
		t.Fatal(err)
	}
	fresh := user.New{Username: username, PasswordHash: hash, CaseSensitive: true}
	for _, c := range change {
		c(&fresh)
	}
	var created *user.User
	a.Tx(t, tenantID, func(ctx context.Context, tx *db.Tx) (err error) {
		created, err = user.Create(ctx, tx, a.Clock.Now().UnixMilli(), fresh)
		return err
	})
	return created
}

// UpdateUser changes a person of the default tenant.
func (a *App) UpdateUser(t testing.TB, id string, p user.Patch) {
	t.Helper()
	a.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		_, err := user.Update(ctx, tx, a.Clock.Now().UnixMilli(), id, p)
		return err
	})
}

// CreateApp registers an application with the default tenant. What is empty is
// filled in: a name, the type SPA, CallbackURI.
func (a *App) CreateApp(t testing.TB, wanted application.Application) *Client {
	t.Helper()
	return a.CreateAppIn(t, tenant.Default, wanted)
}

// CreateAppIn is CreateApp for any tenant.
func (a *App) CreateAppIn(t testing.TB, tenantID string, wanted application.Application) *Client {
	t.Helper()
	if wanted.Name == "" {
		wanted.Name = "Tidewater"
	}
	if wanted.Type == "" {
		wanted.Type = application.SPA
	}
	if wanted.OIDC.RedirectURIs == nil {
		wanted.OIDC.RedirectURIs = []string{CallbackURI}
	}
	c := &Client{}
	a.Tx(t, tenantID, func(ctx context.Context, tx *db.Tx) (err error) {
		c.Application, c.Secret, err = application.Create(ctx, tx, a.Clock.Now().UnixMilli(), a.Keyring, wanted)
		return err
	})
	return c
}

// ChangeExperience changes the sign-in experience of a tenant.
func (a *App) ChangeExperience(t testing.TB, tenantID string, change func(*signinexp.Settings)) {
	t.Helper()
	a.Tx(t, tenantID, func(ctx context.Context, tx *db.Tx) error {
		s, err := signinexp.Get(ctx, tx)
		if err != nil {
			return err
		}
		change(s)
		if _, err := tx.Exec(ctx, `DELETE FROM sign_in_experiences WHERE tenant_id = $1`); err != nil {
			return err
		}
		if err := signinexp.Insert(ctx, tx, a.Clock.Now().UnixMilli(), s); err != nil {
			return err
		}
		return tx.Touch(ctx, "experience")
	})
}

// ChangeAccountCenter changes what people of a tenant may do by themselves.
func (a *App) ChangeAccountCenter(t testing.TB, tenantID string, change func(*accountcenter.Settings)) {
	t.Helper()
	a.Tx(t, tenantID, func(ctx context.Context, tx *db.Tx) error {
		s, err := accountcenter.Get(ctx, tx)
		if err != nil {
			return err
		}
		change(s)
		return accountcenter.Save(ctx, tx, a.Clock.Now().UnixMilli(), s)
	})
}
