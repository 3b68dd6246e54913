package client

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"signet/internal/platform/web"
)

// maxURI bounds a URI that a request sends.
const maxURI = 8192

// MatchRedirect returns the redirect URI to use for the value that a request
// sent, and whether it is one of the client's. A request may omit the value if
// the client has exactly one, which is not a pattern.
func (c *Client) MatchRedirect(sent string) (string, bool) {
	if sent == "" {
		if len(c.RedirectURIs) != 1 || strings.Contains(c.RedirectURIs[0], "*") {
			return "", false
		}
		return c.RedirectURIs[0], true
	}
	if c.IsDocument() {
		return sent, matchRaw(c.RedirectURIs, sent, true)
	}
	return sent, matchAny(c.RedirectURIs, sent, c.IsNative())
}

// MatchPostLogout reports whether the client may send the browser to a URI after
// signing out.
func (c *Client) MatchPostLogout(sent string) bool {
	if c.IsDocument() {
		return matchRaw(c.PostLogoutRedirectURIs, sent, false)
	}
	return matchAny(c.PostLogoutRedirectURIs, sent, false)
}

// matchRaw compares addresses as they are written. On loopback the port may vary
// if freePort is set, whatever the kind of client (RFC 8252 section 7.3).
func matchRaw(registered []string, sent string, freePort bool) bool {
	candidate, ok := parse(sent)
	if !ok {
		return false
	}
	isLocal := freePort && candidate.scheme == "http" && isLoopback(candidate.host)
	return slices.ContainsFunc(registered, func(uri string) bool {
		return uri == sent || isLocal && candidate.matches(uri, true)
	})
}

// matchAny compares strictly: what browsers and libraries read in different ways
// matches nothing at all, so the URI that was compared is the URI that a browser
// opens.
func matchAny(registered []string, sent string, native bool) bool {
	if strings.Contains(sent, "*") {
		return false
	}
	candidate, ok := parse(sent)
	if !ok {
		return false
	}
	return slices.ContainsFunc(registered, func(pattern string) bool { return candidate.matches(pattern, native) })
}

// address is a URI in its parts. A custom scheme has everything after the colon
// in path.
type address struct {
	scheme, host, port, path, query string
	isWeb, hasQuery                 bool
}

// parse splits a URI that no two readers understand differently. It refuses
// credentials, fragments, dot segments, backslashes, spaces and control
// characters.
func parse(uri string) (address, bool) {
	if uri == "" || len(uri) > maxURI || !utf8.ValidString(uri) {
		return address{}, false
	}
	if strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == '#' }) {
		return address{}, false
	}
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok || scheme == "" {
		return address{}, false
	}
	a := address{scheme: lower(scheme)}
	if a.scheme != "http" && a.scheme != "https" {
		a.path = rest
		return a, true
	}
	rest, ok = strings.CutPrefix(rest, "//")
	if !ok {
		return address{}, false
	}
	a.isWeb = true
	rest, a.query, a.hasQuery = strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	a.path = "/" + path
	if authority == "" || strings.Contains(authority, "@") || web.HasDotSegment(a.path) {
		return address{}, false
	}
	return a.withAuthority(authority)
}

func (a address) withAuthority(authority string) (address, bool) {
	a.host = lower(authority)
	if colon := strings.LastIndexByte(a.host, ':'); colon >= 0 && !strings.HasSuffix(a.host, "]") {
		a.host, a.port = a.host[:colon], a.host[colon+1:]
	}
	notDigit := func(r rune) bool { return r < '0' || r > '9' }
	if a.host == "" || strings.Contains(a.host, "%") || len(a.port) > 5 || strings.ContainsFunc(a.port, notDigit) {
		return address{}, false
	}
	if a.port == defaultPort(a.scheme) {
		a.port = ""
	}
	return a, true
}

// lower folds ASCII alone: Unicode has other letters that fold to ASCII ones.
func lower(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// matches compares a URI that was sent with a registered one.
func (a address) matches(registered string, native bool) bool {
	r, ok := parse(registered)
	if !ok || r.scheme != a.scheme || r.isWeb != a.isWeb {
		return false
	}
	if !a.isWeb {
		return r.path == a.path
	}
	if r.query != a.query || r.hasQuery != a.hasQuery {
		return false
	}
	samePort := r.port == a.port
	if native && a.scheme == "http" && isLoopback(a.host) && r.host == a.host {
		samePort = true // RFC 8252 section 7.3
	}
	return samePort && matchHost(r.host, a.host) && matchPath(r.path, a.path)
}

// IsLoopback reports whether an http address leads to the machine of whoever opens it
// (RFC 8252 section 7.3).
func IsLoopback(uri string) bool {
	a, ok := parse(uri)
	if !ok || a.scheme != "http" {
		return false
	}
	return isLoopback(a.host)
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}

// matchHost compares hosts label by label. A "*" stands for one or more
// characters of its label; it has no meaning in the last two.
func matchHost(pattern, host string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == host
	}
	// Browsers read dots or nothing in characters that are here part of a label
	// (UTS 46 section 4).
	if strings.HasPrefix(host, "[") || strings.ContainsFunc(host, isNotASCII) {
		return false
	}
	patterns, labels := strings.Split(pattern, "."), strings.Split(host, ".")
	if len(patterns) != len(labels) {
		return false
	}
	for i, p := range patterns {
		if strings.Contains(p, "*") && i >= len(patterns)-2 {
			return false
		}
		if !glob(p, labels[i], 1) {
			return false
		}
	}
	return true
}

func isNotASCII(r rune) bool { return r > unicode.MaxASCII }

// matchPath compares paths; a "*" stands for anything, also nothing.
func matchPath(pattern, path string) bool { return glob(pattern, path, 0) }

// glob reports whether text is pattern with every "*" replaced by at least least
// bytes. Its work is linear in the length of text for each star.
func glob(pattern, text string, least int) bool {
	pieces := strings.Split(pattern, "*")
	if len(pieces) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, pieces[0])
	if !ok {
		return false
	}
	last := len(pieces) - 1
	for _, piece := range pieces[1:last] {
		if len(text) < least {
			return false
		}
		at := strings.Index(text[least:], piece)
		if at < 0 {
			return false
		}
		text = text[least+at+len(piece):]
	}
	return len(text) >= least+len(pieces[last]) && strings.HasSuffix(text, pieces[last])
}

// AllowsOrigin reports whether scripts of an origin may read the client's token
// answers: the provider's own origin, one that the operator allowed, or one to
// which the client's users are sent back.
func (c *Client) AllowsOrigin(origin, own string) bool {
	if origin == own || slices.Contains(c.CORSAllowedOrigins, origin) {
		return true
	}
	candidate, ok := parse(origin)
	if !ok || !candidate.isWeb || candidate.path != "/" || candidate.hasQuery || strings.Contains(origin, "*") {
		return false
	}
	return slices.ContainsFunc(c.RedirectURIs, func(uri string) bool {
		r, ok := parse(uri)
		return ok && r.isWeb && r.scheme == candidate.scheme && r.port == candidate.port && matchHost(r.host, candidate.host)
	})
}
