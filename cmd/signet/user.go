package main

import (
	"context"
	"errors"
	"fmt"

	"signet/internal/audit"
	"signet/internal/mfa"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
	"signet/internal/role"
	"signet/internal/server"
	"signet/internal/setup"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

type userCommand struct {
	Create      userCreate      `cmd:"" help:"Create a user with a username and a password."`
	List        userList        `cmd:"" help:"List users, newest first."`
	Get         userGet         `cmd:"" help:"Show a user."`
	Delete      userDelete      `cmd:"" help:"Delete a user for good, and end the user's sessions."`
	Suspend     userSuspend     `cmd:"" help:"Let a user no longer sign in, and end the user's sessions."`
	Unsuspend   userUnsuspend   `cmd:"" help:"Let a suspended user sign in again."`
	Role        userRole        `cmd:"" help:"Give roles to users, list and take them."`
	Import      userImport      `cmd:"" help:"Create users from a file."`
	Export      userExport      `cmd:"" help:"Write all users to a file."`
	SetPassword userSetPassword `cmd:"" help:"Set a user's password and end the user's sessions."`
	ResetMFA    userResetMFA    `cmd:"" name:"reset-mfa" help:"Remove a user's second factors, so that the password is enough to sign in, and end the user's sessions."`
}

// userAnswer is a user as the command line prints one.
type userAnswer struct {
	ID          string  `json:"id"`
	Username    *string `json:"username"`
	Name        *string `json:"name"`
	IsSuspended bool    `json:"isSuspended"`
	CreatedAt   int64   `json:"createdAt"`
	// Password is a generated password, shown once.
	Password string `json:"password,omitempty"`
}

func answerOf(u *user.User) userAnswer {
	return userAnswer{ID: u.ID, Username: u.Username, Name: u.Name, IsSuspended: u.IsSuspended, CreatedAt: u.CreatedAt}
}

type userCreate struct {
	inTenant
	passwordInput

	Username string `arg:"" help:"The username."`
	Name     string `help:"The display name."`
}

// Run creates the user.
func (c userCreate) Run(e *environment) error {
	given, err := c.read()
	if err != nil {
		return err
	}
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		created, secret, err := c.create(ctx, e, t, given)
		if err != nil {
			return err
		}
		a := answerOf(created)
		text := fmt.Sprintf("Created %s (%s).", c.Username, a.ID)
		return e.print(secret.in(&a), "%s", text+secret.text())
	})
}

func (c userCreate) create(ctx context.Context, e *environment, t *tenant.Tenant, given string) (*user.User, *newPassword, error) {
	settings, err := signinexp.Get(ctx, t.DB)
	if err != nil {
		return nil, nil, err
	}
	if err := settings.UsernamePolicy.Check(c.Username); err != nil {
		return nil, nil, err
	}
	secret, err := choose(ctx, settings.PasswordPolicy, given, user.UserInfo{Name: c.Name, Username: c.Username})
	if err != nil {
		return nil, nil, err
	}
	n := user.New{
		ID: ids.Short(), Username: c.Username, Name: c.Name, PasswordHash: secret.hash,
		CaseSensitive: settings.UsernamePolicy.DistinguishesCase(e.config.CaseSensitiveUsername),
	}
	entry := audit.Entry{Key: "CommandLine.User.Create", UserID: n.ID, Data: map[string]any{"username": n.Username}}
	created, err := change(ctx, entry, func(tx *db.Tx, now int64) (*user.User, error) {
		return insertUser(ctx, tx, now, n, e.config.UserDefaultRoleNames)
	})
	return created, secret, err
}

// insertUser stores a user. The first one of the admin tenant completes the
// setup: whoever may run this command needs no link.
func insertUser(ctx context.Context, tx *db.Tx, now int64, n user.New, defaultRoles []string) (*user.User, error) {
	isFirst := false
	if tx.TenantID() == tenant.Admin {
		var err error
		if isFirst, err = setup.Needed(ctx, tx); err != nil {
			return nil, err
		}
	}
	created, err := user.Create(ctx, tx, now, n)
	if err != nil {
		return nil, err
	}
	if err := role.AssignDefaults(ctx, tx, now, created.ID, defaultRoles); err != nil {
		return nil, err
	}
	if isFirst {
		if err := server.MakeAdministrator(ctx, tx, now, created.ID); err != nil {
			return nil, err
		}
	}
	return created, user.Announce(ctx, tx, now, "User.Created", created)
}

type userList struct {
	inTenant

	page
}

// Run lists users.
func (c userList) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		users, err := user.List(ctx, t.DB, int(c.Limit), int(c.Offset))
		if err != nil {
			return err
		}
		return printList(e, users, "No users.", func(u *user.User) (userAnswer, string) {
			return answerOf(u), u.ID + "  " + u.DisplayName()
		})
	})
}

// oneUser names a user by id or username.
type oneUser struct {
	User string `arg:"" help:"The user's id or username."`
}

// find finds the user. A username that is the id of somebody else names nobody:
// people choose their usernames, and must not be taken for others.
func (o oneUser) find(ctx context.Context, e *environment, t *tenant.Tenant) (*user.User, error) {
	settings, err := signinexp.Get(ctx, t.DB)
	if err != nil {
		return nil, err
	}
	byID, err := user.ByID(ctx, t.DB, o.User)
	if err != nil && !errors.Is(err, user.ErrNotFound) {
		return nil, err
	}
	byName, err := user.ByUsername(ctx, t.DB, o.User, settings.UsernamePolicy.DistinguishesCase(e.config.CaseSensitiveUsername))
	switch {
	case byID == nil:
		return byName, orMissing(err, "user", o.User, t.ID)
	case err == nil && byName.ID != byID.ID:
		return nil, fmt.Errorf("%q is the id of one user and the username of another, %s", o.User, byName.ID)
	case err != nil && !errors.Is(err, user.ErrNotFound):
		return nil, err
	}
	return byID, nil
}

type userSetPassword struct {
	inTenant
	passwordInput
	oneUser
}

// Run sets the password.
func (c userSetPassword) Run(e *environment) error {
	given, err := c.read()
	if err != nil {
		return err
	}
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		u, err := c.find(ctx, e, t)
		if err != nil {
			return err
		}
		settings, err := signinexp.Get(ctx, t.DB)
		if err != nil {
			return err
		}
		secret, err := choose(ctx, settings.PasswordPolicy, given, u.Info())
		if err != nil {
			return err
		}
		err = changeUser(ctx, u, "CommandLine.User.SetPassword", func(tx *db.Tx, now int64) error {
			_, err := user.Update(ctx, tx, now, u.ID, user.Patch{PasswordHash: &secret.hash})
			return err
		})
		if err != nil {
			return err
		}
		a := answerOf(u)
		text := fmt.Sprintf("The password of %s is set, and every session has ended.", u.DisplayName())
		return e.print(secret.in(&a), "%s", text+secret.text())
	})
}

type userResetMFA struct {
	inTenant
	oneUser
}

// Run removes every second factor.
func (c userResetMFA) Run(e *environment) error {
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		u, err := c.find(ctx, e, t)
		if err != nil {
			return err
		}
		var removed int64
		err = changeUser(ctx, u, "CommandLine.User.ResetMfa", func(tx *db.Tx, _ int64) (err error) {
			removed, err = mfa.DeleteAll(ctx, tx, u.ID)
			return err
		})
		if err != nil {
			return err
		}
		return e.print(map[string]any{"id": u.ID, "removed": removed},
			"Removed %d second factors of %s, and every session has ended.", removed, u.DisplayName())
	})
}

// changeUser applies a change by an administrator: in one transaction with its
// event and the end of every session and token of the user.
func changeUser(ctx context.Context, u *user.User, key string, fn func(tx *db.Tx, now int64) error) error {
	return apply(ctx, audit.Entry{Key: key, UserID: u.ID}, func(tx *db.Tx, now int64) error {
		if err := fn(tx, now); err != nil {
			return err
		}
		if err := token.RevokeUser(ctx, tx, now, u.ID); err != nil {
			return err
		}
		changed, err := user.ByID(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		return user.Announce(ctx, tx, now, "User.Data.Updated", changed)
	})
}
