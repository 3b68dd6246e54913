package main

import (
	"slices"
	"strings"
	"testing"

	"signet/internal/apptest"
)

// What the daily verbs change is in the lists, in the events and in the trail.
func TestUserVerbs(t *testing.T) {
	t.Parallel()
	in := install(t)
	s := in.serve()
	c := in.client("Tidewater", "--redirect-uri", apptest.CallbackURI, "--type", "SPA")
	in.runWith(password, "user", "create", "robin", "--password-stdin", "--name", "Robin")
	b := apptest.NewBrowser(t, in.url)
	old := b.Redeem(c, b.SignIn(c, "robin", password, "prompt", "consent", "scope", "openid offline_access"))

	var suspended struct{ IsSuspended bool }
	if in.json(&suspended, "", "user", "suspend", "robin"); !suspended.IsSuspended {
		t.Error("not suspended")
	}
	wantSignedOut(t, b, c, old)
	if in.json(&suspended, "", "user", "unsuspend", "robin"); suspended.IsSuspended {
		t.Error("still suspended")
	}
	b = apptest.NewBrowser(t, in.url)
	old = b.Redeem(c, b.SignIn(c, "robin", password, "prompt", "consent", "scope", "openid offline_access"))

	in.run("role", "create", "editor", "--description", "Edits.")
	in.run("role", "create", "robot", "--description", "Works.", "--type", "m2m")
	in.run("user", "role", "add", "robin", "editor")
	in.fails("", []string{"user", "role", "add", "robin", "robot"}, "machines")
	in.fails("", []string{"user", "role", "add", "robin", "nobody's"}, "no role")
	var whole struct {
		Username, PasswordHash string
		HasPassword            bool
		Roles                  []string
	}
	if in.json(&whole, "", "user", "get", "robin"); whole.Username != "robin" || !whole.HasPassword || !slices.Equal(whole.Roles, []string{"editor"}) {
		t.Errorf("get: %+v", whole)
	}
	in.run("user", "delete", "robin")
	wantSignedOut(t, b, c, old)
	for _, verb := range []string{"get", "delete", "suspend", "unsuspend"} {
		in.fails("", []string{"user", verb, "robin"}, "no user")
	}
	s.stop(t)
	events := rows[string](in, `SELECT name FROM outbox_events ORDER BY id`)
	for _, want := range []string{"User.SuspensionStatus.Updated", "Role.Created", "User.Deleted"} {
		if !slices.Contains(events, want) {
			t.Errorf("no event %s in %q", want, events)
		}
	}
	trail := rows[string](in, `SELECT key FROM audit_logs WHERE is_success`)
	for _, want := range []string{"Suspend", "Unsuspend", "Role.Add", "Delete"} {
		if !slices.Contains(trail, "CommandLine.User."+want) {
			t.Errorf("%s is not audited", want)
		}
	}
}

func TestRoleAndResourceVerbs(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	in.run("role", "create", "editor", "--description", "Edits.", "--default")
	in.fails("", []string{"role", "create", "editor", "--description", "Again."}, "")
	in.fails("", []string{"role", "create", "x"}, "--description")
	in.fails("", []string{"role", "create", "x", "--description", "y", "--type", "m2m", "--default"}, "--default")
	in.fails("", []string{"role", "create", strings.Repeat("x", 129), "--description", "y"}, "128")
	var roles []struct {
		Name      string
		IsDefault bool
	}
	if in.json(&roles, "", "role", "list"); len(roles) != 3 || roles[2].Name != "editor" || !roles[2].IsDefault {
		t.Errorf("roles %v", roles)
	}

	in.run("resource", "create", "https://api.example.com", "--name", "Orders")
	in.fails("", []string{"resource", "create", "https://api.example.com"}, "")
	in.run("resource", "scope", "add", "https://api.example.com", "read", "--description", "Reads.")
	in.run("resource", "scope", "add", "https://api.example.com", "write")
	in.fails("", []string{"resource", "scope", "add", "https://api.example.com", "read"}, "")
	in.fails("", []string{"resource", "scope", "add", "https://api.example.com", "a b"}, "space")
	in.fails("", []string{"resource", "scope", "add", "https://default.logto.app/api", "x"}, "Management API")
	in.run("resource", "scope", "delete", "https://api.example.com", "write")
	in.fails("", []string{"resource", "scope", "delete", "https://api.example.com", "write"}, "no scope")
	var resources []struct {
		Indicator string
		Scopes    []struct{ Name string }
	}
	if in.json(&resources, "", "resource", "list"); len(resources) != 2 || len(resources[1].Scopes) != 1 || resources[1].Scopes[0].Name != "read" {
		t.Errorf("resources %v", resources)
	}
	in.fails("", []string{"resource", "delete", "https://default.logto.app/api"}, "Management API")
	in.run("resource", "delete", "https://api.example.com")
	in.fails("", []string{"resource", "delete", "https://api.example.com"}, "no resource")
	events := rows[string](in, `SELECT name FROM outbox_events ORDER BY id`)
	if want := []string{"Role.Created", "Scope.Created", "Scope.Created", "Scope.Deleted"}; !slices.Equal(events, want) {
		t.Errorf("events %q", events)
	}
}

func TestAppSecretAdd(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	c := in.client("Tidewater", "--redirect-uri", apptest.CallbackURI)
	spa := in.client("Shop", "--redirect-uri", apptest.CallbackURI, "--type", "SPA")
	var added struct {
		Value     string
		ExpiresAt *int64
	}
	if in.json(&added, "", "app", "secret", "add", c.ID, "second", "--expires-in", "24h"); len(added.Value) != 32 || added.ExpiresAt == nil {
		t.Errorf("added %+v", added)
	}
	in.fails("", []string{"app", "secret", "add", c.ID, "second"}, "")
	in.fails("", []string{"app", "secret", "add", spa.ID, "x"}, "no secrets")
	in.fails("", []string{"app", "secret", "add", "nobody", "x"}, "no application")
	in.fails("", []string{"app", "secret", "add", c.ID, "x", "--expires-in=-1h"}, "past")
	if n := rows[int](in, `SELECT count(*) FROM application_secrets s JOIN applications a ON a.id = s.application_id WHERE a.name IN ('Tidewater', 'Shop')`); n[0] != 2 {
		t.Errorf("%d secrets", n[0])
	}
}
