// Package peers_test runs clients that other people wrote, unmodified, against
// the real server. Those of OpenID Connect sign in through the hosted pages,
// refresh, read userinfo and sign out; that of the Management API administers.
// The programs of docs/how-to and docs/tutorials run here, too.
package peers_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/client"
	"signet/internal/tenant"
	"signet/test/fixture"
)

// Where the applications under test get their users back. Nothing listens
// there: the browser of browser.mjs ends at these addresses.
const (
	redirect   = "https://app.example.org/callback"
	postLogout = "https://app.example.org/goodbye"
)

const username = "robin"

// kinds are the applications that every client plays: public and confidential.
var kinds = []application.Type{application.SPA, application.Traditional}

func TestPeers_SignInRefreshReadUserinfoSignOut(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"openid-client.mjs", "oauth4webapi.mjs", "logto-node.mjs"} {
		for _, kind := range kinds {
			t.Run(strings.TrimSuffix(script, ".mjs")+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				apptest.Each(t, func(t *testing.T, app *apptest.App) {
					run(t, node(t, app, kind, script))
				})
			})
		}
	}
}

// Devices have no browser; their people type a code into one (RFC 8628).
func TestPeers_SignInOnADevice(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"openid-client-device.mjs", "oauth4webapi-device.mjs"} {
		t.Run(strings.TrimSuffix(script, ".mjs"), func(t *testing.T) {
			t.Parallel()
			apptest.Each(t, func(t *testing.T, app *apptest.App) {
				app.Shop(t, fixture.User(t, app, username))
				cmd := nodeFor(t, app, fixture.Client{ID: client.DeviceDemoApp, Redirect: redirect, PostLogout: postLogout}, script)
				cmd.Env = append(cmd.Env, "RESOURCE="+apptest.Orders)
				run(t, cmd)
			})
		})
	}
}

// A client that signs instead of sending a secret.
func TestPeers_SignedAssertionsAndRequests(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, private := range map[string]crypto.Signer{"ECDSA": ec, "Ed25519": edwards, "secret": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			apptest.Each(t, func(t *testing.T, app *apptest.App) {
				fixture.User(t, app, username)
				custom := application.CustomMetadata{TokenEndpointAuthMethod: application.AuthSecretJWT}
				var jwk []byte
				if private != nil {
					custom.TokenEndpointAuthMethod, custom.JWKS = application.AuthPrivateKeyJWT, keySet(t, private)
					yes := true
					custom.RequireSignedRequestObject = &yes
					var err error
					if jwk, err = json.Marshal(jose.JSONWebKey{Key: private, KeyID: "k1"}); err != nil {
						t.Fatal(err)
					}
				}
				c := app.CreateApp(t, application.Application{Type: application.Traditional, Custom: custom, OIDC: application.ClientMetadata{
					RedirectURIs: []string{redirect}, PostLogoutRedirectURIs: []string{postLogout},
				}})
				cmd := nodeFor(t, app, fixture.Client{ID: c.ID, Secret: c.Secret, Redirect: redirect, PostLogout: postLogout}, "openid-client-jwt.mjs")
				cmd.Env = append(cmd.Env, "PRIVATE_JWK="+string(jwk))
				run(t, cmd)
			})
		})
	}
}

// An application that is set up as docs/how-to/bind-tokens-to-keys.md says for the
// FAPI 2.0 security profile.
func TestPeers_FAPI2(t *testing.T) {
	t.Parallel()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: private, KeyID: "k1"})
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		fixture.User(t, app, username)
		c := app.CreateApp(t, application.Application{
			Type: application.Traditional,
			Custom: application.CustomMetadata{
				TokenEndpointAuthMethod: application.AuthPrivateKeyJWT, TokenEndpointAuthSigningAlg: "ES256", JWKS: keySet(t, private),
				RequirePushedAuthorizationRequests: &yes, DPoPBoundAccessTokens: &yes,
			},
			OIDC: application.ClientMetadata{RedirectURIs: []string{redirect}, PostLogoutRedirectURIs: []string{postLogout}},
		})
		cmd := nodeFor(t, app, fixture.Client{ID: c.ID, Redirect: redirect, PostLogout: postLogout}, "openid-client-fapi.mjs")
		cmd.Env = append(cmd.Env, "PRIVATE_JWK="+string(jwk))
		run(t, cmd)
	})
}

func keySet(t *testing.T, private crypto.Signer) *application.KeySet {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private.Public(), KeyID: "k1"}}})
	if err != nil {
		t.Fatal(err)
	}
	var set application.KeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	return &set
}

// Tokens that are bound to a key, in a tenant that demands its own nonces.
func TestPeers_DPoP(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"openid-client-dpop.mjs", "oauth4webapi-dpop.mjs"} {
		for _, kind := range kinds {
			t.Run(strings.TrimSuffix(script, ".mjs")+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				apptest.Each(t, func(t *testing.T, app *apptest.App) {
					app.Operator(t).Want(200, "PATCH", "/api/configs/oidc/dpop", `{"enabled":true,"nonceRequired":true}`)
					run(t, node(t, app, kind, script))
				})
			})
		}
	}
}

// Web applications that keep people signed in, in sessions of their own.
func TestPeers_Express(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		run(t, webApp(t, app, "logto-express.mjs", "/logto/sign-in-callback"))
	})
}

func TestPeers_NextJS(t *testing.T) {
	t.Parallel()
	folder := nextApp(t)
	for router, callback := range map[string]string{"pages": "/api/logto/sign-in-callback", "app": "/callback"} {
		t.Run(router, func(t *testing.T) {
			t.Parallel()
			apptest.Each(t, func(t *testing.T, app *apptest.App) {
				cmd := webApp(t, app, "logto-next.mjs", callback)
				cmd.Env = append(cmd.Env, "PROGRAM="+filepath.Join(folder, "server.mjs"), "SOCKET=yes", "NODE_ENV=production", "ROUTER="+router)
				run(t, cmd)
			})
		})
	}
}

// The SDK of the Management API gets its token and works through what programs
// do with it.
func TestPeers_ManagementAPI(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		machine := app.CreateMachine(t, tenant.Default, apptest.ManagementRole)
		for _, script := range []string{"logto-api.mjs", "logto-families.mjs"} {
			run(t, nodeFor(t, app, fixture.Client{ID: machine.ID, Secret: machine.Secret}, script))
		}
	})
}

// A second opinion on the documents that internal/server has validated already.
func TestPeers_OpenAPI(t *testing.T) {
	t.Parallel()
	run(t, nodeFor(t, apptest.Start(t), fixture.Client{}, "openapi.mjs"))
}

// run runs a script to its end.
func run(t *testing.T, script *exec.Cmd) {
	t.Helper()
	out, err := script.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "peer done\n") {
		t.Fatalf("%v: %v\n%s", script.Args, err, out)
	}
}

// node prepares a script of this folder with what peer.mjs reads.
func node(t *testing.T, app *apptest.App, kind application.Type, script string) *exec.Cmd {
	t.Helper()
	organization := app.Shop(t, fixture.User(t, app, username))
	registered := fixture.App(t, app, kind, redirect, postLogout)
	cmd := nodeFor(t, app, registered, script)
	cmd.Env = append(cmd.Env, "RESOURCE="+apptest.Orders, "ORGANIZATION="+organization)
	return cmd
}

// webApp prepares a script that serves a web application.
func webApp(t *testing.T, app *apptest.App, script, callback string) *exec.Cmd {
	t.Helper()
	home, socket := listening(t)
	organization := app.Shop(t, fixture.User(t, app, username))
	cmd := nodeFor(t, app, fixture.App(t, app, application.Traditional, home+callback, home), script, "web-app.mjs")
	cmd.Env = append(cmd.Env, "RESOURCE="+apptest.Orders, "ORGANIZATION="+organization)
	cmd.ExtraFiles = []*os.File{socket}
	return cmd
}

// nextApp has Next.js build the application of next/ and returns its folder.
func nextApp(t *testing.T) string {
	t.Helper()
	folder := besideClients(t)
	if err := os.CopyFS(folder, os.DirFS("next")); err != nil {
		t.Fatal(err)
	}
	cmd := nodeWith(t, filepath.Join("node_modules", "next", "dist", "bin", "next"), "build", folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return folder
}

// besideClients makes a folder whose programs find the clients.
func besideClients(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	clients, err := filepath.Abs("node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(clients, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return folder
}

// listening opens a socket on which a script is to serve, and tells the address
// that it has there. It is another site than the server's, not only another port.
func listening(t *testing.T) (address string, socket *os.File) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	socket, err = listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return "http://" + listener.Addr().String(), socket
}

// nodeFor prepares a script; others are files that it imports.
func nodeFor(t *testing.T, app *apptest.App, c fixture.Client, script string, others ...string) *exec.Cmd {
	t.Helper()
	// Go reruns a test whose files have changed only if the test read them.
	for _, file := range append(others, script, "api.mjs", "browser.mjs", "peer.mjs", "package-lock.json") {
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	cmd := nodeWith(t, script)
	cmd.Env = append(cmd.Env,
		"ISSUER="+app.URL+"/oidc",
		"CLIENT_ID="+c.ID, "CLIENT_SECRET="+c.Secret,
		"REDIRECT_URI="+c.Redirect, "POST_LOGOUT_REDIRECT_URI="+c.PostLogout,
		"USERNAME="+username, "PASSWORD="+apptest.Password,
	)
	return cmd
}

// nodeWith prepares Node.js, which needs the clients.
func nodeWith(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := os.Stat("node_modules"); err != nil {
		t.Fatal("the clients are not installed: run `make test`, or `npm ci` in test/peers")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.WaitDelay = 5 * time.Second // for what it started itself
	cmd.Env = append(os.Environ(), "NEXT_TELEMETRY_DISABLED=1")
	return cmd
}
