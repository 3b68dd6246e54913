package nodes_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/dpop/dpoptest"
	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt/jwttest"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/tenant"
)

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name, test := range map[string]func(*testing.T, *world){
		"an authorization code counts once":           code,
		"a refresh token has one successor":           refreshTokens,
		"a lost answer is given again, a theft ends":  lostAnswer,
		"a device code counts once":                   deviceCode,
		"a one-time token counts once":                oneTimeToken,
		"a subject token counts once":                 subjectToken,
		"a client assertion counts once":              clientAssertion,
		"a proof of possession counts once":           proof,
		"a sign-in goes on, and ends, at either node": session,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, w)
		})
	}
}

func redemption(c *apptest.Client, code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.Redirect()}, "code_verifier": {apptest.Verifier},
	}
}

func refreshing(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// signIn signs robin in by both nodes and returns the tokens.
func (w *world) signIn(t *testing.T, c *apptest.Client) apptest.Tokens {
	t.Helper()
	to := w.browser(t).SignIn(c, "robin", apptest.Password, "scope", "openid offline_access", "prompt", "consent")
	a := w.token(0, c, redemption(c, to.Query().Get("code")))
	var tokens apptest.Tokens
	if err := json.Unmarshal([]byte(a.body), &tokens); err != nil || tokens.Refresh == "" {
		t.Fatalf("no tokens: %s", a)
	}
	return tokens
}

// Who redeems a code twice shows that it was stolen: the tokens of the first end.
func code(t *testing.T, w *world) {
	c := w.app(t, application.SPA, application.CustomMetadata{})
	value := w.browser(t).SignIn(c, "robin", apptest.Password, "scope", "openid offline_access", "prompt", "consent").Query().Get("code")
	won := once(t, 400, "invalid_grant", func(node int) answer { return w.token(node, c, redemption(c, value)) })
	refused(t, "the winner's access token", 401, func(node int) answer { return w.me(node, won.text("access_token")) })
	refused(t, "the winner's refresh token", 400, func(node int) answer { return w.token(node, c, refreshing(won.text("refresh_token"))) })
}

// leeway is how long a refresh token may be used again after its first use.
const leeway = 3 * time.Second

func refreshTokens(t *testing.T, w *world) {
	c := w.app(t, application.SPA, application.CustomMetadata{})
	for range 3 {
		spent := w.signIn(t, c).Refresh
		begun := time.Now()
		good, bad := race(t, func(node int) answer { return w.token(node, c, refreshing(spent)) })
		if time.Since(begun) >= leeway {
			continue // too slow to be told from a theft
		}
		successors, accesses := map[string]bool{}, map[string]bool{}
		for _, a := range good {
			successors[a.text("refresh_token")] = true
			accesses[a.text("access_token")] = true
		}
		if len(bad) > 0 || len(successors) != 1 || len(accesses) != atOnce || successors[""] || successors[spent] {
			t.Fatalf("%d refused, %d successors, %d access tokens; %v", len(bad), len(successors), len(accesses), bad)
		}
		for next := range successors {
			for node := range 2 {
				a := w.token(node, c, refreshing(next))
				if next = a.text("refresh_token"); a.status != http.StatusOK || w.me(1-node, a.text("access_token")).status != http.StatusOK {
					t.Errorf("node %d refreshes no further: %s", node, a)
				}
			}
		}
		return
	}
	t.Fatalf("this machine never answers %d requests within %s", atOnce, leeway)
}

// The answer of the first node got lost, the client asks the second. Later the
// same token is a stolen one, wherever it is shown.
func lostAnswer(t *testing.T, w *world) {
	c := w.app(t, application.SPA, application.CustomMetadata{})
	for node := range 2 {
		spent := w.signIn(t, c).Refresh
		lost := w.token(node, c, refreshing(spent))
		again := w.token(1-node, c, refreshing(spent))
		next := again.text("refresh_token")
		if next == "" || next != lost.text("refresh_token") {
			t.Fatalf("node %d says %s, then the other %s", node, lost, again)
		}
		w.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE refresh_tokens SET consumed_at = consumed_at - $2 WHERE tenant_id = $1 AND client_id = $3 AND consumed_at IS NOT NULL`,
				leeway.Milliseconds(), c.ID)
			return err
		})
		if a := w.token(1-node, c, refreshing(spent)); a.status != http.StatusBadRequest || a.text("error") != "invalid_grant" {
			t.Errorf("the stolen token: %s", a)
		}
		refused(t, "the successor", 400, func(node int) answer { return w.token(node, c, refreshing(next)) })
		for _, a := range []answer{lost, again} {
			refused(t, "the access token", 401, func(node int) answer { return w.me(node, a.text("access_token")) })
		}
	}
}

func deviceCode(t *testing.T, w *world) {
	yes := true
	c := w.app(t, application.Native, application.CustomMetadata{IsDeviceFlow: &yes})
	asked := w.send(0, http.MethodPost, "/oidc/device/auth", url.Values{"client_id": {c.ID}, "scope": {"openid offline_access"}}.Encode())
	b := w.browser(t)
	b.Visit("/device")
	posted := b.Do(http.MethodPost, "/oidc/device", url.Values{
		"xsrf": {b.Cookie("/device", "_logto_device_flow_xsrf")}, "user_code": {asked.text("user_code")}, "confirm": {"yes"},
	}.Encode())
	if !strings.HasPrefix(posted.Header.Get("Location"), "/sign-in") {
		t.Fatalf("asked %s; confirmed %d %s", asked, posted.StatusCode, posted.Text)
	}
	b.Prove("robin", apptest.Password)
	done := b.Then(b.Do(http.MethodGet, b.Step(http.MethodPost, "/submit", "").String("redirectTo"), ""))
	if done.Request.URL.Path != "/device/success" {
		t.Fatalf("the person ends at %s: %s", done.Request.URL, done.Text)
	}
	form := url.Values{"grant_type": {proto.GrantDeviceCode}, "device_code": {asked.text("device_code")}}.Encode()
	won := once(t, 400, "invalid_grant", func(node int) answer {
		return w.send(node, http.MethodPost, "/oidc/token", form+"&client_id="+c.ID)
	})
	refused(t, "the winner's access token", 401, func(node int) answer { return w.me(node, won.text("access_token")) })
	refused(t, "the winner's refresh token", 400, func(node int) answer { return w.token(node, c, refreshing(won.text("refresh_token"))) })
}

func oneTimeToken(t *testing.T, w *world) {
	made := w.manage(0, http.MethodPost, "/api/one-time-tokens", `{"email":"robin@example.com"}`)
	body := `{"email":"robin@example.com","token":"` + made.text("token") + `"}`
	won := once(t, 400, "one_time_token.token_consumed", func(node int) answer {
		return w.manage(node, http.MethodPost, "/api/one-time-tokens/verify", body)
	})
	if won.text("status") != "consumed" {
		t.Errorf("verified: %s", won)
	}
}

func subjectToken(t *testing.T, w *world) {
	yes := true
	c := w.app(t, application.Traditional, application.CustomMetadata{AllowTokenExchange: &yes})
	robin := w.CreateUser(t, "acted_for")
	made := w.manage(0, http.MethodPost, "/api/subject-tokens", `{"userId":"`+robin.ID+`"}`)
	won := once(t, 400, "invalid_grant", func(node int) answer {
		return w.token(node, c, url.Values{
			"grant_type": {proto.GrantTokenExchange}, "scope": {"openid"}, "subject_token": {made.text("subjectToken")},
			"subject_token_type": {"urn:logto:token-type:impersonation_token"},
		})
	})
	for node := range 2 {
		if a := w.me(node, won.text("access_token")); a.text("sub") != robin.ID {
			t.Errorf("node %d: %s", node, a)
		}
	}
}

// management asks for a token of the Management API.
func management() url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "resource": {resource.ManagementIndicator(tenant.Default)}, "scope": {resource.ManagementScope},
	}
}

func clientAssertion(t *testing.T, w *world) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	var keys application.KeySet
	if err := json.Unmarshal(raw, &keys); err != nil {
		t.Fatal(err)
	}
	c := w.app(t, application.MachineToMachine, application.CustomMetadata{TokenEndpointAuthMethod: application.AuthPrivateKeyJWT, JWKS: &keys})
	now := time.Now().Unix()
	assertion := jwttest.Sign(t, "ES256", key, map[string]any{"kid": "k1"}, map[string]any{
		"iss": c.ID, "sub": c.ID, "aud": w.endpoint + "/oidc/token", "jti": rand.Text(), "iat": now, "exp": now + 60,
	})
	form := management()
	form.Set("client_assertion", assertion)
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	encoded := form.Encode()
	once(t, 401, "invalid_client", func(node int) answer { return w.send(node, http.MethodPost, "/oidc/token", encoded) })
}

func proof(t *testing.T, w *world) {
	yes := true
	c := w.app(t, application.MachineToMachine, application.CustomMetadata{DPoPBoundAccessTokens: &yes})
	value := dpoptest.New(t).Proof(http.MethodPost, w.endpoint+"/oidc/token", time.Now().UnixMilli(), nil)
	won := once(t, 400, "invalid_dpop_proof", func(node int) answer { return w.token(node, c, management(), "DPoP", value) })
	if won.text("token_type") != "DPoP" {
		t.Errorf("the one token: %s", won)
	}
}

// The browser's every next request meets the other node: in the sign-in, in what
// follows from it without the person, and after they have signed out.
func session(t *testing.T, w *world) {
	c := w.app(t, application.SPA, application.CustomMetadata{})
	b := w.browser(t)
	b.SignIn(c, "robin", apptest.Password)
	for node := range 2 {
		b.Client.Transport = w.nodes[node].Transport
		if to := b.Follow(apptest.AuthorizeURL(c, "prompt", "none")); to.Query().Get("code") == "" {
			t.Errorf("node %d does not know the session: %s", node, to)
		}
	}
	b.Client.Transport = &balancer{world: w}
	if end := b.Then(b.Send(b.Visit("/oidc/session/end?client_id="+c.ID), "logout", "yes")); end.Request.URL.Path != "/oidc/session/end/success" {
		t.Fatalf("signed out: %s %s", end.Request.URL, end.Text)
	}
	for node := range 2 {
		b.Client.Transport = w.nodes[node].Transport
		if to := b.Follow(apptest.AuthorizeURL(c, "prompt", "none")); to.Query().Get("error") != "login_required" {
			t.Errorf("node %d still knows the session: %s", node, to)
		}
	}
}
