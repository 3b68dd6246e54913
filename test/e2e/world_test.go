// Package e2e_test walks whole journeys in Chromium against the real server, by
// the words that people see: on both databases, at the root and below a path
// behind a proxy, with and without JavaScript.
package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"signet/internal/accountcenter"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/i18n"
	"signet/internal/signinexp"
	"signet/test/e2e/browser"
)

func TestMain(m *testing.M) { browser.Main(m) }

const (
	username = "robin"
	password = apptest.Password
)

// everywhere runs a journey on both databases, at the root of an origin and
// below a path behind a proxy.
func everywhere(t *testing.T, journey func(t *testing.T, app *apptest.App)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, pool *db.Pool) {
		journey(t, apptest.Start(t, apptest.OnPool(pool)))
	})
	t.Run("below a path", func(t *testing.T) {
		t.Parallel()
		journey(t, below(t))
	})
}

// onBoth runs a journey on both databases.
func onBoth(t *testing.T, journey func(t *testing.T, app *apptest.App), options ...apptest.Option) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, pool *db.Pool) {
		journey(t, apptest.Start(t, append(options, apptest.OnPool(pool))...))
	})
}

// withAndWithoutScript runs a part of a test in browsers that run scripts, and in
// browsers that do not.
func withAndWithoutScript(t *testing.T, part func(t *testing.T, noScript bool)) {
	t.Helper()
	for name, noScript := range map[string]bool{"with JavaScript": false, "without JavaScript": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, noScript)
		})
	}
}

// eachLanguage runs a part of a test for people of each language; say returns the
// words that they read.
func eachLanguage(t *testing.T, part func(t *testing.T, language string, say func(key string) string)) {
	t.Helper()
	for _, language := range []string{"en", "de"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			part(t, language, func(key string) string { return i18n.T(language, key, nil) })
		})
	}
}

// inTheDark lets pages follow the scheme that people prefer, which an operator
// has to switch on.
func inTheDark() apptest.Option {
	return apptest.Seeded(func(tenantID string) (*signinexp.Settings, *accountcenter.Settings) {
		experience := signinexp.ProductSeed(tenantID)
		experience.Color.IsDarkModeEnabled = true
		return experience, accountcenter.ProductSeed(tenantID)
	})
}

// below starts a server at /auth of a proxy that takes the path off again, as
// most proxies are set up.
func below(t *testing.T) *apptest.App {
	t.Helper()
	var backend *url.URL
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(backend)
		r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, "/auth")
		r.Out.URL.RawPath = ""
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}}
	mux := http.NewServeMux()
	mux.Handle("/auth/", proxy)
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	app := apptest.Start(t, apptest.Behind(named(front.URL)+"/auth"))
	backend = &url.URL{Scheme: "http", Host: app.Address}
	return app
}

// named replaces the loopback address of a test server by a name: cookies and
// passkeys belong to names.
func named(address string) string {
	return strings.Replace(address, "127.0.0.1", "localhost", 1)
}
