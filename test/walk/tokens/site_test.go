package tokens_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/dpop/dpoptest"
	"signet/internal/platform/fetch"
	"signet/internal/platform/web"
	"signet/internal/server"
)

// site is a server with what all walks on it share.
type site struct {
	*apptest.App
	*notices

	transport http.RoundTripper
	ids       map[string]string // of apis, scopes, roles and so on, and of the present walk's people and apps
	standing  map[fact]bool     // that hold at the beginning of each walk
	keys      map[string]jose.JSONWebKey
	published []string // the kids of them that are still published
	signing   *ecdsa.PrivateKey
	count     int
}

// options let every browser have an address of its own, for limits count by it, and
// notices reach the tests.
func options() []apptest.Option {
	return []apptest.Option{apptest.With(func(o *server.Options) {
		o.Proxies = web.Proxies{Trust: true}
		o.Outbound = fetch.New(fetch.Options{Timeout: 2 * time.Second, AllowPrivate: true})
	})}
}

func newSite(t *testing.T, app *apptest.App) *site {
	t.Helper()
	s := &site{
		App: app, notices: listen(t), transport: &http.Transport{MaxIdleConnsPerHost: 20},
		ids: map[string]string{}, standing: map[fact]bool{}, keys: map[string]jose.JSONWebKey{},
	}
	var err error
	if s.signing, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	w := &walk{site: s, t: t, model: &model{facts: s.standing}}
	w.manage(`PATCH /api/configs/oidc/dpop {"enabled":true}`)
	w.readKeys()
	w.furnish()
	return s
}

// furnish makes the APIs, roles and organizations, and what they grant.
func (w *walk) furnish() {
	w.t.Helper()
	s := w.site
	create := func(name, format string, args ...any) {
		a := w.manage(fmt.Sprintf(format, args...))
		if s.ids[name] = a.text("id"); s.ids[name] == "" {
			w.fail("%s: %s", name, a)
		}
	}
	for _, api := range apis {
		create(api, `POST /api/resources {"name":%q,"indicator":%q,"accessTokenTtl":%d}`, api, indicator(api), ttl)
	}
	for _, name := range orgs {
		create(name, `POST /api/organizations {"name":%q}`, name)
	}
	for _, name := range orgScopes {
		create(name, `POST /api/organization-scopes {"name":%q}`, name)
	}
	for i, list := range [][]string{roles, robotRoles} {
		for _, name := range list {
			create(name, `POST /api/roles {"name":%q,"description":"d","type":%q}`, name, []string{"User", "MachineToMachine"}[i])
		}
	}
	for i, list := range [][]string{orgRoles, loaderRoles} {
		for _, name := range list {
			create(name, `POST /api/organization-roles {"name":%q,"type":%q}`, name, []string{"User", "MachineToMachine"}[i])
		}
	}
	for _, scope := range apiScopes {
		api, name, _ := strings.Cut(scope, "/")
		w.set(fact{kind: "offers", a: api, b: name}, true)
	}
	for _, f := range []fact{
		{"role scope", "reader", "orders/read", ""}, {"role scope", "reader", "files/read", ""}, {"role scope", "writer", "orders/write", ""},
		{"org role scope", "clerk", "orders/write", ""}, {"org role scope", "captain", "files/share", ""},
		{"org role org scope", "clerk", "invite", ""}, {"org role org scope", "captain", "bill", ""},
		{"role scope", "feeder", "orders/read", ""}, {"org role scope", "loader", "orders/write", ""},
	} {
		w.set(f, true)
	}
}

var reference = regexp.MustCompile(`\{(=?)([a-z/]+)\}`)

// spelled puts the parts of a fact into a call.
func (s *site) spelled(call string, f fact) string {
	return reference.ReplaceAllStringFunc(call, func(match string) string {
		name := strings.Trim(match, "{}")
		bare := strings.TrimPrefix(name, "=")
		value := map[string]string{"a": f.a, "b": f.b, "c": f.c, "a/b": f.a + "/" + f.b}[bare]
		switch {
		case value == "": // "robot" and the like
			return s.ids[bare]
		case bare != name:
			return value
		}
		return s.ids[value]
	})
}

// populate makes the people and applications of a walk, and their rights.
func (w *walk) populate() {
	s := w.site
	s.count++
	w.model = &model{apps: map[string]*app{}, facts: map[fact]bool{}}
	for f := range s.standing {
		w.facts[f] = true
	}
	for _, name := range names {
		username := fmt.Sprintf("%s%d", name, s.count)
		p := &person{name: name, username: username, password: apptest.Password, id: s.CreateUser(w.t, username).ID}
		s.ids[name] = p.id
		w.people = append(w.people, p)
	}
	for _, name := range []string{"laptop", "phone"} {
		jar, _ := cookiejar.New(nil)
		w.browsers = append(w.browsers, &browser{name: name, client: &http.Client{
			Jar: jar, Transport: s.transport, Timeout: 30 * time.Second,
			CheckRedirect: staying,
		}})
	}
	w.registerAll()
	w.entitle()
}

// registerAll makes the applications of a walk.
func (w *walk) registerAll() {
	w.register("page", application.Application{Type: application.SPA, Custom: application.CustomMetadata{
		MaxAllowedGrants: pick(w, []*int64{nil, new(int64(1)), new(int64(2))}), RotateRefreshToken: pick(w, []*bool{nil, nil, new(false)}),
		AlwaysIssueRefreshToken: pick(w, []*bool{nil, new(true)}),
	}}, true)
	w.register("phone", application.Application{Type: application.Native}, false)
	w.register("shop", application.Application{Type: application.Traditional, Custom: application.CustomMetadata{
		AllowTokenExchange: new(true), AlwaysIssueRefreshToken: pick(w, []*bool{nil, new(true)}), JWKS: w.keySet(),
	}}, w.chance(2))
	w.register("third", application.Application{Type: application.SPA, IsThirdParty: true}, true)
	w.register("tv", application.Application{Type: application.Native, Custom: application.CustomMetadata{IsDeviceFlow: new(true)}}, false)
	w.register("robot", application.Application{Type: application.MachineToMachine}, false)
	if w.chance(2) {
		w.apps["phone"].key = dpoptest.New(w.t)
	}
}

// entitle gives the people and applications of a walk rights, most of those that
// are listed.
func (w *walk) entitle() {
	for _, f := range []fact{
		{"person role", "ann", "reader", ""}, {"member", "crew", "ann", ""}, {"member role", "crew", "ann", "clerk"},
		{"member", "fleet", "ann", ""}, {"member role", "fleet", "ann", "captain"}, {"member", "crew", "bob", ""}, {"person role", "bob", "writer", ""},
		{"robot role", "feeder", "", ""}, {"robot member", "crew", "", ""}, {"robot org role", "crew", "loader", ""},
		{"third user scope", "profile", "", ""}, {"third user scope", scopeOrganizations, "", ""}, {"third scope", "", "orders/read", ""},
		{"third scope in orgs", "", "orders/write", ""}, {"third org scope", "invite", "", ""}, {"opened", "crew", "ann", ""},
	} {
		if !w.chance(4) && (kindOf(f).needs == nil || w.facts[kindOf(f).needs(f)]) {
			w.set(f, true)
		}
	}
}

// keySet is the public key with which the shop signs requests.
func (w *walk) keySet() *application.KeySet {
	raw, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: w.site.signing.Public(), KeyID: "k1", Use: "sig"}}})
	var keys application.KeySet
	if err == nil {
		err = json.Unmarshal(raw, &keys)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return &keys
}

// register makes an application that is told of sign-outs, and of the session.
func (w *walk) register(name string, wanted application.Application, wantsSession bool) {
	w.t.Helper()
	a := &app{
		name: name, isThird: wanted.IsThirdParty, isNative: wanted.Type == application.Native,
		isPublic: wanted.Type == application.Native || wanted.Type == application.SPA,
		isDevice: wanted.Custom.IsDeviceFlow != nil, rotates: wanted.Custom.RotateRefreshToken == nil,
		alwaysRefreshes: wanted.Custom.AlwaysIssueRefreshToken != nil, wantsSession: wantsSession,
	}
	if n := wanted.Custom.MaxAllowedGrants; n != nil {
		a.limit = int(*n)
	}
	wanted.OIDC.RedirectURIs = []string{"https://" + name + ".example.com/callback", "https://" + name + ".example.com/second"}
	wanted.OIDC.PostLogoutRedirectURIs = []string{"https://" + name + ".example.com/bye"}
	if a.isDevice || wanted.Type == application.MachineToMachine {
		wanted.OIDC.RedirectURIs, wanted.OIDC.PostLogoutRedirectURIs = []string{}, []string{}
	} else {
		wanted.OIDC.BackchannelLogoutURI, wanted.OIDC.BackchannelLogoutSessionRequired = w.site.uri, &wantsSession
		a.wantsNotice = true
	}
	a.Client = w.site.CreateApp(w.t, wanted)
	if a.Secret != "" {
		a.secrets = []secret{{name: "Default secret", value: a.Secret}}
	}
	w.apps[name], w.site.ids[name] = a, a.ID
}

// restore undoes what a walk has changed of what all walks share.
func (w *walk) restore() {
	for _, k := range kinds { // in an order in which nothing lacks what it needs
		for f := range w.site.standing {
			if f.kind == k.name && !w.facts[f] {
				w.set(f, true)
			}
		}
	}
	for f := range w.facts {
		if !w.site.standing[f] && !f.concerns() && w.facts[f] {
			w.set(f, false)
		}
	}
}

// answer is a response, or why there is none.
type answer struct {
	request string
	status  int
	header  http.Header
	body    string
	err     error
}

// String describes the answer in failures.
func (a answer) String() string {
	return fmt.Sprintf("%s: %d %s%.900s %v", a.request, a.status, a.header.Get("Location"), a.body, a.err)
}

func (a answer) object() map[string]any {
	var object map[string]any
	_ = json.Unmarshal([]byte(a.body), &object)
	return object
}

// text returns a property of the JSON body, "" if there is none.
func (a answer) text(property string) string {
	text, _ := a.object()[property].(string)
	return text
}

// staying follows no redirect.
func staying(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// send sends a request; it is safe for concurrent use and fails no test.
func (s *site) send(c *http.Client, method, target, body string, headers ...string) answer {
	if strings.HasPrefix(target, "/") {
		target = s.URL + target
	}
	a := answer{request: method + " " + strings.TrimPrefix(target, s.URL) + " " + body}
	r, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	if err != nil {
		a.err = err
		return a
	}
	switch {
	case strings.HasPrefix(body, "{"):
		r.Header.Set("Content-Type", "application/json")
	case body != "":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(r)
	if err != nil {
		a.err = err
		return a
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	a.status, a.header, a.body, a.err = res.StatusCode, res.Header, string(raw), err
	return a
}

// protocol are the endpoints whose errors are those of OAuth.
var protocol = []string{"/oidc/token", "/oidc/me", "/oidc/request", "/oidc/device/auth"}

// sound checks what holds of every answer.
func (w *walk) sound(a answer) answer {
	w.t.Helper()
	if a.err != nil || a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests {
		w.fail("broken: %s", a)
	}
	_, path, _ := strings.Cut(a.request, " ")
	isOAuth := slices.ContainsFunc(protocol, func(p string) bool { return strings.HasPrefix(path, p) })
	if a.status >= http.StatusBadRequest && isOAuth && (a.text("error") == "" || a.text("code") != "oidc."+a.text("error") || a.text("message") == "") {
		w.fail("no OAuth error: %s", a)
	}
	if a.status >= http.StatusBadRequest && strings.HasPrefix(path, "/api/") && (a.text("code") == "" || a.text("message") == "") {
		w.fail("no error: %s", a)
	}
	return a
}

// do sends a request for a browser, or for nobody.
func (w *walk) do(b *browser, method, target, body string, headers ...string) answer {
	w.t.Helper()
	client := &http.Client{Transport: w.site.transport, Timeout: 30 * time.Second, CheckRedirect: staying}
	if b != nil {
		client = b.client
		headers = append(headers, "X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", len(b.name), w.site.count>>8&255, w.site.count&255))
	} else {
		headers = append(headers, "X-Forwarded-For", fmt.Sprintf("10.99.%d.%d", w.site.count>>8&255, w.site.count&255))
	}
	return w.sound(w.site.send(client, method, target, body, headers...))
}

// manage calls the Management API; call is method, path and body.
func (w *walk) manage(call string) answer {
	w.t.Helper()
	method, rest, _ := strings.Cut(call, " ")
	path, body, _ := strings.Cut(rest, " ")
	return w.do(nil, method, path, body, "X-Test-Operator", "test-operator")
}

// form is a form of pairs, without those that are empty.
func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Add(pairs[i], pairs[i+1])
		}
	}
	return values
}
