package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signet/internal/accountcenter"
	"signet/internal/apptest"
	"signet/internal/platform/clock"
	"signet/internal/platform/conf"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/server"
	"signet/internal/settings"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// config reads variables as a start does; pairs of name and value.
func config(t *testing.T, pairs ...string) *conf.Config {
	t.Helper()
	vars := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		vars[pairs[i]] = pairs[i+1]
	}
	c, err := conf.Parse(vars)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start opens an installation and seeds it, as serving does.
func start(t *testing.T, c *conf.Config) *apptest.App {
	t.Helper()
	in, err := server.Open(t.Context(), c, server.ForServing)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	s, err := server.New(t.Context(), server.Options{
		Pool: in.Pool, Keyring: in.Keyring, Hasher: crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 64, Passes: 1}),
		Clock: clock.System, Endpoint: c.Endpoint, AdminEndpoint: c.AdminEndpoint,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &apptest.App{Server: s, Pool: in.Pool, Keyring: in.Keyring}
}

// refuses demands that an installation does not open, and that the message
// says every one of words.
func refuses(t *testing.T, c *conf.Config, mode server.Mode, words ...string) {
	t.Helper()
	in, err := server.Open(t.Context(), c, mode)
	if err == nil {
		_ = in.Close()
		t.Fatal("it opened")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the message says nothing of %q: %v", word, err)
		}
	}
}

// kek returns a key that is the same for the same seed.
func kek(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestFirstStart_MakesAPrivateDirectoryAndKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "data")
	c := config(t, "DATA_DIR", dir)
	start(t, c)
	for path, want := range map[string]fs.FileMode{dir: 0o700 | fs.ModeDir, filepath.Join(dir, "signet.key"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
}

func TestSecondStart_ChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := config(t, "DATA_DIR", dir)
	var before apptest.Snapshot
	t.Run("first", func(t *testing.T) { before = start(t, c).Snapshot(t) })
	t.Run("second", func(t *testing.T) { before.Same(t, start(t, c).Snapshot(t)) })
	if len(before) < 20 {
		t.Errorf("the snapshot saw only %d tables", len(before))
	}
}

func TestStart_RefusesWithoutItsKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := config(t, "DATA_DIR", dir)
	t.Run("first", func(t *testing.T) { start(t, c) })
	key := filepath.Join(dir, "signet.key")
	kept, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []server.Mode{server.ForServing, server.ForCommands} {
		if err := os.Remove(key); err != nil {
			t.Fatal(err)
		}
		refuses(t, c, mode, "signet.key", "missing", "backup", "SECRET_VAULT_KEK")
		refuses(t, config(t, "DATA_DIR", dir, "SECRET_VAULT_KEK", kek("a")), mode, "not the key", "SECRET_VAULT_KEK")
		if _, err := os.Stat(key); err == nil {
			t.Error("the refusal made a new key")
		}
		if err := os.WriteFile(key, kept, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("with the key again", func(t *testing.T) { start(t, c) })
}

func TestStart_RefusesADirectoryThatIsServed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := config(t, "DATA_DIR", dir)
	t.Run("served", func(t *testing.T) {
		app := start(t, c)
		before := app.Snapshot(t)
		refuses(t, c, server.ForServing, dir, "another")
		before.Same(t, app.Snapshot(t))
		// Commands work beside it.
		in, err := server.Open(t.Context(), c, server.ForCommands)
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("free again", func(t *testing.T) { start(t, c) })
}

func TestCommands_RefuseAnEmptyDirectoryAndMakeNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	refuses(t, config(t, "DATA_DIR", dir), server.ForCommands, dir, "signet serve", "DATA_DIR")
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestPostgres_NeedsTheSameKeyOnEveryNode(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresOptions(t).URL
	refuses(t, config(t, "DB_URL", url), server.ForServing, "SECRET_VAULT_KEK", "openssl")
	c := config(t, "DB_URL", url, "SECRET_VAULT_KEK", kek("a"))
	var before apptest.Snapshot
	t.Run("first node", func(t *testing.T) { before = start(t, c).Snapshot(t) })
	refuses(t, config(t, "DB_URL", url, "SECRET_VAULT_KEK", kek("b")), server.ForServing, "not the key")
	t.Run("second node", func(t *testing.T) { before.Same(t, start(t, c).Snapshot(t)) })
}

// Commands that only read work on a standby, with the key alone.
func TestCommands_OpenAStandby(t *testing.T) {
	t.Parallel()
	options := dbtest.PostgresOptions(t)
	start(t, config(t, "DB_URL", options.URL, "SECRET_VAULT_KEK", kek("a")))
	at, err := url.Parse(options.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := at.Query()
	query.Set("default_transaction_read_only", "on")
	at.RawQuery = query.Encode()
	standby := at.String()
	in, err := server.Open(t.Context(), config(t, "DB_URL", standby, "SECRET_VAULT_KEK", kek("a")), server.ForCommands)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	if err := in.Pool.Ready(t.Context()); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("it can be written to: %v", err)
	}
	refuses(t, config(t, "DB_URL", standby, "SECRET_VAULT_KEK", kek("b")), server.ForCommands, "not the key")
}

func TestPostgres_ThatIsAwayIsNamedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	c := config(t, "DB_URL", "postgres://signet:hunter2@127.0.0.1:1/signet?connect_timeout=1", "SECRET_VAULT_KEK", kek("a"))
	in, err := server.Open(t.Context(), c, server.ForServing)
	if err == nil {
		_ = in.Close()
		t.Fatal("it opened")
	}
	if strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("message: %v", err)
	}
}

// Two nodes that start at once on an empty database seed it once.
func TestFirstStart_OfTwoNodesSeedsOnce(t *testing.T) {
	t.Parallel()
	c := config(t, "DB_URL", dbtest.PostgresOptions(t).URL, "SECRET_VAULT_KEK", kek("a"))
	nodes := make(chan error, 4)
	for range cap(nodes) {
		go func() {
			in, err := server.Open(t.Context(), c, server.ForServing)
			if err == nil {
				var s *server.Server
				s, err = server.New(t.Context(), server.Options{
					Pool: in.Pool, Keyring: in.Keyring, Hasher: crypt.NewHasher(crypt.HasherOptions{}),
					Clock: clock.System, Endpoint: c.Endpoint, AdminEndpoint: c.AdminEndpoint,
				})
				if err == nil {
					s.Close()
				}
				_ = in.Close()
			}
			nodes <- err
		}()
	}
	for range cap(nodes) {
		if err := <-nodes; err != nil {
			t.Error(err)
		}
	}
	app := start(t, c)
	if n := app.Count(t, tenant.Default, "resources", "TRUE"); n != 1 {
		t.Errorf("%d resources", n)
	}
	if n := app.Count(t, tenant.Admin, "signing_keys", "TRUE"); n == 0 {
		t.Error("no keys")
	}
}

// What clients of the published API expect of a fresh installation.
func TestSeed_OfBothTenants(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		wantRows(t, app, tenant.Default, `SELECT r.id || ' ' || r.name || ' ' || r.indicator || ' ' || s.id || ' ' || s.name FROM resources r
			JOIN scopes s ON s.tenant_id = r.tenant_id AND s.resource_id = r.id WHERE r.tenant_id = $1`,
			"management-api Logto Management API https://default.logto.app/api management-api-all all")
		wantRows(t, app, tenant.Default, rolesWithScopes,
			"#internal:admin MachineToMachine https://default.logto.app/api all",
			"Logto Management API access MachineToMachine https://default.logto.app/api all")
		wantRows(t, app, tenant.Admin, rolesWithScopes,
			"default:admin User https://default.logto.app/api all",
			"machine:mapi:admin MachineToMachine https://admin.logto.app/api all",
			"machine:mapi:default MachineToMachine https://default.logto.app/api all",
			"user User https://admin.logto.app/me all")
		wantRows(t, app, tenant.Admin, `SELECT id FROM organizations WHERE tenant_id = $1`, "t-admin", "t-default")
		wantRows(t, app, tenant.Admin, `SELECT r.id || ' ' || r.name || ' ' || r.type || ' ' || s.id || ' ' || s.name FROM organization_roles r
			JOIN organization_role_scopes rs ON rs.tenant_id = r.tenant_id AND rs.organization_role_id = r.id
			JOIN organization_scopes s ON s.tenant_id = r.tenant_id AND s.id = rs.organization_scope_id WHERE r.tenant_id = $1`,
			"admin admin User delete-data delete:data", "admin admin User invite-member invite:member",
			"admin admin User manage-tenant manage:tenant", "admin admin User read-data read:data",
			"admin admin User read-member read:member", "admin admin User remove-member remove:member",
			"admin admin User update-member-role update:member:role", "admin admin User write-data write:data",
			"collaborator collaborator User delete-data delete:data", "collaborator collaborator User read-data read:data",
			"collaborator collaborator User read-member read:member", "collaborator collaborator User write-data write:data")
		wantRows(t, app, tenant.Default, `SELECT id FROM organizations WHERE tenant_id = $1`)
		wantRows(t, app, tenant.Default, `SELECT id FROM roles WHERE tenant_id = $1 AND name LIKE '#%'`, "admin-role")
		wantRows(t, app, tenant.Default, `SELECT id FROM applications WHERE tenant_id = $1`)
		wantRows(t, app, tenant.Admin, `SELECT a.id || ' ' || a.type || ' ' || coalesce(s.kind || ' ' || r.role_id, '-') FROM applications a
			LEFT JOIN application_secrets s ON s.tenant_id = a.tenant_id AND s.application_id = a.id
			LEFT JOIN application_roles r ON r.tenant_id = a.tenant_id AND r.application_id = a.id WHERE a.tenant_id = $1`,
			"admin-console SPA -", "m-admin MachineToMachine internal m-admin", "m-default MachineToMachine internal m-default")
		for _, tenantID := range []string{tenant.Default, tenant.Admin} {
			for _, table := range []string{"users", "sessions", "audit_logs", "outbox_events"} {
				if n := app.Count(t, tenantID, table, "TRUE"); n != 0 {
					t.Errorf("%s begins with %d %s", tenantID, n, table)
				}
			}
			tokens, err := settings.GetIDToken(t.Context(), app.Pool.For(tenantID))
			if err != nil || !slices.Equal(tokens.EnabledExtendedClaims, []string{"roles", "organizations", "organization_roles"}) {
				t.Errorf("%s: extended claims %q, %v", tenantID, tokens.EnabledExtendedClaims, err)
			}
		}
	})
}

const rolesWithScopes = `SELECT r.name || ' ' || r.type || ' ' || a.indicator || ' ' || s.name FROM roles r
	JOIN role_scopes rs ON rs.tenant_id = r.tenant_id AND rs.role_id = r.id
	JOIN scopes s ON s.tenant_id = r.tenant_id AND s.id = rs.scope_id
	JOIN resources a ON a.tenant_id = r.tenant_id AND a.id = s.resource_id WHERE r.tenant_id = $1`

func wantRows(t *testing.T, app *apptest.App, tenantID, query string, want ...string) {
	t.Helper()
	got, err := db.All[string](t.Context(), app.Pool.For(tenantID), query)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", tenantID, got, want)
	}
}

// The settings of a fresh installation: people of the default tenant can add a
// security key, nobody is interrupted, and operators register first.
func TestSeed_Settings(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		ours, err := signinexp.Get(t.Context(), app.Pool.For(tenant.Default))
		if err != nil {
			t.Fatal(err)
		}
		if ours.SignInMode != signinexp.ModeSignInAndRegister || ours.MFA.Policy != signinexp.PolicyNoPrompt ||
			!slices.Equal(ours.MFA.Factors, []signinexp.Factor{signinexp.FactorWebAuthn}) ||
			ours.Color != (signinexp.Color{PrimaryColor: "#6139F6", DarkPrimaryColor: "#8768F8"}) {
			t.Errorf("default: %+v", ours.Published)
		}
		theirs, err := signinexp.Get(t.Context(), app.Pool.For(tenant.Admin))
		if err != nil {
			t.Fatal(err)
		}
		if theirs.SignInMode != signinexp.ModeRegister || !theirs.Color.IsDarkModeEnabled || theirs.MFA.Policy != signinexp.PolicyNoPrompt ||
			theirs.MFA.OrganizationRequiredMFAPolicy != signinexp.OrganizationMandatory ||
			!slices.Equal(theirs.MFA.Factors, []signinexp.Factor{"Totp", "WebAuthn", "BackupCode"}) {
			t.Errorf("admin: %+v", theirs.Published)
		}
		for tenantID, fields := range map[string]string{
			tenant.Default: "avatar mfa name passkey password profile session username",
			tenant.Admin:   "avatar customData email mfa name passkey password phone profile session social username",
		} {
			center, err := accountcenter.Get(t.Context(), app.Pool.For(tenantID))
			if err != nil {
				t.Fatal(err)
			}
			var editable []string
			for _, f := range slices.Sorted(maps.Keys(center.Fields)) {
				if center.Editable(f) {
					editable = append(editable, string(f))
				}
			}
			if !center.Enabled || strings.Join(editable, " ") != fields {
				t.Errorf("%s: enabled %v, editable %q, want %q", tenantID, center.Enabled, editable, fields)
			}
		}
	})
}
