package settingsapi_test

import (
	"testing"

	"signet/internal/apptest"
)

func TestClientRegistration(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		const path = "/api/configs/client-registration"
		o := app.Operator(t)
		for _, step := range []struct{ body, want string }{
			{"", `{"enabled":false,"initialAccessTokenRequired":true,"grantTypes":["authorization_code","refresh_token"],"loopbackRedirectUrisAllowed":true,"customSchemeRedirectUrisAllowed":false,"unusedClientDays":null}`},
			{`{"enabled":true,"unusedClientDays":30}`, `{"enabled":true,"initialAccessTokenRequired":true,"grantTypes":["authorization_code","refresh_token"],"loopbackRedirectUrisAllowed":true,"customSchemeRedirectUrisAllowed":false,"unusedClientDays":30}`},
			{`{"initialAccessTokenRequired":false,"grantTypes":["authorization_code"],"loopbackRedirectUrisAllowed":false,"customSchemeRedirectUrisAllowed":true,"unusedClientDays":null}`,
				`{"enabled":true,"initialAccessTokenRequired":false,"grantTypes":["authorization_code"],"loopbackRedirectUrisAllowed":false,"customSchemeRedirectUrisAllowed":true,"unusedClientDays":null}`},
		} {
			if step.body != "" {
				o.Want(200, "PATCH", path, step.body)
			}
			if a := o.Want(200, "GET", path, ""); a.Text != step.want {
				t.Errorf("%s gives %s", step.body, a.Text)
			}
		}
		app.Refused(t,
			"PATCH "+path+" {} -> 422 entity.invalid_input",
			"PATCH "+path+` {"enabled":"yes"} -> 400 guard.invalid_input`,
			"PATCH "+path+` {"grantTypes":[]} -> 400 guard.invalid_input`,
			"PATCH "+path+` {"grantTypes":["client_credentials"]} -> 400 guard.invalid_input`,
			"PATCH "+path+` {"unusedClientDays":0} -> 400 guard.invalid_input`,
			"PATCH "+path+` {"unusedClientDays":366} -> 400 guard.invalid_input`,
		)
	})
}
