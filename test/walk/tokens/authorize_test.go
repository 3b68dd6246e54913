package tokens_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"signet/internal/apptest"
	"signet/internal/platform/crypt/jwttest"
)

// ask is an authorization request.
type ask struct {
	app       *app
	scope     set
	resources []string
	prompt    string
	redirect  string
	nonce     string
	key       string // thumbprint to which the code is bound, "" for none
	way       string // "" through the browser, "pushed" or "signed"
	// asked is what is asked for of each resource, as that was at the time.
	asked map[string]set
}

// draw makes up a request of an app.
func (w *walk) draw(a *app) *ask {
	rq := &ask{app: a, scope: set{}, nonce: fmt.Sprintf("n%d", w.rng.IntN(1000)), prompt: pick(w, []string{"consent", "consent", "", "", "none", "login consent"})}
	if !w.chance(8) {
		rq.scope["openid"] = true
	}
	if w.chance(2) || rq.prompt == "consent" {
		rq.scope["offline_access"] = true
	}
	for _, name := range []string{"profile", "roles", scopeOrganizations, scopeOrganizations, scopeOrganizationRoles, scopeSessions} {
		if !w.chance(3) && (!a.isThird || w.chance(12) || w.ceiling(a).provider[name]) {
			rq.scope[name] = true
		}
	}
	for _, resource := range []string{indicator("orders"), indicator("files"), organizationsResource} {
		if w.chance(2) {
			rq.resources = append(rq.resources, resource)
		}
	}
	for _, name := range []string{"read", "write", "share", "invite", "bill"} {
		if !w.chance(3) {
			rq.scope[name] = true
		}
	}
	if len(a.OIDC.RedirectURIs) > 0 {
		rq.redirect = pick(w, a.OIDC.RedirectURIs)
	}
	if a.key != nil && w.chance(2) {
		rq.key = a.key.Thumbprint
	}
	rq.asked = map[string]set{}
	for _, resource := range rq.resources {
		rq.asked[resource] = w.ceiling(a).resource(resource, rq.scope.and(w.offers(resource)))
	}
	if a.name == "shop" {
		rq.way = pick(w, []string{"", "pushed", "signed"})
	}
	return rq
}

// values are the parameters of the request.
func (rq *ask) values() url.Values {
	values := form("client_id", rq.app.ID, "redirect_uri", rq.redirect, "response_type", "code", "scope", rq.scope.String(), "state", "st ate",
		"nonce", rq.nonce, "prompt", rq.prompt, "dpop_jkt", rq.key, "code_challenge", apptest.Challenge(), "code_challenge_method", "S256")
	for _, resource := range rq.resources {
		values.Add("resource", resource)
	}
	return values
}

// authorize asks for a code in a browser, signs somebody in there if need be, and
// keeps the code.
func (w *walk) authorize() bool {
	a, b, p := w.apps[pick(w, []string{"page", "page", "phone", "shop", "third"})], pick(w, w.browsers), pick(w, w.people)
	rq := w.draw(a)
	w.note("%s asks %s in %s for %q of %v, prompt %q, %s", a.name, p.name, b.name, rq.scope, rq.resources, rq.prompt, rq.way)
	target, ok := w.address(rq)
	if !ok {
		return true
	}
	first := w.do(b, http.MethodGet, target, "")
	if a.isGone {
		w.refused(first, invalidClient)
		return true
	}
	if over := rq.scope.and(providerScopes).without(w.ceilingOf(a)); len(over) > 0 {
		w.back(first, rq, "invalid_scope")
		return true
	}
	if !strings.Contains(rq.prompt, "consent") {
		delete(rq.scope, "offline_access")
	}
	s, last := w.play(b, rq, p, first)
	if s == nil {
		return true
	}
	code := w.back(last, rq, "")
	t := w.approve(rq, s)
	t.kind, t.value, t.expires = aCode, code, w.now()+codeLife
	return true
}

func (w *walk) ceilingOf(a *app) set { return w.ceiling(a).providers(providerScopes) }

// address is where the browser begins; a request that was pushed, or tampered with,
// may end before.
func (w *walk) address(rq *ask) (target string, ok bool) {
	values := rq.values()
	switch rq.way {
	case "signed":
		now := w.now() / second
		claims := map[string]any{"iss": rq.app.ID, "aud": w.site.URL + "/oidc", "iat": now, "exp": now + 60}
		for name, list := range values {
			claims[name] = list[0]
			if name == "resource" {
				claims[name] = list
			}
		}
		object := jwttest.Sign(w.t, "ES256", w.site.signing, map[string]any{"kid": "k1", "typ": "oauth-authz-req+jwt"}, claims)
		// What stands beside the object counts for nothing.
		return "/oidc/auth?" + form("client_id", rq.app.ID, "request", object, "scope", "openid roles", "redirect_uri", "https://evil.example/").Encode(), true
	case "pushed":
		if rq.app.isGone {
			rq.way = ""
			return w.address(rq)
		}
		values.Set("client_secret", w.goodSecret(rq.app))
		a := w.do(nil, http.MethodPost, "/oidc/request", values.Encode())
		if over := rq.scope.and(providerScopes).without(w.ceilingOf(rq.app)); len(over) > 0 {
			w.refused(a, invalidScope)
			return "", false
		}
		uri := a.text("request_uri")
		if a.status != http.StatusCreated || uri == "" {
			w.fail("push: %s", a)
		}
		if w.chance(4) { // somebody else cannot use it, and it stays
			other := w.do(nil, http.MethodGet, "/oidc/auth?"+form("client_id", w.apps["phone"].ID, "request_uri", uri).Encode(), "")
			if other.status != http.StatusBadRequest || other.header.Get("Location") != "" {
				w.fail("the request of another: %s", other)
			}
		}
		w.pushed = append(w.pushed, &pushed{app: rq.app, uri: uri, expires: w.now() + pushedLife, isUsed: true})
		return "/oidc/auth?" + form("client_id", rq.app.ID, "request_uri", uri, "scope", "openid").Encode(), true
	}
	if w.chance(15) && !rq.app.isGone { // never a redirect to what is not registered
		values.Set("redirect_uri", pick(w, []string{"https://evil.example/", rq.redirect + "/../x", "https://phone.example.com/callback?x"}))
		a := w.do(nil, http.MethodGet, "/oidc/auth?"+values.Encode(), "")
		if a.status != http.StatusBadRequest || a.header.Get("Location") != "" || a.text("error") != "invalid_redirect_uri" {
			w.fail("foreign redirect URI: %s", a)
		}
		values.Set("redirect_uri", rq.redirect)
	}
	return "/oidc/auth?" + values.Encode(), true
}

// back checks the answer to the app's redirect URI, and returns the code; failure is
// the error that it must say, "" for none.
func (w *walk) back(a answer, rq *ask, failure string) string {
	w.t.Helper()
	to, _ := url.Parse(a.header.Get("Location"))
	query := to.Query()
	to.RawQuery = ""
	if a.status != http.StatusSeeOther || to.String() != rq.redirect || query.Get("state") != "st ate" || query.Get("iss") != w.site.URL+"/oidc" ||
		query.Get("error") != failure || (query.Get("code") == "") != (failure != "") {
		w.fail("want error %q: %s", failure, a)
	}
	if failure != "" {
		w.note("    %s", failure)
	}
	return query.Get("code")
}

// play takes the steps of an interaction after the first answer: it returns the
// session in which the person has allowed what was asked for and the last answer,
// or nil if it has come to nothing, as the oracle expects.
func (w *walk) play(b *browser, rq *ask, p *person, a answer) (*session, answer) {
	w.t.Helper()
	s := w.signedIn(b)
	if s != nil && w.now()-s.renewed >= renewal {
		s.renewed, s.expires = w.now(), w.now()+sessionFor
	}
	silent := rq.prompt == "none"
	if s == nil || strings.Contains(rq.prompt, "login") {
		if silent {
			w.back(a, rq, "login_required")
			return nil, a
		}
		if a = w.login(b, p, a); a.header == nil {
			return nil, a
		}
		s = w.loggedIn(b, p)
	}
	g := w.grantOf(s, rq.app)
	if strings.Contains(rq.prompt, "consent") || rq.app.isNative || g == nil || !w.covers(g, rq) {
		if silent {
			want := "consent_required"
			if rq.app.isNative {
				want = "interaction_required"
			}
			w.back(a, rq, want)
			return nil, a
		}
		a = w.consent(b, rq, s, a)
	}
	return s, a
}

// login signs a person in and returns the answer that comes after; one without a
// header if the person is refused, as the oracle expects.
func (w *walk) login(b *browser, p *person, a answer) answer {
	w.t.Helper()
	if !strings.HasPrefix(a.header.Get("Location"), "/sign-in") {
		w.fail("want a sign-in: %s", a)
	}
	experience := func(method, path string, body any) answer {
		raw, _ := json.Marshal(body)
		return w.do(b, method, "/api/experience"+path, string(raw))
	}
	experience(http.MethodPut, "", map[string]string{"interactionEvent": "SignIn"})
	proved := experience(http.MethodPost, "/verification/password", map[string]any{
		"identifier": map[string]string{"type": "username", "value": p.username}, "password": p.password,
	})
	identified := experience(http.MethodPost, "/identification", map[string]string{"verificationId": proved.text("verificationId")})
	submitted := w.do(b, http.MethodPost, "/api/experience/submit", "")
	if !p.isUsable() {
		if submitted.status < http.StatusBadRequest {
			w.fail("%s signs in: %s %s %s", p.name, proved, identified, submitted)
		}
		w.note("    %s is not let in", p.name)
		return answer{}
	}
	if submitted.status != http.StatusOK {
		w.fail("%s: %s %s %s", p.name, proved, identified, submitted)
	}
	return w.do(b, http.MethodGet, submitted.text("redirectTo"), "")
}

// loggedIn is what a sign-in makes of a browser's session.
func (w *walk) loggedIn(b *browser, p *person) *session {
	s, now := w.signedIn(b), w.now()
	if s != nil && s.user != p {
		w.end(s)
		s = nil
	}
	if s == nil {
		s = &session{user: p, created: now, apps: map[*app]*grant{}, sids: map[*app]string{}}
		w.sessions = append(w.sessions, s)
	}
	s.renewed, s.expires = now, now+sessionFor
	b.session = s
	w.note("    %s signs in", p.name)
	return s
}

// grantOf is what the session holds for an app, nil for nothing.
func (w *walk) grantOf(s *session, a *app) *grant {
	for _, g := range slices.Backward(w.grants) {
		if g.session == s && g.app == a && w.grantLives(g) {
			return g
		}
	}
	return nil
}

// covers reports whether nothing is left to ask the person.
func (w *walk) covers(g *grant, rq *ask) bool {
	if !g.provider.covers(rq.scope.and(providerScopes)) {
		return false
	}
	for _, resource := range rq.resources {
		allowed, ok := g.allowed[resource]
		if !ok || !allowed.or(g.refused[resource]).covers(rq.asked[resource]) {
			return false
		}
	}
	return true
}

// consent has the person allow the app what it asks for. Only third parties ask.
func (w *walk) consent(b *browser, rq *ask, s *session, a answer) answer {
	w.t.Helper()
	if !strings.HasPrefix(a.header.Get("Location"), "/consent") {
		w.fail("want consent: %s", a)
	}
	a = w.do(b, http.MethodGet, a.header.Get("Location"), "")
	if rq.app.isThird {
		if a.status != http.StatusOK || strings.Contains(a.body, w.another(s.user).username) {
			w.fail("want a page about %s: %s", s.user.name, a)
		}
		opening := map[string][]string{"organizationIds": {}}
		for _, o := range orgs {
			if w.facts[fact{kind: "member", a: o, b: s.user.name}] && w.chance(4) {
				opening["organizationIds"] = append(opening["organizationIds"], w.site.ids[o])
				w.facts[fact{kind: "opened", a: o, b: s.user.name}] = true
			}
		}
		raw, _ := json.Marshal(opening)
		agreed := w.do(b, http.MethodPost, "/api/interaction/consent?app_id="+rq.app.ID, string(raw))
		if agreed.status != http.StatusOK {
			w.fail("consent: %s", agreed)
		}
		a.header = http.Header{"Location": {agreed.text("redirectTo")}}
	}
	w.allow(rq, s)
	return w.do(b, http.MethodGet, a.header.Get("Location"), "")
}

// another is somebody else.
func (w *walk) another(p *person) *person {
	for _, other := range w.people {
		if other != p {
			return other
		}
	}
	return nil
}

// allow is what consent makes of the grant of the session.
func (w *walk) allow(rq *ask, s *session) {
	g := w.grantOf(s, rq.app)
	if g == nil {
		g = &grant{
			user: s.user, app: rq.app, session: s, provider: set{}, allowed: map[string]set{}, refused: map[string]set{},
			issued: w.now(), expires: w.now() + grantFor,
		}
		w.grants = append(w.grants, g)
	}
	g.provider = g.provider.or(w.ceiling(rq.app).providers(rq.scope.and(providerScopes)))
	g.isOffline = g.isOffline || rq.scope["offline_access"]
	for resource, scope := range rq.asked {
		given := scope
		if api := apiOf(resource); rq.app.isThird && api != "" {
			given = scope.and(w.given(rq.app, s.user, api, ""))
		}
		if rq.app.isThird && len(scope) > 0 && len(given) == 0 {
			continue // nothing is decided: the person will be asked again
		}
		g.allowed[resource] = given.or(g.allowed[resource])
		g.refused[resource] = scope.without(given).or(g.refused[resource])
	}
	w.note("    allowed %q %v", g.provider, g.allowed)
}

// approve is what a code, or a device, stands for.
func (w *walk) approve(rq *ask, s *session) *token {
	g := w.grantOf(s, rq.app)
	allowed := maps.Clone(g.provider)
	for _, resource := range rq.resources {
		allowed = allowed.or(g.allowed[resource])
	}
	t := &token{
		app: rq.app, grant: g, scope: rq.scope.and(allowed), resources: rq.resources, redirect: rq.redirect, nonce: rq.nonce, key: rq.key, issued: w.now(),
	}
	if !t.scope["offline_access"] {
		t.session = s
	}
	s.apps[rq.app] = g
	w.tokens = append(w.tokens, t)
	w.evict(g)
	return t
}
