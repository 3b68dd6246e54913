package tokens_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// suspend locks a person out, or lets them in again: what was theirs stays dead.
func (w *walk) suspend() bool {
	p := pick(w, w.people)
	if p.isGone {
		return false
	}
	p.isSuspended = !p.isSuspended
	if a := w.manage(fmt.Sprintf(`PATCH /api/users/%s/is-suspended {"isSuspended":%v}`, p.id, p.isSuspended)); a.status != http.StatusOK {
		w.fail("suspend: %s", a)
	}
	w.note("    %s is suspended %v", p.name, p.isSuspended)
	if p.isSuspended {
		w.forget(p)
	}
	return true
}

// setPassword gives a person another password: nothing ends, but the old one is
// good for nothing.
func (w *walk) setPassword() bool {
	p := pick(w, w.people)
	if p.isGone {
		return false
	}
	p.password = w.newPassword(p)
	if a := w.manage(fmt.Sprintf(`PATCH /api/users/%s/password {"password":%q}`, p.id, p.password)); a.status != http.StatusOK {
		w.fail("password: %s", a)
	}
	return true
}

// deleteUser deletes bob: somebody must be left.
func (w *walk) deleteUser() bool {
	p := w.people[1]
	if p.isGone || !w.chance(2) {
		return false
	}
	if a := w.manage("DELETE /api/users/" + p.id); a.status != http.StatusNoContent {
		w.fail("delete: %s", a)
	}
	w.forget(p)
	p.isGone = true
	for _, g := range w.grants {
		if g.user == p {
			w.kill(g)
		}
	}
	for f := range w.facts {
		if f.a == p.name || f.b == p.name {
			delete(w.facts, f)
		}
	}
	return true
}

// deleteApp deletes an application: its tokens are good for nothing.
func (w *walk) deleteApp() bool {
	a := w.apps[pick(w, []string{"page", "phone", "third", "tv", "shop", "robot"})]
	if a.isGone || !w.chance(3) {
		return false
	}
	if got := w.manage("DELETE /api/applications/" + a.ID); got.status != http.StatusNoContent {
		w.fail("delete: %s", got)
	}
	w.deleted(a)
	return true
}

// deleted is what the end of an application makes of the oracle.
func (w *walk) deleted(a *app) {
	w.note("    %s is gone", a.name)
	a.isGone = true
	w.site.forgive(a)
	for f := range w.facts {
		if a.isThird && f.concerns() && (f.kind == "opened" || kindOf(f).a[0] == "" || f.kind == "third user scope" || f.kind == "third org scope") ||
			a.name == "robot" && (f.kind == "robot role" || f.kind == "robot member" || f.kind == "robot org role") {
			delete(w.facts, f)
		}
	}
}

// recycle deletes an organization, a role or an API and makes another one of the
// same name, which inherits nothing.
func (w *walk) recycle() bool {
	name := pick(w, []string{"crew", "fleet", "reader", "writer", "clerk", "captain", "orders", "files"})
	path, body := "/api/organizations", fmt.Sprintf(`{"name":%q}`, name)
	switch {
	case slices.Contains(roles, name):
		path, body = "/api/roles", fmt.Sprintf(`{"name":%q,"description":"d","type":"User"}`, name)
	case slices.Contains(orgRoles, name):
		path, body = "/api/organization-roles", fmt.Sprintf(`{"name":%q,"type":"User"}`, name)
	case slices.Contains(apis, name):
		path, body = "/api/resources", fmt.Sprintf(`{"name":%q,"indicator":%q,"accessTokenTtl":%d}`, name, indicator(name), ttl)
	}
	if a := w.manage("DELETE " + path + "/" + w.site.ids[name]); a.status != http.StatusNoContent {
		w.fail("delete %s: %s", name, a)
	}
	a := w.manage("POST " + path + " " + body)
	if w.site.ids[name] = a.text("id"); w.site.ids[name] == "" {
		w.fail("make %s: %s", name, a)
	}
	w.note("    another %s", name)
	for f := range w.facts {
		if f.a == name || f.b == name || f.c == name || strings.HasPrefix(f.b, name+"/") {
			delete(w.facts, f)
		}
	}
	return true
}

// changeSecret adds a secret to the shop, with or without an end, or takes one away.
func (w *walk) changeSecret() bool {
	shop := w.apps["shop"]
	if shop.isGone {
		return false
	}
	poll := func(value string, want *refusal) {
		values := form("client_id", shop.ID, "client_secret", value, "grant_type", "refresh_token", "refresh_token", "none")
		w.refused(w.do(nil, http.MethodPost, "/oidc/token", values.Encode()), want)
	}
	for _, s := range shop.secrets {
		want := invalidGrant
		if s.expires != 0 && w.now() >= s.expires {
			want = &refusal{http.StatusBadRequest, "invalid_request"}
		}
		poll(s.value, want)
	}
	isLasting := func(s secret) bool { return s.expires == 0 }
	if len(shop.secrets) > 1 && slices.ContainsFunc(shop.secrets[1:], isLasting) {
		old := shop.secrets[0]
		if a := w.manage("DELETE /api/applications/" + shop.ID + "/secrets/" + escaped(old.name)); a.status != http.StatusNoContent {
			w.fail("secret: %s", a)
		}
		shop.secrets = shop.secrets[1:]
		poll(old.value, &refusal{http.StatusUnauthorized, "invalid_client"})
		return true
	}
	next := secret{name: fmt.Sprintf("s%d", w.now())}
	expiry := "null"
	if w.chance(3) {
		next.expires = w.now() + 600*second
		expiry = fmt.Sprint(next.expires)
	}
	a := w.manage(fmt.Sprintf(`POST /api/applications/%s/secrets {"name":%q,"expiresAt":%s}`, shop.ID, next.name, expiry))
	if next.value = a.text("value"); next.value == "" {
		w.fail("secret: %s", a)
	}
	shop.secrets = append(shop.secrets, next)
	return true
}

func escaped(name string) string {
	if name == "Default secret" {
		return "Default%20secret"
	}
	return name
}

// readKeys takes over the published keys.
func (w *walk) readKeys() {
	w.t.Helper()
	a := w.do(nil, http.MethodGet, "/oidc/jwks", "")
	var published jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(a.body), &published); err != nil || len(published.Keys) == 0 {
		w.fail("keys %v: %s", err, a)
	}
	w.site.published = nil
	for _, key := range published.Keys {
		if !key.IsPublic() {
			w.fail("a private key is published: %s", a)
		}
		w.site.keys[key.KeyID] = key
		w.site.published = append(w.site.published, key.KeyID)
	}
}

// rotateKeys has another key sign from now on; the one before stays published.
func (w *walk) rotateKeys() bool {
	last := w.site.published[0]
	if a := w.manage(`POST /api/configs/oidc/private-keys/rotate {"signingKeyAlgorithm":"EC"}`); a.status != http.StatusOK {
		w.fail("rotate: %s", a)
	}
	w.readKeys()
	if len(w.site.published) != 2 || w.site.published[0] == last || w.site.published[1] != last {
		w.fail("keys %v after %s", w.site.published, last)
	}
	return true
}

// waits are the steps of the clock: just within, at and past the life of things.
var waits = []int64{
	second, leeway - 1, leeway, 5 * second, codeLife - 1, codeLife, deviceLife, ttl * second, renewal, accessLife,
	refreshFor * 7 / 10, refreshFor - 1, refreshFor, sessionFor, grantFor,
}

// wait turns the clock, seldom by much.
func (w *walk) wait() bool {
	by := waits[min(w.rng.IntN(len(waits)), w.rng.IntN(len(waits)))]
	w.note("    %d ms", by)
	w.site.Clock.Advance(time.Duration(by) * time.Millisecond)
	return true
}

// explain compares what operators are told about a token with what the oracle says.
func (w *walk) explain() bool {
	p, a := pick(w, w.people), w.apps[pick(w, []string{"page", "third", "robot"})]
	resource, org := pick(w, []string{"", indicator("orders"), indicator("files")}), pick(w, []string{"", "crew", "fleet"})
	if a.isGone || !p.isUsable() || resource == "" && org == "" {
		return false
	}
	values := form("applicationId", a.ID, "resource", resource, "organizationId", w.site.ids[org])
	if a.name != "robot" {
		values.Set("userId", p.id)
	}
	got := w.manage("GET /api/access/explanation?" + values.Encode())
	body := got.object()
	isMember := org == "" || w.facts[fact{kind: "member", a: org, b: p.name}]
	if a.isThird {
		isMember = isMember && (org == "" || w.facts[fact{kind: "opened", a: org, b: p.name}])
	}
	if a.name == "robot" {
		isMember = org == "" || w.facts[fact{kind: "robot member", a: org}]
	}
	if !isMember {
		refused, _ := body["refusal"].(map[string]any)
		if refused["code"] != "oidc.access_denied" {
			w.fail("want a refusal of %s in %s: %s", p.name, org, got)
		}
		return true
	}
	want := w.everything(a, p, resource, org)
	scope, _ := body["scope"].(string)
	if body["refusal"] != nil || !parsed(scope).same(want) {
		w.fail("%s and %s for %q in %q: want %q: %s", a.name, p.name, resource, org, want, got)
	}
	return true
}

// everything is the scope of a token if all is asked for.
func (w *walk) everything(a *app, p *person, resource, org string) set {
	api := apiOf(resource)
	switch {
	case a.name == "robot" && resource == "":
		return set{}
	case a.name == "robot":
		return w.machine(api, org)
	case !a.isThird && resource == "":
		return w.orgRights(p, org)
	case !a.isThird:
		return w.personal(p, api, org)
	}
	consented := set{}
	for _, g := range w.grants {
		if g.user == p && g.app == a && w.grantLives(g) {
			at := resource
			if at == "" {
				at = organizationsResource
			}
			consented = consented.or(g.allowed[at])
		}
	}
	if resource == "" {
		return w.orgRights(p, org).and(w.ceiling(a).org).and(consented)
	}
	return w.personal(p, api, org).and(w.given(a, p, api, org)).and(w.ceiling(a).resource(resource, consented))
}
