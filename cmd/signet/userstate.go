package main

import (
	"context"

	"signet/internal/audit"
	"signet/internal/oidc/token"
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
		return e.printJSON(wholeUser{published, u.HasPassword(), append([]string{}, names[u.ID]...)})
	})
}

type userDelete struct {
	inTenant
	oneUser
}

// Run deletes the user.
func (c userDelete) Run(e *environment) error {
	return c.on(e, c.Tenant, func(ctx context.Context, _ *tenant.Tenant, u *user.User) error {
		entry := audit.Entry{Key: "CommandLine.User.Delete", UserID: u.ID}
		err := apply(ctx, entry, func(tx *db.Tx, now int64) error {
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
	return o.on(e, tenantID, func(ctx context.Context, _ *tenant.Tenant, u *user.User) error {
		changed, err := change(ctx, audit.Entry{Key: key, UserID: u.ID}, func(tx *db.Tx, now int64) (*user.User, error) {
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
		if err != nil {
			return err
		}
		return e.print(answerOf(changed), text, changed.DisplayName())
	})
}
