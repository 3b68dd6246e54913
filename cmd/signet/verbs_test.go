package main

import (
	"encoding/json"
	"net/http"
	"net/url"
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
	in.run("role", "create", "author", "--description", "Writes.")
	in.run("user", "role", "add", "robin", "author")
	in.run("user", "role", "remove", "robin", "author")
	in.fails("", []string{"user", "role", "remove", "robin", "author"}, "Robin does not have the role author")
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
	var held []struct{ Name string }
	if in.json(&held, "", "user", "role", "list", "robin"); len(held) != 1 || held[0].Name != "editor" {
		t.Errorf("roles %v", held)
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
	in.wantTrail("User.Create", "User.Suspend", "User.Unsuspend", "User.Role.Add", "User.Role.Remove", "User.Delete", "Role.Create")
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
	in.run("role", "delete", "editor")
	in.fails("", []string{"role", "delete", "editor"}, `no role "editor"`)
	if in.json(&roles, "", "role", "list"); len(roles) != 2 {
		t.Errorf("roles %v", roles)
	}
	var resources []struct {
		Indicator string
		Scopes    []struct{ Name string }
	}
	if in.json(&resources, "", "resource", "list"); len(resources) != 2 || len(resources[1].Scopes) != 1 || resources[1].Scopes[0].Name != "read" {
		t.Errorf("resources %v", resources)
	}
	in.run("resource", "create", "urn:example:api")
	var published struct {
		Servers []string `json:"authorization_servers"`
		Scopes  []string `json:"scopes_supported"`
	}
	in.json(&published, "", "resource", "metadata", "https://api.example.com")
	if !slices.Equal(published.Servers, []string{in.url + "/oidc"}) || !slices.Equal(published.Scopes, []string{"read"}) {
		t.Errorf("metadata %v", published)
	}
	in.fails("", []string{"resource", "metadata", "urn:example:api"}, "no web address")
	in.run("resource", "delete", "urn:example:api")
	in.fails("", []string{"resource", "delete", "https://default.logto.app/api"}, "Management API")
	in.run("resource", "delete", "https://api.example.com")
	in.fails("", []string{"resource", "delete", "https://api.example.com"}, "no resource")
	events := rows[string](in, `SELECT name FROM outbox_events ORDER BY id`)
	if want := []string{"Role.Created", "Scope.Created", "Scope.Created", "Scope.Deleted", "Role.Deleted"}; !slices.Equal(events, want) {
		t.Errorf("events %q", events)
	}
}

// Lengths are characters, as the API counts them.
func TestTexts_HaveALengthInCharacters(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	long := func(n int) string { return strings.Repeat("é", n) }
	in.run("resource", "create", "https://api.example.com", "--name", long(256))
	in.run("resource", "scope", "add", "https://api.example.com", long(256), "--description", long(4096))
	in.run("role", "create", long(128), "--description", long(128))
	in.run("org", "create", long(128), "--description", long(256))
	in.run("org", "role", "create", long(128), "--description", long(256))
	in.fails("", []string{"resource", "create", "https://x.example.com", "--name", long(257)}, "256")
	in.fails("", []string{"resource", "create", "https://x.example.com/" + long(256)}, "256")
	in.fails("", []string{"resource", "create", ""}, "2048")
	in.fails("", []string{"resource", "scope", "add", "https://api.example.com", long(257)}, "256")
	in.fails("", []string{"resource", "scope", "add", "https://api.example.com", "x", "--description", long(4097)}, "4096")
	in.fails("", []string{"role", "create", "x", "--description", ""}, "128")
	in.fails("", []string{"org", "create", long(129)}, "128")
	in.fails("", []string{"org", "create", ""}, "128")
	in.fails("", []string{"org", "create", "x", "--description", long(257)}, "256")
	in.fails("", []string{"org", "role", "create", long(129)}, "128")
	for table, want := range map[string]int{"resources": 2, "scopes": 2, "roles": 3, "organizations": 1, "organization_roles": 1} {
		if n := rows[int](in, `SELECT count(*) FROM `+table+` WHERE tenant_id = 'default'`)[0]; n != want {
			t.Errorf("%d %s, want %d", n, table, want)
		}
	}
}

// Pages hold something: 0 would be nothing to one list and everything to another.
func TestLists_RefusePagesOfNothing(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	for _, list := range [][]string{
		{"user", "list"}, {"app", "list"}, {"resource", "list"}, {"org", "list"}, {"org", "role", "list"}, {"org", "member", "list", "x"},
	} {
		in.fails("", append(list, "--limit", "0"), "--limit")
		in.fails("", append(list, "--limit", "10001"), "--limit")
	}
}

// Whoever takes the id of another as username must not be taken for them.
func TestUserVerbs_RefuseANameOfTwo(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	in.runWith(`{"id":"victim","username":"robin"}`+"\n"+`{"id":"thief","username":"victim"}`, "user", "import", "-", "--format", "ndjson")
	for _, verb := range []string{"get", "delete", "suspend", "set-password"} {
		in.fails("", []string{"user", verb, "victim"}, "username of another", "thief")
	}
	in.run("user", "suspend", "robin")
	in.run("user", "delete", "thief")
	in.run("user", "get", "victim")
}

func TestAppVerbs(t *testing.T) {
	t.Parallel()
	in, c, b := withRobin(t)
	old := b.Redeem(c, b.SignIn(c, "robin", password, "prompt", "consent", "scope", "openid offline_access"))
	var got struct {
		ID, Name string
		OIDC     struct{ RedirectURIs []string } `json:"oidcClientMetadata"`
	}
	shown := in.run("app", "get", c.ID)
	if err := json.Unmarshal([]byte(shown), &got); err != nil || got.Name != "Tidewater" || !slices.Equal(got.OIDC.RedirectURIs, []string{apptest.CallbackURI}) {
		t.Errorf("get: %v in %s", err, shown)
	}
	if strings.Contains(shown, c.Secret) {
		t.Error("get shows the secret")
	}
	in.run("app", "delete", c.ID)
	for _, verb := range []string{"get", "delete"} {
		in.fails("", []string{"app", verb, c.ID}, "no application")
	}
	if a := b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+old.Access); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the access token lives: %d", a.StatusCode)
	}
	if a := b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old.Refresh}}); a.StatusCode < 400 {
		t.Errorf("the client lives: %d", a.StatusCode)
	}
	if n := rows[int](in, `SELECT count(*) FROM grants WHERE client_id = '`+c.ID+`'`)[0]; n != 0 {
		t.Errorf("%d grants are left", n)
	}
	in.wantTrail("Application.Create", "Application.Delete")
}

func TestAppSecretVerbs(t *testing.T) {
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

	type secret struct {
		Name, Value string
		ExpiresAt   *int64
	}
	var listed, open []secret
	in.json(&listed, "", "app", "secret", "list", c.ID)
	in.json(&open, "", "app", "secret", "list", c.ID, "--with-values")
	if len(listed) != 2 || listed[0].Name != "Default secret" || listed[1].Name != "second" || listed[1].ExpiresAt == nil {
		t.Errorf("listed %+v", listed)
	}
	if len(open) != 2 || open[0].Value != c.Secret || open[1].Value != added.Value || listed[0].Value+listed[1].Value != "" {
		t.Errorf("values %+v and %+v", open, listed)
	}
	if text := in.run("app", "secret", "list", c.ID); !strings.Contains(text, "second") || strings.Contains(text, added.Value) {
		t.Errorf("list: %s", text)
	}
	in.run("app", "secret", "delete", c.ID, "second")
	in.fails("", []string{"app", "secret", "delete", c.ID, "second"}, "no secret")
	in.fails("", []string{"app", "secret", "list", "nobody"}, "no application")
	if in.json(&listed, "", "app", "secret", "list", c.ID); len(listed) != 1 {
		t.Errorf("listed %+v", listed)
	}
	in.wantTrail("Application.Secret.Create", "Application.Secret.Read", "Application.Secret.Delete")
}
