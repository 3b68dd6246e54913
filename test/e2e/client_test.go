package e2e_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/test/fixture"
)

// application of another origin that signs people in with Signet: a page with a
// link, the redirect URI, a page after signing out.
type tidewater struct {
	URL      string
	client   fixture.Client
	provider *oidc.Provider

	mu        sync.Mutex
	verifiers map[string]string // by state
	idToken   string
}

// openTidewater starts the application and registers it.
func openTidewater(t *testing.T, app *apptest.App) *tidewater {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	provider, err := oidc.NewProvider(t.Context(), app.URL+"/oidc")
	if err != nil {
		t.Fatal(err)
	}
	// Another host name than the server's: a different site, not only another port.
	a := &tidewater{URL: server.URL, provider: provider, verifiers: map[string]string{}}
	a.client = fixture.App(t, app, application.Traditional, a.URL+"/callback", a.URL+"/goodbye")
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("GET /sign-out", a.signOut)
	mux.HandleFunc("GET /goodbye", func(w http.ResponseWriter, _ *http.Request) { write(w, "Goodbye", "/", "Home") })
	return a
}

func write(w http.ResponseWriter, heading, link, words string) {
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Tidewater</title><h1>%s</h1><a href="%s">%s</a>`,
		html.EscapeString(heading), html.EscapeString(link), html.EscapeString(words))
}

func (a *tidewater) config() oauth2.Config {
	return oauth2.Config{
		ClientID: a.client.ID, ClientSecret: a.client.Secret, RedirectURL: a.client.Redirect,
		Endpoint: a.provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile"},
	}
}

// home passes on the class of authentication that its own query demands.
func (a *tidewater) home(w http.ResponseWriter, r *http.Request) {
	state, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	a.mu.Lock()
	a.verifiers[state] = verifier
	a.mu.Unlock()
	config := a.config()
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	if classes := r.URL.Query().Get("acr_values"); classes != "" {
		options = append(options, oauth2.SetAuthURLParam("acr_values", classes))
	}
	write(w, "Tidewater", config.AuthCodeURL(state, options...), "Sign in with Signet")
}

func (a *tidewater) callback(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	a.mu.Lock()
	verifier, known := a.verifiers[query.Get("state")]
	delete(a.verifiers, query.Get("state"))
	a.mu.Unlock()
	if code := query.Get("error"); code != "" || !known {
		write(w, "Refused: "+code+" "+query.Get("error_description"), "/", "Home")
		return
	}
	config := a.config()
	token, err := config.Exchange(r.Context(), query.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		write(w, "Refused: "+err.Error(), "/", "Home")
		return
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := a.provider.Verifier(&oidc.Config{ClientID: a.client.ID}).Verify(r.Context(), raw)
	var claims struct{ Username, ACR string }
	if err == nil {
		err = id.Claims(&claims)
	}
	if err != nil {
		write(w, "Refused: "+err.Error(), "/", "Home")
		return
	}
	a.mu.Lock()
	a.idToken = raw
	a.mu.Unlock()
	if claims.ACR != "" {
		claims.Username += ", " + claims.ACR
	}
	write(w, "Hello "+claims.Username, "/sign-out", "Sign out of Tidewater")
}

func (a *tidewater) signOut(w http.ResponseWriter, r *http.Request) {
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := a.provider.Claims(&metadata); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	a.mu.Lock()
	query := url.Values{"id_token_hint": {a.idToken}, "post_logout_redirect_uri": {a.client.PostLogout}}
	a.mu.Unlock()
	http.Redirect(w, r, metadata.EndSession+"?"+query.Encode(), http.StatusSeeOther)
}
