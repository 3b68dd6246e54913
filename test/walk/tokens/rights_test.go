package tokens_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// fact is something that operators give and take: that a part holds of another.
type fact struct{ kind, a, b, c string }

// The world of every walk. Scopes of APIs are named "api/scope"; the same name in
// two APIs is no coincidence.
var (
	names       = []string{"ann", "bob"}
	apis        = []string{"orders", "files"}
	apiScopes   = []string{"orders/read", "orders/write", "files/read", "files/share"}
	roles       = []string{"reader", "writer"}
	orgs        = []string{"crew", "fleet"}
	orgScopes   = []string{"invite", "bill"}
	orgRoles    = []string{"clerk", "captain"}
	robotRoles  = []string{"feeder"}
	loaderRoles = []string{"loader"} // of machines in organizations
	openable    = []string{"profile", "roles", scopeOrganizations, scopeSessions}
)

func indicator(api string) string { return "https://" + api + ".example.com" }

const ttl = 900 // seconds, of tokens for an API

// kind is how a fact comes about and ends: {a} is the id of its part a, {=a} the
// name. A fact needs another one of the same parts, if it says so.
type kind struct {
	name        string
	a, b, c     []string
	add, remove string
	needs       func(f fact) fact
}

var none = []string{""}

var kinds = []kind{
	{name: "offers", a: apis, b: []string{"read", "write", "share"}, c: none,
		add: `POST /api/resources/{a}/scopes {"name":"{=b}"}`, remove: `DELETE /api/resources/{a}/scopes/{a/b}`},
	{name: "person role", a: names, b: roles, c: none,
		add: `POST /api/users/{a}/roles {"roleIds":["{b}"]}`, remove: `DELETE /api/users/{a}/roles/{b}`},
	{name: "role scope", a: roles, b: apiScopes, c: none,
		add: `POST /api/roles/{a}/scopes {"scopeIds":["{b}"]}`, remove: `DELETE /api/roles/{a}/scopes/{b}`, needs: offered},
	{name: "member", a: orgs, b: names, c: none,
		add: `POST /api/organizations/{a}/users {"userIds":["{b}"]}`, remove: `DELETE /api/organizations/{a}/users/{b}`},
	{name: "member role", a: orgs, b: names, c: orgRoles, needs: membership,
		add:    `POST /api/organizations/{a}/users/{b}/roles {"organizationRoleIds":["{c}"]}`,
		remove: `DELETE /api/organizations/{a}/users/{b}/roles/{c}`},
	{name: "org role scope", a: orgRoles, b: apiScopes, c: none, needs: offered,
		add:    `POST /api/organization-roles/{a}/resource-scopes {"scopeIds":["{b}"]}`,
		remove: `DELETE /api/organization-roles/{a}/resource-scopes/{b}`},
	{name: "org role org scope", a: orgRoles, b: orgScopes, c: none,
		add:    `POST /api/organization-roles/{a}/scopes {"organizationScopeIds":["{b}"]}`,
		remove: `DELETE /api/organization-roles/{a}/scopes/{b}`},

	{name: "robot role", a: robotRoles, b: none, c: none,
		add: `POST /api/applications/{robot}/roles {"roleIds":["{a}"]}`, remove: `DELETE /api/applications/{robot}/roles/{a}`},
	{name: "role scope", a: robotRoles, b: apiScopes, c: none,
		add: `POST /api/roles/{a}/scopes {"scopeIds":["{b}"]}`, remove: `DELETE /api/roles/{a}/scopes/{b}`, needs: offered},
	{name: "robot member", a: orgs, b: none, c: none,
		add:    `POST /api/organizations/{a}/applications {"applicationIds":["{robot}"]}`,
		remove: `DELETE /api/organizations/{a}/applications/{robot}`},
	{name: "robot org role", a: orgs, b: loaderRoles, c: none, needs: association,
		add:    `POST /api/organizations/{a}/applications/{robot}/roles {"organizationRoleIds":["{b}"]}`,
		remove: `DELETE /api/organizations/{a}/applications/{robot}/roles/{b}`},
	{name: "org role scope", a: loaderRoles, b: apiScopes, c: none, needs: offered,
		add:    `POST /api/organization-roles/{a}/resource-scopes {"scopeIds":["{b}"]}`,
		remove: `DELETE /api/organization-roles/{a}/resource-scopes/{b}`},

	{name: "third user scope", a: openable, b: none, c: none,
		add:    `POST /api/applications/{third}/user-consent-scopes {"userScopes":["{=a}"]}`,
		remove: `DELETE /api/applications/{third}/user-consent-scopes/user-scopes/{=a}`},
	{name: "third scope", a: none, b: apiScopes, c: none, needs: offered,
		add:    `POST /api/applications/{third}/user-consent-scopes {"resourceScopes":["{b}"]}`,
		remove: `DELETE /api/applications/{third}/user-consent-scopes/resource-scopes/{b}`},
	{name: "third scope in orgs", a: none, b: apiScopes, c: none, needs: offered,
		add:    `POST /api/applications/{third}/user-consent-scopes {"organizationResourceScopes":["{b}"]}`,
		remove: `DELETE /api/applications/{third}/user-consent-scopes/organization-resource-scopes/{b}`},
	{name: "third org scope", a: orgScopes, b: none, c: none,
		add:    `POST /api/applications/{third}/user-consent-scopes {"organizationScopes":["{a}"]}`,
		remove: `DELETE /api/applications/{third}/user-consent-scopes/organization-scopes/{a}`},
	{name: "opened", a: orgs, b: names, c: none, needs: membership,
		add:    `POST /api/applications/{third}/users/{b}/consent-organizations {"organizationIds":["{a}"]}`,
		remove: `DELETE /api/applications/{third}/users/{b}/consent-organizations/{a}`},
}

// offered is the fact that an API has the scope which is part b of f.
func offered(f fact) fact {
	api, name, _ := strings.Cut(f.b, "/")
	return fact{kind: "offers", a: api, b: name}
}
func membership(f fact) fact  { return fact{kind: "member", a: f.a, b: f.b} }
func association(f fact) fact { return fact{kind: "robot member", a: f.a} }

// kindOf returns the kind of a fact: roles of people and of robots are apart.
func kindOf(f fact) kind {
	i := slices.IndexFunc(kinds, func(k kind) bool {
		return k.name == f.kind && slices.Contains(k.a, f.a) && slices.Contains(k.b, f.b) && slices.Contains(k.c, f.c)
	})
	return kinds[i]
}

// concerns reports whether a fact is about a part that a walk has for itself.
func (f fact) concerns() bool {
	return slices.Contains(names, f.a) || slices.Contains(names, f.b) || strings.HasPrefix(f.kind, "third") || strings.HasPrefix(f.kind, "robot")
}

// set makes a fact true or untrue, at the server and for the oracle.
func (w *walk) set(f fact, holds bool) {
	k := kindOf(f)
	call, status := k.add, http.StatusCreated
	if !holds {
		call, status = k.remove, http.StatusNoContent
	}
	a := w.manage(w.site.spelled(call, f))
	if a.status != status && a.status != http.StatusOK && a.status != http.StatusCreated {
		w.fail("%v -> %v: %s", f, holds, a)
	}
	w.note("%v is %v", f, holds)
	if !holds {
		delete(w.facts, f)
		for other := range w.facts { // what cannot be without it goes too
			if needs := kindOf(other).needs; needs != nil && needs(other) == f {
				delete(w.facts, other)
			}
		}
		return
	}
	w.facts[f] = true
	if f.kind == "offers" {
		w.site.ids[f.a+"/"+f.b] = a.text("id")
	}
}

// changeRight gives or takes something.
func (w *walk) changeRight() bool {
	k := pick(w, kinds)
	if w.chance(3) { // what third parties get hangs on most
		k = pick(w, slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool { return !strings.HasPrefix(k.name, "third scope") && k.name != "opened" }))
	}
	f := fact{k.name, pick(w, k.a), pick(w, k.b), pick(w, k.c)}
	switch {
	case k.needs != nil && !w.facts[k.needs(f)],
		k.name == "offers" && !slices.Contains(apiScopes, f.a+"/"+f.b),
		strings.HasPrefix(k.name, "third") && w.apps["third"].isGone, k.name == "opened" && w.apps["third"].isGone,
		strings.HasPrefix(k.name, "robot") && w.apps["robot"].isGone:
		return false
	}
	for _, p := range w.people {
		if p.isGone && (f.a == p.name || f.b == p.name) {
			return false
		}
	}
	w.set(f, !w.facts[f])
	return true
}

// personal are the names of the scopes of an API that a person has, by their own
// roles and by roles in organizations: in one alone if that is named.
func (w *walk) personal(p *person, api, org string) set {
	out := w.own(p, api)
	for _, o := range orgs {
		if org == "" || org == o {
			out = out.or(w.inOrg(p, api, o))
		}
	}
	return out
}

// own are those by the person's own roles.
func (w *walk) own(p *person, api string) set {
	out := set{}
	for _, r := range roles {
		if w.facts[fact{kind: "person role", a: p.name, b: r}] {
			out = out.or(w.through("role scope", r, api))
		}
	}
	return out
}

// inOrg are those by roles in an organization.
func (w *walk) inOrg(p *person, api, org string) set {
	out := set{}
	for _, r := range orgRoles {
		if w.facts[fact{"member role", org, p.name, r}] {
			out = out.or(w.through("org role scope", r, api))
		}
	}
	return out
}

// through are the names of the scopes of an API to which facts of a kind lead.
func (w *walk) through(kind, a, api string) set {
	out := set{}
	for _, s := range apiScopes {
		if name, ok := strings.CutPrefix(s, api+"/"); ok && w.facts[fact{kind: kind, a: a, b: s}] {
			out[name] = true
		}
	}
	return out
}

// orgRights are the scopes of organizations that a person has in one.
func (w *walk) orgRights(p *person, org string) set {
	out := set{}
	for _, r := range orgRoles {
		for _, s := range orgScopes {
			if w.facts[fact{"member role", org, p.name, r}] && w.facts[fact{kind: "org role org scope", a: r, b: s}] {
				out[s] = true
			}
		}
	}
	return out
}

// offers are the names of the scopes that an API has, or that organizations have.
func (w *walk) offers(resource string) set {
	if resource == organizationsResource {
		return of(orgScopes...)
	}
	out := set{}
	for _, api := range apis {
		for _, name := range []string{"read", "write", "share"} {
			if indicator(api) == resource && w.facts[fact{kind: "offers", a: api, b: name}] {
				out[name] = true
			}
		}
	}
	return out
}

// machine are the names of the scopes of an API that the robot has: through its
// roles or, in an organization, through its roles there alone.
func (w *walk) machine(api, org string) set {
	out := set{}
	if org == "" && w.facts[fact{kind: "robot role", a: "feeder"}] {
		return w.through("role scope", "feeder", api)
	}
	if org != "" && w.facts[fact{kind: "robot org role", a: org, b: "loader"}] {
		return w.through("org role scope", "loader", api)
	}
	return out
}

// The ceiling of an app: what it may have at most. That of the operator's own apps
// is nil.
type ceiling struct {
	provider, org set
	own, inOrg    map[string]set // by API
}

func (w *walk) ceiling(a *app) *ceiling {
	if !a.isThird {
		return nil
	}
	c := &ceiling{provider: of("openid", "offline_access"), org: set{}, own: map[string]set{}, inOrg: map[string]set{}}
	for _, s := range openable {
		c.provider = c.provider.or(w.when(fact{kind: "third user scope", a: s}, s))
	}
	for _, s := range orgScopes {
		c.org = c.org.or(w.when(fact{kind: "third org scope", a: s}, s))
	}
	for _, api := range apis {
		c.own[api], c.inOrg[api] = w.through("third scope", "", api), w.through("third scope in orgs", "", api)
	}
	return c
}

func (w *walk) when(f fact, name string) set {
	if w.facts[f] {
		return of(name)
	}
	return set{}
}

// resource is that of the ceiling's scopes for a resource, and provider for the
// provider.
func (c *ceiling) resource(resource string, scope set) set {
	switch {
	case c == nil:
		return scope
	case resource == organizationsResource:
		return scope.and(c.org)
	}
	for _, api := range apis {
		if indicator(api) == resource {
			return scope.and(c.own[api].or(c.inOrg[api]))
		}
	}
	panic(fmt.Sprintf("no API %q", resource))
}

func (c *ceiling) providers(scope set) set {
	if c == nil {
		return scope
	}
	return scope.and(c.provider)
}

// given are the scopes of an API that a person has and gives to an app: in one
// organization if that is named.
func (w *walk) given(a *app, p *person, api, org string) set {
	c := w.ceiling(a)
	if c == nil {
		return w.personal(p, api, org)
	}
	out := w.own(p, api).and(c.own[api])
	for _, o := range orgs {
		if o == org || org == "" && w.facts[fact{kind: "opened", a: o, b: p.name}] {
			out = out.or(w.inOrg(p, api, o).and(c.inOrg[api]))
		}
	}
	return out
}
