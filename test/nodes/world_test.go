// Package nodes_test runs two processes of the server on one PostgreSQL database,
// as an installation behind a load balancer does. What may be used once is used
// fifty times at once over both of them, and what begins on one of them goes on at
// the other.
package nodes_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db/dbtest"
	"signet/internal/tenant"
	"signet/test/flow"
)

// kek is the key of both processes and of the test, which looks into the database.
const kek = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="

// atOnce is how many requests want the same thing.
const atOnce = 50

// world is an installation of two processes.
type world struct {
	// App reaches the database, for what operators set up. No server of its own
	// stands behind it.
	*apptest.App

	endpoint string
	nodes    [2]*http.Client
	ports    [2]string
	machine  string // access token for the Management API
}

// start boots the processes. Both believe to be the endpoint, which is the first
// one's address.
func start(t *testing.T) *world {
	t.Helper()
	binary, err := flow.Build(t.Context(), "signet-as-nodes")
	if err != nil {
		t.Fatal(err)
	}
	options := dbtest.PostgresOptions(t)
	w := &world{App: &apptest.App{
		Pool: dbtest.Open(t, options), Clock: clock.NewFake(time.Now()), Keyring: keyring(t),
		Hasher: crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 64, Passes: 1}),
	}}
	data := t.TempDir()
	for i := range w.nodes {
		port, err := flow.FreePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if w.endpoint == "" {
			w.endpoint = "http://localhost:" + strconv.Itoa(port)
		}
		process, err := flow.Serve(context.WithoutCancel(t.Context()), binary, port,
			"DB_URL="+options.URL, "SECRET_VAULT_KEK="+kek, "ENDPOINT="+w.endpoint, "DATA_DIR="+data)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(process.Kill)
		w.ports[i] = strconv.Itoa(port)
		w.nodes[i] = &http.Client{Timeout: 30 * time.Second, Transport: w.to(i)}
	}
	w.URL = w.endpoint
	w.CreateUser(t, "robin")
	c := w.CreateMachine(t, tenant.Default, apptest.ManagementRole)
	a := w.token(0, c, url.Values{"grant_type": {"client_credentials"}, "resource": {"https://default.logto.app/api"}, "scope": {"all"}})
	if w.machine = a.text("access_token"); w.machine == "" {
		t.Fatalf("no token for the Management API: %s", a)
	}
	return w
}

func keyring(t *testing.T) *crypt.Keyring {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(kek)
	if err != nil {
		t.Fatal(err)
	}
	k, err := crypt.NewKeyring(raw)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// to returns a transport that leads to a node whatever the address, as a load
// balancer would: the Host stays that of the endpoint.
func (w *world) to(node int) *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: atOnce,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, network, "127.0.0.1:"+w.ports[node])
		},
	}
}

// balancer sends every request to another node than the one before.
type balancer struct {
	world *world
	count atomic.Int64
}

// RoundTrip is of http.RoundTripper.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	return b.world.nodes[b.count.Add(1)%2].Transport.RoundTrip(r)
}

// browser returns a browser whose every next request meets the other node.
func (w *world) browser(t *testing.T) *apptest.Browser {
	t.Helper()
	b := apptest.NewBrowser(t, w.endpoint)
	b.Client.Transport = &balancer{world: w}
	return b
}

// answer is a response, or why there is none.
type answer struct {
	status int
	body   string
	err    error
}

// String describes the answer in the failures of tests.
func (a answer) String() string { return fmt.Sprint(a.status, " ", a.body, " ", a.err) }

// text returns a property of the JSON body, "" if there is none.
func (a answer) text(property string) string {
	var object map[string]any
	if json.Unmarshal([]byte(a.body), &object) != nil {
		return ""
	}
	text, _ := object[property].(string)
	return text
}

// send sends a request to a node. headers are pairs. It is safe for concurrent use
// and fails no test.
func (w *world) send(node int, method, path, body string, headers ...string) answer {
	req, err := http.NewRequestWithContext(context.Background(), method, w.endpoint+path, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.nodes[node].Do(req)
	if err != nil {
		return answer{err: err}
	}
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(text), errors.Join(err, res.Body.Close())}
}

// token calls the token endpoint of a node for a client.
func (w *world) token(node int, c *apptest.Client, form url.Values, headers ...string) answer {
	form.Set("client_id", c.ID)
	if c.Secret != "" {
		form.Set("client_secret", c.Secret)
	}
	return w.send(node, http.MethodPost, "/oidc/token", form.Encode(), headers...)
}

// manage calls the Management API of a node.
func (w *world) manage(node int, method, path, body string) answer {
	return w.send(node, method, path, body, "Authorization", "Bearer "+w.machine)
}

// race has fifty requests begin at once, by turns at both nodes, and returns the
// answers to those that went well and to the others.
func race(t *testing.T, send func(node int) answer) (good, bad []answer) {
	t.Helper()
	answers := make([]answer, atOnce)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			<-begin
			answers[i] = send(i % 2)
		})
	}
	close(begin)
	all.Wait()
	for _, a := range answers {
		switch {
		case a.err != nil, a.status >= http.StatusInternalServerError:
			t.Errorf("broken: %s", a)
		case a.status < http.StatusMultipleChoices:
			good = append(good, a)
		default:
			bad = append(bad, a)
		}
	}
	return good, bad
}

// once is race for what may be had once: the others must be refused with a status
// and an error, of OAuth or of our own. It returns the one good answer.
func once(t *testing.T, status int, code string, send func(node int) answer) answer {
	t.Helper()
	good, bad := race(t, send)
	for _, a := range bad {
		if got := a.text("error"); a.status != status || got != code && a.text("code") != code {
			t.Errorf("refused by %s, want %d %s", a, status, code)
			break
		}
	}
	if len(good) != 1 {
		t.Fatalf("%d of %d went well", len(good), atOnce)
	}
	return good[0]
}

// refused fails the test unless both nodes refuse.
func refused(t *testing.T, what string, status int, send func(node int) answer) {
	t.Helper()
	for node := range 2 {
		if a := send(node); a.status != status {
			t.Errorf("node %d, %s: %s, want %d", node, what, a, status)
		}
	}
}

// app registers an application.
func (w *world) app(t *testing.T, kind application.Type, custom application.CustomMetadata) *apptest.Client {
	t.Helper()
	wanted := application.Application{Type: kind, Custom: custom}
	if custom.IsDeviceFlow != nil {
		wanted.OIDC.RedirectURIs = []string{}
	}
	return w.CreateApp(t, wanted)
}

// me asks a node about the user of an access token.
func (w *world) me(node int, access string) answer {
	return w.send(node, http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+access)
}
