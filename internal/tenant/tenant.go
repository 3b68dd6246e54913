// Package tenant knows which tenant a request belongs to and how that tenant's
// URLs, cookies and relying-party id are built. Nothing is ever built from the
// request's Host: a tenant has a configured endpoint, and a request that
// addresses another host is turned away.
package tenant

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"

	"signet/internal/platform/db"
)

// The two tenants of a self-hosted installation.
const (
	// Default holds the users of the operator's applications.
	Default = "default"
	// Admin holds the people who operate Signet.
	Admin = "admin"
)

// Tenant is one isolated set of users, applications and settings.
type Tenant struct {
	ID string
	// Endpoint is the public base URL, without a trailing slash; its path is
	// the prefix below which the tenant is served.
	Endpoint *url.URL
	// DB is bound to the tenant: statements through it cannot reach another.
	DB *db.DB
}

// New returns the tenant that is served at endpoint, an absolute http or https
// URL without query and fragment.
func New(id string, endpoint *url.URL, pool *db.Pool) *Tenant {
	base := *endpoint
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = ""
	return &Tenant{ID: id, Endpoint: &base, DB: pool.For(id)}
}

// URL returns the absolute URL of path, which begins with a slash.
func (t *Tenant) URL(path string) string { return t.Endpoint.String() + path }

const issuerPath = "/oidc"

// Issuer returns the OpenID Connect issuer.
func (t *Tenant) Issuer() string { return t.URL(issuerPath) }

// Path returns path as the browser must request it, below the endpoint's own
// path: for links, forms, Location headers and cookie paths.
func (t *Tenant) Path(path string) string { return t.Endpoint.EscapedPath() + path }

// Origin returns scheme and host of the endpoint, as browsers send it.
func (t *Tenant) Origin() string { return t.Endpoint.Scheme + "://" + t.Endpoint.Host }

// Secure reports whether the endpoint is served over TLS.
func (t *Tenant) Secure() bool { return t.Endpoint.Scheme == "https" }

// RPID returns the WebAuthn relying-party id, the endpoint's hostname. It is
// false on an IP address, where browsers offer no passkeys.
func (t *Tenant) RPID() (string, bool) {
	host := t.Endpoint.Hostname()
	return host, net.ParseIP(host) == nil
}

// Cookie returns the tenant's own name of a cookie: tenants that share an
// origin must not read each other's.
func (t *Tenant) Cookie(name string) string {
	if t.ID == Default {
		return name
	}
	return name + "_" + t.ID
}

// NewCookie returns a cookie with the attributes that every cookie of the
// tenant shares: its own name, HttpOnly, SameSite=Lax, Secure on TLS. path is
// below the endpoint; "/" is the whole tenant.
func (t *Tenant) NewCookie(name, value, path string) *http.Cookie {
	full := t.Path(path)
	if full == "" {
		full = "/"
	}
	return &http.Cookie{
		Name: t.Cookie(name), Value: value, Path: full,
		HttpOnly: true, Secure: t.Secure(), SameSite: http.SameSiteLaxMode,
	}
}

type contextKey struct{}

// From returns the tenant of the request. It panics outside one: no code path
// may guess a tenant.
func From(ctx context.Context) *Tenant {
	t, ok := ctx.Value(contextKey{}).(*Tenant)
	if !ok {
		panic("tenant: the context belongs to no request")
	}
	return t
}

// With returns a context that belongs to t.
func With(ctx context.Context, t *Tenant) context.Context {
	return context.WithValue(ctx, contextKey{}, t)
}
