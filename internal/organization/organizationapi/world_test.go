package organizationapi_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
)

// world is an operator with something to work on.
type world struct {
	*apptest.Operator

	t   *testing.T
	app *apptest.App
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		test(t, &world{app.Operator(t), t, app})
	})
}

// create posts to a collection and returns the id of what is there now.
func (w *world) create(path, body string, args ...any) string {
	w.t.Helper()
	return w.Want(201, "POST", path, fmt.Sprintf(body, args...)).String("id")
}

func (w *world) organization(name string) string {
	w.t.Helper()
	return w.create("/api/organizations", `{"name":%q}`, name)
}

func (w *world) role(name, kind string) string {
	w.t.Helper()
	return w.create("/api/organization-roles", `{"name":%q,"type":%q}`, name, kind)
}

func (w *world) scope(name string) string {
	w.t.Helper()
	return w.create("/api/organization-scopes", `{"name":%q}`, name)
}

func (w *world) machine(name string) string {
	w.t.Helper()
	return w.app.CreateApp(w.t, application.Application{Name: name, Type: application.MachineToMachine}).ID
}

func (w *world) user(name string) string {
	w.t.Helper()
	return w.app.CreateUser(w.t, name).ID
}

// list reads a list and returns a property of each element.
func (w *world) list(path, property string) []string {
	w.t.Helper()
	var items []map[string]any
	w.Want(200, "GET", path, "").JSON(w.t, &items)
	values := make([]string, len(items))
	for i, item := range items {
		values[i] = fmt.Sprint(item[property])
	}
	return values
}

// wantList demands what a property of each element of a list is.
func (w *world) wantList(path, property string, want ...string) {
	w.t.Helper()
	if got := w.list(path, property); !slices.Equal(got, want) {
		w.t.Errorf("%s: %s %q, want %q", path, property, got, want)
	}
}

func (w *world) count(table string) int {
	w.t.Helper()
	return w.app.Count(w.t, tenant.Default, table, "TRUE")
}

// array encodes ids as JSON.
func array(ids ...string) string {
	raw, _ := json.Marshal(append([]string{}, ids...))
	return string(raw)
}

// long encodes n ids as JSON.
func long(n int) string {
	return `["` + strings.Repeat(`x","`, n-1) + `x"]`
}

func sorted(ids ...string) []string { return slices.Sorted(slices.Values(ids)) }

// changes returns what the events about members say, without times, in order of
// their writing.
func (w *world) changes() []string {
	w.t.Helper()
	var told []string
	for _, e := range w.app.Events(w.t, tenant.Default) {
		if e.Name == "Organization.Membership.Updated" {
			if string(e.Data.V) != "null" {
				w.t.Errorf("data %s", e.Data.V)
			}
			var beside map[string]any
			if err := json.Unmarshal(e.Origin.V.Beside, &beside); err != nil {
				w.t.Fatal(err)
			}
			raw, _ := json.Marshal(beside)
			told = append(told, string(raw))
		}
	}
	return told
}
