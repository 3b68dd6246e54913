package client

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode"

	"signet/internal/application"
)

func webApp(uris ...string) *Client {
	return &Client{ID: "app", Type: application.SPA, RedirectURIs: uris, PostLogoutRedirectURIs: uris}
}

func native(uris ...string) *Client {
	c := webApp(uris...)
	c.Type = application.Native
	return c
}

func TestMatchRedirect(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		client *Client
		sent   string
		want   bool
	}{
		{webApp("https://app.example/cb"), "https://app.example/cb", true},
		{webApp("https://app.example/cb"), "HTTPS://APP.example:443/cb", true},
		{webApp("https://app.example"), "https://app.example/", true},
		{webApp("http://app.example:80/cb"), "http://app.example/cb", true},
		{webApp("https://app.example/cb?x=1"), "https://app.example/cb?x=1", true},
		{webApp("https://other.example/cb", "https://app.example/cb"), "https://app.example/cb", true},
		{webApp("com.example.app:/cb"), "com.example.app:/cb", true},
		{webApp("myapp://callback"), "myapp://callback", true},
		{webApp("http://localhost:3000/cb"), "http://localhost:3000/cb", true},

		{webApp("https://app.example/cb"), "https://app.example/CB", false},
		{webApp("https://app.example/cb"), "https://app.example/cb/", false},
		{webApp("https://app.example/cb"), "https://app.example/cb?", false},
		{webApp("https://app.example/cb"), "https://app.example/cb?x=1", false},
		{webApp("https://app.example/cb"), "http://app.example/cb", false},
		{webApp("https://app.example/cb"), "https://app.example:8443/cb", false},
		{webApp("https://app.example/cb?x=1"), "https://app.example/cb?x=2", false},
		{webApp("myapp://callback"), "myapp://callback/more", false},
		{webApp("myapp://callback"), "otherapp://callback", false},
		{webApp("http://localhost:3000/cb"), "http://localhost:3001/cb", false},
		{webApp(), "https://app.example/cb", false},
	} {
		uri, ok := tc.client.MatchRedirect(tc.sent)
		if ok != tc.want || uri != tc.sent {
			t.Errorf("%q against %q: %v %q", tc.sent, tc.client.RedirectURIs, ok, uri)
		}
	}
}

func TestMatchRedirect_Omitted(t *testing.T) {
	t.Parallel()
	if uri, ok := webApp("https://app.example/cb").MatchRedirect(""); !ok || uri != "https://app.example/cb" {
		t.Errorf("the only one: %q %v", uri, ok)
	}
	for _, c := range []*Client{webApp(), webApp("https://a.example/cb", "https://b.example/cb"), webApp("https://*.app.example/cb")} {
		if uri, ok := c.MatchRedirect(""); ok {
			t.Errorf("%q: chose %q", c.RedirectURIs, uri)
		}
	}
}

// Attack 1: no spelling of a URI leads anywhere but to the registered one.
func TestMatchRedirect_RefusesOtherSpellings(t *testing.T) {
	t.Parallel()
	c := webApp("https://app.example/cb")
	for _, sent := range []string{
		"https://user@app.example/cb", "https://app.example@evil.example/cb", "https://evil.example\\@app.example/cb",
		`https:\\app.example\cb`, "https:/app.example/cb", "https:app.example/cb", "https:///app.example/cb", "//app.example/cb",
		"https://app.example//cb", "https://app.example/./cb", "https://app.example/x/../cb", "https://app.example/x/%2e%2e/cb",
		"https://app.example/x/%2E./cb", "https://app.example/x/..%2fcb", "https://app.example/%63b", "https://app.example/%2563b",
		"https://app.example/cb#", "https://app.example/cb#x", "https://app.example/cb ", " https://app.example/cb",
		"https://app.example/\tcb", "https://app.\texample/cb", "https://app.example/cb\n", "https://app.example/cb\x00",
		"https://app.example./cb", "https://app.example.evil.example/cb", "https://evil.example/https://app.example/cb",
		"https://app%2eexample/cb", "https://app.example:0443/cb", "https://app.example:443x/cb",
		"https://\u212Approxy.example/cb", "https://app.example\u3002evil.example/cb", "https://app。example/cb",
		"javascript://app.example/cb", "data:text/html,x", "https://*/cb", "https://app.example/*", "*", "https://", "https://:443/cb", "",
		"https://app.example/cb?redirect=https://evil.example", "https://app.example;evil.example/cb", "https://app.example/\xff",
	} {
		if sent == "" {
			continue // omitting it is another case
		}
		if _, ok := c.MatchRedirect(sent); ok {
			t.Errorf("%q matched", sent)
		}
		if c.MatchPostLogout(sent) {
			t.Errorf("%q matched after signing out", sent)
		}
	}
	if webApp("https://kproxy.example/cb").MatchPostLogout("https://\u212Aproxy.example/cb") {
		t.Error("the Kelvin sign matched a k")
	}
}

// Attack 2: a star stays within its label, is no regular expression, and does
// not open other hosts.
func TestMatchRedirect_Wildcards(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		registered, sent string
		want             bool
	}{
		{"https://*.app.example/cb", "https://pr-1.app.example/cb", true},
		{"https://pr-*.app.example/cb", "https://pr-17.app.example/cb", true},
		{"https://*-web.*.app.example/cb", "https://a-web.b.app.example/cb", true},
		{"https://app.example/*", "https://app.example/a/b", true},
		{"https://app.example/*", "https://app.example/", true},
		{"https://app.example/*/cb", "https://app.example/de/cb", true},
		{"https://*.app.example/x/*", "https://a.app.example/x/y", true},
		{"https://*.app.example:8443/cb", "https://a.app.example:8443/cb", true},

		{"https://*.app.example/cb", "https://app.example/cb", false},
		{"https://*.app.example/cb", "https://a.b.app.example/cb", false},
		{"https://*.app.example/cb", "https://.app.example/cb", false},
		{"https://*.app.example/cb", "https://a.appXexample/cb", false},
		{"https://*.app.example/cb", "https://evil.example/.app.example/cb", false},
		{"https://*.app.example/cb", "https://evil.example?.app.example/cb", false},
		{"https://*.app.example/cb", "https://evil.example#.app.example/cb", false},
		{"https://*.app.example/cb", "https://user@a.app.example/cb", false},
		{"https://*.app.example/cb", "http://a.app.example/cb", false},
		{"https://*.app.example/cb", "https://a.app.example:444/cb", false},
		{"https://*.app.example/cb", "https://*.app.example/cb", false},
		{"https://*.app.example/cb", "https://a.app.example/cb?x=1", false},
		{"https://pr-*.app.example/cb", "https://pr-.app.example/cb", false},
		{"https://*.com/cb", "https://evil.com/cb", false},
		{"https://*.example/cb", "https://evil.example/cb", false},
		{"https://a.*.example/cb", "https://a.evil.example/cb", false},
		{"https://app.example/safe/*", "https://app.example/safe/../admin", false},
		{"https://app.example/safe/*", "https://app.example/safe/%2e%2e/admin", false},
		{"https://app.example/safe/*", `https://app.example/safe/\..\admin`, false},
		{"https://app.example/safe/*", "https://app.example/other", false},
		{"https://app.example/a*b*c", "https://app.example/abxb", false},
		{"https://*.app.example/cb", "https://a.app.example.evil/cb", false},
		{"https://*.app.example/cb", "https://evil%2f.app.example/cb", false},
		{"https://*.app.example/cb", "https://a\u3002b.app.example/cb", false}, // browsers read dots
		{"https://*.app.example/cb", "https://a\uff0eb.app.example/cb", false},
		{"https://*.app.example/cb", "https://a\uff61b.app.example/cb", false},
		{"https://*.app.example/cb", "https://\u00ad.app.example/cb", false}, // and nothing
		{"https://*.app.example/cb", "https://\u00e4.app.example/cb", false},
		{"https://*.\u00e4pp.example/cb", "https://a.\u00e4pp.example/cb", false},
		{"https://*.app.example/*", "https://a.app.example/\u3002", true},
		{"https://app.example/*", "https://app.example/a b", false},
		{"https://app.example/*", "https://app.example/a\tb", false},
		{"https://app.example/*", "https://app.example/a\x7fb", false},
		{"https://app.example/*", `https://app.example/a\b`, false},
		{"https://app.example/*", "https://app.example/a#b", false},
		{"https://app.example/*", "https://app.example/a\xff", false},
		{"https://app.example/*", "https://app.example/" + strings.Repeat("a", maxURI), false},
	} {
		if _, ok := webApp(tc.registered).MatchRedirect(tc.sent); ok != tc.want {
			t.Errorf("%q against %q: %v", tc.sent, tc.registered, ok)
		}
	}
}

// Attack 3: on loopback only the port varies, and only for native applications.
func TestMatchRedirect_Loopback(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		client *Client
		sent   string
		want   bool
	}{
		{native("http://127.0.0.1/cb"), "http://127.0.0.1:49152/cb", true},
		{native("http://127.0.0.1:1/cb"), "http://127.0.0.1:49152/cb", true},
		{native("http://localhost/cb"), "http://localhost:49152/cb", true},
		{native("http://[::1]/cb"), "http://[::1]:49152/cb", true},

		{native("http://127.0.0.1/cb"), "http://127.0.0.1:49152/other", false},
		{native("http://127.0.0.1/cb"), "http://localhost:49152/cb", false},
		{native("http://localhost/cb"), "http://127.0.0.1/cb", false},
		{native("http://127.0.0.1/cb"), "http://127.0.0.2:49152/cb", false},
		{native("https://localhost/cb"), "https://localhost:49152/cb", false},
		{native("https://app.example/cb"), "http://127.0.0.1:49152/cb", false},
		{native("http://app.example/cb"), "http://app.example:49152/cb", false},
		{native("http://localhost.evil.example/cb"), "http://localhost.evil.example:1/cb", false},
		{webApp("http://127.0.0.1/cb"), "http://127.0.0.1:49152/cb", false},
		{native("http://*.0.0.1/cb"), "http://127.0.0.1:49152/cb", false},
		{native("http://127.0.0.1/cb"), "http://127.0.0.1:049152/cb", false},
		{native("http://127.0.0.1/cb"), "http://127.0.0.1:80x/cb", false},
	} {
		if _, ok := tc.client.MatchRedirect(tc.sent); ok != tc.want {
			t.Errorf("%q against %q: %v", tc.sent, tc.client.RedirectURIs, ok)
		}
	}
	if native("http://127.0.0.1/out").MatchPostLogout("http://127.0.0.1:49152/out") {
		t.Error("after signing out the port counts")
	}
}

func TestAllowsOrigin(t *testing.T) {
	t.Parallel()
	const own = "https://id.example"
	c := webApp("https://app.example/cb", "https://*.preview.example:8443/cb", "com.example.app:/cb")
	c.CORSAllowedOrigins = []string{"https://tools.example"}
	for origin, want := range map[string]bool{
		own: true, "https://tools.example": true, "https://app.example": true, "https://app.example:443": true,
		"https://a.preview.example:8443": true,

		"http://app.example": false, "https://app.example:444": false, "https://evil.example": false, "null": false, "": false,
		"https://a\u3002b.preview.example:8443": false, "https://a.preview.example": false, "https://a.b.preview.example:8443": false, "https://*.preview.example:8443": false,
		"https://app.example/path": false, "https://app.example?x": false, "https://user@app.example": false,
		"com.example.app:": false, "com.example.app:/cb": false, "https://tools.example.evil.example": false,
	} {
		if got := c.AllowsOrigin(origin, own); got != want {
			t.Errorf("%q: %v", origin, got)
		}
	}
}

// A match means that a browser, which reads URLs as WHATWG says and far more
// leniently than we do, ends up at the registered host.
func FuzzMatchRedirect(f *testing.F) {
	for _, sent := range []string{"https://a\u3002b.app.example/x", "https://\u00ad.app.example/x", "https://app.example/cb", "https://app.example:443/cb", "https://a.app.example/x", `https://evil\@app.example/cb`, "https://[::1]/cb"} {
		f.Add("https://app.example/cb", sent)
		f.Add("https://*.app.example/*", sent)
		f.Add("http://127.0.0.1/cb", sent)
	}
	f.Fuzz(func(t *testing.T, registered, sent string) {
		if application.CheckRedirectURI(registered) != nil || sent == "" {
			return
		}
		if _, ok := native(registered).MatchRedirect(sent); !ok {
			return
		}
		if strings.ContainsAny(sent, "\\\t\r\n #*") {
			t.Fatalf("%q matched %q", sent, registered)
		}
		if !strings.HasPrefix(registered, "http://") && !strings.HasPrefix(registered, "https://") {
			return
		}
		got, err := url.Parse(sent)
		if err != nil {
			return // Go refuses more than browsers do; the byte-wise rules above hold
		}
		want, err := url.Parse(strings.ReplaceAll(registered, "*", "x"))
		if err != nil {
			t.Fatalf("%q is registered", registered)
		}
		if got.Scheme != want.Scheme || got.User != nil || got.Fragment != "" || got.Opaque != "" {
			t.Fatalf("%q matched %q", sent, registered)
		}
		if pattern := hostOf(registered); strings.Contains(pattern, "*") && !isWithin(hostOf(sent), pattern) {
			t.Fatalf("%q matched %q", sent, registered)
		}
		if !strings.Contains(registered, "*") && lower(got.Hostname()) != lower(want.Hostname()) {
			t.Fatalf("%q matched %q", sent, registered)
		}
	})
}

// hostOf is what stands between the slashes of a URI, without its port.
func hostOf(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	authority := rest[:strings.IndexAny(rest+"/", "/?")]
	host, _, _ := strings.Cut(authority, ":")
	return lower(host)
}

// isWithin reports whether a host has the labels of a pattern in ASCII, which no
// reader maps to others, and its domain.
func isWithin(host, pattern string) bool {
	labels, patterns := strings.Split(host, "."), strings.Split(pattern, ".")
	isForeign := func(r rune) bool { return r > unicode.MaxASCII }
	return len(labels) == len(patterns) && !strings.ContainsFunc(host, isForeign) &&
		slices.Equal(labels[len(labels)-2:], patterns[len(patterns)-2:])
}
