package server

import (
	"context"
	"errors"

	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/role"
	"signet/internal/setup"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// The roles that members of a tenant's organization hold.
const (
	teamAdmin        = "admin"
	teamCollaborator = "collaborator"
)

// teamScopes are what members of a tenant's organization may do; their ids have
// "-" in place of ":". Collaborators have those that are for them.
var teamScopes = []struct {
	id, name, description string
	forCollaborators      bool
}{
	{"read-data", "read:data", "See what the tenant holds.", true},
	{"write-data", "write:data", "Create and change what the tenant holds.", true},
	{"delete-data", "delete:data", "Delete what the tenant holds.", true},
	{"read-member", "read:member", "See who operates the tenant.", true},
	{"invite-member", "invite:member", "Invite others to operate the tenant.", false},
	{"remove-member", "remove:member", "Remove others who operate the tenant.", false},
	{"update-member-role", "update:member:role", "Change the roles of others who operate the tenant.", false},
	{"manage-tenant", "manage:tenant", "Change the tenant itself.", false},
}

// teamOf returns the id of the organization, in the admin tenant, of those who
// operate a tenant.
func teamOf(tenantID string) string { return "t-" + tenantID }

// seedOrganizations gives each tenant an organization of those who operate it.
func seedOrganizations(ctx context.Context, tx *db.Tx, now int64) error {
	var all, some []string
	for _, s := range teamScopes {
		description := s.description
		scope := organization.Scope{ID: s.id, Name: s.name, Description: &description}
		if _, err := organization.CreateScope(ctx, tx, scope); err != nil {
			return err
		}
		all = append(all, s.id)
		if s.forCollaborators {
			some = append(some, s.id)
		}
	}
	for _, r := range []struct {
		id, description string
		scopes          []string
	}{
		{teamAdmin, "Administers the tenant and its team.", all},
		{teamCollaborator, "Works in the tenant.", some},
	} {
		created := organization.Role{ID: r.id, Name: r.id, Description: &r.description}
		if _, err := organization.CreateRole(ctx, tx, created, r.scopes, nil); err != nil {
			return err
		}
	}
	for _, id := range []string{tenant.Default, tenant.Admin} {
		team := organization.Organization{ID: teamOf(id), Name: "Tenant " + id}
		if _, err := organization.Create(ctx, tx, now, team); err != nil {
			return err
		}
	}
	return nil
}

// completeSetup turns the first person of the admin tenant into its
// administrator: in the transaction that creates the account it spends the
// setup cookie.
func completeSetup(ctx context.Context, tx *db.Tx, now int64, userID, cookie string) error {
	if err := setup.Complete(ctx, tx, now, cookie); err != nil {
		return err
	}
	return MakeAdministrator(ctx, tx, now, userID)
}

// MakeAdministrator gives the first person of the admin tenant the roles of an
// administrator, makes it a member of the team of the default tenant, and closes
// registration. What an operator renamed or deleted is passed over; the account
// is created all the same.
func MakeAdministrator(ctx context.Context, tx *db.Tx, now int64, userID string) error {
	for _, name := range []string{operatorRole, adminRole} {
		r, err := role.ByName(ctx, tx, name)
		if errors.Is(err, role.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := role.Assign(ctx, tx, now, userID, r.ID); err != nil {
			return err
		}
	}
	if err := joinTeam(ctx, tx, now, userID); err != nil {
		return err
	}
	return signinexp.SetMode(ctx, tx, now, signinexp.ModeSignIn)
}

func joinTeam(ctx context.Context, tx *db.Tx, now int64, userID string) error {
	team := teamOf(tenant.Default)
	// Looked for first: a statement that fails would end the transaction.
	_, err := organization.ByID(ctx, tx, team)
	if errors.Is(err, organization.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := organization.Users.Add(ctx, tx, now, team, []string{userID}); err != nil {
		return err
	}
	r, err := organization.RoleByID(ctx, tx, teamAdmin)
	if errors.Is(err, errs.ErrNotFound) || err == nil && r.Type != organization.UserRole {
		return nil
	}
	if err != nil {
		return err
	}
	return organization.Users.GiveRoles(ctx, tx, team, userID, []string{r.ID})
}
