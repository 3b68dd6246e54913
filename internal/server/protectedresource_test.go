package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"signet/internal/apptest"
)

// RFC 9728: an API says whose tokens it takes; one below our own address where we
// are asked for it, before its path, and nobody else's.
func TestProtectedResourceMetadata(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		create := func(indicator string) string {
			return o.Want(201, "POST", "/api/resources", fmt.Sprintf(`{"name":"Tools","indicator":%q}`, indicator)).String("id")
		}
		mcp, far, odd := create(app.URL+"/mcp/a%2Fb"), create("https://api.example/mcp"), create("urn:example:api")
		create(app.URL)
		o.Want(201, "POST", "/api/resources/"+mcp+"/scopes", `{"name":"write"}`)
		o.Want(201, "POST", "/api/resources/"+mcp+"/scopes", `{"name":"read"}`)
		endpoint, err := url.Parse(app.URL)
		if err != nil {
			t.Fatal(err)
		}
		root := endpoint.Scheme + "://" + endpoint.Host + "/.well-known/oauth-protected-resource"
		want := func(indicator, scopes, more string) string {
			return fmt.Sprintf(`{"resource":%q,"authorization_servers":["%s/oidc"],%s"bearer_methods_supported":["header"],"resource_name":"Tools"%s}`, indicator, app.URL, scopes, more)
		}
		const both = `"scopes_supported":["read","write"],`
		a := get(t, root+endpoint.Path+"/mcp/a%2Fb", "Origin", "https://elsewhere.example")
		if a.StatusCode != 200 || a.Text != want(app.URL+"/mcp/a%2Fb", both, "") || a.Header.Get("Access-Control-Allow-Origin") != "https://elsewhere.example" {
			t.Errorf("%d %v %s", a.StatusCode, a.Header, a.Text)
		}
		for _, path := range []string{"", "/"} {
			if a := get(t, root+endpoint.Path+path); a.Text != want(app.URL, "", "") {
				t.Errorf("of the endpoint itself: %d %s", a.StatusCode, a.Text)
			}
		}
		for _, path := range []string{"/mcp", "/mcp/a/b", "/mcp/a%2Fb/", "/oidc/me", "/api", "/none"} {
			if a := get(t, root+endpoint.Path+path); a.StatusCode != 404 || a.Code() != "oidc.invalid_request" {
				t.Errorf("%s: %d %s", path, a.StatusCode, a.Text)
			}
		}
		o.Want(200, "PATCH", "/api/configs/oidc/dpop", `{"enabled":true}`)
		const algorithms = `,"dpop_signing_alg_values_supported":["ES256","ES384","ES512","PS256","EdDSA"]`
		if a := get(t, root+endpoint.Path+"/mcp/a%2Fb"); a.Text != want(app.URL+"/mcp/a%2Fb", both, algorithms) {
			t.Errorf("with DPoP: %s", a.Text)
		}
		if a := o.Want(200, "GET", "/api/resources/"+far+"/protected-resource-metadata", ""); a.Text != want("https://api.example/mcp", "", algorithms) {
			t.Errorf("for others: %s", a.Text)
		}
		o.Want(422, "GET", "/api/resources/"+odd+"/protected-resource-metadata", "", "resource.indicator_is_no_address")
		o.Want(404, "GET", "/api/resources/none/protected-resource-metadata", "", "entity.not_exists_with_id")
		if a := get(t, strings.Replace(app.AdminURL, endpoint.Path, "/.well-known/oauth-protected-resource"+endpoint.Path, 1)+"/mcp/a%2Fb"); a.StatusCode != 404 {
			t.Errorf("at another tenant: %d %s", a.StatusCode, a.Text)
		}
	}, apptest.Below("/auth"))
}
