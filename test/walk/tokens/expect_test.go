package tokens_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Scopes of the provider, and the audience of all organizations.
const (
	scopeOrganizations     = "urn:logto:scope:organizations"
	scopeOrganizationRoles = "urn:logto:scope:organization_roles"
	scopeSessions          = "urn:logto:scope:sessions"
	organizationsResource  = "urn:logto:resource:organizations"
)

var providerScopes = of("openid", "offline_access", "profile", "roles", scopeOrganizations, scopeOrganizationRoles, scopeSessions)

// refusal is an error that the oracle expects.
type refusal struct {
	status int
	code   string
}

var (
	invalidGrant  = &refusal{http.StatusBadRequest, "invalid_grant"}
	invalidScope  = &refusal{http.StatusBadRequest, "invalid_scope"}
	invalidTarget = &refusal{http.StatusBadRequest, "invalid_target"}
	invalidClient = &refusal{http.StatusBadRequest, "invalid_client"}
	denied        = &refusal{http.StatusForbidden, "access_denied"}
	insufficient  = &refusal{http.StatusForbidden, "insufficient_scope"}
)

// refused checks that an answer is the refusal that the oracle expects.
func (w *walk) refused(a answer, want *refusal) {
	w.t.Helper()
	w.note("    refused with %s", want.code)
	if a.status != want.status || a.text("error") != want.code {
		w.fail("want %d %s: %s", want.status, want.code, a)
	}
}

// issue is what a request for tokens is about, once the oracle knows that it is
// granted in principle.
type issue struct {
	app           *app
	user          *person // nil of a machine
	grant         *grant
	scope, held   set
	resources     []string
	resource, org string // that the request names
	isExchange    bool
	key           string // thumbprint of the proof, "" for none
	actor         string
}

// audience is whom an access token is for.
type audience struct {
	aud, org string // aud is "" of an opaque one
	scope    set
	life     int64 // seconds
	isSilent bool  // no scope is said if there is none
}

// apiOf is the API of an indicator, "" for none.
func apiOf(resource string) string {
	for _, api := range apis {
		if indicator(api) == resource {
			return api
		}
	}
	return ""
}

// provided are those members of a scope that are the provider's own.
func (w *walk) provided(i *issue, scope set) set {
	return w.ceiling(i.app).providers(scope.and(i.grant.provider))
}

// audience decides about a token of a person.
func (w *walk) audience(i *issue) (*audience, *refusal) {
	c, p, resource := w.ceiling(i.app), i.user, i.resource
	if i.org != "" {
		switch {
		case !w.facts[fact{kind: "member", a: i.org, b: p.name}], c != nil && !w.facts[fact{kind: "opened", a: i.org, b: p.name}]:
			return nil, denied
		case !i.isExchange && !w.provided(i, i.held)[scopeOrganizations]:
			return nil, insufficient
		}
	}
	if resource == "" && i.org == "" && !w.provided(i, i.scope)["openid"] && !i.isExchange {
		switch len(i.resources) {
		case 0:
		case 1:
			resource = i.resources[0]
		default:
			return nil, invalidTarget
		}
	}
	switch {
	case resource == "" && i.org == "":
		return &audience{scope: w.provided(i, i.scope), life: accessLife / second}, nil
	case resource == "":
		scope := i.scope.and(w.orgRights(p, i.org))
		if c != nil {
			scope = scope.and(c.org)
		}
		return &audience{aud: "urn:logto:organization:" + w.site.ids[i.org], scope: scope, life: accessLife / second}, nil
	}
	allowed, ok := i.grant.allowed[resource]
	if !ok || !slices.Contains(i.resources, resource) {
		return nil, invalidTarget
	}
	scope := c.resource(resource, i.scope.and(allowed))
	if resource == organizationsResource {
		return &audience{aud: resource, scope: scope, life: accessLife / second}, nil
	}
	api := apiOf(resource)
	return &audience{
		aud: resource, org: w.site.ids[i.org], life: ttl,
		scope: scope.and(w.personal(p, api, i.org)).and(w.given(i.app, p, api, i.org)),
	}, nil
}

// access checks the access token of an answer, and keeps it; session is the one with
// which it dies, nil for none.
func (w *walk) access(a answer, i *issue, want *audience, session *session) {
	w.t.Helper()
	value, body := a.text("access_token"), a.object()
	kind := "Bearer"
	if i.key != "" {
		kind = "DPoP"
	}
	scope, says := body["scope"].(string)
	if a.status != http.StatusOK || body["token_type"] != kind || body["expires_in"] != float64(want.life) ||
		!parsed(scope).same(want.scope) || says == (want.isSilent && len(want.scope) == 0) {
		w.fail("want a token for %q in %q: %s", want.aud, want.scope, a)
	}
	w.note("    token for %q in org %q: %q", want.aud, want.org, want.scope)
	if want.aud == "" {
		if strings.Contains(value, ".") || len(value) < 43 {
			w.fail("no opaque token: %s", a)
		}
		w.tokens = append(w.tokens, &token{
			kind: anAccess, value: value, app: i.app, grant: i.grant, session: session, scope: want.scope, key: i.key,
			issued: w.now(), expires: w.now() + accessLife,
		})
		return
	}
	w.structured(value, i, want, says)
}

// structured checks a JWT access token (RFC 9068), and keeps it.
func (w *walk) structured(value string, i *issue, want *audience, says bool) {
	w.t.Helper()
	header, claims, err := w.site.open(value)
	if err != nil || header["typ"] != "at+jwt" || !slices.Contains(w.site.published, fmt.Sprint(header["kid"])) {
		w.fail("JWT %v %v: %v", header, claims, err)
	}
	subject := i.app.ID
	if i.user != nil {
		subject = i.user.id
	}
	issued := w.now() / second
	expected := map[string]any{
		"jti": claims["jti"], "iss": w.site.URL + "/oidc", "sub": subject, "aud": want.aud, "client_id": i.app.ID,
		"iat": float64(issued), "exp": float64(issued + want.life),
	}
	if want.org != "" {
		expected["organization_id"] = want.org
	}
	if i.key != "" {
		expected["cnf"] = map[string]any{"jkt": i.key}
	}
	if i.actor != "" {
		expected["act"] = map[string]any{"sub": i.actor}
	}
	scope, _ := claims["scope"].(string)
	if _, ok := claims["scope"]; ok != says || !parsed(scope).same(want.scope) {
		w.fail("JWT in %q, want %q: %v", scope, want.scope, claims)
	}
	delete(claims, "scope")
	w.equal("claims", claims, expected)
	w.jwts = append(w.jwts, &structured{value: value, kid: fmt.Sprint(header["kid"]), user: i.user, app: i.app, expires: (issued + want.life) * second})
}

// equal compares two JSON objects.
func (w *walk) equal(what string, got, want map[string]any) {
	w.t.Helper()
	g, _ := json.Marshal(got)
	x, _ := json.Marshal(want)
	if string(g) != string(x) {
		w.fail("%s %s, want %s", what, g, x)
	}
}

// identity checks the ID token of an answer: there is one if the scope has openid.
func (w *walk) identity(a answer, i *issue, session *session, nonce string) {
	w.t.Helper()
	raw, scope := a.text("id_token"), w.provided(i, i.scope)
	if (raw != "") != scope["openid"] {
		w.fail("ID token: %s, scope %q", a, scope)
	}
	if raw == "" {
		return
	}
	_, claims, err := w.site.open(raw)
	issued := float64(w.now() / second)
	if err != nil || claims["iss"] != w.site.URL+"/oidc" || claims["aud"] != i.app.ID || claims["sub"] != i.user.id || claims["nonce"] != nonce ||
		claims["iat"] != issued || claims["exp"] != issued+3600 {
		w.fail("ID token %v: %v", claims, err)
	}
	w.membership("ID token", claims, scope, i.app, i.user)
	w.sid(claims, i, session)
}

// sid checks how an ID token names the session to an app that wants to know. An
// app that first asks when the session has ended is told of none.
func (w *walk) sid(claims map[string]any, i *issue, session *session) {
	w.t.Helper()
	sid, _ := claims["sid"].(string)
	if session == nil || session.apps[i.app] != i.grant {
		return
	}
	known, wants := session.sids[i.app], i.app.wantsNotice && i.app.wantsSession
	if sid != "" && !wants || sid == "" && wants && !session.hasEnded || sid != "" && known != "" && known != sid {
		w.fail("sid %q, want %q", sid, known)
	}
	if !session.hasEnded {
		session.sids[i.app] = sid
	}
}

// membership checks what claims say about organizations and roles, and that they
// say nothing of anybody else.
func (w *walk) membership(what string, claims map[string]any, scope set, a *app, p *person) {
	w.t.Helper()
	want := map[string]set{}
	if scope[scopeOrganizations] {
		want["organizations"] = set{}
	}
	if scope[scopeOrganizationRoles] {
		want["organization_roles"] = set{}
	}
	if scope["roles"] {
		want["roles"] = set{}
	}
	for _, o := range orgs {
		if !w.facts[fact{kind: "member", a: o, b: p.name}] || a.isThird && !w.facts[fact{kind: "opened", a: o, b: p.name}] {
			continue
		}
		if want["organizations"] != nil {
			want["organizations"][w.site.ids[o]] = true
		}
		for _, r := range orgRoles {
			if want["organization_roles"] != nil && w.facts[fact{"member role", o, p.name, r}] {
				want["organization_roles"][w.site.ids[o]+":"+r] = true
			}
		}
	}
	for _, r := range roles {
		if want["roles"] != nil && w.facts[fact{kind: "person role", a: p.name, b: r}] {
			want["roles"][r] = true
		}
	}
	for _, name := range []string{"organizations", "organization_roles", "roles"} {
		got := set{}
		list, ok := claims[name].([]any)
		for _, member := range list {
			got[fmt.Sprint(member)] = true
		}
		if ok != (want[name] != nil) || !got.same(want[name]) {
			w.fail("%s: %s %v, want %v: %v", what, name, got, want[name], claims)
		}
	}
	if username := claims["username"]; username != nil && (username != p.username || !scope["profile"]) {
		w.fail("%s: username %v of %s in %q", what, username, p.username, scope)
	}
}

// open verifies a JWT with the keys that were published.
func (s *site) open(raw string) (header, claims map[string]any, err error) {
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.ES512})
	if err != nil {
		return nil, nil, err
	}
	protected := signed.Signatures[0].Protected
	header = map[string]any{"kid": protected.KeyID, "typ": protected.ExtraHeaders["typ"]}
	key, ok := s.keys[protected.KeyID]
	if !ok {
		return header, nil, fmt.Errorf("key %q was never published", protected.KeyID)
	}
	payload, err := signed.Verify(key)
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	return header, claims, err
}
