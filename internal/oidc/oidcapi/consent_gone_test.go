package oidcapi_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
)

// Somebody who is deleted at the moment of consent gets a page or an error, and leaves
// nothing: what the consent would have been stored for is gone.
func TestConsent_OfSomebodyWhoIsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{})
		for n := range 12 {
			u := app.CreateUser(t, fmt.Sprint("robin", n))
			b := app.Browser(t)
			b.Identify(c, *u.Username, apptest.Password)
			b.Do(http.MethodGet, b.Step(http.MethodPost, "/submit", "").String("redirectTo"), "")
			var consented, deleted *apptest.Answer
			var group sync.WaitGroup
			group.Go(func() {
				if n%2 == 0 {
					consented = b.Do(http.MethodGet, "/consent", "", "Accept", "text/html")
				} else {
					consented = b.Do(http.MethodPost, "/api/interaction/consent", "{}")
				}
			})
			group.Go(func() { deleted = app.Operator(t).Do(http.MethodDelete, "/api/users/"+u.ID, "") })
			group.Wait()
			if consented.StatusCode >= 500 || deleted.StatusCode != http.StatusNoContent {
				t.Fatalf("consent %d %.200s, deletion %d", consented.StatusCode, consented.Text, deleted.StatusCode)
			}
		}
		if n := app.Count(t, tenant.Default, "grants", "TRUE"); n != 0 {
			t.Errorf("%d grants are left", n)
		}
	})
}
