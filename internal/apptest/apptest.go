// Package apptest boots the real server for tests: a real listener on
// localhost, a real SQLite or PostgreSQL database, a clock that moves when told
// to, and cheap password hashing. Tests meet the program as its clients do.
package apptest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signet/internal/asset"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/web"
	"signet/internal/server"
	"signet/internal/tenant"
)

// Password is a password that every policy accepts.
const Password = "Blue-Harbour-42"

// StatusKey is the key with which /api/status tells the tenant's id.
const StatusKey = "status-key"

// App is a running server.
type App struct {
	// URL is the endpoint of the default tenant, AdminURL of the admin tenant.
	URL, AdminURL string
	// Address is where the server listens: a proxy's backend.
	Address string
	Server  *server.Server
	Pool    *db.Pool
	Clock   *clock.Fake
	Keyring *crypt.Keyring
	Hasher  *crypt.Hasher
	// Assets is where uploads lie, in AssetsDir.
	Assets    *asset.Disk
	AssetsDir string
}

type settings struct {
	pool    *db.Pool
	path    string
	public  string
	proxies web.Proxies
	seed    server.Seeder
	roles   []string
	grace   time.Duration
	changes []func(*server.Options)
}

// Option changes how the server is booted.
type Option func(*settings)

// OnPool uses a database that the test has made.
func OnPool(p *db.Pool) Option { return func(s *settings) { s.pool = p } }

// Below serves everything below a path, for example "/auth".
func Below(path string) Option { return func(s *settings) { s.path = path } }

// Behind sets the public endpoint that a proxy in front of the server has.
func Behind(endpoint string) Option {
	return func(s *settings) {
		s.public = endpoint
		s.proxies = web.Proxies{Trust: true}
	}
}

// Seeded uses another seed than the product's.
func Seeded(seed server.Seeder) Option { return func(s *settings) { s.seed = seed } }

// GivingRoles gives new users roles by name, as a configuration may.
func GivingRoles(names ...string) Option { return func(s *settings) { s.roles = names } }

// StagingKeys lets new signing keys wait, as a configuration may.
func StagingKeys(grace time.Duration) Option { return func(s *settings) { s.grace = grace } }

// With changes the options with which the server is built.
func With(change func(o *server.Options)) Option {
	return func(s *settings) { s.changes = append(s.changes, change) }
}

// WithoutAssets boots a server that has no place for uploads.
func WithoutAssets() Option { return With(func(o *server.Options) { o.Assets = nil }) }

// Apart gives the admin tenant an origin of its own on the same port.
func Apart() Option {
	return With(func(o *server.Options) {
		_, port, _ := strings.Cut(o.Endpoint.Host, ":")
		o.AdminEndpoint = &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
	})
}

// Each runs fn against a server on SQLite and one on PostgreSQL.
func Each(t *testing.T, fn func(t *testing.T, app *App), options ...Option) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		fn(t, Start(t, append([]Option{OnPool(p)}, options...)...))
	})
}

// Start boots a server, on SQLite unless told otherwise, and stops it with the
// test.
func Start(t testing.TB, options ...Option) *App {
	t.Helper()
	var s settings
	for _, option := range options {
		option(&s)
	}
	if s.pool == nil {
		s.pool = dbtest.SQLite(t)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	endpoint := "http://localhost:" + port + s.path
	if s.public != "" {
		endpoint = s.public
	}
	app := &App{
		URL: endpoint, AdminURL: endpoint + "/admin", Address: listener.Addr().String(), Pool: s.pool,
		Clock:   clock.NewFake(time.Now()),
		Keyring: keyring(t),
		Hasher:  crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 64, Passes: 1}),
	}
	app.openAssets(t)
	app.Server = boot(t, app, s)
	app.AdminURL = app.Tenant(tenant.Admin).Endpoint.String()
	serve(t, app.Server, listener)
	return app
}

func (a *App) openAssets(t testing.TB) {
	t.Helper()
	a.AssetsDir = filepath.Join(t.TempDir(), "assets")
	disk, err := asset.Open(a.AssetsDir, a.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	a.Assets = disk
	t.Cleanup(func() { _ = disk.Close() })
}

func boot(t testing.TB, app *App, s settings) *server.Server {
	t.Helper()
	o := server.Options{
		Pool: app.Pool, Keyring: app.Keyring, Assets: app.Assets, Hasher: app.Hasher, Clock: app.Clock.Now,
		Endpoint: parse(t, app.URL), AdminEndpoint: parse(t, app.AdminURL),
		Proxies: s.proxies, Seed: s.seed, DefaultRoles: s.roles, KeyGrace: s.grace, StatusAPIKey: StatusKey, WrapOperator: admitOperators,
	}
	for _, change := range s.changes {
		change(&o)
	}
	built, err := server.New(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

func serve(t testing.TB, s *server.Server, listener net.Listener) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, server.TLS{}, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
		s.Close()
	})
}

// keyring is the same in every test of a process, so that two servers can share
// a database.
func keyring(t testing.TB) *crypt.Keyring {
	t.Helper()
	k, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func parse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Tenant returns a tenant of the server.
func (a *App) Tenant(id string) *tenant.Tenant { return a.Server.Tenant(id) }

// DB returns the default tenant's database handle.
func (a *App) DB() *db.DB { return a.Pool.For(tenant.Default) }

// Client returns a browser-like client: it keeps cookies and leaves redirects
// to the test.
func (a *App) Client(t testing.TB) *http.Client {
	t.Helper()
	return newClient(t)
}

func newClient(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Answer is a response whose body has been read.
type Answer struct {
	*http.Response
	Text string
}

// Do sends a request. A body that begins with a brace or bracket is JSON, one
// that begins with two dashes the work of Upload, any other one a form. headers
// are pairs.
func Do(t testing.TB, c *http.Client, method, target, body string, headers ...string) *Answer {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, reader)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		req.Header.Set("Content-Type", "application/json")
	} else if boundary, ok := strings.CutPrefix(body, "--"); ok {
		boundary, _, _ = strings.Cut(boundary, "\r\n")
		req.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	} else if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	return &Answer{Response: res, Text: text.String()}
}
