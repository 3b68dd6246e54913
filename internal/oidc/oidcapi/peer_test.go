package oidcapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"signet/internal/platform/db/dbtest"
)

// overHandler is the network between a client and the endpoints: the proxy in
// front of them takes the endpoint's path away.
type overHandler struct{ handler http.Handler }

func (o overHandler) RoundTrip(r *http.Request) (*http.Response, error) {
	inner := r.Clone(r.Context())
	inner.URL.Path = strings.TrimPrefix(r.URL.Path, "/auth")
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	rw := httptest.NewRecorder()
	o.handler.ServeHTTP(rw, inner)
	return rw.Result(), nil
}

// A client that nobody here wrote discovers the provider, refreshes, verifies
// the ID token against the published keys and reads userinfo.
func TestPeer_GoOIDC(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	httpClient := &http.Client{Transport: overHandler{w.handler}}
	ctx := oidc.ClientContext(t.Context(), httpClient)
	provider, err := oidc.NewProvider(ctx, "https://id.example/auth/oidc")
	if err != nil {
		t.Fatal(err)
	}
	for _, clientID := range []string{"spa", "server"} {
		config := oauth2.Config{ClientID: clientID, Endpoint: provider.Endpoint(), RedirectURL: redirectURI}
		if clientID == "server" {
			config.ClientSecret = w.secret
		}
		_, refresh, _ := w.tokens(clientID, "openid offline_access email")
		tokens, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := tokens.Extra("id_token").(string)
		idToken, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: clientID, Now: w.clock.Now}).Verify(ctx, raw)
		if err != nil {
			t.Fatal(err)
		}
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
		if err != nil {
			t.Fatal(err)
		}
		if idToken.Subject != w.user.ID || info.Subject != w.user.ID || info.Email != "robin@example.com" || !info.EmailVerified {
			t.Errorf("%s: %+v, %+v", clientID, idToken, info)
		}
	}
}
