package settingsapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
)

func TestConfigs_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		for _, c := range []struct{ method, path, body, want string }{
			{"GET", "admin-console", "", `{"signInExperienceCustomized":false,"organizationCreated":false}`},
			{"PATCH", "admin-console", `{"organizationCreated":true}`, `{"signInExperienceCustomized":false,"organizationCreated":true}`},
			{"PATCH", "admin-console", `{"checkedChargeNotification":{"token":true}}`, `{"signInExperienceCustomized":false,"organizationCreated":true,"checkedChargeNotification":{"token":true}}`},
			{"GET", "oidc/session", "", `{"ttl":1209600}`},
			{"PATCH", "oidc/session", `{"ttl":60}`, `{"ttl":60}`},
			{"GET", "oidc/session", "", `{"ttl":60}`},
			{"GET", "id-token", "", `{"enabledExtendedClaims":["roles","organizations","organization_roles"]}`},
			{"PUT", "id-token", `{"enabledExtendedClaims":["custom_data"]}`, `{"enabledExtendedClaims":["custom_data"]}`},
			{"PUT", "id-token", `{}`, `{"enabledExtendedClaims":[]}`},
		} {
			if got := o.Want(200, c.method, "/api/configs/"+c.path, c.body).Text; got != c.want {
				t.Errorf("%s %s: %s, want %s", c.method, c.path, got, c.want)
			}
		}
		app.Refused(t,
			`PATCH /api/configs/admin-console {} -> 422 entity.invalid_input`,
			`PATCH /api/configs/admin-console {"organizationCreated":"yes"} -> 400 guard.invalid_input`,
			`PATCH /api/configs/oidc/session {} -> 422 entity.invalid_input`,
			`PATCH /api/configs/oidc/session {"ttl":0} -> 400 guard.invalid_input`,
			`PATCH /api/configs/oidc/session {"ttl":31536001} -> 400 guard.invalid_input`,
			`PUT /api/configs/id-token {"enabledExtendedClaims":["sub"]} -> 400 guard.invalid_input`,
			`GET /api/configs/oidc/public-keys -> 400 guard.invalid_input`,
			`POST /api/configs/oidc/cookie-keys/rotate {"rotationGracePeriod":60} -> 422 oidc.invalid_request`,
			`POST /api/configs/oidc/private-keys/rotate {"signingKeyAlgorithm":"HS256"} -> 400 guard.invalid_input`,
			`POST /api/configs/oidc/private-keys/rotate {"rotationGracePeriod":-1} -> 400 guard.invalid_input`,
			`DELETE /api/configs/oidc/private-keys/none -> 404 oidc.key_not_found`,
			`DELETE /api/configs/oidc/cookie-keys/none -> 404 oidc.key_not_found`,
		)
	})
}

type key struct {
	ID, SigningKeyAlgorithm, Status string
	CreatedAt, EffectiveAt          int64
}

func TestKeys_Rotate(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		other := apptest.Start(t, apptest.OnPool(app.Pool))
		const private = "/api/configs/oidc/private-keys"
		keys := func(method, path, body string) (all []key, states string) {
			t.Helper()
			a := o.Want(200, method, path, body)
			a.JSON(t, &all)
			for _, k := range all {
				states += k.Status + k.SigningKeyAlgorithm + " "
			}
			if strings.Contains(a.Text, `"d"`) || strings.Contains(a.Text, "sealed") {
				t.Errorf("material: %s", a.Text)
			}
			return all, strings.TrimSpace(states)
		}
		published := func(at *apptest.App) string {
			return at.Browser(t).Do(http.MethodGet, "/oidc/jwks", "").Text
		}
		first, states := keys("GET", private, "")
		if states != "CurrentEC" || first[0].CreatedAt != app.Clock.Now().Unix() {
			t.Errorf("%+v", first)
		}
		o.Want(422, "DELETE", private+"/"+first[0].ID, "", "oidc.key_required")
		staged, states := keys("POST", private+"/rotate", `{"signingKeyAlgorithm":"RSA","rotationGracePeriod":60}`)
		if states != "CurrentEC NextRSA" || staged[1].EffectiveAt != app.Clock.Now().UnixMilli()+60_000 {
			t.Errorf("staged %+v", staged)
		}
		if why := o.Want(422, "POST", private+"/rotate", `{}`, "oidc.invalid_request").String("details"); why != "another key waits to sign" {
			t.Errorf("rotated past a key that waits: %q", why)
		}
		o.Want(422, "DELETE", private+"/"+staged[1].ID, "", "oidc.only_previous_key_can_be_deleted")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for !strings.Contains(published(other), staged[1].ID) {
			if ctx.Err() != nil {
				t.Fatal("another node does not know the key")
			}
		}
		app.Clock.Advance(time.Minute)
		if _, states := keys("GET", private, ""); states != "CurrentRSA PreviousEC" {
			t.Errorf("in force: %s", states)
		}
		if _, states := keys("POST", private+"/rotate", ""); states != "CurrentEC PreviousRSA" {
			t.Errorf("rotated again: %s", states)
		}
		o.Want(204, "DELETE", private+"/"+staged[1].ID, "")
		if jwks := published(app); strings.Contains(jwks, staged[1].ID) || strings.Contains(jwks, first[0].ID) {
			t.Errorf("published %s", jwks)
		}
		if a := o.Want(200, "POST", "/api/configs/oidc/cookie-keys/rotate", `{}`); strings.Contains(a.Text, "status") || strings.Count(a.Text, `"id"`) != 2 {
			t.Errorf("cookie keys %s", a.Text)
		}
	})
}

// The configuration says how long a new key waits where the rotation does not;
// it says nothing of cookie keys, which never wait.
func TestKeys_RotateWithTheGraceOfTheConfiguration(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		const private = "/api/configs/oidc/private-keys/rotate"
		var all []key
		o.Want(200, "POST", private, `{}`).JSON(t, &all)
		if len(all) != 2 || all[1].Status != "Next" || all[1].EffectiveAt != app.Clock.Now().UnixMilli()+90_000 {
			t.Errorf("by the configuration: %+v", all)
		}
		o.Want(200, "POST", private, `{"rotationGracePeriod":30}`).JSON(t, &all)
		if len(all) != 2 || all[1].EffectiveAt != app.Clock.Now().UnixMilli()+30_000 {
			t.Errorf("by the request: %+v", all)
		}
		app.Clock.Advance(time.Minute)
		o.Want(200, "POST", private, `{"rotationGracePeriod":0}`).JSON(t, &all)
		if len(all) != 2 || all[0].Status != "Current" || all[1].Status != "Previous" {
			t.Errorf("at once: %+v", all)
		}
		o.Want(200, "POST", "/api/configs/oidc/cookie-keys/rotate", `{}`)
	}, apptest.StagingKeys(90*time.Second))
}
