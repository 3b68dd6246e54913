package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"signet/internal/platform/ids"
)

// Proxies says whose forwarding headers are believed.
type Proxies struct {
	// Trust enables forwarding headers at all.
	Trust bool
	// Allowed are the peers that may set them; empty means every loopback,
	// private and link-local address.
	Allowed []netip.Prefix
}

// forwarding are the names of forwarding headers, as net/http spells them.
var forwarding = [...]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"}

// Identify gives every request an id, finds the client's address and removes
// forwarding headers that an untrusted peer sent.
func Identify(proxies Proxies) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			trusted := proxies.believes(r.RemoteAddr)
			if !trusted {
				for _, name := range forwarding {
					delete(r.Header, name)
				}
			}
			info := &RequestInfo{
				ID:        ids.Long()[:16],
				IP:        proxies.clientAddress(r, trusted),
				UserAgent: clip(r.UserAgent(), 512),
				Method:    r.Method,
				Path:      r.URL.Path,
				Origin:    clip(r.Header.Get("Origin"), 512),
				query:     r.URL.RawQuery, acceptLanguage: r.Header.Get("Accept-Language"),
			}
			w.Header().Set("Logto-Core-Request-Id", info.ID)
			next.ServeHTTP(w, r.WithContext(WithInfo(r.Context(), info)))
		})
	}
}

// Host returns the host that the client addressed: the forwarded one if a
// trusted proxy says so. Identify has already removed untrusted headers.
func Host(r *http.Request) string {
	if forwarded := r.Header.Get("X-Forwarded-Host"); forwarded != "" {
		host, _, _ := strings.Cut(forwarded, ",")
		return strings.ToLower(strings.TrimSpace(host))
	}
	return strings.ToLower(r.Host)
}

func (p Proxies) believes(remote string) bool {
	if !p.Trust {
		return false
	}
	addr, ok := address(remote)
	if !ok {
		return false
	}
	return p.allows(addr)
}

func (p Proxies) allows(addr netip.Addr) bool {
	if len(p.Allowed) == 0 {
		return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast()
	}
	for _, prefix := range p.Allowed {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// clientAddress walks X-Forwarded-For from the nearest hop outwards and stops
// at the first address that is no trusted proxy: entries beyond it are the
// client's own claim.
func (p Proxies) clientAddress(r *http.Request, trusted bool) string {
	nearest, ok := address(r.RemoteAddr)
	if !ok {
		return ""
	}
	if !trusted {
		return nearest.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		nearest = hop.Unmap()
		if !p.allows(nearest) {
			break
		}
	}
	return nearest.String()
}

func address(hostPort string) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	addr, err := netip.ParseAddr(host)
	return addr.Unmap(), err == nil
}

func clip(s string, limit int) string {
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "")
	}
	return strings.ToValidUTF8(s, "")
}
