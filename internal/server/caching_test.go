package server_test

import (
	"net/http"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
)

// What only some may read stays in no cache, neither of the browser nor between: a
// shared one knows nothing of the cookies that open the Experience API (RFC 9111
// section 3). It is tagged all the same, and whoever has it is told so.
func TestAnswers_BehindAGuardAreNotStored(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	c, o := app.CreateApp(t, application.Application{}), app.Operator(t)
	b := app.Browser(t)
	b.Authorize(c)
	b.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
	inside := app.Browser(t)
	inside.AccountToken(c, "robin")
	for name, a := range map[string]*apptest.Answer{
		"Experience API": b.Experience(http.MethodGet, "/interaction", ""),
		"Account API":    inside.Account(http.MethodGet, "/api/my-account", ""),
		"Management API": o.Want(http.StatusOK, http.MethodGet, "/api/applications/"+c.ID+"/secrets", ""),
		"Hasura":         get(t, app.URL+"/api/authn/hasura?resource=https://api.example.com", "Authorization", "Bearer x"),
		"a change":       o.Want(http.StatusOK, http.MethodPatch, "/api/applications/"+c.ID, `{"description":"x"}`),
	} {
		if a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q", name, a.StatusCode, a.Header.Get("Cache-Control"))
		}
	}
	tag := inside.Account(http.MethodGet, "/api/my-account", "").Header.Get("ETag")
	if a := inside.Account(http.MethodGet, "/api/my-account", "", "If-None-Match", tag); a.StatusCode != http.StatusNotModified || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("again: %d %q", a.StatusCode, a.Header.Get("Cache-Control"))
	}
	if a := get(t, app.URL+"/api/.well-known/sign-in-exp"); a.Header.Get("Cache-Control") == "no-store" {
		t.Error("what everybody may read is not stored either")
	}
}
