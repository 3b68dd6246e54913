package testbed

import (
	"context"

	"signet/internal/accountcenter"
	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/role"
	"signet/internal/server"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// Seed begins a tenant with the settings that clients of the published API
// expect, without the product's few differences: nobody can add a security key
// until a test says so, and the pages have a logo.
func Seed(tenantID string) (*signinexp.Settings, *accountcenter.Settings) {
	s := signinexp.Seed(tenantID)
	s.Branding.LogoURL, s.Branding.DarkLogoURL = "https://logto.io/logo.svg", "https://logto.io/logo-dark.svg"
	return s, accountcenter.Seed(tenantID)
}

// seed fills the database as the product does, and adds what the product has no
// use for.
func seed(ctx context.Context, o server.Options) error {
	if err := server.SeedTenants(ctx, o); err != nil {
		return err
	}
	return o.Pool.For(tenant.Admin).Tx(ctx, func(tx *db.Tx) error { return seedCloud(ctx, tx, o) })
}

// seedCloud gives the admin tenant what operators of a hosted service need: its
// API, and who may call it.
func seedCloud(ctx context.Context, tx *db.Tx, o server.Options) error {
	now := o.Clock.Millis()
	cloud, err := resource.Create(ctx, tx, now, resource.Resource{Name: "Cloud API", Indicator: "https://cloud.logto.io/api"})
	if err != nil {
		return err
	}
	scopes := map[string]string{}
	for _, name := range []string{"all", "create:tenant", "manage:tenant:self"} {
		s, err := resource.CreateScope(ctx, tx, now, resource.Scope{ResourceID: cloud.ID, Name: name})
		if err != nil {
			return err
		}
		scopes[name] = s.ID
	}
	people, err := role.ByName(ctx, tx, "user")
	if err != nil {
		return err
	}
	grants := db.Link{Table: "role_scopes", Owner: []string{"role_id"}, Member: "scope_id"}
	if _, err := grants.Add(ctx, tx, now, []string{scopes["create:tenant"], scopes["manage:tenant:self"]}, people.ID); err != nil {
		return err
	}
	if _, err := role.Create(ctx, tx, now, role.Role{
		Name: "tenantApplication", Description: "Applications of tenants that call the Cloud API.", Type: role.MachineToMachine,
	}); err != nil {
		return err
	}
	return application.CreateInternal(ctx, tx, now, o.Keyring, application.Application{
		Name: "Cloud Service", Type: application.MachineToMachine,
	})
}
