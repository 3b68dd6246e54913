package peers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// named finds the programs of a how-to: blocks of code below a line that is the
// name of a file.
var named = regexp.MustCompile("(?m)^`([\\w.]+)`:\n\n```\\w+\n((?s:.*?)\n)```$")

// howTo writes the programs of docs/how-to/name into a folder beside the clients,
// with the addresses of the test in place of those that stand there: pairs of old
// and new.
func howTo(t *testing.T, app *apptest.App, name string, pairs ...string) (folder string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/how-to/" + name)
	if err != nil {
		t.Fatal(err)
	}
	folder = besideClients(t)
	files := named.FindAllStringSubmatch(string(text), -1)
	if len(files) == 0 {
		t.Fatalf("%s has no program", name)
	}
	for _, file := range files {
		program := file[2]
		for i, pairs := 0, append(pairs, "http://localhost:3001", app.URL); i < len(pairs); i += 2 {
			program = strings.ReplaceAll(program, pairs[i], pairs[i+1])
		}
		if err := os.WriteFile(filepath.Join(folder, file[1]), []byte(program), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestHowTo_SinglePageApp(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	var folder string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.FileServer(http.Dir(folder)).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c := fixture.App(t, app, application.SPA, server.URL+"/", server.URL+"/")
	folder = howTo(t, app, "sign-in-on-a-single-page-app.md", "http://localhost:8080", server.URL, "CLIENT_ID", c.ID)
	s := &spa{Page: browser.New(t, browser.Options{}), URL: server.URL}
	s.Open(s.URL)
	s.Heading("Who are you?")
	s.Click("Sign in")
	s.signIn()
	s.Reload()
	s.Heading("Hello " + username)
	s.Click("Sign out")
	s.Heading("Who are you?")
	s.AtURL(server.URL + "/")
	s.Click("Sign in")
	s.Heading("Sign in")
}

func TestHowTo_WebApp(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	home, socket := listening(t)
	c := fixture.App(t, app, application.Traditional, home+"/callback", home+"/")
	cmd := nodeFor(t, app, c, "howto-web-app.mjs")
	folder := howTo(t, app, "sign-in-on-a-web-app.md", "http://localhost:8080", home, "app.listen(8080)", "app.listen({ fd: 3 })")
	cmd.Env = append(cmd.Env, "PROGRAM="+filepath.Join(folder, "server.mjs"), "SESSION_SECRET=of the application", "SOCKET=yes")
	cmd.ExtraFiles = []*os.File{socket}
	run(t, cmd)
}

func TestHowTo_NativeApp(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	fixture.User(t, app, username)
	c := fixture.App(t, app, application.Native, "http://127.0.0.1/callback", postLogout)
	cmd := nodeFor(t, app, c, "howto-native-app.mjs")
	cmd.Env = append(cmd.Env, "PROGRAM="+filepath.Join(howTo(t, app, "sign-in-on-a-native-app.md"), "tidewater.mjs"))
	run(t, cmd)
}

func TestHowTo_Machine(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.Shop(t, fixture.User(t, app, username))
	o := app.Operator(t)
	var scopes []struct{ ID, Name string }
	var resources []struct{ ID, Indicator string }
	o.Want(200, "GET", "/api/resources", "").JSON(t, &resources)
	for _, resource := range resources {
		if resource.Indicator == apptest.Orders {
			o.Want(200, "GET", "/api/resources/"+resource.ID+"/scopes", "").JSON(t, &scopes)
		}
	}
	for _, scope := range scopes {
		if scope.Name == "read:orders" {
			o.Want(200, "POST", "/api/roles", fmt.Sprintf(`{"name":"nightly","description":"Reads.","type":"MachineToMachine","scopeIds":[%q]}`, scope.ID))
		}
	}
	machine := app.CreateMachine(t, tenant.Default, "nightly")
	cmd := nodeFor(t, app, fixture.Client{ID: machine.ID, Secret: machine.Secret}, "howto-machine.mjs")
	cmd.Env = append(cmd.Env, "RESOURCE="+apptest.Orders, "PROGRAM="+filepath.Join(howTo(t, app, "call-an-api-from-a-machine.md"), "nightly.mjs"))
	run(t, cmd)
}

func TestHowTo_Organizations(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	cmd := node(t, app, application.Traditional, "howto-organizations.mjs")
	cmd.Env = append(cmd.Env, "PROGRAM="+filepath.Join(howTo(t, app, "work-with-organizations.md"), "organization.mjs"))
	run(t, cmd)
}
