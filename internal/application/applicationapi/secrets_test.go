package applicationapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// authenticates asks the token endpoint whether a secret is one of the
// application's: a good one gets as far as the code, which is none.
func authenticates(t *testing.T, app *apptest.App, id, secret string) string {
	t.Helper()
	a := app.Browser(t).Token(&apptest.Client{Application: &application.Application{ID: id}, Secret: secret},
		url.Values{"grant_type": {"authorization_code"}, "code": {"none"}, "redirect_uri": {apptest.CallbackURI}, "code_verifier": {apptest.Verifier}})
	return a.String("error") + " " + a.String("error_description")
}

func TestSecrets_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		c := app.CreateApp(t, application.Application{Type: application.Traditional})
		secrets := "/api/applications/" + c.ID + "/secrets"
		var list []application.PublishedSecret
		o.Want(200, "GET", secrets, "").JSON(t, &list)
		if len(list) != 1 || list[0].Value != c.Secret || list[0].Name != "Default secret" || list[0].ApplicationID != c.ID || list[0].TenantID != "default" {
			t.Errorf("begins with %+v", list)
		}
		app.Clock.Advance(time.Second)
		soon := app.Clock.Now().Add(time.Hour).UnixMilli()
		added := o.Want(201, "POST", secrets, fmt.Sprintf(`{"name":"Spring / 50%%","expiresAt":%d}`, soon))
		if len(added.String("value")) != 32 || !strings.Contains(added.Text, fmt.Sprintf(`"expiresAt":%d`, soon)) {
			t.Errorf("added %s", added.Text)
		}
		path := secrets + "/" + url.PathEscape("Spring / 50%")
		renamed := o.Want(200, "PATCH", path, `{"name":"Summer"}`)
		if renamed.String("value") != added.String("value") || renamed.String("name") != "Summer" {
			t.Errorf("renamed %s", renamed.Text)
		}
		o.Want(404, "PATCH", path, `{"name":"Autumn"}`, "entity.not_exists")
		o.Want(200, "GET", secrets, "").JSON(t, &list)
		if len(list) != 2 || list[1].Name != "Summer" || list[1].Value != added.String("value") {
			t.Errorf("after the renaming: %+v", list)
		}
		for name, secret := range map[string]string{"the first": c.Secret, "the second": list[1].Value} {
			if got := authenticates(t, app, c.ID, secret); !strings.HasPrefix(got, "invalid_grant") {
				t.Errorf("%s: %s", name, got)
			}
		}
		o.Want(204, "DELETE", secrets+"/Default%20secret", "")
		if got := authenticates(t, app, c.ID, c.Secret); got != "invalid_client client authentication failed" {
			t.Errorf("a deleted secret: %s", got)
		}
		app.Clock.Advance(2 * time.Hour)
		if got := authenticates(t, app, c.ID, list[1].Value); got != "invalid_request client secret has expired" {
			t.Errorf("an expired secret: %s", got)
		}
		o.Want(204, "DELETE", secrets+"/Summer", "")
		if a := o.Want(200, "GET", secrets, ""); a.Text != "[]" {
			t.Errorf("every secret can go: %s", a.Text)
		}
	})
}

// What the API shows again is sealed at rest.
func TestSecrets_AreSealed(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{Type: application.MachineToMachine})
		o := app.Operator(t)
		o.Want(200, "PATCH", "/api/applications/"+c.ID+"/secrets/Default%20secret", `{"name":"x"}`)
		type stored struct {
			Hash   []byte `db:"secret_hash"`
			Sealed []byte `db:"secret_sealed"`
		}
		row, err := db.One[stored](t.Context(), app.DB(), `SELECT secret_hash, secret_sealed FROM application_secrets WHERE tenant_id = $1 AND application_id = $2`, c.ID)
		if err != nil || strings.Contains(string(row.Hash)+string(row.Sealed), c.Secret) || string(row.Hash) != string(crypt.Hash(c.Secret)) {
			t.Errorf("stored as %x %x, %v", row.Hash, row.Sealed, err)
		}
		if _, err := app.Keyring.Open(row.Sealed, "application_secrets", "secret_sealed", "default", c.ID+"|Default secret"); err == nil {
			t.Error("the seal opens under another name")
		}
	})
}

func TestSecrets_Legacy(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		c := app.CreateApp(t, application.Application{Type: application.Traditional})
		path := "/api/applications/" + c.ID
		app.Refused(t,
			"DELETE "+path+"/legacy-secret -> 400 application.no_legacy_secret_found",
			"DELETE /api/applications/none/legacy-secret -> 404 entity.not_exists_with_id",
		)
		const value = "from-times-of-old"
		app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
			for kind, secret := range map[string]string{"legacy": value, "internal": "#internal:x"} {
				_, err := tx.Exec(ctx, `INSERT INTO application_secrets (tenant_id, application_id, name, kind, secret_hash, secret_sealed, created_at)
					VALUES ($1, $2, $3, $3, $4, $5, 1)`, c.ID, kind, crypt.Hash(secret),
					app.Keyring.Seal([]byte(secret), "application_secrets", "secret_sealed", "default", c.ID+"|"+kind))
				if err != nil {
					return err
				}
			}
			return tx.Touch(ctx, application.Family)
		})
		for _, read := range []string{path, "/api/applications"} {
			if a := o.Want(200, "GET", read, ""); !strings.Contains(a.Text, `"secret":"`+value+`"`) {
				t.Errorf("%s: %s", read, a.Text)
			}
		}
		if a := o.Want(200, "GET", path+"/secrets", ""); strings.Contains(a.Text, value) || strings.Contains(a.Text, "internal") {
			t.Errorf("among named secrets: %s", a.Text)
		}
		app.Refused(t,
			"DELETE "+path+"/secrets/legacy -> 404 entity.not_found",
			"DELETE "+path+"/secrets/internal -> 404 entity.not_found",
			"PATCH "+path+`/secrets/internal {"name":"x"} -> 404 entity.not_exists`,
		)
		if got := authenticates(t, app, c.ID, value); !strings.HasPrefix(got, "invalid_grant") {
			t.Errorf("before: %s", got)
		}
		if a := o.Want(200, "DELETE", path+"/legacy-secret", ""); strings.Contains(a.Text, `"secret"`) || a.String("id") != c.ID {
			t.Errorf("deleted: %s", a.Text)
		}
		if got := authenticates(t, app, c.ID, value); !strings.HasPrefix(got, "invalid_client") {
			t.Errorf("after: %s", got)
		}
	})
}

func TestSecrets_Refuse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		imported(t, app)
		server := "/api/applications/" + create(o, `{"name":"S","type":"Traditional"}`) + "/secrets"
		spa := "/api/applications/" + create(o, `{"name":"S","type":"SPA"}`) + "/secrets"
		native := "/api/applications/" + create(o, `{"name":"S","type":"Native"}`) + "/secrets"
		o.Want(201, "POST", server, `{"name":"second","expiresAt":null}`)
		if a := o.Want(200, "GET", spa, ""); a.Text != "[]" {
			t.Errorf("secrets of a public client: %s", a.Text)
		}
		app.Refused(t,
			"POST "+server+` {"name":"second"} -> 422 application.secret_name_exists`,
			"PATCH "+server+`/second {"name":"Default secret"} -> 422 application.secret_name_exists`,
			"PATCH "+server+`/second {"name":""} -> 400 guard.invalid_input`,
			"PATCH "+server+`/second {} -> 400 guard.invalid_input`,
			"PATCH "+server+`/none {"name":"x"} -> 404 entity.not_exists`,
			"DELETE "+server+`/none -> 404 entity.not_found`,
			"POST "+server+fmt.Sprintf(` {"name":"x","expiresAt":%d} -> 400 request.invalid_input`, app.Clock.Now().UnixMilli()),
			"POST "+server+` {"name":"x","expiresAt":-1} -> 400 request.invalid_input`,
			"POST "+server+` {"name":"x","expiresAt":1e300} -> 400 guard.invalid_input`,
			"POST "+server+` {"name":"x","expiresAt":"soon"} -> 400 guard.invalid_input`,
			"POST "+server+` {"name":"`+strings.Repeat("x", 257)+`"} -> 400 guard.invalid_input`,
			"POST "+server+` {} -> 400 guard.invalid_input`,
			"POST "+spa+` {"name":"x"} -> 422 entity.db_constraint_violated`,
			"POST "+native+` {"name":"x"} -> 422 entity.db_constraint_violated`,
			`POST /api/applications/saml/secrets {"name":"x"} -> 422 entity.db_constraint_violated`,
			`POST /api/applications/none/secrets {"name":"x"} -> 404 entity.not_exists_with_id`,
			`GET /api/applications/none/secrets -> 404 entity.not_exists_with_id`,
		)
	})
}

// Of parallel creations of one name one wins; nobody gets a 500.
func TestSecrets_ParallelCreation(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		id := create(o, `{"name":"S","type":"Traditional"}`)
		var created atomic.Int32
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				switch a := o.Do("POST", "/api/applications/"+id+"/secrets", `{"name":"same"}`); {
				case a.StatusCode == http.StatusCreated:
					created.Add(1)
				case a.StatusCode != 422 || a.Code() != "application.secret_name_exists":
					t.Errorf("%d %s", a.StatusCode, a.Text)
				}
			})
		}
		group.Wait()
		if n := app.Count(t, tenant.Default, "application_secrets", "application_id = $2 AND name = 'same'", id); n != 1 || created.Load() != 1 {
			t.Errorf("%d were created, %d are stored", created.Load(), n)
		}
	})
}
