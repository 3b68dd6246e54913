package conformance_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
)

// What the plans oidcc-basic-certification and oidcc-config-certification demand
// of signatures is made by calls that the documentation shows: discovery tells
// RS256, and an application's ID tokens have it.
func TestConformance_RS256(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	c := app.CreateApp(t, application.Application{Type: application.SPA})
	o := app.Operator(t)
	algorithms := func() (told struct {
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}) {
		t.Helper()
		app.Browser(t).Do("GET", "/oidc/.well-known/openid-configuration", "").JSON(t, &told)
		return told
	}
	patch := func(algorithm string) string {
		return fmt.Sprintf(`{"customClientMetadata":{"idTokenSignedResponseAlg":%q}}`, algorithm)
	}
	app.Refused(t,
		`PATCH /api/applications/`+c.ID+` `+patch("RS256")+` -> 422 oidc.no_key_for_algorithm`,
		`PATCH /api/applications/`+c.ID+` `+patch("none")+` -> 400 guard.invalid_input`,
		`PATCH /api/applications/`+c.ID+` `+patch("HS256")+` -> 400 guard.invalid_input`,
		`POST /api/applications {"name":"A","type":"SPA","customClientMetadata":{"idTokenSignedResponseAlg":"RS256"}} -> 422 oidc.no_key_for_algorithm`,
		`POST /api/configs/oidc/additional-keys {"algorithm":"HS256"} -> 400 guard.invalid_input`,
		`POST /api/configs/oidc/additional-keys {} -> 400 guard.invalid_input`,
		`DELETE /api/configs/oidc/additional-keys/none -> 404 oidc.key_not_found`,
	)
	before := o.Want(200, "GET", "/api/configs/oidc/private-keys", "").Text
	var added []struct {
		ID, Algorithm, Status string
		CreatedAt             int64
	}
	o.Want(http.StatusOK, "POST", "/api/configs/oidc/additional-keys", `{"algorithm":"RS256"}`).JSON(t, &added)
	if len(added) != 1 || added[0].Algorithm != "RS256" || added[0].Status != "Current" || added[0].CreatedAt != app.Clock.Now().Unix() {
		t.Fatalf("added %+v", added)
	}
	if got := o.Want(200, "GET", "/api/configs/oidc/private-keys", "").Text; got != before {
		t.Errorf("the private keys have become %s", got)
	}
	if got := algorithms().Algorithms; !slices.Equal(got, []string{"ES384", "RS256"}) {
		t.Errorf("discovery tells %v", got)
	}
	o.Want(200, "PATCH", "/api/applications/"+c.ID, patch("RS256"))
	b := app.Browser(t)
	idToken := b.Redeem(c, b.SignIn(c, "robin", apptest.Password)).ID
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(idToken, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Alg, Kid string }
	if err := json.Unmarshal(raw, &header); err != nil || header.Alg != "RS256" || header.Kid != added[0].ID {
		t.Errorf("the ID token's header is %s", raw)
	}
	app.Refused(t,
		`DELETE /api/configs/oidc/additional-keys/`+added[0].ID+` -> 422 oidc.key_in_use`,
		`DELETE /api/configs/oidc/private-keys/`+added[0].ID+` -> 404 oidc.key_not_found`,
	)
	o.Want(200, "PATCH", "/api/applications/"+c.ID, `{"customClientMetadata":{}}`)
	o.Want(204, "DELETE", "/api/configs/oidc/additional-keys/"+added[0].ID, "")
	if got := o.Want(200, "GET", "/api/configs/oidc/additional-keys", "").Text; got != "[]" || len(algorithms().Algorithms) != 1 {
		t.Errorf("left: %s, %v", got, algorithms())
	}
	states := o.Want(200, "POST", "/api/configs/oidc/private-keys/rotate", `{"signingKeyAlgorithm":"Ed25519"}`).Text
	if !strings.Contains(states, `"signingKeyAlgorithm":"Ed25519","status":"Current"`) || !slices.Equal(algorithms().Algorithms, []string{"EdDSA"}) {
		t.Errorf("rotated to %s, %v", states, algorithms())
	}
}
