package main

import (
	"context"
	"fmt"

	"signet/internal/audit"
	"signet/internal/platform/db"
	"signet/internal/role"
	"signet/internal/tenant"
	"signet/internal/user"
)

type userRole struct {
	Add    userRoleAdd    `cmd:"" help:"Give a user a role."`
	List   userRoleList   `cmd:"" help:"List the roles of a user by name."`
	Remove userRoleRemove `cmd:"" help:"Take a role from a user."`
}

// roleOfUser names a user and a role.
type roleOfUser struct {
	inTenant
	oneUser

	Role string `arg:"" help:"The role's name or id."`
}

// change finds user and role, calls fn in one transaction with an entry of the
// audit trail, and prints the text, in which %s are both.
func (c roleOfUser) change(e *environment, key, text string, fn func(ctx context.Context, tx *db.Tx, now int64, u *user.User, r *role.Role) error) error {
	return c.on(e, c.Tenant, func(ctx context.Context, t *tenant.Tenant, u *user.User) error {
		r, err := findRole(ctx, t.DB, c.Role)
		if err != nil {
			return err
		}
		entry := audit.Entry{Key: key, UserID: u.ID, Data: map[string]any{"roleId": r.ID}}
		if err := apply(ctx, entry, func(tx *db.Tx, now int64) error { return fn(ctx, tx, now, u, r) }); err != nil {
			return err
		}
		return e.print(map[string]string{"id": u.ID, "roleId": r.ID}, text, u.DisplayName(), r.Name)
	})
}

type userRoleAdd struct{ roleOfUser }

// Run gives the role.
func (c userRoleAdd) Run(e *environment) error {
	return c.change(e, "CommandLine.User.Role.Add", "%s has the role %s.", func(ctx context.Context, tx *db.Tx, now int64, u *user.User, r *role.Role) error {
		_, err := role.AssignAll(ctx, tx, now, u.ID, []string{r.ID})
		return err
	})
}

type userRoleRemove struct{ roleOfUser }

// Run takes the role.
func (c userRoleRemove) Run(e *environment) error {
	return c.change(e, "CommandLine.User.Role.Remove", "%s no longer has the role %s.", func(ctx context.Context, tx *db.Tx, _ int64, u *user.User, r *role.Role) error {
		had, err := role.Unassign(ctx, tx, u.ID, r.ID)
		if err == nil && !had {
			err = fmt.Errorf("%s does not have the role %s", u.DisplayName(), r.Name)
		}
		return err
	})
}

type userRoleList struct {
	inTenant
	oneUser
}

// Run lists the roles.
func (c userRoleList) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, t *tenant.Tenant, u *user.User) error {
		held, err := role.Of(ctx, t.DB, u.ID)
		if err != nil {
			return err
		}
		return printRoles(e, held, t.ID)
	})
}
