package peers_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"signet/internal/apptest"
	"signet/test/fixture"
)

// go-oidc with x/oauth2 is what most Go programs sign people in with.
func TestGoOIDC_SignsInRefreshesReadsUserinfoSignsOut(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			apptest.Each(t, func(t *testing.T, app *apptest.App) {
				fixture.User(t, app, username)
				goOIDC(t, app, fixture.App(t, app, kind, redirect, postLogout))
			})
		})
	}
}

func goOIDC(t *testing.T, app *apptest.App, client fixture.Client) {
	t.Helper()
	ctx := t.Context()
	provider, err := oidc.NewProvider(ctx, app.URL+"/oidc")
	if err != nil {
		t.Fatal(err)
	}
	config := oauth2.Config{
		ClientID: client.ID, ClientSecret: client.Secret, RedirectURL: client.Redirect,
		Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, oidc.ScopeOfflineAccess, "profile"},
	}
	verifier, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	walk := browse(t, app, client)

	callback := walk("signIn", config.AuthCodeURL("state",
		oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce), oauth2.SetAuthURLParam("prompt", "consent")))
	if callback.Query().Get("state") != "state" {
		t.Fatalf("sign-in ended at %s", callback)
	}
	token, err := config.Exchange(ctx, callback.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		t.Fatal("no ID token")
	}
	id, err := provider.Verifier(&oidc.Config{ClientID: client.ID}).Verify(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Username string }
	if err := id.Claims(&claims); err != nil || claims.Username != username || id.Nonce != nonce {
		t.Fatalf("claims %+v, nonce %q, %v", claims, id.Nonce, err)
	}

	// An expired token makes the library refresh.
	expired := *token
	expired.Expiry = expired.Expiry.AddDate(-1, 0, 0)
	source := config.TokenSource(ctx, &expired)
	fresh, err := source.Token()
	if err != nil {
		t.Fatal(err)
	}
	if fresh.AccessToken == token.AccessToken {
		t.Fatal("the library did not refresh")
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(fresh))
	if err != nil || info.Subject != id.Subject {
		t.Fatalf("userinfo %+v, %v", info, err)
	}

	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil {
		t.Fatal(err)
	}
	end := metadata.EndSession + "?" + url.Values{
		"id_token_hint": {raw}, "post_logout_redirect_uri": {client.PostLogout}, "state": {"bye"},
	}.Encode()
	if left := walk("signOut", end); left.Query().Get("state") != "bye" {
		t.Fatalf("sign-out ended at %s", left)
	}
	silent := walk("signIn", config.AuthCodeURL("again", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("prompt", "none")))
	if got := silent.Query().Get("error"); got != "login_required" {
		t.Fatalf("after the sign-out prompt=none answers %s", silent)
	}
	// A wrong code comes back as the error that RFC 6749 names.
	_, err = config.Exchange(ctx, "spent", oauth2.VerifierOption(verifier))
	if refused := (*oauth2.RetrieveError)(nil); !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
		t.Fatalf("a made-up code: %v", err)
	}
}

// browse starts the browser of browser.mjs and returns a function that walks
// from a URL to the redirect URI.
func browse(t *testing.T, app *apptest.App, client fixture.Client) func(walk, from string) *url.URL {
	t.Helper()
	cmd := nodeFor(t, app, client, "walk.mjs")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	return func(walk, from string) *url.URL {
		t.Helper()
		if err := json.NewEncoder(in).Encode(map[string]string{"do": walk, "url": from}); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() {
			t.Fatalf("the browser stopped on the way from %s", from)
		}
		ended, err := url.Parse(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		return ended
	}
}
