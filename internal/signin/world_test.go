package signin_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"sync"
	"testing"
	"time"

	"signet/internal/accountcenter"
	"signet/internal/audit"
	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/oidc/authorize"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/platform/event"
	"signet/internal/platform/web"
	"signet/internal/signin"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

const (
	origin   = "http://localhost:3001"
	password = "Blue-Harbour-42"
)

// world is a tenant with an engine, on a real database and a clock that stands.
type world struct {
	t      *testing.T
	ctx    context.Context
	db     *db.DB
	clock  *clock.Fake
	hasher *crypt.Hasher
	engine *signin.Engine
	// written waits until every audit entry so far is stored; nothing may be
	// logged afterwards.
	written func()
}

// each runs fn in a world of its own on either database; change, if given,
// adjusts the settings of the tenant.
func each(t *testing.T, change func(*signinexp.Settings), fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) { fn(t, newWorld(t, p, change)) })
}

func newWorld(t *testing.T, p *db.Pool, change func(*signinexp.Settings)) *world {
	t.Helper()
	endpoint, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	keyring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	at := clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	hasher := crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 64, Passes: 1})
	w := &world{
		t: t, db: p.For(tenant.Default), clock: at, hasher: hasher,
		ctx: web.WithInfo(tenant.With(t.Context(), tenant.New(tenant.Default, endpoint, p)),
			&web.RequestInfo{IP: "192.0.2.1", UserAgent: "Test/1"}),
		engine: &signin.Engine{Experience: signinexp.NewCache(p), Hasher: hasher, Keyring: keyring, Clock: at.Now},
	}
	trail := audit.NewTrail(p, at.Now)
	ctx, flush := trail.Collect(w.ctx)
	w.ctx = ctx
	w.written = sync.OnceFunc(func() { flush(); trail.Close() })
	t.Cleanup(w.written)
	settings := signinexp.Seed(tenant.Default)
	if change != nil {
		change(settings)
	}
	w.tx(func(tx *db.Tx) error {
		if err := signinexp.Insert(w.ctx, tx, 1, settings); err != nil {
			return err
		}
		return accountcenter.Insert(w.ctx, tx, 1, accountcenter.Seed(tenant.Default))
	})
	return w
}

func (w *world) tx(fn func(tx *db.Tx) error) {
	w.t.Helper()
	w.ok(w.db.Tx(w.ctx, fn))
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("failed: %v", err)
	}
}

// refused demands the refusal want, with its status.
func (w *world) refused(err error, want *errs.Error) {
	w.t.Helper()
	got, ok := errs.As(err)
	if !ok || got.Code != want.Code || got.Status != want.Status {
		w.t.Fatalf("got %v, want %s %d", err, want.Code, want.Status)
	}
}

// data is the JSON of the data of a refusal.
func (w *world) data(err error) string {
	w.t.Helper()
	e, ok := errs.As(err)
	if !ok {
		w.t.Fatalf("not a refusal: %v", err)
	}
	raw, failed := json.Marshal(e.Data)
	w.ok(failed)
	return string(raw)
}

// user creates a user with a password.
func (w *world) user(name string, change ...func(*user.New)) *user.User {
	w.t.Helper()
	hash, err := w.hasher.Hash(w.ctx, password)
	w.ok(err)
	no := false
	fresh := user.New{Username: name, PasswordHash: hash, IsMFAEnabled: &no, CaseSensitive: true}
	for _, c := range change {
		c(&fresh)
	}
	var u *user.User
	w.tx(func(tx *db.Tx) (err error) {
		u, err = user.Create(w.ctx, tx, w.clock.Now().UnixMilli(), fresh)
		return err
	})
	return u
}

func (w *world) update(id string, p user.Patch) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error {
		_, err := user.Update(w.ctx, tx, w.clock.Now().UnixMilli(), id, p)
		return err
	})
}

func (w *world) reload(id string) *user.User {
	w.t.Helper()
	u, err := user.ByID(w.ctx, w.db, id)
	w.ok(err)
	return u
}

func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	n, err := db.One[int](w.ctx, w.db, query, args...)
	w.ok(err)
	return n
}

func (w *world) users() int { return w.count(`SELECT count(*) FROM users WHERE tenant_id = $1`) }

// events lists the names of all events so far, in order, of equal time sorted.
func (w *world) events() []event.Event {
	w.t.Helper()
	list, err := event.Since(w.ctx, w.db, "", 100)
	w.ok(err)
	return list
}

func (w *world) hasEvent(name string) bool {
	for _, e := range w.events() {
		if e.Name == name {
			return true
		}
	}
	return false
}

// flow is one interaction of a browser.
type flow struct {
	*world
	in *authorize.Interaction
}

// open makes an interaction in which nothing has happened.
func (w *world) open() *flow {
	w.t.Helper()
	in := &authorize.Interaction{Kind: authorize.KindAuthorize, Prompt: authorize.PromptLogin, ClientID: "demo-app"}
	w.ok(authorize.Begin(w.ctx, w.db, w.clock.Now().UnixMilli(), in))
	return &flow{w, in}
}

// entries lists "key user error-code" of the audit trail. Nothing may happen
// afterwards.
func (w *world) entries() []string {
	w.t.Helper()
	w.written()
	rows, err := db.All[struct {
		Key     string                  `db:"key"`
		UserID  *string                 `db:"user_id"`
		Payload db.JSON[map[string]any] `db:"payload"`
	}](w.ctx, w.db, `SELECT key, user_id, payload FROM audit_logs WHERE tenant_id = $1 ORDER BY created_at, id`)
	w.ok(err)
	var list []string
	for _, row := range rows {
		entry := row.Key
		if row.UserID != nil {
			entry += " " + *row.UserID
		}
		if failure, ok := row.Payload.V["error"].(map[string]any); ok {
			entry += " " + failure["code"].(string)
		}
		list = append(list, entry)
	}
	return list
}

// begin makes an interaction and starts it with an event.
func (w *world) begin(e signin.Event) *flow {
	w.t.Helper()
	f := w.open()
	w.ok(w.engine.Start(w.ctx, f.in, e, nil))
	return f
}

func named(name string) verification.Identifier {
	return verification.Identifier{Type: "username", Value: name}
}

// password verifies the world's password for a username.
func (f *flow) password(name string) string {
	f.t.Helper()
	id, err := f.engine.VerifyPassword(f.ctx, f.in, named(name), password)
	f.ok(err)
	return id
}

// identify signs a user in as far as a password goes.
func (f *flow) identify(name string) {
	f.t.Helper()
	id := f.password(name)
	_, err := f.engine.Identify(f.ctx, f.in, &id)
	f.ok(err)
}

// register creates a user.
func (f *flow) register(name string) {
	f.t.Helper()
	f.ok(f.engine.SetUsername(f.ctx, f.in, name))
	f.ok(f.engine.SetPassword(f.ctx, f.in, password))
	created, err := f.engine.Identify(f.ctx, f.in, nil)
	f.ok(err)
	if !created {
		f.t.Fatal("nobody was created")
	}
}

func (f *flow) submit() (string, error) { return f.engine.Submit(f.ctx, f.in) }

func (f *flow) state() *signin.View {
	f.t.Helper()
	view, err := f.engine.View(f.ctx, f.in)
	f.ok(err)
	return view
}

// row is the stored interaction.
func (f *flow) row() *authorize.Interaction {
	f.t.Helper()
	row, err := authorize.ByUID(f.ctx, f.db, f.clock.Now().UnixMilli(), f.in.UID)
	f.ok(err)
	return row
}

// unchanged runs fn and demands that the stored interaction stays as it was.
func (f *flow) unchanged(fn func()) {
	f.t.Helper()
	before := f.row()
	fn()
	after := f.row()
	if string(before.State) != string(after.State) || string(before.StateSealed) != string(after.StateSealed) {
		f.t.Fatalf("the state changed from %s to %s", before.State, after.State)
	}
}

// login is what Finish stored.
func (f *flow) login() authorize.Login {
	f.t.Helper()
	var stored struct{ Login authorize.Login }
	f.ok(json.Unmarshal(f.row().State, &stored))
	return stored.Login
}

// addKey stores a credential of a new security key for a user who from now on
// wants a second factor.
func (w *world) addKey(u *user.User) *softkey.Key {
	w.t.Helper()
	key := softkey.New()
	rp := mfa.RP{ID: "localhost", Origin: origin}
	now := w.clock.Now().UnixMilli()
	options, challenge, _ := mfa.RegistrationOptions(rp, mfa.OwnerOf(u), nil)
	credential, err := mfa.VerifyRegistration(rp, challenge, now, convert[mfa.RegistrationPayload](w, key.Create(origin, options)))
	w.ok(err)
	yes := true
	w.tx(func(tx *db.Tx) error { return mfa.Insert(w.ctx, tx, credential) })
	w.update(u.ID, user.Patch{IsMFAEnabled: &yes})
	return key
}

// convert turns an answer of a software key into a payload.
func convert[T any](w *world, answer map[string]any) *T {
	w.t.Helper()
	raw, err := json.Marshal(answer)
	w.ok(err)
	payload := new(T)
	w.ok(json.Unmarshal(raw, payload))
	return payload
}

// prove answers a second-factor challenge.
func (f *flow) prove(key *softkey.Key, tweaks ...softkey.Tweak) (recordID string, err error) {
	f.t.Helper()
	id, options, err := f.engine.StartAuthentication(f.ctx, f.in)
	f.ok(err)
	return id, f.engine.FinishAuthentication(f.ctx, f.in, id, convert[mfa.AuthenticationPayload](f.world, key.Get(origin, options, tweaks...)))
}

// enrol registers a new key, up to but without binding.
func (f *flow) enrol(key *softkey.Key, tweaks ...softkey.Tweak) (recordID string, err error) {
	f.t.Helper()
	id, options, err := f.engine.StartRegistration(f.ctx, f.in)
	f.ok(err)
	return id, f.engine.FinishRegistration(f.ctx, f.in, id, convert[mfa.RegistrationPayload](f.world, key.Create(origin, options, tweaks...)))
}

// identifyByEmail signs a user in by email as far as a password goes.
func (f *flow) identifyByEmail(address string) {
	f.t.Helper()
	id, err := f.engine.VerifyPassword(f.ctx, f.in, verification.Identifier{Type: "email", Value: address}, password)
	f.ok(err)
	_, err = f.engine.Identify(f.ctx, f.in, &id)
	f.ok(err)
}

func decodeID(t *testing.T, encoded string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (w *world) json(v any) string {
	w.t.Helper()
	raw, err := json.Marshal(v)
	w.ok(err)
	return string(raw)
}
