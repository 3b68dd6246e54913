// Package fetch makes the HTTP clients for calls to outside services. Every call
// has a deadline, follows no redirect, uses no proxy that the environment names,
// and is refused, at the moment of dialling, an address that leads into a
// private network (server-side
// request forgery).
package fetch

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"code.dny.dev/ssrf"
)

// ErrTooLarge says that an answer is longer than the caller accepts.
var ErrTooLarge = errors.New("fetch: the answer is too large")

// Options say what a client may do.
type Options struct {
	// Timeout bounds a whole call; ten seconds if zero.
	Timeout time.Duration
	// AllowPrivate lets calls reach private and loopback addresses: for services
	// of the operator's own network, and for tests.
	AllowPrivate bool
}

// New returns a client.
func New(o Options) *http.Client {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	dialer := &net.Dialer{Timeout: o.Timeout}
	if !o.AllowPrivate {
		dialer.Control = ssrf.New().Safe
	}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    o.Timeout,
			ResponseHeaderTimeout:  o.Timeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        30 * time.Second,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Read returns the whole body, at most limit bytes of it, and closes it.
func Read(res *http.Response, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	err = errors.Join(err, res.Body.Close())
	if err == nil && int64(len(body)) > limit {
		err = ErrTooLarge
	}
	return body, err
}
