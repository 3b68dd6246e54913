package peers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
	"signet/test/fixture"
)

// An MCP client meets an MCP server that takes tokens of Signet.
func TestMCP_RegisteredClient(t *testing.T) {
	t.Parallel()
	for _, kind := range []application.Type{application.Native, application.Traditional} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			apptest.Each(t, func(t *testing.T, app *apptest.App) {
				h := openHarbour(t, app)
				run(t, h.script(t, app, fixture.App(t, app, kind, redirect, postLogout), "mcp-client.mjs"))
			})
		})
	}
}

// Somebody without a role for the server is told so by its tools.
func TestMCP_WithoutPermission(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	h := openHarbour(t, app)
	app.Operator(t).Want(204, "DELETE", "/api/users/"+h.user+"/roles/"+h.role, "")
	cmd := h.script(t, app, fixture.App(t, app, application.Native, redirect, postLogout), "mcp-client.mjs")
	cmd.Env = append(cmd.Env, "PERMITTED=")
	run(t, cmd)
}

// A client that nobody has registered: its id is the address of a document.
func TestMCP_DescribedClient(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.ReachingTests())
	h := openHarbour(t, app)
	o := app.Operator(t)
	o.Want(200, "PATCH", "/api/configs/cimd", `{"enabled":true}`)
	o.Want(201, "POST", "/api/cimd/user-consent-scopes", fmt.Sprintf(`{"resourceScopes":[%q]}`, h.read))
	run(t, h.script(t, app, fixture.Client{ID: describe(t), Redirect: redirect, PostLogout: postLogout}, "mcp-client.mjs"))
}

// A client that registers itself, as those of strangers do: without a token.
func TestMCP_ClientThatRegistersItself(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		h := openHarbour(t, app)
		o := app.Operator(t)
		o.Want(200, "PATCH", "/api/configs/client-registration", `{"enabled":true,"initialAccessTokenRequired":false}`)
		o.Want(201, "POST", "/api/cimd/user-consent-scopes", fmt.Sprintf(`{"resourceScopes":[%q]}`, h.read))
		run(t, h.script(t, app, fixture.Client{Redirect: redirect, PostLogout: postLogout}, "mcp-client.mjs"))
	})
}

// A machine that has a role for the MCP server.
func TestMCP_Machine(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	h := openHarbour(t, app)
	app.Operator(t).Want(200, "POST", "/api/roles",
		fmt.Sprintf(`{"name":"clock","description":"Ticks.","type":"MachineToMachine","scopeIds":[%q]}`, h.read))
	machine := app.CreateMachine(t, tenant.Default, "clock")
	run(t, h.script(t, app, fixture.Client{ID: machine.ID, Secret: machine.Secret}, "mcp-machine.mjs"))
}

// The conformance suite takes every client for a public one.
func TestMCP_Conformance(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.ReachingTests())
	h := openHarbour(t, app)
	app.Operator(t).Want(200, "PATCH", "/api/configs/cimd", `{"enabled":true}`)
	callback, socket := listening(t)
	_ = socket.Close() // the suite opens it itself
	c := fixture.App(t, app, application.Native, "http://127.0.0.1/callback", postLogout)
	c.Redirect = callback + "/callback"
	run(t, h.script(t, app, c, "mcp-conformance.mjs"))
}

// harbour is where an MCP server will be, as an API resource: the user may read
// the tide there.
type harbour struct {
	url, user, read, role string
	socket                *os.File
}

func openHarbour(t *testing.T, app *apptest.App) *harbour {
	t.Helper()
	address, socket := listening(t)
	h := &harbour{url: address + "/mcp", user: fixture.User(t, app, username), socket: socket}
	app.Shop(t, h.user) // another API, which tokens must not be for
	o := app.Operator(t)
	api := o.Want(201, "POST", "/api/resources", fmt.Sprintf(`{"name":"Harbour","indicator":%q}`, h.url)).String("id")
	h.read = o.Want(201, "POST", "/api/resources/"+api+"/scopes", `{"name":"tide:read","description":"Read the tide"}`).String("id")
	h.role = o.Want(200, "POST", "/api/roles", fmt.Sprintf(`{"name":"skipper","description":"Sails.","scopeIds":[%q]}`, h.read)).String("id")
	o.Want(201, "POST", "/api/users/"+h.user+"/roles", fmt.Sprintf(`{"roleIds":[%q]}`, h.role))
	return h
}

// script prepares a client of the MCP server of the how-to, which it starts itself.
func (h *harbour) script(t *testing.T, app *apptest.App, c fixture.Client, script string) *exec.Cmd {
	t.Helper()
	cmd := nodeFor(t, app, c, script, "node20.mjs")
	program := filepath.Join(howTo(t, app, "protect-an-mcp-server.md",
		"http://localhost:8080/mcp", h.url, "app.listen(8080)", "app.listen({ fd: 3 })"), "server.mjs")
	cmd.Env = append(cmd.Env, "RESOURCE="+h.url, "SUBJECT="+h.user, "PERMITTED=tide:read", "PROGRAM="+program, "SOCKET=yes")
	cmd.ExtraFiles = []*os.File{h.socket}
	return cmd
}

// describe publishes a client ID metadata document and returns its address.
func describe(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	id := server.URL + "/client.json"
	mux.HandleFunc("GET /client.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"client_id": id, "client_name": "Harbour agent", "redirect_uris": []string{redirect}, "token_endpoint_auth_method": "none",
		})
	})
	return id
}
