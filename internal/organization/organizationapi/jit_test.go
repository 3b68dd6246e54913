package organizationapi_test

import (
	"context"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// seedJIT makes the organizations "acme" and "umbra", the roles "member" and
// "admin" for users and "robot" for machines.
func seedJIT(t *testing.T, app *apptest.App) {
	t.Helper()
	app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range []string{"acme", "umbra"} {
			if _, err := tx.Exec(ctx, `INSERT INTO organizations (tenant_id, id, name, search_text, created_at) VALUES ($1, $2, $2, $2, 1)`, id); err != nil {
				return err
			}
		}
		for id, kind := range map[string]string{"member": "User", "admin": "User", "robot": "MachineToMachine"} {
			if _, err := tx.Exec(ctx, `INSERT INTO organization_roles (tenant_id, id, name, type) VALUES ($1, $2, $2, $3)`, id, kind); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestJIT_EmailDomains(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		seedJIT(t, app)
		o := app.Operator(t)
		const path = "/api/organizations/acme/jit/email-domains"
		if a := o.Want(201, "POST", path, `{"emailDomain":"Example.com"}`); a.Text != `{"tenantId":"default","organizationId":"acme","emailDomain":"Example.com"}` {
			t.Errorf("added %s", a.Text)
		}
		o.Want(201, "POST", "/api/organizations/umbra/jit/email-domains", `{"emailDomain":"example.com"}`)
		app.Refused(t,
			"POST "+path+` {"emailDomain":"EXAMPLE.COM"} -> 422 entity.unique_integrity_violation`,
			"POST "+path+` {"emailDomain":" "} -> 400 guard.invalid_input`,
			"POST "+path+` {"emailDomain":"`+strings.Repeat("x", 129)+`"} -> 400 guard.invalid_input`,
			`POST /api/organizations/none/jit/email-domains {"emailDomain":"a.example"} -> 422 entity.relation_foreign_key_not_found`,
			`PUT /api/organizations/none/jit/email-domains {"emailDomains":[]} -> 422 entity.relation_foreign_key_not_found`,
			"PUT "+path+` {"emailDomains":["b.example",""]} -> 400 guard.invalid_input`,
			"DELETE "+path+"/other.example -> 404 entity.not_found",
			"GET "+path+"?page=0 -> 400 guard.invalid_pagination",
		)
		o.Want(204, "PUT", path, `{"emailDomains":["b.example","a.example","B.Example"]}`)
		all := o.Want(200, "GET", path, "")
		if strings.Count(all.Text, "emailDomain") != 2 || strings.Contains(all.Text, "xample.com") || all.Header.Get("Total-Number") != "" {
			t.Errorf("replaced: %v %s", all.Header, all.Text)
		}
		if a := o.Want(200, "GET", path+"?page=2&page_size=1", ""); a.Header.Get("Total-Number") != "2" || !strings.Contains(a.Text, "b.example") {
			t.Errorf("second page: %v %s", a.Header, a.Text)
		}
		o.Want(204, "DELETE", path+"/A.example", "")
		if a := o.Want(200, "GET", path, ""); strings.Contains(a.Text, "a.example") {
			t.Errorf("left %s", a.Text)
		}
		if a := o.Want(200, "GET", "/api/organizations/none/jit/email-domains", ""); a.Text != "[]" {
			t.Errorf("domains of nothing: %s", a.Text)
		}
		if n := app.Count(t, tenant.Default, "organization_jit_email_domains", "organization_id = 'umbra'"); n != 1 {
			t.Errorf("the other organization has %d domains", n)
		}
		if names := app.EventNames(t, tenant.Default); len(names) != 0 {
			t.Errorf("there are no events of this, got %v", names)
		}
	})
}

func TestJIT_Roles(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		seedJIT(t, app)
		o := app.Operator(t)
		const path = "/api/organizations/acme/jit/roles"
		for range 2 { // what is there may be added again
			o.Want(201, "POST", path, `{"organizationRoleIds":["member","member"]}`)
		}
		o.Want(204, "PUT", path, `{"organizationRoleIds":["member","admin"]}`)
		app.Refused(t,
			"POST "+path+` {"organizationRoleIds":[]} -> 400 guard.invalid_input`,
			"POST "+path+` {"organizationRoleIds":["robot","none"]} -> 422 entity.relation_foreign_key_not_found`,
			"PUT "+path+` {"organizationRoleIds":["none"]} -> 422 entity.relation_foreign_key_not_found`,
			"PUT "+path+` {"organizationRoleIds":["robot","robot"]} -> 422 entity.unique_integrity_violation`,
			`POST /api/organizations/none/jit/roles {"organizationRoleIds":["member"]} -> 422 entity.relation_foreign_key_not_found`,
			`PUT /api/organizations/none/jit/roles {"organizationRoleIds":[]} -> 422 entity.relation_foreign_key_not_found`,
			`GET /api/organizations/none/jit/roles -> 404 entity.not_exists_with_id`,
			"DELETE "+path+"/robot -> 404 entity.not_found",
		)
		want := `[{"tenantId":"default","id":"admin","name":"admin","description":null,"type":"User"},` +
			`{"tenantId":"default","id":"member","name":"member","description":null,"type":"User"}]`
		if a := o.Want(200, "GET", path, ""); a.Text != want {
			t.Errorf("roles %s\nwant %s", a.Text, want)
		}
		o.Want(204, "DELETE", path+"/admin", "")
		o.Want(204, "PUT", path, `{"organizationRoleIds":[]}`)
		if a := o.Want(200, "GET", path+"?page=1", ""); a.Text != "[]" || a.Header.Get("Total-Number") != "0" {
			t.Errorf("left %s", a.Text)
		}
	})
}

func TestJIT_Connectors(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		seedJIT(t, app)
		app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
			sealed := app.Keyring.Seal([]byte(`{"clientId":"c"}`), "sso_connectors", "config_sealed", tenant.Default, "okta")
			_, err := tx.Exec(ctx, `INSERT INTO sso_connectors (tenant_id, id, provider_name, connector_name, config_sealed, created_at)
				VALUES ($1, 'okta', 'OIDC', 'Okta', $2, 7)`, sealed)
			if err == nil {
				_, err = tx.Exec(ctx, `INSERT INTO sso_connector_domains (tenant_id, domain, connector_id, position) VALUES ($1, 'b.example', 'okta', 1), ($1, 'c.example', 'okta', 0)`)
			}
			return err
		})
		o := app.Operator(t)
		const path = "/api/organizations/acme/jit/sso-connectors"
		o.Want(201, "POST", path, `{"ssoConnectorIds":["okta"]}`)
		app.Refused(t,
			"POST "+path+` {"ssoConnectorIds":[]} -> 400 guard.invalid_input`,
			"POST "+path+` {"ssoConnectorIds":["none"]} -> 422 entity.relation_foreign_key_not_found`,
			"PUT "+path+` {"ssoConnectorIds":["okta","okta"]} -> 422 entity.unique_integrity_violation`,
			`GET /api/organizations/none/jit/sso-connectors -> 404 entity.not_exists_with_id`,
			"DELETE "+path+"/none -> 404 entity.not_found",
		)
		want := `[{"tenantId":"default","id":"okta","providerName":"OIDC","connectorName":"Okta","config":{"clientId":"c"},"domains":["c.example","b.example"],` +
			`"branding":{},"syncProfile":false,"enableTokenStorage":false,"createdAt":7}]`
		if a := o.Want(200, "GET", path, ""); a.Text != want {
			t.Errorf("connectors %s\nwant %s", a.Text, want)
		}
		o.Want(204, "PUT", path, `{"ssoConnectorIds":["okta"]}`)
		o.Want(204, "DELETE", path+"/okta", "")
		if a := o.Want(200, "GET", path, ""); a.Text != "[]" {
			t.Errorf("left %s", a.Text)
		}
	})
}
