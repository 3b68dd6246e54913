package authorize

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"signet/internal/oidc/client"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// world is a tenant with a clock, as the handlers find it.
type world struct {
	t      testing.TB
	tenant *tenant.Tenant
	db     *db.DB
	clock  *clock.Fake
	engine *Engine
	ctx    context.Context
}

func setup(t testing.TB, p *db.Pool) *world {
	t.Helper()
	return setupAt(t, p, tenant.Default, "https://id.example.com")
}

func setupAt(t testing.TB, p *db.Pool, tenantID, endpoint string) *world {
	t.Helper()
	ring, err := crypt.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)), tenant: tenant.New(tenantID, base, p)}
	w.db = w.tenant.DB
	w.engine = &Engine{Clients: client.NewDirectory(p, client.Options{}), Keys: token.NewKeys(p, ring, w.clock.Now), Ring: ring, Clock: w.clock.Now}
	w.ctx = tenant.With(context.Background(), w.tenant)
	key, err := token.GenerateKey(token.ES384)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.tx(func(tx *db.Tx) error { return token.SeedKeys(w.ctx, tx, w.now(), ring, key) }); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) now() int64 { return w.clock.Now().UnixMilli() }

// within runs fn as a handler of the tenant would run.
func (w *world) within(r *http.Request, fn http.HandlerFunc) *http.Response {
	rec := httptest.NewRecorder()
	h := SignedCookies(w.engine.Keys)(fn)
	h.ServeHTTP(rec, r.WithContext(tenant.With(r.Context(), w.tenant)))
	return rec.Result()
}

// begin stores an interaction of the client and fails the test if it cannot.
func (w *world) begin(in Interaction) *Interaction {
	w.t.Helper()
	if in.Kind == "" {
		in.Kind = KindAuthorize
	}
	if in.Prompt == "" {
		in.Prompt = PromptLogin
	}
	in.Params.ClientID = in.ClientID
	if err := Begin(w.ctx, w.db, w.now(), &in); err != nil {
		w.t.Fatal(err)
	}
	return &in
}

func (w *world) tx(fn func(tx *db.Tx) error) error { return w.db.Tx(w.ctx, fn) }

// compact removes the spaces that a database put into a document.
func compact(raw []byte) string {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return string(raw)
	}
	return out.String()
}
