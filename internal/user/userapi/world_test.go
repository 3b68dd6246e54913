package userapi_test

import (
	"context"
	"testing"

	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/role"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// grantRoles makes the roles editor and member, of which member is a default
// one, and machine, which is for machines. Whom userID names is an editor, and a
// member of the organization harbour with the role keeper.
func grantRoles(t *testing.T, app *apptest.App, userID string) {
	t.Helper()
	now := app.Clock.Now().UnixMilli()
	app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		for _, r := range []role.Role{
			{ID: "editor", Name: "Editor", Description: "Edits", Type: role.User},
			{ID: "member", Name: "Member", Description: "Is here", Type: role.User, IsDefault: true},
			{ID: "machine", Name: "Machine", Description: "Runs", Type: role.MachineToMachine},
		} {
			if _, err := role.Create(ctx, tx, now, r); err != nil {
				return err
			}
		}
		statements := []string{
			`INSERT INTO organizations (tenant_id, id, name, search_text, color, created_at) VALUES ($1, 'harbour', 'Harbour', '', '{"primaryColor":"#123456"}', 7)`,
			`INSERT INTO organization_roles (tenant_id, id, name) VALUES ($1, 'keeper', 'Keeper')`,
		}
		if userID != "" {
			if err := role.Assign(ctx, tx, now, userID, "editor"); err != nil {
				return err
			}
			statements = append(statements,
				`INSERT INTO organization_users (tenant_id, organization_id, user_id, created_at) VALUES ($1, 'harbour', '`+userID+`', 7)`,
				`INSERT INTO organization_user_roles (tenant_id, user_id, organization_id, organization_role_id) VALUES ($1, '`+userID+`', 'harbour', 'keeper')`)
		}
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		if userID == "" {
			return nil
		}
		return db.Count(ctx, tx, user.CountedOrganizations, "harbour", userID, 1)
	})
}

func ignoreCase(t *testing.T, app *apptest.App) {
	t.Helper()
	no := false
	app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) { s.UsernamePolicy.CaseSensitive = &no })
}

func expirePasswords(t *testing.T, app *apptest.App) {
	t.Helper()
	yes := true
	app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) {
		s.PasswordExpiration = signinexp.PasswordExpiration{Enabled: &yes, ValidPeriodDays: 30}
	})
}

// ssoIdentity gives a user an identity at the enterprise connector okta.
func ssoIdentity(userID string) func(ctx context.Context, tx *db.Tx) error {
	return func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO sso_connectors (tenant_id, id, provider_name, connector_name, config_sealed, created_at)
			VALUES ($1, 'okta', 'OIDC', 'Okta', $2, 7)`, []byte("x")); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO user_sso_identities (tenant_id, id, user_id, connector_id, issuer, identity_id, detail, created_at, updated_at)
			VALUES ($1, 's1', $2, 'okta', 'https://idp.example', 'ada', '{"a":1}', 7, 8)`, userID)
		return err
	}
}
