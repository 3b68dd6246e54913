package accountpages_test

import (
	"net/http"
	"testing"

	"signet/internal/apptest"
)

// Whoever is suspended while the account pages are open sees nothing more of them,
// and changes nothing.
func TestAccount_EndsWithTheStandingOfItsPerson(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		o := app.Operator(t)
		p := signedIn(t, app, "robin")
		p.open("/account/name")
		action, form := p.form()
		o.Want(http.StatusOK, "PATCH", "/api/users/"+u.ID+"/is-suspended", `{"isSuspended":true}`)
		for _, path := range []string{"/account", "/account/name", "/account/verified-action"} {
			if p.open(path); p.at == path {
				t.Errorf("%s is shown: %d %s", path, p.code, p.text())
			}
		}
		p.post(action, form, "name", "Mallory")
		if got := o.Want(http.StatusOK, "GET", "/api/users/"+u.ID, "").String("name"); got != "" {
			t.Errorf("is named %q", got)
		}
	})
}
