package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/proto"
)

// television registers an application that signs devices in.
func television(t *testing.T, app *apptest.App, change ...func(*application.Application)) *apptest.Client {
	t.Helper()
	yes := true
	wanted := application.Application{Name: "Tidewater TV", Type: application.Native, OIDC: application.ClientMetadata{RedirectURIs: []string{}}}
	wanted.Custom.IsDeviceFlow = &yes
	for _, c := range change {
		c(&wanted)
	}
	return app.CreateApp(t, wanted)
}

// device is a program without a browser that waits for a person.
type device struct {
	t      *testing.T
	app    *apptest.App
	client *apptest.Client
	answer *apptest.Answer
}

// ask has a device ask for a code. pairs change the parameters; a comma separates
// several values.
func ask(t *testing.T, app *apptest.App, c *apptest.Client, pairs ...string) *apptest.Answer {
	t.Helper()
	form := url.Values{"client_id": {c.ID}, "scope": {"openid offline_access profile"}}
	for i := 0; i < len(pairs); i += 2 {
		form[pairs[i]] = strings.Split(pairs[i+1], ",")
	}
	return app.Browser(t).Do("POST", "/oidc/device/auth", form.Encode())
}

// waiting is ask for a request that must be taken.
func waiting(t *testing.T, app *apptest.App, c *apptest.Client, pairs ...string) *device {
	t.Helper()
	d := &device{t, app, c, ask(t, app, c, pairs...)}
	if d.answer.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", d.answer.StatusCode, d.answer.Text)
	}
	return d
}

func (d *device) userCode() string { return d.answer.String("user_code") }

// poll asks for the tokens. pairs are further parameters.
func (d *device) poll(pairs ...string) *apptest.Answer {
	d.t.Helper()
	form := url.Values{"grant_type": {proto.GrantDeviceCode}, "device_code": {d.answer.String("device_code")}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return d.app.Browser(d.t).Token(d.client, form)
}

// polls is poll for a known outcome, an OAuth error or none.
func (d *device) polls(status int, code string, pairs ...string) *apptest.Answer {
	d.t.Helper()
	a := d.poll(pairs...)
	if a.StatusCode != status || a.String("error") != code {
		d.t.Errorf("the device gets %d %s, want %d %q", a.StatusCode, a.Text, status, code)
	}
	return a
}

// opened returns the browser of a person who has opened the page for codes.
func opened(t *testing.T, app *apptest.App) *apptest.Browser {
	t.Helper()
	b := app.Browser(t)
	leads(t, b.Do("GET", "/device", ""), http.StatusFound, "/oidc/device")
	leads(t, b.Do("GET", "/oidc/device", ""), http.StatusSeeOther, "/device")
	return b
}

func leads(t *testing.T, a *apptest.Answer, status int, target string) {
	t.Helper()
	if a.StatusCode != status || a.Header.Get("Location") != target {
		t.Errorf("%s: %d to %q, want %d to %q; %.200s", a.Request.URL, a.StatusCode, a.Header.Get("Location"), status, target, a.Text)
	}
}

// post sends the form of the page for codes; pairs are its fields.
func post(b *apptest.Browser, pairs ...string) *apptest.Answer {
	form := url.Values{"xsrf": {b.Cookie("/device", "_logto_device_flow_xsrf")}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.Do("POST", "/oidc/device", form.Encode())
}

// confirm has a person confirm the device's code and give their password.
func (d *device) confirm(b *apptest.Browser, username string) {
	d.t.Helper()
	leads(d.t, post(b, "user_code", d.userCode(), "confirm", "yes"), http.StatusSeeOther, "/sign-in?app_id="+d.client.ID)
	identify(b, username)
}

// identify gives the password in the sign-in that the browser takes part in.
func identify(b *apptest.Browser, username string) {
	b.Step("PUT", "", `{"interactionEvent":"SignIn"}`)
	id := b.VerifyPassword(username, apptest.Password).String("verificationId")
	b.Step("POST", "/identification", `{"verificationId":"`+id+`"}`)
}

// submitted ends the sign-in and returns where the browser is then.
func (d *device) submitted(b *apptest.Browser) string {
	d.t.Helper()
	return d.follow(b, b.Step("POST", "/submit", "").String("redirectTo"))
}

// confirmed is confirm and submitted.
func (d *device) confirmed(b *apptest.Browser, username string) string {
	d.t.Helper()
	d.confirm(b, username)
	return d.submitted(b)
}

// follow goes where redirects lead and returns the path of the page there.
func (d *device) follow(b *apptest.Browser, target string) string {
	d.t.Helper()
	for range 12 {
		next := b.Do("GET", target, "").Header.Get("Location")
		if next == "" {
			return strings.TrimPrefix(target, d.app.URL)
		}
		target = next
	}
	d.t.Fatalf("redirects without end, last to %s", target)
	return ""
}

// approve has a person confirm the code and sign in.
func (d *device) approve(username string) {
	d.t.Helper()
	if at := d.confirmed(opened(d.t, d.app), username); at != "/device/success" {
		d.t.Fatalf("the person ends at %q", at)
	}
}
