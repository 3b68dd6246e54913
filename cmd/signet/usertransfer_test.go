package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/platform/db/dbtest"
)

func (in *installation) file(name, text string) string {
	in.t.Helper()
	if err := os.WriteFile(filepath.Join(in.dir, name), []byte(text), 0o600); err != nil {
		in.t.Fatal(err)
	}
	return name
}

type imported struct {
	Imported, Skipped, Refused int
	DryRun                     bool
}

// Users of another system come beside a running server and sign in with their
// old passwords.
func TestUserImport_PeopleSignIn(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve()
	c := in.client("Tidewater", "--redirect-uri", apptest.CallbackURI)
	in.file("users.ndjson", `{"username":"robin","passwordDigest":"ed1263a5c9cca565fb01886c6b55303842ef2190eeb91866389d74e6b3faebed","passwordAlgorithm":"SHA256"}`+"\n")
	in.file("users.csv", "username,password,roles\ncasey,"+password+",\n")
	var got imported
	if in.json(&got, "", "user", "import", "users.ndjson", "--dry-run"); got != (imported{Imported: 1, DryRun: true}) {
		t.Errorf("dry run: %+v", got)
	}
	if n := rows[int](in, `SELECT count(*) FROM users`); n[0] != 0 {
		t.Errorf("a dry run left %d users", n[0])
	}
	for _, file := range []string{"users.ndjson", "users.csv"} {
		if in.json(&got, "", "user", "import", file); got != (imported{Imported: 1}) {
			t.Errorf("%s: %+v", file, got)
		}
		if _, err := os.Stat(filepath.Join(in.dir, file+".signet-import")); !os.IsNotExist(err) {
			t.Errorf("%s: the state is still there: %v", file, err)
		}
	}
	for name, secret := range map[string]string{"robin": "sha256 password", "casey": password} {
		b := apptest.NewBrowser(t, in.url)
		b.Authorize(c)
		b.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
		if a := b.VerifyPassword(name, secret); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.Text)
		}
	}
	s.stop(t)
	if !slices.Contains(rows[string](in, `SELECT key FROM audit_logs WHERE is_success`), "CommandLine.User.Import") {
		t.Error("not audited")
	}
}

// Refused rows are said, written down and make the command fail; the others are
// there.
func TestUserImport_ReportsWhatItRefuses(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	in.file("users.ndjson", `{"username":"ada"}`+"\n{broken\n"+`{"username":"ada","password":"hunter2!"}`+"\n"+`{"username":"bob"}`+"\n")
	cmd := in.command("user", "import", "users.ndjson", "--report", "refused.ndjson")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err == nil || !strings.Contains(stdout.String(), "Imported 2 users, skipped 0, refused 2") {
		t.Errorf("%v: %s", err, stdout.String())
	}
	for _, want := range []string{"line 2: request.malformed_json: ", "line 3: user.username_already_in_use: This username is taken.", "signet: 2 rows are refused"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("%q is missing in %s", want, stderr.String())
		}
	}
	report, err := os.ReadFile(filepath.Join(in.dir, "refused.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	var last struct {
		Line          int
		Code, Message string
	}
	lines := strings.Split(strings.TrimSpace(string(report)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || len(lines) != 2 || last.Line != 3 || last.Code != "user.username_already_in_use" || last.Message == "" {
		t.Errorf("report %s, %v", report, err)
	}
	if strings.Contains(string(report)+stderr.String(), "hunter2") {
		t.Error("a password is in the report")
	}
	var got imported
	if in.json(&got, `{"username":"ada"}`, "user", "import", "-", "--format", "ndjson", "--skip-existing"); got != (imported{Skipped: 1}) {
		t.Errorf("a second run: %+v", got)
	}
	in.fails("{}", []string{"user", "import", "-"}, "--format")
	in.fails("", []string{"user", "import", "users.txt"}, "--format")
	in.fails("", []string{"user", "import", "nowhere.csv"}, "nowhere.csv")
	in.fails("{}", []string{"user", "import", "-", "--format", "ndjson", "--tenant", "admin"}, "administrator")
	if n := rows[int](in, `SELECT count(*) FROM users`); n[0] != 2 {
		t.Errorf("%d users", n[0])
	}
}

// From SQLite into PostgreSQL and back, nobody changes.
func TestUserExport_RoundTripAcrossEngines(t *testing.T) {
	t.Parallel()
	lite := install(t)
	pg := install(t, "DB_URL="+dbtest.PostgresOptions(t).URL, "SECRET_VAULT_KEK="+base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstuv")))
	lite.run("migrate")
	pg.run("migrate")
	text := ""
	for i := range 700 {
		text += fmt.Sprintf(`{"username":"u_%d","name":"Person \"%d\", ÄÖ","customData":{"n":%d},"roles":["editor"],"passwordDigest":"$2a$10$x","passwordAlgorithm":"Bcrypt"}`+"\n", i, i, i)
	}
	lite.file("users.ndjson", text)
	for _, in := range []*installation{lite, pg} {
		in.run("role", "create", "editor", "--description", "Edits.")
	}
	lite.run("user", "import", "users.ndjson")
	first := lite.run("user", "export", "--format", "csv", "--with-hashes")
	pg.file("first.csv", first)
	pg.run("user", "import", "first.csv")
	if second := pg.run("user", "export", "--format", "csv", "--with-hashes"); second != first {
		t.Errorf("it differs: %.600s\nand\n%.600s", first, second)
	}
	var written struct{ Exported int }
	if lite.json(&written, "", "user", "export", "all.ndjson"); written.Exported != 700 {
		t.Errorf("%d", written.Exported)
	}
	info, err := os.Stat(filepath.Join(lite.dir, "all.ndjson"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	lite.fails("", []string{"user", "export", "all.ndjson"}, "exists")
}

// A killed import goes on where it was: every row becomes one user, though no
// row has an identifier.
func TestUserImport_SurvivesKill(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	const n = 12000
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `{"name":"n%d","profile":{"locale":"en"}}`+"\n", i)
	}
	state := filepath.Join(in.dir, in.file("users.ndjson", text.String())+".signet-import")
	for range 3 {
		before, _ := os.ReadFile(state)
		cmd := in.command("user", "import", "users.ndjson")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		// Three changes of the state are at least one batch.
		for changes, last := 0, string(before); changes < 3; {
			now, err := os.ReadFile(state)
			if err == nil && string(now) != last {
				changes, last = changes+1, string(now)
			}
			if len(ended) > 0 {
				t.Fatal("it ended before it was killed: this test proves nothing")
			}
		}
		_ = cmd.Process.Kill()
		<-ended
	}
	if there := rows[int](in, `SELECT count(*) FROM users`); there[0] == 0 || there[0] == n {
		t.Fatalf("%d users when it was killed: this test proves nothing", there[0])
	}
	var got imported
	if in.json(&got, "", "user", "import", "users.ndjson"); got != (imported{Imported: n}) {
		t.Errorf("%+v", got)
	}
	if there := rows[int](in, `SELECT count(DISTINCT name) * 100000 + count(*) FROM users`); there[0] != n*100000+n {
		t.Errorf("names and users: %d", there[0])
	}
}

// A slip of the shell's completion must not cost the file.
func TestUserImport_ReportIsNotTheFile(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	const users = `{"username":"robin"}` + "\n"
	file := filepath.Join(in.dir, in.file("users.ndjson", users))
	if err := os.Link(file, filepath.Join(in.dir, "other")); err != nil {
		t.Fatal(err)
	}
	for _, report := range []string{"users.ndjson", "./users.ndjson", "other"} {
		for _, more := range [][]string{nil, {"--dry-run"}} {
			in.fails("", append([]string{"user", "import", "users.ndjson", "--report", report}, more...), "--report")
		}
	}
	if left, err := os.ReadFile(file); err != nil || string(left) != users {
		t.Errorf("the file is now %q, %v", left, err)
	}
	if n := rows[int](in, `SELECT count(*) FROM users`)[0]; n != 0 {
		t.Errorf("%d users", n)
	}
}
