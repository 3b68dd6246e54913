package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"signet/internal/apptest"
)

// One command makes a client of the Management API.
func TestAppCreate_Machine(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.serve()
	c := in.client("Deploy robot", "--type", "m2m", "--role", apptest.ManagementRole)
	a := apptest.NewBrowser(t, in.url).Token(c, url.Values{
		"grant_type": {"client_credentials"}, "resource": {"https://default.logto.app/api"}, "scope": {"all"},
	})
	var got struct {
		Access string `json:"access_token"`
		Scope  string
	}
	if err := json.Unmarshal([]byte(a.Text), &got); err != nil || a.StatusCode != http.StatusOK || got.Access == "" || got.Scope != "all" {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	in.fails("", []string{"app", "create", "X", "--type", "m2m", "--role", "nobody's"}, "nobody's")
	in.fails("", []string{"app", "create", "X", "--type", "m2m", "--redirect-uri", "https://x.example/cb"}, "--redirect-uri")
	in.fails("", []string{"app", "create", "X", "--redirect-uri", "https://x.example/cb", "--role", apptest.ManagementRole}, "--role", "m2m")
	in.fails("", []string{"app", "create", "X", "--type", "SPA"}, "--redirect-uri")
	in.fails("", []string{"app", "create", "X", "--tenant", "admin", "--type", "m2m", "--role", "default:admin"}, "default:admin")
	var apps []struct{ ID string }
	if in.json(&apps, "", "app", "list"); len(apps) != 1 || apps[0].ID != c.ID {
		t.Errorf("refused commands left applications: %v", apps)
	}
}
