package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/db/dbtest"
)

// password is one that every policy accepts.
const password = apptest.Password

func TestCommandLine_SaysWhatItExpects(t *testing.T) {
	t.Parallel()
	in := install(t)
	for _, args := range [][]string{{}, {"--help"}} {
		if out := in.run(args...); !strings.Contains(out, "user reset-mfa") || !strings.Contains(out, "--json") {
			t.Errorf("help with %q: %s", args, out)
		}
	}
	for _, empty := range []string{"", "\n", "\r\n"} {
		in.fails(empty, []string{"user", "create", "robin", "--password-stdin"}, "no password")
	}
	in.fails("", []string{"nonsense"}, "nonsense", "--help")
	in.fails("", []string{"app"}, "create", "list")
	in.fails("", []string{"app", "create", "X"}, "--redirect-uri")
	in.fails("", []string{"user", "create"}, "username")
	in.fails("", []string{"keys", "list", "--tenant", "nope"}, "default", "admin")
	in.fails("", []string{"user", "list", "--limit", "many"}, "--limit")
	// A password on the command line would be everybody's to read.
	in.fails("", []string{"user", "create", "robin", "--password", password}, "--password")
	in.fails("", []string{"user", "create", "robin", "--password-stdin"}, "no password")
}

func TestCommandLine_PrintsItsVersion(t *testing.T) {
	t.Parallel()
	in := install(t)
	if out := in.run("version"); !strings.HasPrefix(out, "signet ") {
		t.Errorf("version: %q", out)
	}
	var v struct{ Version string }
	if in.json(&v, "", "version"); v.Version == "" {
		t.Error("no version as JSON")
	}
}

func TestCommands_NeedADatabase(t *testing.T) {
	t.Parallel()
	in := install(t)
	for _, args := range [][]string{
		{"setup"}, {"app", "create", "X", "--redirect-uri", "https://x.example/cb"}, {"app", "list"}, {"user", "create", "robin"},
		{"user", "list"}, {"user", "set-password", "robin"}, {"user", "reset-mfa", "robin"}, {"keys", "list"}, {"keys", "rotate"}, {"migrate", "--plan"},
		{"user", "export", "--format", "csv"}, {"user", "import", "-", "--format", "csv"}, {"user", "get", "robin"}, {"role", "list"}, {"resource", "list"},
	} {
		in.fails("", args, "no database", "signet serve", "DATA_DIR", "DB_URL")
	}
	if _, err := os.Stat(filepath.Join(in.dir, "data")); err == nil {
		t.Error("a command that failed left a data directory")
	}
}

func TestConfiguration_ErrorsNameTheVariable(t *testing.T) {
	t.Parallel()
	in := install(t, "ENDPOINT=ftp://x", "LOG_FORMAT=xml")
	in.fails("", []string{"serve"}, "ENDPOINT", "http")
	in = install(t, "SECRET_VAULT_KEK=c2hvcnQ=")
	in.fails("", []string{"serve"}, "32")
	in = install(t, "DB_URL=postgres://nobody:hunter2@127.0.0.1:1/x?connect_timeout=1")
	in.fails("", []string{"serve"}, "SECRET_VAULT_KEK")
}

func TestMigrate_PlansAndRuns(t *testing.T) {
	t.Parallel()
	in := install(t)
	var plan struct{ Pending []string }
	if in.json(&plan, "", "migrate"); plan.Pending == nil || len(plan.Pending) != 0 {
		t.Errorf("after migrate: %v", plan)
	}
	if in.json(&plan, "", "migrate", "--plan"); len(plan.Pending) != 0 {
		t.Errorf("pending afterwards: %v", plan)
	}
	// What migrate leaves is complete: commands work before the first start.
	if out := in.run("user", "create", "robin"); !strings.Contains(out, "robin") {
		t.Errorf("user create: %s", out)
	}
	s := in.serve()
	in.fails("", []string{"migrate"}, "data", "another")
	in.fails("", []string{"serve"}, "data", "another")
	s.stop(t)
}

func TestCommands_WorkOnPostgres(t *testing.T) {
	t.Parallel()
	in := install(t, "DB_URL="+dbtest.PostgresOptions(t).URL, "SECRET_VAULT_KEK="+base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstuv")))
	if out := in.run("migrate", "--plan"); !strings.Contains(out, "Nothing to do") {
		t.Errorf("plan: %s", out)
	}
	in.run("migrate")
	var created struct{ ID, Password string }
	in.json(&created, "", "user", "create", "robin")
	var listed []struct{ ID string }
	if in.json(&listed, "", "user", "list"); len(listed) != 1 || listed[0].ID != created.ID || len(created.Password) < 16 {
		t.Errorf("listed %v, created %v", listed, created)
	}
}

// client reads what app create printed.
func (in *installation) client(args ...string) *apptest.Client {
	in.t.Helper()
	var a struct {
		ID, Secret   string
		RedirectURIs []string `json:"redirectUris"`
	}
	in.json(&a, "", append([]string{"app", "create"}, args...)...)
	return &apptest.Client{Secret: a.Secret, Application: &application.Application{
		ID: a.ID, OIDC: application.ClientMetadata{RedirectURIs: a.RedirectURIs},
	}}
}

// withRobin serves an installation with the user robin, and returns an
// application, made with the given flags, and a browser to sign in with.
func withRobin(t *testing.T, flags ...string) (*installation, *apptest.Client, *apptest.Browser) {
	t.Helper()
	in := install(t)
	in.serve()
	c := in.client(append([]string{"Tidewater", "--redirect-uri", apptest.CallbackURI}, flags...)...)
	in.runWith(password, "user", "create", "robin", "--password-stdin")
	return in, c, apptest.NewBrowser(t, in.url)
}

// Everything that a new operator does, beside a running server.
func TestCommands_WorkBesideARunningServer(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve()
	c := in.client("Tidewater", "--redirect-uri", apptest.CallbackURI, "--redirect-uri", "https://other.example/cb")
	if c.Secret == "" || len(c.OIDC.RedirectURIs) != 2 {
		t.Fatalf("created %+v", c)
	}
	var apps []struct{ ID, Secret, Type string }
	if in.json(&apps, "", "app", "list"); len(apps) != 1 || apps[0].ID != c.ID || apps[0].Secret != "" || apps[0].Type != "Traditional" {
		t.Errorf("app list: %v", apps)
	}
	in.fails("", []string{"app", "create", "X", "--redirect-uri", "javascript:alert(1)"}, "redirectUris")
	in.runWith(password+"\n", "user", "create", "robin", "--password-stdin", "--name", "Robin")
	in.fails(password, []string{"user", "create", "robin", "--password-stdin"}, "taken")
	in.fails("12345678", []string{"user", "create", "casey", "--password-stdin"}, "password", "sequences")
	in.fails(password, []string{"user", "create", "not a name", "--password-stdin"})
	var users []struct {
		ID, Username, Name, Password string
	}
	if in.json(&users, "", "user", "list"); len(users) != 1 || users[0].Name != "Robin" || users[0].Password != "" {
		t.Errorf("user list: %v", users)
	}
	b := apptest.NewBrowser(t, in.url)
	tokens := b.Redeem(c, b.SignIn(c, "robin", password))
	if tokens.ID == "" {
		t.Error("no ID token")
	}
	events := rows[string](in, `SELECT name FROM outbox_events ORDER BY id`)
	if !slices.Contains(events, "User.Created") {
		t.Errorf("events: %q", events)
	}
	s.stop(t)
	if !slices.Contains(rows[string](in, `SELECT key FROM audit_logs`), "CommandLine.User.Create") {
		t.Error("not audited")
	}
}

// A new password and a reset of factors end what was signed in.
func TestUserCommands_EndSessionsAndAreAudited(t *testing.T) {
	t.Parallel()
	in, c, b := withRobin(t, "--type", "SPA")
	old := b.Redeem(c, b.SignIn(c, "robin", password, "prompt", "consent", "scope", "openid offline_access"))

	var set struct{ ID, Password string }
	in.json(&set, "", "user", "set-password", "robin")
	if len(set.Password) < 16 || set.Password == password {
		t.Fatalf("generated password %q", set.Password)
	}
	wantSignedOut(t, b, c, old)
	b = apptest.NewBrowser(t, in.url)
	b.Authorize(c)
	b.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
	if a := b.VerifyPassword("robin", password); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the old password: %d %s", a.StatusCode, a.Text)
	}
	in.runWith(password, "user", "set-password", set.ID, "--password-stdin")

	b = apptest.NewBrowser(t, in.url)
	b.AccountToken(c, "robin")
	b.StepUp()
	key := softkey.New()
	b.AddPasskey(key)
	second := apptest.NewBrowser(t, in.url)
	second.Identify(c, "robin", password, "prompt", "consent", "scope", "openid offline_access")
	if a := second.VerifyPasskey(key); a.StatusCode != http.StatusOK {
		t.Fatalf("the key: %d %s", a.StatusCode, a.Text)
	}
	old = second.Redeem(c, second.Submit())
	var reset struct {
		ID      string
		Removed int
	}
	if in.json(&reset, "", "user", "reset-mfa", "robin"); reset.Removed != 1 || reset.ID != set.ID {
		t.Errorf("reset: %+v", reset)
	}
	wantSignedOut(t, second, c, old)
	third := apptest.NewBrowser(t, in.url)
	third.Redeem(c, third.SignIn(c, "robin", password)) // without the key

	in.fails("", []string{"user", "reset-mfa", "nobody"}, "nobody")
	in.fails(password, []string{"user", "set-password", "robin", "--tenant", "admin", "--password-stdin"}, "no user")
	for _, key := range []string{"CommandLine.User.SetPassword", "CommandLine.User.ResetMfa"} {
		if !slices.Contains(rows[string](in, `SELECT key FROM audit_logs WHERE is_success`), key) {
			t.Errorf("%s is not audited", key)
		}
	}
	if all := strings.Join(rows[string](in, `SELECT CAST(payload AS TEXT) FROM audit_logs`), ""); strings.Contains(all, password) || strings.Contains(all, set.Password) {
		t.Error("a password is in the audit trail")
	}
}

// wantSignedOut demands that neither browser nor tokens are good for anything.
func wantSignedOut(t *testing.T, b *apptest.Browser, c *apptest.Client, tokens apptest.Tokens) {
	t.Helper()
	if a := b.Authorize(c, "prompt", "none"); !strings.Contains(a.Header.Get("Location"), "error=login_required") {
		t.Errorf("the session lives: %s", a.Header.Get("Location"))
	}
	if a := b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+tokens.Access); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the access token lives: %d", a.StatusCode)
	}
	a := b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}})
	if a.String("error") != "invalid_grant" {
		t.Errorf("the refresh token lives: %d %s", a.StatusCode, a.Text)
	}
}

// A rotation is seen at once, and what the old key signed still verifies.
func TestKeysRotate_OldTokensStillVerify(t *testing.T) {
	t.Parallel()
	in, c, b := withRobin(t)
	old := keyID(t, b.Redeem(c, b.SignIn(c, "robin", password)).ID)

	var keys []struct{ ID, Status, Algorithm string }
	in.json(&keys, "", "keys", "rotate")
	if len(keys) != 2 {
		t.Fatalf("keys %v", keys)
	}
	var listed []struct{ ID, Status, Algorithm string }
	if in.json(&listed, "", "keys", "list"); !slices.Equal(listed, keys) {
		t.Errorf("list %v, rotate said %v", listed, keys)
	}
	var jwks struct{ Keys []struct{ Kid string } }
	fresh := ""
	// Another process changed the keys; the server notices within a second.
	for range 200 {
		b := apptest.NewBrowser(t, in.url)
		if fresh = keyID(t, b.Redeem(c, b.SignIn(c, "robin", password)).ID); fresh != old {
			break
		}
	}
	b.Do(http.MethodGet, "/oidc/jwks", "").JSON(t, &jwks)
	published := []string{}
	for _, key := range jwks.Keys {
		published = append(published, key.Kid)
	}
	if fresh == old || !slices.Contains(published, old) || !slices.Contains(published, fresh) {
		t.Errorf("old key %s, new key %s, published %q", old, fresh, published)
	}
}

func keyID(t *testing.T, token string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Kid string }
	if err := json.Unmarshal(raw, &header); err != nil || header.Kid == "" {
		t.Fatalf("%s: %v", raw, err)
	}
	return header.Kid
}

var setupLink = regexp.MustCompile(`http://localhost:\d+/admin/setup\?token=([\w-]+)`)

// Attack 58: the link is printed where it was asked for and logged nowhere,
// whatever the log level.
func TestSetup_LinkIsReplacedAndNeverLogged(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve()
	first := setupLink.FindStringSubmatch(s.printed)
	if first == nil {
		t.Fatalf("no link in %q", s.printed)
	}
	var replaced struct{ URL string }
	in.json(&replaced, "", "setup")
	second := setupLink.FindStringSubmatch(replaced.URL)
	if second == nil || second[1] == first[1] {
		t.Fatalf("setup printed %q", replaced.URL)
	}
	in.wantTrail("Setup")
	if all := strings.Join(rows[string](in, `SELECT CAST(payload AS TEXT) FROM audit_logs`), ""); strings.Contains(all, second[1]) {
		t.Error("the link is in the audit trail")
	}
	b := apptest.NewBrowser(t, in.url+"/admin")
	exchange := func(token string) *apptest.Answer {
		b.Visit("/setup?token=" + token)
		return b.Do(http.MethodPost, "/setup?token="+token, url.Values{"setup_token": {token}}.Encode())
	}
	if a := exchange(first[1]); a.StatusCode != http.StatusForbidden {
		t.Errorf("the first link: %d", a.StatusCode)
	}
	a := exchange(second[1])
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the second link: %d %.300s", a.StatusCode, a.Text)
	}
	cookie := b.Cookie("/", "_setup_admin")
	page := b.Then(b.Send(b.Then(a), "username", "ada", "password", password))
	if page.Request.URL.Path != "/admin/account" {
		t.Fatalf("it ends at %s: %.500s", page.Request.URL, page.Text)
	}
	in.fails("", []string{"setup"}, "administrator already", "/admin/account")
	s.stop(t)
	log := s.log()
	if !strings.Contains(log, "/setup") {
		t.Fatal("the log does not show the requests: this test proves nothing")
	}
	for _, secret := range []string{first[1], second[1], cookie, password} {
		if strings.Contains(log, secret) {
			t.Errorf("the log contains %q", secret)
		}
	}
	again := in.serve()
	if strings.Contains(again.printed, "setup") {
		t.Errorf("a link after setup: %s", again.printed)
	}
	again.stop(t)
}

// Whoever may run commands needs no link: the first user of the admin tenant is
// its administrator, and nobody else can register there afterwards.
func TestUserCreate_InTheAdminTenantCompletesSetup(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.serve()
	in.runWith(password, "user", "create", "ada", "--tenant", "admin", "--password-stdin")
	in.runWith(password, "user", "create", "bob", "--tenant", "admin", "--password-stdin")
	got := rows[string](in, `SELECT u.username || ' ' || r.name FROM user_roles ur JOIN roles r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
		JOIN users u ON u.tenant_id = ur.tenant_id AND u.id = ur.user_id ORDER BY r.name`)
	if !slices.Equal(got, []string{"ada default:admin", "ada user"}) {
		t.Errorf("roles: %q", got)
	}
	if mode := rows[string](in, `SELECT sign_in_mode FROM sign_in_experiences WHERE tenant_id = 'admin'`); !slices.Equal(mode, []string{"SignIn"}) {
		t.Errorf("mode: %q", mode)
	}
}

// A new operator sees where to go.
func TestServe_PrintsWhereToGo(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serveUntil("The setup link")
	for _, want := range []string{in.url + "/oidc\n", in.url + "/account\n", in.url + "/demo-app\n", in.url + "/admin/setup?token="} {
		if !strings.Contains(s.printed, want) {
			t.Errorf("%q is missing in %s", want, s.printed)
		}
	}
	s.stop(t)
}

// What serving prints can be read by programs too.
func TestServe_PrintsJSON(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve()
	var a struct{ Issuer, Account, Demo, Setup string }
	if err := json.Unmarshal([]byte(s.printed), &a); err != nil || a.Issuer != in.url+"/oidc" || a.Setup == "" {
		t.Errorf("printed %q: %v", s.printed, err)
	}
	if res := apptest.NewBrowser(t, in.url).Do(http.MethodGet, "/readyz", ""); res.StatusCode != http.StatusNoContent {
		t.Errorf("ready, but /readyz says %d", res.StatusCode)
	}
	s.stop(t)
}

// A server that is told to stop ends what it has begun; told twice, it ends at once.
func TestServe_StopsAtOnceWhenToldTwice(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(in.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// A request whose body is yet to come. Its answer would be the first line.
	_, err = fmt.Fprintf(conn, "POST /oidc/token HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", strings.TrimPrefix(in.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	tell := func() {
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	tell()
	select {
	case err := <-s.done:
		t.Fatalf("it did not wait for the request: %v", err)
	case <-time.After(time.Second):
	}
	tell()
	select {
	case err := <-s.done:
		if err == nil {
			t.Error("it says that all went well")
		}
	case <-time.After(5 * time.Second):
		t.Error("it goes on")
	}
}
