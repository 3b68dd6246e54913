package tenant

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// ErrUnknownHost answers API requests that address a host which is no
// configured endpoint (RFC 9110 section 15.5.20).
var ErrUnknownHost = errs.New(421, "request.unknown_host")

// Resolver finds the tenant of a request by host and path prefix.
type Resolver struct {
	// tenants are ordered so that the longest path prefix comes first.
	tenants []*Tenant
	hosts   []string // of their endpoints, in lower case and with port

	// NotFound answers requests whose path the router would read as another one.
	NotFound http.HandlerFunc
}

// NewResolver serves the given tenants. Tenants may share a host if one path
// extends the other's; the longer one wins.
func NewResolver(tenants ...*Tenant) *Resolver {
	ordered := append([]*Tenant{}, tenants...)
	for i := range ordered {
		for j := i + 1; j < len(ordered); j++ {
			if len(ordered[j].Endpoint.Path) > len(ordered[i].Endpoint.Path) {
				ordered[i], ordered[j] = ordered[j], ordered[i]
			}
		}
	}
	rv := &Resolver{tenants: ordered, NotFound: http.NotFound}
	for _, t := range ordered {
		rv.hosts = append(rv.hosts, withPort(strings.ToLower(t.Endpoint.Host), t.Endpoint.Scheme))
	}
	return rv
}

// All returns the tenants that are served.
func (rv *Resolver) All() []*Tenant { return rv.tenants }

// Middleware puts the tenant into the context and removes its path prefix. A
// proxy may have removed the prefix of the public endpoint already; the prefix
// of one tenant below another's is always there.
func (rv *Resolver) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, asked := web.Host(r), r.URL.EscapedPath()
		for i, t := range rv.tenants {
			if withPort(host, t.Endpoint.Scheme) != rv.hosts[i] {
				continue
			}
			if path, ok := wellKnown(t, asked); ok {
				rv.serve(next, w, r, t, path)
				return
			}
			if path, ok := rv.strip(t, asked); ok {
				rv.serve(next, w, r, t, path)
				return
			}
		}
		rv.refuse(w, r)
	})
}

// Where clients look for the metadata of an issuer or a protected resource: at the
// root of its host, before its path and so before the tenant's (RFC 8414 section
// 3.1, RFC 9728 section 3.1).
const (
	wellKnownMetadata = "/.well-known/oauth-authorization-server"
	wellKnownResource = "/.well-known/oauth-protected-resource"
)

// wellKnown returns the path within the tenant of one that has the tenant's path
// behind a well-known one.
func wellKnown(t *Tenant, path string) (string, bool) {
	if !strings.HasPrefix(path, "/.well-known/") {
		return "", false
	}
	base := t.Endpoint.EscapedPath()
	if path == wellKnownMetadata+base+issuerPath {
		return wellKnownMetadata + issuerPath, true
	}
	rest, ok := cutPrefix(path, wellKnownResource+base)
	return wellKnownResource + rest, ok
}

// strip removes the endpoint's path from path. With a public base path of
// "/auth" and a tenant at "/auth/admin", both "/auth/admin/x" and, behind a
// proxy that strips, "/admin/x" are the tenant's "/x".
func (rv *Resolver) strip(t *Tenant, path string) (string, bool) {
	prefix := t.Endpoint.EscapedPath()
	if rest, ok := cutPrefix(path, prefix); ok {
		return rest, true
	}
	base := rv.tenants[len(rv.tenants)-1]
	if base == t {
		return path, true
	}
	if base.Endpoint.Host == t.Endpoint.Host {
		return cutPrefix(path, strings.TrimPrefix(prefix, base.Endpoint.EscapedPath()))
	}
	return "", false
}

func cutPrefix(path, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(path, prefix)
	if !ok || (rest != "" && rest[0] != '/') {
		return "", false
	}
	if rest == "" {
		rest = "/"
	}
	return rest, true
}

func (rv *Resolver) serve(next http.Handler, w http.ResponseWriter, r *http.Request, t *Tenant, path string) {
	unescaped, err := url.PathUnescape(path)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	r2 := r.WithContext(With(r.Context(), t))
	u := *r.URL
	u.Path, u.RawPath = unescaped, ""
	if path != unescaped {
		u.RawPath = path
	}
	r2.URL = &u
	info := web.Info(r2.Context())
	info.Base, info.Path = t.Endpoint.String(), unescaped
	// The router would redirect a path with dots to one without the tenant's
	// prefix, that is to another tenant.
	if strings.Contains(path, "//") || web.HasDotSegment(path) {
		rv.NotFound(w, r2)
		return
	}
	next.ServeHTTP(w, r2)
}

// refuse sends people who typed another name of this machine to the endpoint,
// and tells programs that they are misdirected.
func (rv *Resolver) refuse(w http.ResponseWriter, r *http.Request) {
	isPage := r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html")
	if isPage && !strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/oidc/") {
		http.Redirect(w, r, rv.renamed(r), http.StatusTemporaryRedirect)
		return
	}
	base := rv.tenants[len(rv.tenants)-1]
	web.WriteError(w, r, ErrUnknownHost.WithArgs(map[string]any{"endpoint": base.Endpoint.String()}))
}

// Where people begin. All other pages belong to something that began at the
// endpoint, of which a browser that comes by another name has no cookie.
var beginnings = []string{"/account", "/demo-app", "/device", "/setup"}

// renamed returns the address, at an endpoint, of the page that was asked for
// under another name: its own if people begin there, else that of the first page.
func (rv *Resolver) renamed(r *http.Request) string {
	_, port, _ := net.SplitHostPort(web.Host(r))
	for _, t := range rv.tenants {
		path, ok := rv.strip(t, r.URL.EscapedPath())
		// An endpoint that says no port has it from a proxy.
		if own := t.Endpoint.Port(); !ok || !isBeginning(path) || (own != "" && own != port) {
			continue
		}
		if r.URL.RawQuery != "" {
			path += "?" + r.URL.RawQuery
		}
		return t.URL(path)
	}
	return rv.tenants[len(rv.tenants)-1].URL("/")
}

func isBeginning(path string) bool {
	if strings.Contains(path, "//") || web.HasDotSegment(path) {
		return false
	}
	for _, page := range beginnings {
		if _, ok := cutPrefix(path, page); ok {
			return true
		}
	}
	return false
}

// withPort returns a host with its port, be it the default one.
func withPort(host, scheme string) string {
	if strings.LastIndex(host, ":") > strings.LastIndex(host, "]") {
		return host
	}
	if scheme == "https" {
		return host + ":443"
	}
	return host + ":80"
}
