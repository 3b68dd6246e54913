package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/breach"
	"signet/internal/platform/clock"
	"signet/internal/platform/fetch"
	"signet/internal/server"
	"signet/internal/tenant"
)

// breachedPassword is known to the service below; breachedSuffix is the end of
// its SHA-1.
const (
	breachedPassword = "Sunflower-Fields-7"
	breachedSuffix   = "E517CD20AF796AD7C2E07A68C7898CA2EBE"
)

// A password that is known from a breach cannot be chosen: not when signing up,
// not later.
func TestBreachedPassword_IsRefusedAtEveryDoor(t *testing.T) {
	t.Parallel()
	known := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/range/") && len(r.URL.Path) == len("/range/12345") {
			_, _ = w.Write([]byte(breachedSuffix + ":42\r\n"))
		}
	}))
	defer known.Close()
	checker := breach.New(known.URL, clock.System, fetch.Options{AllowPrivate: true})
	app := apptest.Start(t, apptest.With(func(o *server.Options) { o.Pwned = checker.Known }))
	client := app.CreateApp(t, application.Application{})

	b := app.Browser(t)
	b.Authorize(client)
	b.Step(http.MethodPut, "", `{"interactionEvent":"Register"}`)
	b.Step(http.MethodPost, "/profile", `{"type":"username","value":"robin"}`)
	a := b.Experience(http.MethodPost, "/profile", `{"type":"password","value":"`+breachedPassword+`"}`)
	if a.StatusCode != http.StatusUnprocessableEntity || a.Code() != "password.rejected" || !strings.Contains(a.Text, "password_rejected.pwned") {
		t.Errorf("register: %d %s", a.StatusCode, a.Text)
	}
	if n := app.Count(t, tenant.Default, "users", "username = $2", "robin"); n != 0 {
		t.Errorf("%d users", n)
	}
	if a := b.Experience(http.MethodPost, "/profile", `{"type":"password","value":"`+apptest.Password+`"}`); a.StatusCode != http.StatusNoContent {
		t.Errorf("another password: %d %s", a.StatusCode, a.Text)
	}
}
