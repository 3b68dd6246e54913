package server_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/audit"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/server"
	"signet/internal/tenant"
)

func TestHealth_AnswersAtAnyHost(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		for _, base := range []string{app.URL, "http://" + app.Address} {
			if a := get(t, base+path); a.StatusCode != http.StatusNoContent {
				t.Errorf("%s%s: %d", base, path, a.StatusCode)
			}
		}
	}
}

// A lost database makes the node unready and its answers 503; both heal by
// themselves.
func TestLostDatabase_Is503AndHealsWithoutARestart(t *testing.T) {
	t.Parallel()
	cluster := dbtest.StartCluster(t)
	pool, err := db.Open(t.Context(), db.Options{URL: cluster.URL("postgres")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	if err := pool.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	app := apptest.Start(t, apptest.OnPool(pool))
	c := app.CreateApp(t, application.Application{})
	app.CreateUser(t, "robin")
	b := app.Browser(t)
	b.SignIn(c, "robin", apptest.Password)
	b.Authorize(c, "prompt", "login")

	cluster.Kill()
	if a := get(t, app.URL+"/readyz"); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("readyz without a database: %d", a.StatusCode)
	}
	if a := get(t, app.URL+"/healthz"); a.StatusCode != http.StatusNoContent {
		t.Errorf("healthz without a database: %d", a.StatusCode)
	}
	for _, path := range []string{apptest.AuthorizeURL(c), "/api/experience/interaction", "/account"} {
		a := b.Do(http.MethodGet, path, "", "Accept", "*/*")
		if a.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s without a database: %d %s", path, a.StatusCode, a.Text)
		}
		if strings.Contains(a.Text, "dial") || strings.Contains(a.Text, "SQLSTATE") {
			t.Errorf("%s tells why: %s", path, a.Text)
		}
	}
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	if a := get(t, app.URL+"/readyz"); a.StatusCode != http.StatusNoContent {
		t.Errorf("readyz after the database came back: %d", a.StatusCode)
	}
	again := app.Browser(t)
	again.Redeem(c, again.SignIn(c, "robin", apptest.Password))
	submitted := slices.DeleteFunc(app.AuditKeys(t, tenant.Default), func(key string) bool { return key != "Interaction.SignIn.Submit" })
	if len(submitted) != 2 {
		t.Errorf("the audit trail knows of %d sign-ins, want 2", len(submitted))
	}
}

// What cannot be put on record is not begun: with the trail full, a request is
// refused at once and the server answers again when the trail is written.
func TestFullTrail_RefusesRequestsUntilItIsWritten(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	ask := func() (page, api *apptest.Answer) {
		return get(t, app.URL+"/account", "Accept", "text/html"), get(t, app.URL+"/api/.well-known/sign-in-exp")
	}
	err := app.Pool.For(tenant.Default).Tx(t.Context(), func(*db.Tx) error {
		trail := app.Server.Trail()
		// The writer waits for this transaction, but with a batch in its hands, which it
		// may take from the queue as late as now: no room must be left even then.
		const moreThanABatch = 128
		for beyond := 0; beyond < moreThanABatch; {
			if !trail.HasRoom() {
				beyond++
			}
			ctx, flush := trail.Collect(tenant.With(t.Context(), app.Server.Tenant(tenant.Default)))
			audit.Log(ctx, audit.Entry{Key: "Step"})
			flush()
		}
		if a := get(t, app.URL+"/readyz"); a.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("readyz: %d", a.StatusCode)
		}
		for _, path := range []string{proto.PathJWKS, proto.PathDiscovery, proto.PathAuthorizationMetadata, proto.PathInsertedMetadata} {
			if a := get(t, app.URL+path); a.StatusCode != http.StatusOK {
				t.Errorf("%s, which nobody puts on record: %d", path, a.StatusCode)
			}
		}
		page, api := ask()
		if page.StatusCode != http.StatusServiceUnavailable || !strings.Contains(page.Text, "<html") {
			t.Errorf("page: %d %s", page.StatusCode, page.Text)
		}
		if api.StatusCode != http.StatusServiceUnavailable || api.Code() != "request.unavailable" {
			t.Errorf("API: %d %s", api.StatusCode, api.Text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Server.SyncAudit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if page, api := ask(); page.StatusCode >= 500 || api.StatusCode != http.StatusOK {
		t.Errorf("afterwards: page %d, API %d", page.StatusCode, api.StatusCode)
	}
	if a := get(t, app.URL+"/readyz"); a.StatusCode != http.StatusNoContent {
		t.Errorf("readyz afterwards: %d", a.StatusCode)
	}
}

// While nothing can be written, the trail can be read as far as it goes.
func TestLogs_AreListedWhileTheyCannotBeWritten(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		step := func() {
			ctx, flush := app.Server.Trail().Collect(tenant.With(t.Context(), app.Server.Tenant(tenant.Default)))
			audit.Log(ctx, audit.Entry{Key: "Step"})
			flush()
		}
		count := func() string {
			t.Helper()
			return o.Want(200, "GET", "/api/logs?logKey=Step", "").Header.Get("Total-Number")
		}
		step()
		if n := count(); n != "1" {
			t.Errorf("%s entries, want 1", n)
		}
		err := app.Pool.Across().Tx(t.Context(), func(tx *db.AcrossTx) error {
			if tx.Dialect() == db.Postgres { // SQLite has one writer
				if _, err := tx.Exec(t.Context(), `LOCK TABLE audit_logs IN SHARE MODE`); err != nil {
					return err
				}
			}
			step()
			if n := count(); n != "1" {
				t.Errorf("%s entries while nothing can be written", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(); n != "2" {
			t.Errorf("%s entries afterwards", n)
		}
	})
}

// A request that outlives its time is answered as a database that is away.
func TestTimeout_Is503(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		a := get(t, app.URL+"/api/.well-known/sign-in-exp")
		if a.StatusCode != http.StatusServiceUnavailable || a.Code() != "request.unavailable" {
			t.Errorf("%d %s", a.StatusCode, a.Text)
		}
	}, apptest.With(func(o *server.Options) { o.RequestTimeout = time.Nanosecond }))
}

// What was begun is finished, and nothing new is begun.
func TestShutdown_FinishesOpenRequests(t *testing.T) {
	t.Parallel()
	entered, proceed := make(chan struct{}), make(chan struct{})
	s := server.Holding(func() { close(entered); <-proceed })
	listener := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, server.TLS{}, listener) }()
	type outcome struct {
		status int
		err    error
	}
	answered := make(chan outcome, 1)
	go func() {
		res, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			answered <- outcome{err: err}
			return
		}
		_ = res.Body.Close()
		answered <- outcome{status: res.StatusCode}
	}()
	<-entered
	stop()
	// The listener closes while the request is still open.
	for {
		c, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(mustRequest(t, "http://"+listener.Addr().String()+"/other"))
		if err != nil {
			break
		}
		_ = c.Body.Close()
	}
	select {
	case err := <-served:
		t.Fatalf("stopped before the request was answered: %v", err)
	default:
	}
	close(proceed)
	if got := <-answered; got.err != nil || got.status != http.StatusNoContent {
		t.Errorf("the open request: %d, %v", got.status, got.err)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestPanic_Is500WithAnID(t *testing.T) {
	t.Parallel()
	s := server.Holding(func() { panic("the cause") })
	listener := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, server.TLS{}, listener) }()
	a := get(t, "http://"+listener.Addr().String())
	if a.StatusCode != http.StatusInternalServerError || a.String("id") != a.Header.Get("Logto-Core-Request-Id") || a.String("id") == "" {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	if strings.Contains(a.Text, "the cause") || strings.Contains(a.Text, "goroutine") || a.Code() != "" {
		t.Errorf("the answer tells too much: %s", a.Text)
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}
