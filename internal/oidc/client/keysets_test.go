package client_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/platform/fetch"
)

// authority is what the certificates of httptest servers are signed with.
var authority = sync.OnceValue(func() *x509.CertPool {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
})

// trusting is a client that reaches the test's own servers.
func trusting() *http.Client {
	c := fetch.New(fetch.Options{Timeout: 2 * time.Second, AllowPrivate: true})
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: authority()}
	return c
}

// site serves what a client publishes.
type site struct {
	*httptest.Server

	calls   atomic.Int64
	handler atomic.Value // of http.HandlerFunc
}

func newSite(t testing.TB, h http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.handler.Store(h)
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		s.handler.Load().(http.HandlerFunc)(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func serveKeys(ids ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(keySet(ids...)) }
}

func (w *world) publishes(t *testing.T, uri string) {
	t.Helper()
	w.create(t, application.Application{ID: "signs", Name: "Signs", Type: application.MachineToMachine, Custom: application.CustomMetadata{
		TokenEndpointAuthMethod: application.AuthPrivateKeyJWT, JWKSURI: uri,
	}})
}

// signedBy sends an assertion that a key has signed, whose id is in its header.
func (w *world) signedBy(t *testing.T, key, id string) error {
	t.Helper()
	p := pairs()[key]
	second := w.clock.Now().Unix()
	_, err := w.authenticate("", asserted(sign(t, "ES256", p.private, claims{"kid": id}, valid("signs", claims{"iat": second, "exp": second + 60}))))
	return err
}

func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	s := newSite(t, serveKeys("own", "rsa"))
	w.publishes(t, s.URL+"/jwks")
	for range 3 {
		if err := w.signedBy(t, "own", "own"); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.calls.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	// The client rotates: its new key is found, but nobody can have us ask at
	// every request.
	s.handler.Store(serveKeys("other"))
	for range 3 {
		if err := w.signedBy(t, "other", "other"); err == nil {
			t.Error("a key was fetched at once")
		}
	}
	w.clock.Advance(30 * time.Second)
	if err := w.signedBy(t, "other", "other"); err != nil || s.calls.Load() != 2 {
		t.Errorf("after a pause: %v, fetched %d times", err, s.calls.Load())
	}
	if err := w.signedBy(t, "own", "own"); err == nil {
		t.Error("the old key is still believed")
	}
	w.clock.Advance(10 * time.Minute)
	s.handler.Store(serveKeys("own"))
	if err := w.signedBy(t, "other", "other"); err == nil || s.calls.Load() != 3 {
		t.Errorf("a key that was taken back: %v, fetched %d times", err, s.calls.Load())
	}
}

// Keys that were fetched in a time that is yet to come are not believed until then.
func TestPublishedKeys_ClockIsPutBack(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	s := newSite(t, serveKeys("own"))
	w.publishes(t, s.URL+"/jwks")
	if err := w.signedBy(t, "own", "own"); err != nil {
		t.Fatal(err)
	}
	s.handler.Store(serveKeys("other"))
	w.clock.Advance(-time.Hour)
	if err := w.signedBy(t, "other", "other"); err != nil {
		t.Errorf("its new key: %v", err)
	}
	if err := w.signedBy(t, "own", "own"); err == nil {
		t.Error("the old key is still believed")
	}
}

// Attack 53, and what a client may publish by mistake.
func TestPublishedKeys_Refused(t *testing.T) {
	t.Parallel()
	redirected := newSite(t, serveKeys("own"))
	t.Cleanup(func() {
		if redirected.calls.Load() != 0 {
			t.Error("a redirect was followed")
		}
	})
	for name, handler := range map[string]http.HandlerFunc{
		"an error":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, redirected.URL, http.StatusFound) },
		"no JSON":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no keys": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[{"kty":"oct","k":"AAAA"},{}]}`))
		},
		"too much":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat(" ", 65<<10))) },
		"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"private key": func(w http.ResponseWriter, _ *http.Request) {
			own := published(jose.JSONWebKey{Key: pairs()["own"].private.(*ecdsa.PrivateKey), KeyID: "own"})
			_ = json.NewEncoder(w).Encode(application.KeySet{Keys: []map[string]any{own}})
		},
		"a key for encryption": func(w http.ResponseWriter, _ *http.Request) {
			own := published(jose.JSONWebKey{Key: pairs()["own"].private.(*ecdsa.PrivateKey).Public(), KeyID: "own", Use: "enc"})
			_ = json.NewEncoder(w).Encode(application.KeySet{Keys: []map[string]any{own}})
		},
		"a key beyond the limit": serveKeys("rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "rsa", "own"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, dbtest.SQLite(t))
			s := newSite(t, handler)
			w.publishes(t, s.URL+"/jwks")
			for range 2 {
				err := w.signedBy(t, "own", "own")
				if e, ok := errs.As(err); !ok || e.Status != 401 || e.Detail != "client authentication failed" {
					t.Errorf("%v", err)
				}
			}
			if n := s.calls.Load(); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// Attack 53: the product reaches no private address.
func TestPublishedKeys_StayOutside(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	s := newSite(t, serveKeys("own"))
	w.directory = client.NewDirectory(w.tenant.DB.Pool(), client.Options{Ring: w.ring, Clock: w.clock.Now, Outbound: fetch.New(fetch.Options{})})
	w.publishes(t, s.URL+"/jwks")
	if err := w.signedBy(t, "own", "own"); err == nil || s.calls.Load() != 0 {
		t.Errorf("%v, reached %d times", err, s.calls.Load())
	}
}
