package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/server"
	"signet/internal/tenant"
)

// Operators suspend people at two servers over one database: the application is
// told of each of them, once.
func TestBackchannelLogout_OfTwoServersTellsOnce(t *testing.T) {
	t.Parallel()
	near := apptest.With(func(o *server.Options) { o.AllowPrivateCalls = true })
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		const people = 20
		told := make(chan string, 10*people)
		party := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.PostFormValue("logout_token") }))
		t.Cleanup(party.Close)
		other := apptest.Start(t, apptest.OnPool(app.Pool), near)
		c := app.CreateApp(t, application.Application{Type: application.SPA, OIDC: application.ClientMetadata{
			RedirectURIs: []string{"https://app.example.com/cb"}, BackchannelLogoutURI: party.URL}})
		for i := range people {
			u := app.CreateUser(t, fmt.Sprintf("person%d", i))
			app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
				_, err := token.SaveGrant(ctx, tx, app.Clock.Now().UnixMilli()-1, token.Grant{
					UserID: u.ID, ClientID: c.ID, ClientKind: "application", OIDCScope: "openid", IsOffline: true})
				return err
			})
			at := []*apptest.App{app, other}[i%2]
			at.Operator(t).Want(http.StatusOK, "PATCH", "/api/users/"+u.ID+"/is-suspended", `{"isSuspended":true}`)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for waiting := 1; waiting > 0; {
			var err error
			if waiting, err = db.One[int](ctx, app.DB(), `SELECT count(*) FROM jobs WHERE tenant_id = $1 AND done_at IS NULL`); err != nil {
				t.Fatal(err)
			}
		}
		calls, seen := len(told), map[string]bool{}
		for range calls {
			seen[subjectOf(t, <-told)] = true
		}
		failed, err := db.One[int](ctx, app.DB(), `SELECT count(*) FROM jobs WHERE tenant_id = $1 AND (last_error IS NOT NULL OR attempts <> 1)`)
		if err != nil || failed != 0 || len(seen) != people || calls != people {
			t.Errorf("told of %d people in %d calls, %d failures, %v", len(seen), calls, failed, err)
		}
	}, near)
}

// subjectOf returns whom a token is about.
func subjectOf(t *testing.T, jwt string) string {
	t.Helper()
	var claims struct {
		Subject string `json:"sub"`
	}
	decodePayload(t, jwt, &claims)
	return claims.Subject
}
