package testbed

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/operator"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// each runs fn against a testbed on SQLite and one on PostgreSQL, on free ports.
func each(t *testing.T, fn func(t *testing.T, b *Testbed)) {
	t.Helper()
	run := func(t *testing.T, databaseURL string) {
		b := start(t, Options{DatabaseURL: databaseURL})
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- b.Serve(ctx) }()
		t.Cleanup(func() {
			stop()
			if err := <-done; err != nil {
				t.Errorf("serve: %v", err)
			}
		})
		fn(t, b)
	}
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, "") })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, dbtest.PostgresOptions(t).URL) })
}

func start(t *testing.T, o Options) *Testbed {
	t.Helper()
	b, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

// app is the testbed as tests of the server see one.
func (b *Testbed) app() *apptest.App {
	return &apptest.App{
		URL: b.URL, AdminURL: b.AdminURL, Server: b.server, Pool: b.installation.Pool, Keyring: b.installation.Keyring,
		Clock: clock.NewFake(clock.System()), Hasher: crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 64, Passes: 1}),
	}
}

func TestTestbed_ServesTwoTenantsOnLoopback(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *Testbed) {
		if len(b.listeners) != 2 {
			t.Fatalf("%d listeners", len(b.listeners))
		}
		for _, listener := range b.listeners {
			if addr := listener.Addr().(*net.TCPAddr); !addr.IP.IsLoopback() {
				t.Errorf("listens on %v", addr)
			}
		}
		for _, endpoint := range []string{b.URL, b.AdminURL} {
			a := apptest.Do(t, http.DefaultClient, "GET", endpoint+"/oidc/.well-known/openid-configuration", "")
			if a.StatusCode != http.StatusOK || a.String("issuer") != endpoint+"/oidc" {
				t.Errorf("%s: %d %.300s", endpoint, a.StatusCode, a.Text)
			}
		}
		for endpoint, indicator := range map[string]string{
			b.URL: "https://default.logto.app/api", b.AdminURL: "https://cloud.logto.io/api",
		} {
			a := apptest.Do(t, http.DefaultClient, "GET", endpoint+"/api/resources", "", DeveloperHeader, "robin")
			if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, `"`+indicator+`"`) {
				t.Errorf("%s: %d %s", endpoint, a.StatusCode, a.Text)
			}
		}
	})
}

// The header opens the Management API for reading and writing; without it the
// real guard stands, and a refused call leaves nothing behind.
func TestDeveloperHeader_IsAnOperator(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *Testbed) {
		app := b.app()
		const body = `{"name":"Orders","indicator":"https://orders.example"}`
		before := app.Snapshot(t)
		for code, header := range map[string][]string{
			"auth.authorization_header_missing": {DeveloperHeader, ""},
			"auth.unauthorized":                 {"Authorization", "Bearer robin"},
		} {
			a := apptest.Do(t, http.DefaultClient, "POST", b.URL+"/api/resources", body, header...)
			if a.StatusCode != http.StatusUnauthorized || a.Code() != code {
				t.Errorf("%q: %d %s", header, a.StatusCode, a.Text)
			}
		}
		before.Same(t, app.Snapshot(t))
		if a := apptest.Do(t, http.DefaultClient, "POST", b.URL+"/api/resources", body, DeveloperHeader, "robin"); a.StatusCode != http.StatusCreated {
			t.Fatalf("%d %s", a.StatusCode, a.Text)
		}
		if n := app.Count(t, tenant.Default, "resources", "name = $2", "Orders"); n != 1 {
			t.Errorf("%d resources", n)
		}
		// The way that clients of the product go is open, too.
		raw := app.ManagementToken(t)
		if a := apptest.Do(t, http.DefaultClient, "GET", b.URL+"/api/resources", "", "Authorization", "Bearer "+raw); a.StatusCode != http.StatusOK {
			t.Errorf("a token: %d %s", a.StatusCode, a.Text)
		}
	})
}

func TestAdmitDevelopers_SaysWhoCalls(t *testing.T) {
	t.Parallel()
	guard := AdmitDevelopers(web.Guard{Name: "real", Check: func(context.Context, *http.Request) (context.Context, error) {
		return nil, web.ErrUnauthorized
	}})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/api/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guard.Check(t.Context(), r); err == nil || guard.Name != "real" {
		t.Errorf("without the header: %v, the guard is called %q", err, guard.Name)
	}
	r.Header.Set(DeveloperHeader, "robin")
	ctx, err := guard.Check(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if c := operator.From(ctx); c != (operator.Caller{Subject: "robin"}) {
		t.Errorf("caller: %+v", c)
	}
}

func TestPwned_KnowsExactlyTwo(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]bool{
		"123456aA": true, "test_password": true,
		"": false, "123456aa": false, "123456aA ": false, "test_Password": false, "test_password1": false, "password": false,
	} {
		if got := Pwned(t.Context(), password); got != want {
			t.Errorf("%q: %v", password, got)
		}
	}
}

// The server asks the double.
func TestTestbed_RefusesBreachedPasswords(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Serve(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	app := b.app()
	browser := app.Browser(t)
	browser.Authorize(app.CreateApp(t, application.Application{}))
	browser.Step(http.MethodPut, "", `{"interactionEvent":"Register"}`)
	browser.Step(http.MethodPost, "/profile", `{"type":"username","value":"robin"}`)
	a := browser.Experience(http.MethodPost, "/profile", `{"type":"password","value":"test_password"}`)
	if a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, "password_rejected.pwned") {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	browser.Step(http.MethodPost, "/profile", `{"type":"password","value":"`+apptest.Password+`"}`)
	if n := app.Count(t, tenant.Default, "users", "TRUE"); n != 0 {
		t.Errorf("%d users", n)
	}
}

// A testbed leaves nothing behind, and what was there before it stays.
func TestClose_TakesTheDatabaseAway(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		b := start(t, Options{})
		path, err := db.One[string](t.Context(), b.installation.Pool.Across(), `SELECT file FROM pragma_database_list WHERE name = 'main'`)
		if err != nil || !strings.HasSuffix(path, "signet.db") {
			t.Fatalf("%q, %v", path, err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", filepath.Dir(path), err)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		o := dbtest.PostgresOptions(t)
		p := dbtest.Open(t, o)
		given, err := db.One[string](t.Context(), p.Across(), `SELECT current_database()`)
		if err != nil {
			t.Fatal(err)
		}
		untouched := &apptest.App{Pool: p}
		before := untouched.Snapshot(t)
		b := start(t, Options{DatabaseURL: o.URL})
		name, err := db.One[string](t.Context(), b.installation.Pool.Across(), `SELECT current_database()`)
		if err != nil || name == given {
			t.Fatalf("it works in %q, %v", name, err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		left, err := db.One[int](t.Context(), p.Across(), `SELECT count(*) FROM pg_database WHERE datname = $1`, name)
		if err != nil || left != 0 {
			t.Errorf("%s is still there, %v", name, err)
		}
		before.Same(t, untouched.Snapshot(t))
	})
}

// A start that fails gives back what it had taken.
func TestStart_ThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	taken := b.listeners[1].Addr().(*net.TCPAddr).Port
	if _, err := Start(t.Context(), Options{AdminPort: taken}); err == nil || !strings.Contains(err.Error(), "listen") {
		t.Errorf("a port that is taken: %v", err)
	}
	const away = "postgres://signet:hunter2@127.0.0.1:1/signet?connect_timeout=1"
	if _, err := Start(t.Context(), Options{DatabaseURL: away}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a server that is away: %v", err)
	}
}

// What clients of the published API expect of a fresh installation. Ids that
// are drawn are left out.
func TestSeed_IsWhatClientsExpect(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *Testbed) {
		var got strings.Builder
		for _, id := range []string{tenant.Default, tenant.Admin} {
			fmt.Fprintf(&got, "# %s\n\n", id)
			for _, query := range seeded {
				lines, err := db.All[string](t.Context(), b.installation.Pool.For(id), query)
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(lines)
				for _, line := range lines {
					got.WriteString(line + "\n")
				}
			}
			got.WriteString("\n" + seededSettings(t, b.installation.Pool.For(id)))
			for _, table := range []string{"users", "sessions", "audit_logs", "outbox_events"} {
				if n := b.app().Count(t, id, table, "TRUE"); n != 0 {
					t.Errorf("%s begins with %d %s", id, n, table)
				}
			}
		}
		golden(t, filepath.Join("testdata", "seed.txt"), got.String())
	})
}

var seeded = []string{
	`SELECT 'resource ' || r.indicator || ' ' || s.name || CASE WHEN length(s.id) = 21 THEN '' ELSE ' (' || r.id || ', ' || s.id || ')' END
		FROM resources r JOIN scopes s ON s.tenant_id = r.tenant_id AND s.resource_id = r.id WHERE r.tenant_id = $1`,
	`SELECT 'role ' || r.name || ' ' || r.type || CASE WHEN length(r.id) = 21 THEN '' ELSE ' (' || r.id || ')' END || coalesce(' ' || a.indicator || ' ' || s.name, '')
		FROM roles r LEFT JOIN role_scopes rs ON rs.tenant_id = r.tenant_id AND rs.role_id = r.id
		LEFT JOIN scopes s ON s.tenant_id = r.tenant_id AND s.id = rs.scope_id
		LEFT JOIN resources a ON a.tenant_id = r.tenant_id AND a.id = s.resource_id WHERE r.tenant_id = $1`,
	`SELECT 'application ' || a.name || ' ' || a.type || CASE WHEN length(a.id) = 21 THEN '' ELSE ' (' || a.id || ')' END || coalesce(' ' || r.role_id, '')
		FROM applications a LEFT JOIN application_roles r ON r.tenant_id = a.tenant_id AND r.application_id = a.id WHERE a.tenant_id = $1`,
	`SELECT 'organization ' || name || ' (' || id || ')' FROM organizations WHERE tenant_id = $1`,
	`SELECT 'organization role ' || r.name || ' (' || r.id || ')' || coalesce(' ' || s.name, '') FROM organization_roles r
		LEFT JOIN organization_role_scopes rs ON rs.tenant_id = r.tenant_id AND rs.organization_role_id = r.id
		LEFT JOIN organization_scopes s ON s.tenant_id = r.tenant_id AND s.id = rs.organization_scope_id WHERE r.tenant_id = $1`,
	`SELECT 'organization scope ' || name || ' (' || id || ')' FROM organization_scopes WHERE tenant_id = $1`,
}
