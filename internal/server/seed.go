package server

import (
	"context"

	"signet/internal/accountcenter"
	"signet/internal/application"
	"signet/internal/oidc/token"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/role"
	"signet/internal/settings"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// Seeder says with which settings a new tenant begins.
type Seeder func(tenantID string) (*signinexp.Settings, *accountcenter.Settings)

// ProductSeed is what a fresh Signet begins with: in the default tenant people
// may manage their account and add a security key, and nobody is interrupted.
func ProductSeed(tenantID string) (*signinexp.Settings, *accountcenter.Settings) {
	return signinexp.ProductSeed(tenantID), accountcenter.ProductSeed(tenantID)
}

// The names and ids that clients of the Management API know.
const (
	managementRoleName = "Logto Management API access"
	consoleApplication = "admin-console"
)

// SeedTenants creates the tenants that do not exist yet, with o.Seed. It needs
// the pool, the keyring and the clock of o.
func SeedTenants(ctx context.Context, o Options) error {
	if o.Seed == nil {
		o.Seed = ProductSeed
	}
	for _, id := range []string{tenant.Default, tenant.Admin} {
		if err := seedTenant(ctx, o, id); err != nil {
			return err
		}
	}
	return nil
}

// seedTenant creates the tenant with its keys, settings, resources, roles and
// applications, unless it exists.
func seedTenant(ctx context.Context, o Options, tenantID string) error {
	now := o.Clock.Millis()
	key, err := token.GenerateKey(token.ES384)
	if err != nil {
		return err
	}
	return o.Pool.Across().Tx(ctx, func(all *db.AcrossTx) error {
		created, err := all.Exec(ctx, `INSERT INTO tenants (id, name, created_at) VALUES ($1, $1, $2) ON CONFLICT (id) DO NOTHING`, tenantID, now)
		if err != nil || created == 0 {
			return err
		}
		tx := all.For(tenantID)
		signIn, account := o.Seed(tenantID)
		if err := signinexp.Insert(ctx, tx, now, signIn); err != nil {
			return err
		}
		if err := accountcenter.Insert(ctx, tx, now, account); err != nil {
			return err
		}
		if err := token.SeedKeys(ctx, tx, now, o.Keyring, key); err != nil {
			return err
		}
		if err := settings.Seed(ctx, tx, now); err != nil {
			return err
		}
		if tenantID == tenant.Admin {
			return seedAdmin(ctx, tx, now, o.Keyring)
		}
		return seedDefault(ctx, tx, now)
	})
}

func seedDefault(ctx context.Context, tx *db.Tx, now int64) error {
	scope, err := seedResource(ctx, tx, now, resource.Resource{
		ID: "management-api", Name: "Logto Management API", Indicator: resource.ManagementIndicator(tenant.Default),
	}, "management-api-all", resource.ManagementScope)
	if err != nil {
		return err
	}
	_, err = role.Create(ctx, tx, now, role.Role{
		Name: managementRoleName, Description: "May call every operation of the Management API.", Type: role.MachineToMachine,
	}, scope)
	if err != nil {
		return err
	}
	_, err = role.Create(ctx, tx, now, role.Role{
		ID: "admin-role", Name: "#internal:admin", Description: "The Management API, for callers of old.", Type: role.MachineToMachine,
	}, scope)
	return err
}

// The roles of the people who operate Signet, and the ids of the roles and
// applications of machines that do.
const (
	operatorRole     = "user"
	adminRole        = "default:admin"
	machineOfDefault = "m-default"
	machineOfAdmin   = "m-admin"
)

func seedAdmin(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring) error {
	me, err := seedResource(ctx, tx, now, resource.Resource{Name: "Signet Me API", Indicator: "https://admin.logto.app/me"}, "", resource.ManagementScope)
	if err != nil {
		return err
	}
	ofDefault, err := seedResource(ctx, tx, now, resource.Resource{
		Name: "Management API of tenant default", Indicator: resource.ManagementIndicator(tenant.Default),
	}, "", resource.ManagementScope)
	if err != nil {
		return err
	}
	ofAdmin, err := seedResource(ctx, tx, now, resource.Resource{
		Name: "Management API of tenant admin", Indicator: resource.ManagementIndicator(tenant.Admin),
	}, "", resource.ManagementScope)
	if err != nil {
		return err
	}
	for _, r := range []struct {
		role.Role
		scope string
	}{
		{role.Role{Name: operatorRole, Description: "Operates Signet.", Type: role.User}, me},
		{role.Role{Name: adminRole, Description: "Administers the tenant default.", Type: role.User}, ofDefault},
		{role.Role{ID: machineOfDefault, Name: "machine:mapi:default", Description: "The Management API of the tenant default, for machines.", Type: role.MachineToMachine}, ofDefault},
		{role.Role{ID: machineOfAdmin, Name: "machine:mapi:admin", Description: "The Management API of the tenant admin, for machines.", Type: role.MachineToMachine}, ofAdmin},
	} {
		if _, err := role.Create(ctx, tx, now, r.Role, r.scope); err != nil {
			return err
		}
	}
	if err := seedAdminApplications(ctx, tx, now, ring); err != nil {
		return err
	}
	return seedOrganizations(ctx, tx, now)
}

// seedAdminApplications creates the console and, for each tenant, a machine with
// the role of the same id.
func seedAdminApplications(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring) error {
	for _, a := range []application.Application{
		{ID: consoleApplication, Name: "Signet console", Type: application.SPA},
		{ID: machineOfDefault, Name: "Management API of tenant default", Type: application.MachineToMachine},
		{ID: machineOfAdmin, Name: "Management API of tenant admin", Type: application.MachineToMachine},
	} {
		if err := application.CreateInternal(ctx, tx, now, ring, a); err != nil {
			return err
		}
		if a.Type == application.MachineToMachine {
			if err := role.AssignApplication(ctx, tx, a.ID, a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// seedResource creates a resource with one scope and returns the scope's id.
func seedResource(ctx context.Context, tx *db.Tx, now int64, r resource.Resource, scopeID, scopeName string) (string, error) {
	created, err := resource.Create(ctx, tx, now, r)
	if err != nil {
		return "", err
	}
	scope, err := resource.CreateScope(ctx, tx, now, resource.Scope{ID: scopeID, ResourceID: created.ID, Name: scopeName})
	if err != nil {
		return "", err
	}
	return scope.ID, nil
}
