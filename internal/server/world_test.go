package server_test

import (
	"maps"
	"net"
	"net/http"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/db"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func mustRequest(t *testing.T, target string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// adminPerson is somebody who is signed in at the admin tenant.
type adminPerson struct {
	browser                 *apptest.Browser
	client                  *apptest.Client
	key                     *softkey.Key
	token                   string
	session, grant, passkey string
}

// signedInAtAdmin makes an operator with a passkey.
func signedInAtAdmin(t *testing.T, app *apptest.App) adminPerson {
	t.Helper()
	app.ChangeExperience(t, tenant.Admin, func(s *signinexp.Settings) { s.SignInMode = signinexp.ModeSignIn })
	app.CreateUserIn(t, tenant.Admin, "operator")
	o := adminPerson{client: app.CreateAppIn(t, tenant.Admin, application.Application{}), browser: app.BrowserAt(t, app.AdminURL), key: softkey.New()}
	o.token = o.browser.AccountToken(o.client, "operator")
	o.browser.StepUp()
	o.passkey = o.browser.AddPasskey(o.key)
	o.session, o.grant = idOf(t, app, "uid", "sessions"), idOf(t, app, "id", "grants")
	return o
}

// idOf returns the id of the only row of an admin tenant's table.
func idOf(t *testing.T, app *apptest.App, column, table string) string {
	t.Helper()
	id, err := db.One[string](t.Context(), app.Pool.For(tenant.Admin), `SELECT `+column+` FROM `+table+` WHERE tenant_id = $1`)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// watch demands that steps change no table. To look at all of them costs more
// than most steps, so it looks after every few.
type watch struct {
	t      *testing.T
	app    *apptest.App
	before apptest.Snapshot
	steps  []string // since before
}

func watching(t *testing.T, app *apptest.App) *watch {
	t.Helper()
	return &watch{t: t, app: app, before: app.Snapshot(t)}
}

func (w *watch) after(step string) {
	w.t.Helper()
	if w.steps = append(w.steps, step); len(w.steps) == 16 {
		w.end()
	}
}

func (w *watch) end() {
	w.t.Helper()
	now := w.app.Snapshot(w.t)
	if !maps.Equal(w.before, now) {
		w.before.Same(w.t, now)
		w.t.Errorf("by one of %q", w.steps)
	}
	w.before, w.steps = now, nil
}
