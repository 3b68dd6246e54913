package operator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/token"
	"signet/internal/operator"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/settings"
	"signet/internal/tenant"
	"signet/internal/user"
)

// world is a server with a machine and a person in each tenant, and a gate of
// its own.
type world struct {
	*apptest.App

	t       *testing.T
	gate    *operator.Gate
	machine map[string]*apptest.Client
	spa     map[string]*apptest.Client
	user    map[string]*user.User
}

func setup(t *testing.T, app *apptest.App) *world {
	t.Helper()
	w := &world{
		App: app, t: t, machine: map[string]*apptest.Client{}, spa: map[string]*apptest.Client{}, user: map[string]*user.User{},
		gate: operator.New(app.Pool, app.Tenant(tenant.Admin), token.NewKeys(app.Pool, app.Keyring, app.Clock.Now), client.NewDirectory(app.Pool, client.Options{}), app.Clock.Now,
			&dpop.Verifier{Clock: app.Clock.Now, Ring: app.Keyring, Settings: settings.NewReader(app.Pool)}),
	}
	for _, id := range []string{tenant.Default, tenant.Admin} {
		w.machine[id] = app.CreateMachine(t, id)
		w.spa[id] = app.CreateAppIn(t, id, application.Application{})
		w.user[id] = app.CreateUserIn(t, id, "robin")
	}
	return w
}

// ask calls the Management API of a tenant.
func (w *world) ask(at, raw string) (*operator.Caller, error) {
	return w.gate.Authenticate(tenant.With(w.t.Context(), w.Tenant(at)), dpop.Use{Token: raw})
}

// ofMachine is a token of a tenant's machine for the API of the tenant at.
func (w *world) ofMachine(home, at string, change map[string]any) string {
	w.t.Helper()
	id := w.machine[home].ID
	return w.SignJWT(w.t, home, nil, w.ManagementClaims(home, at, id, id, change))
}

// ofUser is a token of a tenant's person.
func (w *world) ofUser(home, at string, change map[string]any) string {
	w.t.Helper()
	return w.SignJWT(w.t, home, nil, w.ManagementClaims(home, at, w.user[home].ID, w.spa[home].ID, change))
}

func (w *world) refused(what string, want error, at, raw string) {
	w.t.Helper()
	if caller, err := w.ask(at, raw); !errors.Is(err, want) || caller != nil {
		w.t.Errorf("%s: %+v, %v, want %v", what, caller, err, want)
	}
}

func (w *world) admitted(what string, want operator.Caller, at, raw string) {
	w.t.Helper()
	if caller, err := w.ask(at, raw); err != nil || *caller != want {
		w.t.Errorf("%s: %+v, %v", what, caller, err)
	}
}

func TestAuthenticate_TellsWhoCalls(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		w := setup(t, app)
		for _, c := range []struct{ home, at string }{
			{tenant.Default, tenant.Default}, {tenant.Admin, tenant.Default}, {tenant.Admin, tenant.Admin},
		} {
			machine := w.machine[c.home].ID
			w.admitted(c.home+" machine at "+c.at, operator.Caller{Subject: machine, IsApplication: true, ClientID: machine},
				c.at, w.ofMachine(c.home, c.at, map[string]any{"scope": "other all more"}))
			w.admitted(c.home+" user at "+c.at, operator.Caller{Subject: w.user[c.home].ID, ClientID: w.spa[c.home].ID},
				c.at, w.ofUser(c.home, c.at, nil))
		}
		// A machine that gets its token as machines do.
		real := app.CreateMachine(t, tenant.Default, apptest.ManagementRole)
		w.admitted("a machine", operator.Caller{Subject: real.ID, IsApplication: true, ClientID: real.ID}, tenant.Default,
			app.Browser(t).MachineToken(real, "https://default.logto.app/api", "all"))
		w.refused("a machine that does not ask for the scope", web.ErrForbidden, tenant.Default,
			app.Browser(t).MachineToken(real, "https://default.logto.app/api", ""))
		powerless := app.CreateMachine(t, tenant.Default)
		w.refused("a machine without the role", web.ErrForbidden, tenant.Default,
			app.Browser(t).MachineToken(powerless, "https://default.logto.app/api", "all"))
	})
}

// Attacks 17, 18 and 48, where they depend on who has issued the token.
func TestAuthenticate_Refuses(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		w := setup(t, app)
		const here, admin = tenant.Default, tenant.Admin
		adminIssuer, hereIssuer := app.Tenant(admin).Issuer(), app.Tenant(here).Issuer()
		for _, c := range []struct {
			what string
			want error
			at   string
			raw  string
		}{
			{"nothing", web.ErrUnauthorized, here, ""},
			{"a tenant at the admin tenant", web.ErrUnauthorized, admin, w.ofMachine(here, admin, nil)},
			{"a tenant that names the admin issuer", web.ErrUnauthorized, here, w.ofMachine(here, here, map[string]any{"iss": adminIssuer})},
			{"a tenant that names the admin issuer there", web.ErrUnauthorized, admin, w.ofMachine(here, admin, map[string]any{"iss": adminIssuer})},
			{"the admin tenant in another's name", web.ErrUnauthorized, here, w.ofMachine(admin, here, map[string]any{"iss": hereIssuer})},
			{"an issuer elsewhere", web.ErrUnauthorized, here, w.ofMachine(here, here, map[string]any{"iss": "https://evil.example/oidc"})},
			{"no issuer", web.ErrUnauthorized, here, w.ofMachine(here, here, map[string]any{"iss": nil})},
			{"the admin tenant's API", web.ErrUnauthorized, here, w.ofMachine(admin, admin, nil)},
			{"the Me API", web.ErrUnauthorized, here, w.ofUser(admin, here, map[string]any{"aud": "https://admin.logto.app/me"})},
			{"the API's address", web.ErrUnauthorized, here, w.ofMachine(here, here, map[string]any{"aud": app.URL + "/api"})},
			{"several audiences", web.ErrUnauthorized, here, w.ofMachine(here, here, map[string]any{"aud": []string{"https://default.logto.app/api", "x"}})},
			{"an organization", web.ErrUnauthorized, here, w.ofUser(here, here, map[string]any{"aud": "urn:logto:organization:o1"})},
			{"nobody", operator.ErrNoSubject, here, w.ofMachine(here, here, map[string]any{"sub": nil})},
			{"nobody, without scope", operator.ErrNoSubject, here, w.ofMachine(here, here, map[string]any{"sub": nil, "scope": nil})},
			{"nobody, for another API", web.ErrUnauthorized, here, w.ofMachine(here, here, map[string]any{"sub": nil, "aud": "x"})},
			{"no scope", web.ErrForbidden, here, w.ofMachine(here, here, map[string]any{"scope": nil})},
			{"a scope that begins so", web.ErrForbidden, here, w.ofMachine(here, here, map[string]any{"scope": "allx all:read ALL"})},
			{"no expiry", web.ErrUnauthorized, here, w.ofMachine(here, here, map[string]any{"exp": nil})},
			{"no client", web.ErrUnauthorized, here, w.ofUser(here, here, map[string]any{"client_id": nil})},
			{"an unknown client", web.ErrUnauthorized, here, w.ofUser(here, here, map[string]any{"client_id": "nobody"})},
			{"an unknown user", web.ErrUnauthorized, here, w.ofUser(here, here, map[string]any{"sub": "nobody000000"})},
			{"the other tenant's client", web.ErrUnauthorized, here, w.ofUser(admin, here, map[string]any{"client_id": w.spa[here].ID})},
			{"the other tenant's user", web.ErrUnauthorized, here, w.ofUser(admin, here, map[string]any{"sub": w.user[here].ID})},
			{"the other tenant's client and user", web.ErrUnauthorized, here, w.ofUser(admin, here, map[string]any{"client_id": w.spa[here].ID, "sub": w.user[here].ID})},
			{"an application that cannot act for itself", web.ErrUnauthorized, here, w.ofUser(here, here, map[string]any{"sub": w.spa[here].ID})},
		} {
			w.refused(c.what, c.want, c.at, c.raw)
		}
	})
}

// What a token was good for ends with its time, its keys, its application and
// its user, though it is remembered.
func TestAuthenticate_RemembersAndForgets(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		w := setup(t, app)
		const here, admin = tenant.Default, tenant.Admin
		machine, person := w.ofMachine(here, here, nil), w.ofUser(admin, here, nil)
		brief := w.ofMachine(here, here, map[string]any{"exp": app.Clock.Now().Unix() + 5})
		later := w.ofMachine(here, here, map[string]any{"nbf": app.Clock.Now().Unix() + 5})
		unasked := w.ofMachine(here, here, map[string]any{"jti": "never seen"})
		robot := operator.Caller{Subject: w.machine[here].ID, IsApplication: true, ClientID: w.machine[here].ID}
		human := operator.Caller{Subject: w.user[admin].ID, ClientID: w.spa[admin].ID}
		w.admitted("a machine", robot, here, machine)
		w.admitted("a person", human, here, person)
		w.admitted("a token about to expire", robot, here, brief)
		w.refused("a token of the future", web.ErrUnauthorized, here, later)

		// Without keys nothing can be verified, and nothing needs to be.
		other, err := crypt.NewKeyring([]byte("vutsrqponmlkjihgfedcba9876543210"))
		if err != nil {
			t.Fatal(err)
		}
		keys, unreadable := w.gate.Keys, token.NewKeys(app.Pool, other, app.Clock.Now)
		// A cache that has only just begun to listen for news may forget once.
		for range 5 {
			w.gate.Keys = unreadable
			_, first := w.ask(here, machine)
			_, second := w.ask(here, person)
			if first == nil && second == nil {
				break
			}
			w.gate.Keys = keys
			w.admitted("a machine", robot, here, machine)
			w.admitted("a person", human, here, person)
		}
		w.gate.Keys = unreadable
		w.admitted("a machine, again", robot, here, machine)
		w.admitted("a person, again", human, here, person)
		if _, err := w.ask(here, unasked); !errors.Is(err, crypt.ErrOtherKey) {
			t.Errorf("a token that was never seen: %v", err)
		}
		w.gate.Keys = keys
		w.refused("the remembered token elsewhere", web.ErrUnauthorized, admin, person)
		w.refused("a remembered token, altered", web.ErrUnauthorized, here, machine[:len(machine)-2])

		app.Clock.Advance(5 * time.Second)
		w.refused("a token that has expired", web.ErrUnauthorized, here, brief)
		w.admitted("a token whose time has come", robot, here, later)

		yes := true
		app.Tx(t, admin, func(ctx context.Context, tx *db.Tx) error {
			_, err := user.Update(ctx, tx, app.Clock.Now().UnixMilli(), w.user[admin].ID, user.Patch{IsSuspended: &yes})
			return err
		})
		w.refused("a suspended user", web.ErrUnauthorized, here, person)
		drop(w, admin, "users", w.user[admin].ID)
		w.refused("a deleted user", web.ErrUnauthorized, here, person)

		rotate(w, here)
		w.admitted("after one rotation", robot, here, machine)
		rotate(w, here)
		w.refused("after its key was dropped", web.ErrUnauthorized, here, machine)
		again := w.ofMachine(here, here, nil)
		w.admitted("under the new key", robot, here, again)
		drop(w, here, "applications", w.machine[here].ID)
		w.refused("a deleted application", web.ErrUnauthorized, here, again)
	})
}

// drop deletes a row as whoever owns the table would.
func drop(w *world, tenantID, table, id string) {
	w.t.Helper()
	w.Tx(w.t, tenantID, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE tenant_id = $1 AND id = $2`, id); err != nil {
			return err
		}
		return tx.Touch(ctx, application.Family)
	})
}

func rotate(w *world, tenantID string) {
	w.t.Helper()
	key, err := token.GenerateKey(token.ES384)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Tx(w.t, tenantID, func(ctx context.Context, tx *db.Tx) error {
		return token.RotateSigningKey(ctx, tx, w.Clock.Now().UnixMilli(), w.Keyring, key)
	})
}

func TestFrom_OutsideACallPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("an operator was guessed")
		}
	}()
	operator.From(t.Context())
}
