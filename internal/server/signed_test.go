package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/dpop/dpoptest"
	"signet/internal/platform/crypt/jwttest"
	"signet/internal/platform/db"
	"signet/internal/settings"
	"signet/internal/tenant"
)

// clientKey and foreignKey sign for applications; clientKeys is what those
// publish that have the first.
var (
	clientKey  = sync.OnceValue(newClientKey)
	foreignKey = sync.OnceValue(newClientKey)
)

func newClientKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func clientKeys(t testing.TB) *application.KeySet {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: clientKey().Public(), KeyID: "k1", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	var set application.KeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	return &set
}

// signClaims signs claims with a key, typ in the header unless it is "".
func signClaims(t testing.TB, key *ecdsa.PrivateKey, typ string, claims map[string]any) string {
	t.Helper()
	header := map[string]any{"kid": "k1"}
	if typ != "" {
		header["typ"] = typ
	}
	return jwttest.Sign(t, "ES256", key, header, claims)
}

// requestClaims are an authorization request as a client signs it; changes
// replace members, nil leaves one out.
func requestClaims(app *apptest.App, c *apptest.Client, changes map[string]any) map[string]any {
	now := app.Clock.Now().Unix()
	claims := map[string]any{
		"iss": c.ID, "aud": app.URL + "/oidc", "exp": now + 300, "nbf": now, "iat": now, "jti": rand.Text(),
		"client_id": c.ID, "redirect_uri": c.Redirect(), "response_type": "code", "scope": "openid email", "state": "signed",
		"code_challenge": apptest.Challenge(), "code_challenge_method": "S256", "max_age": 3600,
		"claims": map[string]any{"userinfo": map[string]any{"email": nil}},
	}
	maps.Copy(claims, changes)
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

const requestType = "oauth-authz-req+jwt"

// signedURL is an authorization request that carries a signed one; what stands
// beside it says something else.
func signedURL(c *apptest.Client, object string) string {
	return "/oidc/auth?" + url.Values{
		"client_id": {c.ID}, "request": {object}, "scope": {"openid phone"}, "state": {"added"}, "redirect_uri": {"https://evil.example"},
		"response_type": {"code"},
	}.Encode()
}

// finish signs a person in to the authorization that b has begun.
func finish(b *apptest.Browser) *url.URL {
	b.Step("PUT", "", `{"interactionEvent":"SignIn"}`)
	verified := b.VerifyPassword("robin", apptest.Password)
	b.Step("POST", "/identification", `{"verificationId":"`+verified.String("verificationId")+`"}`)
	return b.Submit()
}

// What the client has signed is what counts, by whichever way it comes.
func TestSignedRequest(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		yes := true
		c := app.CreateApp(t, application.Application{Type: application.Traditional, Custom: application.CustomMetadata{
			JWKS: clientKeys(t), RequireSignedRequestObject: &yes,
		}})
		for _, typ := range []string{requestType, "JWT", ""} {
			b := app.Browser(t)
			a := b.Do("GET", signedURL(c, signClaims(t, clientKey(), typ, requestClaims(app, c, nil))), "")
			if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
				t.Fatalf("%q: %d %s", typ, a.StatusCode, a.Text)
			}
			if to := finish(b); to.Query().Get("state") != "signed" || b.Redeem(c, to).Scope != "openid email" {
				t.Errorf("%q came back to %s", typ, to)
			}
		}
		// What is not known is ignored, whatever its type (RFC 6749 section 3.1); what
		// is known has the type that it has.
		extended := requestClaims(app, c, map[string]any{"authorization_details": []any{map[string]any{"type": "pay"}}, "vendor": map[string]any{"a": 1}, "list": []string{"a", "b"}})
		if a := app.Browser(t).Do("GET", signedURL(c, signClaims(t, clientKey(), requestType, extended)), ""); a.StatusCode != http.StatusSeeOther {
			t.Errorf("unknown members: %d %s", a.StatusCode, a.Text)
		}
		for name, value := range map[string]any{"nonce": map[string]any{"a": 1}, "state": []string{"a", "b"}, "resource": []any{[]string{"a"}}, "login_hint": []any{map[string]any{}}} {
			odd := requestClaims(app, c, map[string]any{name: value})
			if a := app.Browser(t).Do("GET", signedURL(c, signClaims(t, clientKey(), requestType, odd)), ""); a.StatusCode != 400 || a.Code() != "oidc.invalid_request" {
				t.Errorf("%s of another type: %d %s", name, a.StatusCode, a.Text)
			}
		}
		b := app.Browser(t)
		form := url.Values{"client_id": {c.ID}, "client_secret": {c.Secret}, "request": {signClaims(t, clientKey(), requestType, requestClaims(app, c, nil))}}
		pushed := apptest.Do(t, b.Client, "POST", b.Endpoint+"/oidc/request", form.Encode())
		if pushed.StatusCode != http.StatusCreated {
			t.Fatalf("pushed: %d %s", pushed.StatusCode, pushed.Text)
		}
		b.Do("GET", pushedURL(c, pushed.String("request_uri")), "")
		if to := finish(b); to.Query().Get("state") != "signed" || b.Redeem(c, to).Scope != "openid email" {
			t.Errorf("pushed came back to %s", to)
		}
		// A request that the client did not sign, from the browser and pushed.
		if to := app.Browser(t).Follow(apptest.AuthorizeURL(c)); to.Query().Get("error") != "invalid_request" {
			t.Errorf("unsigned: %s", to)
		}
		if a := push(t, b, c); a.StatusCode != 400 || a.Code() != "oidc.invalid_request" {
			t.Errorf("pushed unsigned: %d %s", a.StatusCode, a.Text)
		}
	})
}

// Attacks 6, 17 and 18: nobody is sent anywhere by a request that the client has
// not signed, for us and for now.
func TestSignedRequest_Refuses(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{Type: application.SPA, Custom: application.CustomMetadata{JWKS: clientKeys(t)}})
		keyless := app.CreateApp(t, application.Application{Type: application.SPA})
		now := app.Clock.Now().Unix()
		own := func(changes map[string]any) string {
			return signClaims(t, clientKey(), requestType, requestClaims(app, c, changes))
		}
		good := own(nil)
		type m = map[string]any
		for name, tc := range map[string]struct {
			target, code string
		}{
			"a client without keys":  {signedURL(keyless, signClaims(t, clientKey(), requestType, requestClaims(app, keyless, nil))), "invalid_request_object"},
			"another key":            {signedURL(c, signClaims(t, foreignKey(), requestType, requestClaims(app, c, nil))), "invalid_request_object"},
			"cut":                    {signedURL(c, good[:len(good)-8]), "invalid_request_object"},
			"unsigned":               {signedURL(c, "eyJhbGciOiJub25lIn0."+strings.Split(good, ".")[1]+"."), "invalid_redirect_uri"},
			"an assertion":           {signedURL(c, signClaims(t, clientKey(), "client-authentication+jwt", requestClaims(app, c, nil))), "invalid_request_object"},
			"about the client":       {signedURL(c, own(m{"sub": c.ID})), "invalid_request_object"},
			"of another client":      {signedURL(c, own(m{"client_id": keyless.ID})), "invalid_request_object"},
			"of nobody":              {signedURL(c, own(m{"client_id": nil})), "invalid_request_object"},
			"another issuer":         {signedURL(c, own(m{"iss": keyless.ID})), "invalid_request_object"},
			"for another":            {signedURL(c, own(m{"aud": "https://evil.example"})), "invalid_request_object"},
			"for others too":         {signedURL(c, own(m{"aud": []string{app.URL + "/oidc", "https://evil.example"}})), "invalid_request_object"},
			"for the token endpoint": {signedURL(c, own(m{"aud": app.URL + "/oidc/token"})), "invalid_request_object"},
			"expired":                {signedURL(c, own(m{"exp": now - 20})), "invalid_request_object"},
			"without end":            {signedURL(c, own(m{"exp": nil})), "invalid_request_object"},
			"good for a year":        {signedURL(c, own(m{"exp": now + 31_536_000})), "invalid_request_object"},
			"not yet":                {signedURL(c, own(m{"nbf": now + 60})), "invalid_request_object"},
			"one within it":          {signedURL(c, own(m{"request": "x"})), "invalid_request_object"},
			"a reference within it":  {signedURL(c, own(m{"request_uri": "urn:ietf:params:oauth:request_uri:x"})), "invalid_request_object"},
			"an object as a value":   {signedURL(c, own(m{"state": m{"a": 1}})), "invalid_request"},
			"a value twice":          {signedURL(c, own(m{"state": []string{"a", "b"}})), "invalid_request"},
			"a foreign redirect":     {signedURL(c, own(m{"redirect_uri": "https://evil.example"})), "invalid_redirect_uri"},
			"a reference beside it":  {signedURL(c, good) + "&request_uri=https%3A%2F%2Fevil.example", "invalid_request"},
			"huge":                   {signedURL(c, own(m{"x": strings.Repeat("x", 20_000)})), "invalid_request_object"},
		} {
			a := app.Browser(t).Do("GET", tc.target, "")
			if a.StatusCode != http.StatusBadRequest || a.Code() != "oidc."+tc.code || a.Header.Get("Location") != "" {
				t.Errorf("%s: %d %s %s", name, a.StatusCode, a.Header.Get("Location"), a.Text)
			}
		}
		if n := app.Count(t, tenant.Default, "interactions", "TRUE"); n != 0 {
			t.Errorf("%d interactions began", n)
		}
		if a := app.Browser(t).Do("GET", signedURL(c, good), ""); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the good one: %d %s", a.StatusCode, a.Text)
		}
	})
}

// A request that the client signs and sends ahead is bound to the key that it proves
// to hold, as an open one is: whoever steals the code has not got the key.
func TestSignedRequest_PushedIsBoundToTheKey(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
			return settings.PutDPoP(ctx, tx, app.Clock.Now().UnixMilli(), settings.DPoP{Enabled: true})
		})
		c := app.CreateApp(t, application.Application{Type: application.Traditional, Custom: application.CustomMetadata{JWKS: clientKeys(t)}})
		key, other := dpoptest.New(t), dpoptest.New(t)
		push := func(thumbprint any) *apptest.Answer {
			t.Helper()
			object := signClaims(t, clientKey(), requestType, requestClaims(app, c, map[string]any{"dpop_jkt": thumbprint}))
			form := url.Values{"client_id": {c.ID}, "client_secret": {c.Secret}, "request": {object}}
			return apptest.Do(t, http.DefaultClient, "POST", app.URL+"/oidc/request", form.Encode(),
				"DPoP", key.Proof("POST", app.URL+"/oidc/request", app.Clock.Now().UnixMilli(), nil))
		}
		if a := push(other.Thumbprint); a.StatusCode != http.StatusBadRequest || a.Code() != "oidc.invalid_dpop_proof" {
			t.Errorf("two keys: %d %s", a.StatusCode, a.Text)
		}
		if n := app.Count(t, tenant.Default, "pushed_requests", "TRUE"); n != 0 {
			t.Errorf("%d requests are kept", n)
		}
		for _, thumbprint := range []any{nil, key.Thumbprint} {
			b := app.Browser(t)
			b.Do("GET", pushedURL(c, push(thumbprint).String("request_uri")), "")
			if n := app.Count(t, tenant.Default, "interactions", "CAST(params AS TEXT) LIKE '%"+key.Thumbprint+"%'"); n != 1 {
				t.Errorf("dpop_jkt %v: %d interactions are bound to the key", thumbprint, n)
			}
			app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `DELETE FROM interactions WHERE tenant_id = $1`)
				return err
			})
		}
	})
}

// An application that pushes its requests takes none from a browser.
func TestPushedRequest_Required(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		yes := true
		c := app.CreateApp(t, application.Application{Type: application.Traditional, Custom: application.CustomMetadata{RequirePushedAuthorizationRequests: &yes}})
		b := app.Browser(t)
		if to := b.Follow(apptest.AuthorizeURL(c)); to.Query().Get("error") != "invalid_request" {
			t.Errorf("from the browser: %s", to)
		}
		uri := push(t, b, c).String("request_uri")
		if a := b.Do("GET", pushedURL(c, uri), ""); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
			t.Errorf("pushed: %d %s", a.StatusCode, a.Text)
		}
	})
}

// A request that the client alone may make cannot be repeated by a browser, not
// even for another account.
func TestPushedRequest_IsNotForAnotherAccount(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	yes := true
	for requires, links := range map[*bool]int{&yes: 0, nil: 1} {
		c := app.CreateApp(t, application.Application{
			Type: application.Traditional, IsThirdParty: true, Custom: application.CustomMetadata{RequirePushedAuthorizationRequests: requires},
		})
		b := app.Browser(t)
		b.Do("GET", pushedURL(c, push(t, b, c, "scope", "openid").String("request_uri")), "")
		b.Prove("robin", apptest.Password)
		page := b.Visit(strings.TrimPrefix(b.Step("POST", "/submit", "").String("redirectTo"), b.Endpoint))
		if n := strings.Count(page.Text, "Use a different account"); page.StatusCode != http.StatusOK || n != links {
			t.Errorf("required %v: %d links, %d %s", requires != nil, n, page.StatusCode, page.Text)
		}
	}
}

// Every endpoint that knows clients by a secret knows them by what they sign.
func TestClientAssertion_AtEveryEndpoint(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{Type: application.Traditional, Custom: application.CustomMetadata{
			TokenEndpointAuthMethod: application.AuthPrivateKeyJWT, JWKS: clientKeys(t),
		}})
		now := app.Clock.Now().Unix()
		send := func(path, aud string, pairs ...string) *apptest.Answer {
			t.Helper()
			form := url.Values{
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
				"client_assertion":      {signClaims(t, clientKey(), "", map[string]any{"iss": c.ID, "sub": c.ID, "aud": aud, "exp": now + 60, "jti": rand.Text()})},
			}
			for i := 0; i < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
			return apptest.Do(t, http.DefaultClient, "POST", app.URL+path, form.Encode())
		}
		_, query, _ := strings.Cut(apptest.AuthorizeURL(c), "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		var authorization []string
		for name := range values {
			authorization = append(authorization, name, values.Get(name))
		}
		for _, tc := range []struct {
			path   string
			pairs  []string
			status int
			code   string
		}{
			{"/oidc/token", []string{"grant_type", "authorization_code", "code", "x", "redirect_uri", "y"}, 400, "oidc.invalid_grant"},
			{"/oidc/token/introspection", []string{"token", "x"}, 200, ""},
			{"/oidc/token/revocation", []string{"token", "x"}, 200, ""},
			{"/oidc/request", authorization, 201, ""},
		} {
			for _, aud := range []string{app.URL + "/oidc", app.URL + "/oidc/token", app.URL + tc.path} {
				if a := send(tc.path, aud, tc.pairs...); a.StatusCode != tc.status || (tc.code != "" && a.Code() != tc.code) {
					t.Errorf("%s: %d %s", tc.path, a.StatusCode, a.Text)
				}
			}
			if a := send(tc.path, "https://evil.example", tc.pairs...); a.StatusCode != 401 || a.Code() != "oidc.invalid_client" {
				t.Errorf("%s for another: %d %s", tc.path, a.StatusCode, a.Text)
			}
		}
		if n := app.Count(t, tenant.Default, "pushed_requests", "CAST(params AS TEXT) LIKE '%client_assertion%'"); n != 0 {
			t.Error("an assertion is stored")
		}
	})
}
