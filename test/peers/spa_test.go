package peers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

func TestMain(m *testing.M) { browser.Main(m) }

// spa is a single-page application of pages/ that is open in a browser, at
// another site than the server: what it fetches there must be shared with it.
type spa struct {
	*browser.Page
	URL, clientID, person, organization string
}

// modules tell the browser where packages lie, which a bundler would do otherwise.
var modules = map[string]string{
	"oidc-client-ts":         "oidc-client-ts/dist/esm/oidc-client-ts.js",
	"jwt-decode":             "jwt-decode/build/esm/index.js",
	"@logto/browser":         "@logto/browser/lib/index.js",
	"@logto/client":          "@logto/client/lib/index.js",
	"@logto/js":              "@logto/js/lib/index.js",
	"@silverhand/essentials": "@silverhand/essentials/lib/index.js",
	"js-base64":              "js-base64/base64.mjs",
	"jose":                   "@logto/client/node_modules/jose/dist/browser/index.js",
	"camelcase-keys":         "camelcase-keys/index.js",
	"map-obj":                "map-obj/index.js",
	"camelcase":              "camelcase/index.js",
	"quick-lru":              "quick-lru/index.js",
}

const shell = `<!doctype html><html lang="en"><head><title>Tidewater</title><link rel="icon" href="data:,">
<script type="importmap">{"imports":%s}</script><script type="module" src="/pages/%s.mjs"></script></head>
<body><h1>Tidewater</h1><ul></ul></body></html>`

func openSPA(t *testing.T, app *apptest.App, name string) *spa {
	t.Helper()
	imports := map[string]string{}
	for module, file := range modules {
		imports[module] = "/node_modules/" + file
	}
	raw, err := json.Marshal(imports)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s := &spa{Page: browser.New(t, browser.Options{}), URL: server.URL, person: fixture.User(t, app, username)}
	s.organization = app.Shop(t, s.person)
	s.clientID = fixture.App(t, app, application.SPA, s.URL+"/callback", s.URL+"/").ID
	mux.Handle("GET /pages/", http.FileServer(http.Dir(".")))
	mux.Handle("GET /node_modules/", http.FileServer(http.Dir(".")))
	mux.HandleFunc("GET /settings.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{
			"endpoint": app.URL, "issuer": app.URL + "/oidc", "clientId": s.clientID, "resource": apptest.Orders, "organization": s.organization,
		})
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, shell, raw, name) })
	s.Open(s.URL)
	s.Heading("Who are you?")
	return s
}

// signIn gives the credentials on the hosted pages.
func (s *spa) signIn() {
	s.Heading("Sign in")
	s.Fill("Username", username)
	s.Fill("Password", apptest.Password)
	s.Click("Sign in")
	s.Heading("Hello " + username)
}

func TestSPA_OIDCClient(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		s := openSPA(t, app, "oidc-client-ts")
		s.Click("Sign in")
		s.signIn()
		s.Sees("iss = "+app.URL+"/oidc;", "aud = "+s.clientID+";", "sub = "+s.person+";", "roles = "+s.organization+":clerk;", "access = first; refresh = first;")

		s.Click("Renew")
		s.Sees("access = renewed; refresh = renewed;")
		s.Lacks("api =")
		s.Click("Token for the API")
		s.Sees("api = " + apptest.Orders + "; apiClient = " + s.clientID + "; apiScope = read:orders; apiSub = " + s.person + ";")
		s.Click("Token for another API")
		s.Heading("Refused")
		s.Sees("error = invalid_target;")
		s.Click("Sign out")
		s.Heading("Goodbye")
		s.Sees("state = bye;")
		s.Click("Sign in silently")
		s.Heading("Refused")
		s.Sees("error = login_required;")
		s.Click("Sign in")
		s.Heading("Sign in")
	})
}

func TestSPA_LogtoBrowser(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		s := openSPA(t, app, "logto-browser")
		s.Click("Register")
		s.Heading("Create your account")
		s.Open(s.URL)
		s.Click("Sign in")
		s.signIn()
		s.Sees("iss = "+app.URL+"/oidc;", "aud = "+s.clientID+";", "sub = "+s.person+";", "organizations = "+s.organization+";",
			"userinfo = "+s.person+";", "roles = "+s.organization+":clerk;")
		mine := "sub = " + s.person + "; client = " + s.clientID + ";"

		s.Click("Token for the API")
		s.Sees("aud = " + apptest.Orders + "; " + mine + " scope = read:orders write:orders;")
		s.Lacks("organization =")
		s.Click("Forget the access tokens")
		s.Heading("Forgotten")
		s.Click("Token for the organization")
		s.Sees("aud = urn:logto:organization:" + s.organization + "; " + mine + " scope = invite;")
		s.Click("Token within the organization")
		s.Sees("aud = "+apptest.Orders+"; "+mine+" scope = read:orders write:orders;", "organization = "+s.organization+";")
		s.Click("Token for another organization")
		s.Heading("Refused")
		s.Sees("error = oidc.access_denied;")
		s.Reload()
		s.Heading("Hello " + username)

		s.Click("Sign out")
		s.Heading("Who are you?")
		s.Click("Sign in")
		s.Heading("Sign in")
	})
}
