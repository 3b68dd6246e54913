package peers_test

import (
	"os"
	"path/filepath"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// The words of docs/tutorials/first-application.md, step by step.
func TestTutorial_FirstApplication(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	home, socket := listening(t)
	c := fixture.App(t, app, application.Traditional, home+"/callback", home+"/")
	folder := howTo(t, app, "../tutorials/first-application.md", "http://localhost:8080", home, "app.listen(8080)", "app.listen({ fd: 3 })")
	start := func(settings ...string) (stop func()) {
		cmd := nodeWith(t, filepath.Join(folder, "server.mjs"))
		cmd.Env = append(cmd.Env, append(settings, "CLIENT_ID="+c.ID, "CLIENT_SECRET="+c.Secret, "SESSION_SECRET=of the application")...)
		cmd.ExtraFiles, cmd.Stderr = []*os.File{socket}, t.Output()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	stop := start()
	p := browser.New(t, browser.Options{})
	p.PlugIn(browser.KeyOptions{})

	p.Open(home)
	p.Heading("Who are you?")
	p.Click("Sign in")
	p.Click("Create account")
	p.Fill("Username", username)
	p.Fill("Password", apptest.Password)
	p.Click("Create account")
	p.Heading("Hello " + username)

	addPasskey := func() {
		p.Heading("Check that it is you")
		p.Fill("Password", apptest.Password)
		p.Click("Continue")
		p.Heading("Create a passkey")
		p.Click("Security key")
		p.Heading("Name your passkey")
		p.Click("Save name")
	}
	p.Open(app.URL + "/account")
	p.Click("Add", "Passkeys")
	addPasskey()
	p.Heading("Account settings")

	p.Open(home)
	p.Click("Sign out")
	p.Heading("Who are you?")
	p.Click("Sign in")
	p.Fill("Username", username)
	p.Fill("Password", apptest.Password)
	p.Click("Sign in")
	p.Click("Verify via passkey")
	p.Heading("Hello " + username)
	p.Sees("Proved by: not asked")

	stop()
	stop = start("WANTED=phr")
	p.Open(home)
	p.Heading("Who are you?")
	p.Click("Sign in")
	p.Heading("Hello " + username)
	p.Sees("Proved by: pwd,hwk,mfa")

	fixture.User(t, app, "wren")
	p = browser.New(t, browser.Options{})
	p.PlugIn(browser.KeyOptions{})
	p.Open(home)
	p.Click("Sign in")
	p.Fill("Username", "wren")
	p.Fill("Password", apptest.Password)
	p.Click("Sign in")
	p.Heading("You need a passkey")
	p.Click("Add one")
	addPasskey()
	p.Heading("Check that it is you")
	p.Click("Verify via passkey")
	p.Heading("Hello wren")
	stop()
}
