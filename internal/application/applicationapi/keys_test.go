package applicationapi_test

import (
	"strings"
	"testing"

	"signet/internal/apptest"
)

const (
	publicKey  = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"k1"}`
	privateKey = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}`
	shortKey   = `{"kty":"RSA","e":"AQAB","n":"sKf8vOKlq3rB0yzGvVqE0S7lKzJ0m5Wv7n4mUqD2kY0tA8R2U3dGd8pM1u3QF5o0lQk9ZB8v7x6mEwz5YhVdYw"}`
)

// The ways in which applications prove themselves, as operators set them.
func TestApplications_ProveThemselves(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		custom := `{"tokenEndpointAuthMethod":"private_key_jwt","tokenEndpointAuthSigningAlg":"ES256","jwks":{"keys":[` + publicKey +
			`]},"requireSignedRequestObject":true,"requirePushedAuthorizationRequests":true}`
		a := o.Want(200, "POST", "/api/applications", `{"name":"Shop","type":"Traditional","customClientMetadata":`+custom+`}`)
		path := "/api/applications/" + a.String("id")
		for _, want := range []string{`"tokenEndpointAuthMethod":"private_key_jwt"`, `"kid":"k1"`, `"requireSignedRequestObject":true`} {
			if !strings.Contains(a.Text, want) {
				t.Errorf("created without %s: %s", want, a.Text)
			}
		}
		o.Want(200, "PATCH", path, `{"customClientMetadata":{"jwksUri":"https://shop.example/jwks","tokenEndpointAuthMethod":"private_key_jwt"}}`)
		o.Want(200, "PATCH", path, `{"customClientMetadata":{"tokenEndpointAuthMethod":"client_secret_jwt","tokenEndpointAuthSigningAlg":"HS256"}}`)
		o.Want(200, "PATCH", path, `{"customClientMetadata":{}}`)
		spa := create(o, `{"name":"SPA","type":"SPA","customClientMetadata":{"jwks":{"keys":[`+publicKey+`]}}}`)
		many := strings.Repeat(publicKey+",", 16) + publicKey
		before := app.Snapshot(t)
		for _, bad := range []string{
			`{"tokenEndpointAuthMethod":"none"}`, `{"tokenEndpointAuthMethod":"tls_client_auth"}`,
			`{"tokenEndpointAuthMethod":"private_key_jwt"}`,
			`{"tokenEndpointAuthMethod":"client_secret_jwt","tokenEndpointAuthSigningAlg":"none"}`,
			`{"tokenEndpointAuthMethod":"client_secret_jwt","tokenEndpointAuthSigningAlg":"ES256"}`,
			`{"tokenEndpointAuthMethod":"private_key_jwt","jwksUri":"https://shop.example/jwks","tokenEndpointAuthSigningAlg":"HS256"}`,
			`{"tokenEndpointAuthSigningAlg":"HS256"}`,
			`{"jwksUri":"http://shop.example/jwks"}`, `{"jwksUri":"https://user:pw@shop.example/jwks"}`, `{"jwksUri":"file:///etc/passwd"}`,
			`{"jwksUri":"https://shop.example/jwks#x"}`, `{"jwksUri":"https://shop.example/jwks","jwks":{"keys":[` + publicKey + `]}}`,
			`{"jwks":{"keys":[]}}`, `{"jwks":{}}`, `{"jwks":[]}`, `{"jwks":null}`, `{"jwks":{"keys":[{}]}}`, `{"jwks":{"keys":["x"]}}`,
			`{"jwks":{"keys":[` + privateKey + `]}}`, `{"jwks":{"keys":[` + shortKey + `]}}`, `{"jwks":{"keys":[` + many + `]}}`,
			`{"jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}}`, `{"jwks":{"keys":[` + strings.Replace(publicKey, "{", `{"use":"enc",`, 1) + `]}}`,
			`{"jwks":{"keys":[` + strings.Replace(publicKey, "x_FE", "AAAA", 1) + `]}}`,
			`{"requireSignedRequestObject":true}`,
		} {
			o.Want(400, "PATCH", path, `{"customClientMetadata":`+bad+`}`)
			o.Want(400, "POST", "/api/applications", `{"name":"Shop","type":"Traditional","customClientMetadata":`+bad+`}`)
		}
		o.Want(400, "PATCH", "/api/applications/"+spa, `{"customClientMetadata":{"tokenEndpointAuthMethod":"private_key_jwt","jwksUri":"https://shop.example/jwks"}}`)
		before.Same(t, app.Snapshot(t))
	})
}
