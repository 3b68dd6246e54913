package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"signet/internal/audit"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/role"
	"signet/internal/server"
	"signet/internal/tenant"
	"signet/internal/user"
)

// on finds the user and calls fn.
func (o oneUser) on(e *environment, tenantID string, fn func(ctx context.Context, t *tenant.Tenant, u *user.User) error) error {
	return e.within(tenantID, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		u, err := o.find(ctx, e, t)
		if err != nil {
			return err
		}
		return fn(ctx, t, u)
	})
}

type userGet struct {
	inTenant
	oneUser
}

// wholeUser is a user with what an administrator asks for next.
type wholeUser struct {
	user.Published

	HasPassword bool     `json:"hasPassword"`
	Roles       []string `json:"roles"`
}

// Run shows the user.
func (c userGet) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, t *tenant.Tenant, u *user.User) error {
		names, err := role.NamesOf(ctx, t.DB, []string{u.ID})
		if err != nil {
			return err
		}
		published, err := u.Published(ctx, t.DB)
		if err != nil {
			return err
		}
		whole := wholeUser{published, u.HasPassword(), append([]string{}, names[u.ID]...)}
		text, err := json.MarshalIndent(whole, "", "  ")
		if err != nil {
			return err
		}
		return e.print(whole, "%s", text)
	})
}

type userDelete struct {
	inTenant
	oneUser
}

// Run deletes the user.
func (c userDelete) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, t *tenant.Tenant, u *user.User) error {
		now := clock.Clock(clock.System).Millis()
		err := t.DB.Tx(ctx, func(tx *db.Tx) error {
			last, err := u.Published(ctx, tx)
			if err != nil {
				return err
			}
			if err := token.RevokeUser(ctx, tx, now, u.ID); err != nil {
				return err
			}
			if err := user.Delete(ctx, tx, u.ID); err != nil {
				return err
			}
			return event.Record(ctx, tx, now, "User.Deleted", last)
		})
		audit.Log(ctx, audit.Entry{Key: "CommandLine.User.Delete", UserID: u.ID, Err: err})
		if err != nil {
			return err
		}
		return e.print(answerOf(u), "Deleted %s.", u.DisplayName())
	})
}

type userSuspend struct {
	inTenant
	oneUser
}

// Run suspends the user.
func (c userSuspend) Run(e *environment) error {
	return c.setSuspended(e, c.Tenant, true, "CommandLine.User.Suspend", "%s may no longer sign in, and every session has ended.")
}

type userUnsuspend struct {
	inTenant
	oneUser
}

// Run lets the user sign in again.
func (c userUnsuspend) Run(e *environment) error {
	return c.setSuspended(e, c.Tenant, false, "CommandLine.User.Unsuspend", "%s may sign in again.")
}

func (o oneUser) setSuspended(e *environment, tenantID string, suspended bool, key, text string) error {
	return o.on(e, tenantID, func(ctx context.Context, t *tenant.Tenant, u *user.User) error {
		now := clock.Clock(clock.System).Millis()
		changed, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*user.User, error) {
			changed, err := user.Update(ctx, tx, now, u.ID, user.Patch{IsSuspended: &suspended})
			if err != nil {
				return nil, err
			}
			if suspended {
				if err := token.RevokeUser(ctx, tx, now, u.ID); err != nil {
					return nil, err
				}
			}
			return changed, user.Announce(ctx, tx, now, "User.SuspensionStatus.Updated", changed)
		})
		audit.Log(ctx, audit.Entry{Key: key, UserID: u.ID, Err: err})
		if err != nil {
			return err
		}
		return e.print(answerOf(changed), text, changed.DisplayName())
	})
}

type userRole struct {
	Add userRoleAdd `cmd:"" help:"Give a user a role."`
}

type userRoleAdd struct {
	inTenant
	oneUser

	Role string `arg:"" help:"The role's name or id."`
}

// Run gives the role.
func (c userRoleAdd) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, t *tenant.Tenant, u *user.User) error {
		r, err := findRole(ctx, t, c.Role)
		if err != nil {
			return err
		}
		if r.Type != role.User {
			return fmt.Errorf("the role “%s” is for machines", r.Name)
		}
		now := clock.Clock(clock.System).Millis()
		err = t.DB.Tx(ctx, func(tx *db.Tx) error { return role.Assign(ctx, tx, now, u.ID, r.ID) })
		audit.Log(ctx, audit.Entry{Key: "CommandLine.User.Role.Add", UserID: u.ID, Err: err, Data: map[string]any{"roleId": r.ID}})
		if err != nil {
			return err
		}
		return e.print(map[string]any{"id": u.ID, "roleId": r.ID}, "%s has the role %s.", u.DisplayName(), r.Name)
	})
}

// findRole finds a role by name or id.
func findRole(ctx context.Context, t *tenant.Tenant, name string) (*role.Role, error) {
	r, err := role.ByName(ctx, t.DB, name)
	if errors.Is(err, role.ErrNotFound) {
		r, err = role.ByID(ctx, t.DB, name)
	}
	if errors.Is(err, role.ErrNotFound) {
		return nil, fmt.Errorf("there is no role %q in tenant %s", name, t.ID)
	}
	return r, err
}
