package signin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/db"
	"signet/internal/tenant"
	"signet/internal/user"
)

// world is a server with applications, and what is on the way in one walk.
type world struct {
	t       testing.TB
	app     *apptest.App
	clients []*apptest.Client
	// organization is one of which the people whom walks begin with are members.
	organization string

	walk     int
	dice     *rand.Rand
	browsers []*browser
	oracle   *oracle
	trace    []string

	// What has been seen so far, by whomever: thieves use it.
	records   []string
	answers   []*keyAnswer
	redirects []string
	codes     []*code
	tokens    []*tokens
	keys      []*softkey.Key
}

// keyAnswer is what a security key has answered to a challenge.
type keyAnswer struct {
	payload   json.RawMessage
	challenge string
	// credential is the id of the credential in hexadecimal.
	credential string
	isHardware bool
}

// code is an authorization code on its way to the application.
type code struct {
	value  string
	client *apptest.Client
}

// tokens are what a code was exchanged for.
type tokens struct {
	apptest.Tokens

	client *apptest.Client
}

func newWorld(t testing.TB, app *apptest.App) *world {
	t.Helper()
	w := &world{t: t, app: app}
	account := &application.Application{ID: "account-center", OIDC: application.ClientMetadata{RedirectURIs: []string{app.URL + "/account"}}}
	third := app.CreateApp(t, application.Application{Type: application.Traditional, IsThirdParty: true})
	w.clients = []*apptest.Client{
		app.CreateApp(t, application.Application{Type: application.SPA}),
		app.CreateApp(t, application.Application{Type: application.Traditional}),
		app.CreateApp(t, application.Application{Type: application.Native}),
		{Application: account},
		third,
	}
	o := app.Operator(t)
	o.Want(http.StatusCreated, "POST", "/api/applications/"+third.ID+"/user-consent-scopes", `{"userScopes":["profile","urn:logto:scope:organizations"]}`)
	w.organization = o.Want(http.StatusCreated, "POST", "/api/organizations", `{"name":"Harbour Crew"}`).String("id")
	return w
}

// begin opens a walk: two people, one of them with two keys, and up to three browsers.
func (w *world) begin(seed uint64, walk int) {
	w.t.Helper()
	*w = world{t: w.t, app: w.app, clients: w.clients, organization: w.organization, walk: walk}
	w.forget()
	w.dice = rand.New(rand.NewPCG(seed, 0))
	w.oracle = newOracle(w, pick(w, policies))
	w.operate(http.MethodPatch, "/api/sign-in-exp", string(encode(w.oracle.settings)))
	for _, name := range []string{"ann", "ben"} {
		u := w.app.CreateUser(w.t, fmt.Sprint(name, walk))
		w.operate(http.MethodPost, "/api/organizations/"+w.organization+"/users", `{"userIds":["`+u.ID+`"]}`)
		p := &person{id: u.ID, identity: identity{*u.Username, apptest.Password}, keys: map[string]bool{}, isMember: true}
		if name == "ben" {
			p.keys[w.giveKey(u)], p.keys[w.giveKey(u)] = true, true
		}
		w.oracle.people = append(w.oracle.people, p)
	}
	for _, name := range []string{"A", "B", "C"}[:1+w.dice.IntN(3)] {
		w.browsers = append(w.browsers, newBrowser(w.t, w.app, name))
	}
	w.oracle.rows = w.look()
}

func (w *world) operate(method, path, body string) {
	w.t.Helper()
	if a := w.app.Operator(w.t).Do(method, path, body); a.StatusCode >= 300 {
		w.t.Fatalf("%s %s: %d %s", method, path, a.StatusCode, a.Text)
	}
}

// giveKey registers a key with a user and returns the id of the credential.
func (w *world) giveKey(u *user.User) string {
	w.t.Helper()
	rp, err := mfa.RPOf(w.app.Tenant(tenant.Default), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	options, challenge, err := mfa.RegistrationOptions(rp, mfa.OwnerOf(u), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	key := softkey.New()
	var payload mfa.RegistrationPayload
	if err := json.Unmarshal(encode(key.Create(rp.Origin, options)), &payload); err != nil {
		w.t.Fatal(err)
	}
	credential, err := mfa.VerifyRegistration(rp, challenge, w.app.Clock.Now().UnixMilli(), &payload)
	if err != nil {
		w.t.Fatal(err)
	}
	credential.UserID = u.ID
	w.app.Tx(w.t, tenant.Default, func(ctx context.Context, tx *db.Tx) error { return mfa.Insert(ctx, tx, credential) })
	w.keys = append(w.keys, key)
	return fmt.Sprintf("%x", credential.CredentialID)
}

// step takes the step of that number: an operation of one browser. Its dice are its
// own, so that a walk without some of its steps is much like the walk.
func (w *world) step(seed uint64, number int) {
	w.dice = rand.New(rand.NewPCG(seed, uint64(number)+1))
	w.app.Clock.Advance(time.Millisecond)
	b := pick(w, w.browsers)
	op := w.choose(b)
	c := op.prepare(w, b)
	if c == nil {
		return
	}
	c.on(op, b)
	calls := []*call{c}
	switch {
	case op.once && w.chance(6):
		again := *c
		again.isSecond = true
		calls = append(calls, &again)
	case c.method != "" && c.from != operator && w.chance(4):
		rival := named(pick(w, rivals))
		if other := rival.prepare(w, b); other != nil {
			other.on(rival, b)
			calls = append(calls, other)
		}
	}
	w.send(calls)
	for _, c := range calls {
		w.trace = append(w.trace, c.String())
	}
	w.oracle.judge(calls)
	for _, c := range calls {
		c.op.tally(c)
		if c.answer == nil {
			continue
		}
		if w.recover(c); c.op.learn != nil {
			c.op.learn(w, c)
		}
	}
}

// choose returns what the browser does: mostly what its user interface would.
func (w *world) choose(b *browser) *operation {
	name := b.next
	if b.next = ""; name == "" {
		// What is missing, submit will say.
		if name = "submit"; b.interaction() == "" {
			name = "authorize"
		}
	}
	if !w.chance(22) {
		return named(name)
	}
	sum := 0
	for _, op := range operations {
		sum += op.weight
	}
	at := w.dice.IntN(sum)
	for _, op := range operations {
		if at -= op.weight; at < 0 {
			return op
		}
	}
	panic("weights")
}

// rivals are what operators do at the very moment of something else.
var rivals = []string{"suspend", "delete user", "reset mfa"}

// send makes the requests of calls at the same time. What came of two can have come in
// the order in which they are left: first those that worked, and first the visitor.
func (w *world) send(calls []*call) {
	if calls[0].method == "" {
		return
	}
	calls[0].b.remember()
	var group sync.WaitGroup
	for _, c := range calls {
		group.Go(func() { c.answer = w.request(c) })
	}
	group.Wait()
	if len(calls) == 2 && calls[0].cameSecond() && !calls[1].refused() {
		calls[0], calls[1] = calls[1], calls[0]
	}
}

// cameSecond reports whether the answer shows that a rival was faster: it is a refusal,
// or somebody has to sign in.
func (c *call) cameSecond() bool {
	return c.refused() || c.op.name == "authorize" && strings.HasPrefix(c.moves(), "/sign-in")
}

func (w *world) request(c *call) *apptest.Answer {
	switch c.from {
	case operator:
		return w.app.Operator(w.t).Do(c.method, c.path, c.body)
	case program:
		return apptest.Do(w.t, http.DefaultClient, c.method, w.app.URL+c.path, c.body, c.headers...)
	}
	headers := c.headers
	if c.b.named != nil {
		headers = append([]string{"Logto-App-Id", c.b.named.ID}, headers...)
	}
	return c.b.Do(c.method, c.path, c.body, headers...)
}

// chance is true that many times in a hundred.
func (w *world) chance(percent int) bool { return w.dice.IntN(100) < percent }

func pick[T any](w *world, list []T) T { return list[w.dice.IntN(len(list))] }

// some returns one of a list, the zero value of an empty one.
func some[T any](w *world, list []T) (one T) {
	if len(list) == 0 {
		return one
	}
	return pick(w, list)
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// sender is who makes a request.
type sender int

const (
	visitor sender = iota
	operator
	program
)

// call is one request: what an operation asks for, and what came of it.
type call struct {
	op *operation
	b  *browser

	from         sender
	method, path string
	body         string
	headers      []string

	// What the oracle must know of the request.
	client   *apptest.Client
	ask      ask
	event    string
	typed    identity
	record   string
	key      *keyAnswer
	redirect string
	code     *code
	tokens   *tokens
	person   *person
	opened   string // organization
	settings func(*settings)

	// uid is the interaction of the browser at that time, secret its session.
	uid, secret string
	answer      *apptest.Answer
	changes     []change
	expected    []expectation
	// isSecond says that the same request was made at the same time.
	isSecond bool
}

// on notes which operation of which browser the call is.
func (c *call) on(op *operation, b *browser) {
	c.op, c.b, c.uid, c.secret = op, b, b.interaction(), b.secret()
}

func (c *call) refused() bool { return c.answer.StatusCode >= 400 }

// moves returns where the answer redirects to, "" if it does not.
func (c *call) moves() string {
	if c.answer == nil {
		return ""
	}
	return c.answer.Header.Get("Location")
}

func (c *call) String() string {
	if c.answer == nil {
		return fmt.Sprintf("%s %s", c.b.name, c.op.name)
	}
	detail := c.body
	if strings.HasPrefix(c.path, "/oidc/auth?") {
		detail = fmt.Sprintf("%+v", c.ask)
	}
	if len(detail) > 150 {
		detail = detail[:150]
	}
	outcome := c.answer.Code()
	if outcome == "" {
		outcome = strings.SplitN(c.moves(), "?", 2)[0]
	}
	return fmt.Sprintf("%s %s %s: %d %s", c.b.name, c.op.name, detail, c.answer.StatusCode, outcome)
}
