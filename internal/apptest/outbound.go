package apptest

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"time"

	"signet/internal/platform/fetch"
	"signet/internal/server"
)

// ReachingTests boots a server that fetches from the tests' own HTTPS servers,
// which others must not: they are in private networks. It waits for them two
// seconds.
func ReachingTests() Option { return ReachingTestsWithin(2 * time.Second) }

// ReachingTestsWithin is ReachingTests with another time to wait.
func ReachingTestsWithin(timeout time.Duration) Option {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	outbound := fetch.New(fetch.Options{Timeout: timeout, AllowPrivate: true})
	outbound.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	return With(func(o *server.Options) { o.Outbound = outbound })
}
