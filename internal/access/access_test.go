package access_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"signet/internal/access"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// entities are all there are, by table; their ids are their names too.
var entities = map[string][]string{
	"users": {"u1", "u2", "u3"}, "applications": {"a1", "a2"}, "resources": {"api", "files"},
	"roles": {"r1", "r2", "r3"}, "organizations": {"o1", "o2", "o3"},
	"organization_roles": {"or1", "or2", "or3"}, "organization_scopes": {"os1", "os2", "os3"},
	"scopes": {"api:read", "api:write", "files:read", "files:write"},
}

// inOrder has parents before children.
var inOrder = []string{"users", "applications", "resources", "scopes", "roles", "organizations", "organization_roles", "organization_scopes"}

var inserts = map[string]string{
	"users":               `INSERT INTO users (tenant_id, id, custom_data, search_text, created_at, updated_at) VALUES ($1, $2, '{}', '', 1, 1)`,
	"applications":        `INSERT INTO applications (tenant_id, id, name, type, oidc_client_metadata, created_at) VALUES ($1, $2, $2, 'MachineToMachine', '{}', 1)`,
	"resources":           `INSERT INTO resources (tenant_id, id, name, indicator, created_at) VALUES ($1, $2, $2, $2, 1)`,
	"scopes":              `INSERT INTO scopes (tenant_id, id, resource_id, name, created_at) VALUES ($1, $2, $3, $2, 1)`,
	"roles":               `INSERT INTO roles (tenant_id, id, name, description, type, created_at) VALUES ($1, $2, $2, '', 'User', 1)`,
	"organizations":       `INSERT INTO organizations (tenant_id, id, name, search_text, created_at) VALUES ($1, $2, $2, '', 1)`,
	"organization_roles":  `INSERT INTO organization_roles (tenant_id, id, name) VALUES ($1, $2, $2)`,
	"organization_scopes": `INSERT INTO organization_scopes (tenant_id, id, name) VALUES ($1, $2, $2)`,
}

// links are the tables that tie entities together.
var links = map[string]struct {
	columns []string
	ends    []string // the entities' tables
	dated   bool
	// within is the link without which this one cannot be, over its first ends.
	within string
}{
	"role_scopes":                       {columns: []string{"role_id", "scope_id"}, ends: []string{"roles", "scopes"}},
	"user_roles":                        {columns: []string{"user_id", "role_id"}, ends: []string{"users", "roles"}, dated: true},
	"application_roles":                 {columns: []string{"application_id", "role_id"}, ends: []string{"applications", "roles"}},
	"organization_role_scopes":          {columns: []string{"organization_role_id", "organization_scope_id"}, ends: []string{"organization_roles", "organization_scopes"}},
	"organization_role_resource_scopes": {columns: []string{"organization_role_id", "scope_id"}, ends: []string{"organization_roles", "scopes"}},
	"organization_users":                {columns: []string{"user_id", "organization_id"}, ends: []string{"users", "organizations"}, dated: true},
	"organization_applications":         {columns: []string{"application_id", "organization_id"}, ends: []string{"applications", "organizations"}, dated: true},
	"organization_user_roles":           {columns: []string{"user_id", "organization_id", "organization_role_id"}, ends: []string{"users", "organizations", "organization_roles"}, within: "organization_users"},
	"organization_application_roles":    {columns: []string{"application_id", "organization_id", "organization_role_id"}, ends: []string{"applications", "organizations", "organization_roles"}, within: "organization_applications"},
}

// model is what the tables must say, kept naively: per link table the rows that
// are there.
type model map[string]map[string]bool

func key(ids ...string) string { return strings.Join(ids, " ") }

func (m model) has(table string, ids ...string) bool { return m[table][key(ids...)] }

// drop removes every link that has all of the ids.
func (m model) drop(tables []string, ids ...string) {
	for _, table := range tables {
		for row := range m[table] {
			fields := strings.Fields(row)
			if !slices.ContainsFunc(ids, func(id string) bool { return !slices.Contains(fields, id) }) {
				delete(m[table], row)
			}
		}
	}
}

// throughOrganizations says whether a subject has an organization role, in one
// organization or, if that is "", in any, that grants a scope.
func (m model) throughOrganizations(members, grants, subject, organization, scope string) bool {
	for row := range m[members] {
		f := strings.Fields(row)
		if f[0] == subject && (organization == "" || f[1] == organization) && m.has(grants, f[2], scope) {
			return true
		}
	}
	return false
}

func (m model) throughRoles(holders, subject, scope string) bool {
	return slices.ContainsFunc(entities["roles"], func(r string) bool {
		return m.has(holders, subject, r) && m.has("role_scopes", r, scope)
	})
}

// wantsWhere are the scopes of a resource that pass.
func (m model) wantsWhere(resource string, passes func(scope string) bool) []string {
	names := []string{}
	for _, scope := range entities["scopes"] {
		if strings.HasPrefix(scope, resource+":") && passes(scope) {
			names = append(names, scope)
		}
	}
	return names
}

func (m model) wants(s string, resource, organization string) []string {
	names := []string{}
	for _, scope := range entities["scopes"] {
		if !strings.HasPrefix(scope, resource+":") {
			continue
		}
		const grants = "organization_role_resource_scopes"
		var has bool
		switch isUser := s[0] == 'u'; {
		case isUser:
			has = m.throughRoles("user_roles", s, scope) || m.throughOrganizations("organization_user_roles", grants, s, organization, scope)
		case organization == "":
			has = m.throughRoles("application_roles", s, scope)
		default:
			has = m.throughOrganizations("organization_application_roles", grants, s, organization, scope)
		}
		if has {
			names = append(names, scope)
		}
	}
	return names
}

func (m model) wantsOrganization(s, organization string) []string {
	members := "organization_application_roles"
	if s[0] == 'u' {
		members = "organization_user_roles"
	}
	names := []string{}
	for _, scope := range entities["organization_scopes"] {
		if m.throughOrganizations(members, "organization_role_scopes", s, organization, scope) {
			names = append(names, scope)
		}
	}
	return names
}

// world is a tenant beside its model.
type world struct {
	t     *testing.T
	ctx   context.Context
	q     *db.DB
	model model
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.q.Exec(w.ctx, query, args...); err != nil {
		w.t.Fatalf("%s %v: %v", query, args, err)
	}
}

func (w *world) create(table, id string) {
	w.t.Helper()
	args := []any{id}
	if table == "scopes" {
		args = append(args, strings.Split(id, ":")[0])
	}
	w.exec(inserts[table], args...)
}

func (w *world) link(table string, ids []string) {
	w.t.Helper()
	l := links[table]
	columns, values, args := "tenant_id", "$1", []any{}
	for i, column := range l.columns {
		columns += ", " + column
		values += fmt.Sprintf(", $%d", i+2)
		args = append(args, ids[i])
	}
	if l.dated {
		columns, values = columns+", created_at", values+", 1"
	}
	w.exec(`INSERT INTO `+table+` (`+columns+`) VALUES (`+values+`)`, args...)
	w.model[table][key(ids...)] = true
}

func (w *world) unlink(table string, ids []string) {
	w.t.Helper()
	where, args := "", []any{}
	for i, column := range links[table].columns {
		where += fmt.Sprintf(" AND %s = $%d", column, i+2)
		args = append(args, ids[i])
	}
	w.exec(`DELETE FROM `+table+` WHERE tenant_id = $1`+where, args...)
	delete(w.model[table], key(ids...))
	for child, l := range links {
		if l.within == table {
			w.model.drop([]string{child}, ids...)
		}
	}
}

// step changes something at random.
func (w *world) step(r *rand.Rand) {
	w.t.Helper()
	if r.IntN(12) == 0 {
		table := []string{"roles", "scopes", "organizations", "organization_roles", "organization_scopes", "users", "applications"}[r.IntN(7)]
		id := pick(r, entities[table])
		w.exec(`DELETE FROM `+table+` WHERE tenant_id = $1 AND id = $2`, id)
		w.create(table, id)
		w.model.drop(tables(), id)
		return
	}
	table := pick(r, tables())
	l := links[table]
	ids := []string{}
	for _, end := range l.ends {
		ids = append(ids, pick(r, entities[end]))
	}
	switch {
	case w.model.has(table, ids...):
		w.unlink(table, ids)
	case l.within == "" || w.model.has(l.within, ids[:2]...):
		w.link(table, ids)
	}
}

func tables() []string {
	names := []string{}
	for table := range links {
		names = append(names, table)
	}
	slices.Sort(names)
	return names
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// check compares every question with the model.
func (w *world) check() (granted int) {
	w.t.Helper()
	want := func(what string, scopes []access.Scope, err error, names []string) {
		if err != nil || !slices.Equal(access.Names(scopes), names) {
			w.t.Fatalf("%s: %q, want %q, %v", what, access.Names(scopes), names, err)
		}
		granted += len(names)
	}
	for _, s := range slices.Concat(entities["users"], entities["applications"]) {
		subject := access.User(s)
		if s[0] == 'a' {
			subject = access.Application(s)
		}
		for _, resource := range entities["resources"] {
			if s[0] == 'u' {
				w.checkApart(want, s, resource)
			}
			got, err := access.ResourceScopes(w.ctx, w.q, subject, resource)
			want(s+" "+resource, got, err, w.model.wants(s, resource, ""))
			for _, o := range entities["organizations"] {
				got, err := access.ResourceScopesIn(w.ctx, w.q, subject, resource, o)
				want(key(s, resource, o), got, err, w.model.wants(s, resource, o))
			}
		}
		for _, o := range entities["organizations"] {
			got, err := access.OrganizationScopes(w.ctx, w.q, subject, o)
			want(key(s, o), got, err, w.model.wantsOrganization(s, o))
		}
	}
	return granted
}

// checkApart compares what a user has alone, and in each organization, with the
// model.
func (w *world) checkApart(want func(what string, scopes []access.Scope, err error, names []string), user, resource string) {
	w.t.Helper()
	own, err := access.OwnResourceScopes(w.ctx, w.q, user, resource)
	want(user+" alone "+resource, own, err, w.model.wantsWhere(resource, func(scope string) bool {
		return w.model.throughRoles("user_roles", user, scope)
	}))
	rows, err := access.ResourceScopesByOrganization(w.ctx, w.q, user, resource)
	for _, o := range entities["organizations"] {
		there := []access.Scope{}
		for _, row := range rows {
			if row.OrganizationID == o {
				there = append(there, row.Scope)
			}
		}
		want(key(user, resource)+" apart in "+o, there, err, w.model.wantsWhere(resource, func(scope string) bool {
			return w.model.throughOrganizations("organization_user_roles", "organization_role_resource_scopes", user, o, scope)
		}))
	}
}

func newWorld(t *testing.T, q *db.DB) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), q: q, model: model{}}
	for table := range links {
		w.model[table] = map[string]bool{}
	}
	for _, table := range inOrder {
		for _, id := range entities[table] {
			w.create(table, id)
		}
	}
	return w
}

// Whatever becomes of roles, scopes, organizations and memberships, the
// statements agree with a naive account of it. A second tenant with the same
// ids, in which everybody has everything, changes nothing.
func TestScopes_FollowEveryChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := newWorld(t, p.For("default"))
		everything(newWorld(t, p.For("admin")))
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 0))
		granted := 0
		for range 120 {
			for range 4 {
				w.step(r)
			}
			granted += w.check()
		}
		if granted < 200 {
			t.Errorf("only %d scopes were ever granted: the walk shows too little", granted)
		}
	})
}

// everything links all that can be linked.
func everything(w *world) {
	w.t.Helper()
	names := tables()
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(links[a].within, links[b].within) })
	for _, table := range names {
		for _, ids := range combinations(links[table].ends) {
			w.link(table, ids)
		}
	}
}

func combinations(ends []string) [][]string {
	all := [][]string{{}}
	for _, end := range ends {
		var next [][]string
		for _, head := range all {
			for _, id := range entities[end] {
				next = append(next, append(slices.Clone(head), id))
			}
		}
		all = next
	}
	return all
}
