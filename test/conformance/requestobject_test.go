package conformance_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/platform/crypt/jwttest"
)

// object are the claims of a request object that says what the request would.
func (r *run) object(pairs ...string) map[string]any {
	now := r.app.Clock.Now().Unix()
	claims := map[string]any{"iss": r.client.ID, "aud": r.app.URL + "/oidc", "iat": now, "nbf": now, "exp": now + 300}
	for name, values := range r.request(pairs...) {
		claims[name] = values[0]
	}
	return claims
}

// unsigned returns a request object that nobody has signed (RFC 7519 section 6).
func unsigned(r *run, claims map[string]any) string {
	r.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		r.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

// Discovery does not offer the algorithm "none", so the request must be refused as
// not supported; nothing in the object may have counted.
func unsignedRequestObject(r *run) {
	if got := r.refusal("request", unsigned(r, r.object())); got != "request_not_supported" {
		r.Errorf("refused as %s", got)
	}
	r.stopped("redirect_uri", "https://evil.example/", "request", unsigned(r, r.object()))
}

// Discovery says that nobody is asked for request objects: neither does it count what
// one says, nor is it fetched.
func unsignedRequestURI(r *run) {
	r.party.show(pathRequest, unsigned(r, r.object()))
	if got := r.refusal("request_uri", r.party.URL+pathRequest); got != "request_uri_not_supported" {
		r.Errorf("refused as %s", got)
	}
	r.stopped("redirect_uri", "https://evil.example/", "request_uri", r.party.URL+pathRequest)
	if fetched := r.party.take(pathRequest); len(fetched) != 0 {
		r.Errorf("was fetched: %v", fetched)
	}
}

// The redirect URI of a request object counts, not the one beside it. An unsigned
// object is none, so that the browser stays.
func requestObjectWithRedirectURI(r *run) {
	r.stopped("redirect_uri", r.party.URL+"/elsewhere", "request", unsigned(r, r.object()))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		r.Fatal(err)
	}
	public, err := json.Marshal(jose.JSONWebKey{Key: key.Public(), KeyID: "k1", Use: "sig"})
	if err != nil {
		r.Fatal(err)
	}
	r.app.Operator(r).Want(http.StatusOK, "PATCH", "/api/applications/"+r.client.ID,
		fmt.Sprintf(`{"customClientMetadata":{"idTokenSignedResponseAlg":"RS256","jwks":{"keys":[%s]}}}`, public))
	signed := jwttest.Sign(r, "ES256", key, map[string]any{"kid": "k1", "typ": "oauth-authz-req+jwt"}, r.object())
	r.redeem(r.code("redirect_uri", r.party.URL+"/elsewhere", "request", signed))
}
