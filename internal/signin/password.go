package signin

import (
	"context"
	"errors"

	"signet/internal/oidc/authorize"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// VerifyPassword checks the password of the user whom id names and returns the
// id of the proof. Whether that proof signs anybody in is decided at
// identification. An unknown user, one without a password and a wrong password
// are one refusal and cost the same; that a user is suspended, or the password
// too old, is told to those who know it.
func (e *Engine) VerifyPassword(ctx context.Context, in *authorize.Interaction, id verification.Identifier, password string) (recordID string, err error) {
	entry, err := e.step(ctx, in, "Verification.Password.Submit", map[string]any{"identifier": id})
	if err != nil {
		return "", err
	}
	defer entry.log(ctx, &err)
	v, err := e.look(ctx, in)
	if err != nil {
		return "", err
	}
	entry.sees(v.state)
	if err := fits(password); err != nil {
		return "", err
	}
	if err := e.Limiter.AllowAddress(ctx, v.q, e.Clock, "sign-in", web.Info(ctx).IP, sentinel.SignIn); err != nil {
		return "", err
	}
	u, err := verification.FindUser(ctx, v.q, id, v.caseSensitive())
	if err != nil {
		return "", err
	}
	userID := ""
	if u != nil {
		userID, entry.userID = u.ID, u.ID
	}
	var outdated bool
	targets := sentinel.ForIdentifier(sentinel.Password, id.Type, id.Value, userID)
	attempt, err := sentinel.Try(ctx, tenant.From(ctx).DB, e.Clock, lockout(v.settings), targets, func() (err error) {
		outdated, err = verification.CheckPassword(ctx, e.Hasher, u, password)
		return err
	})
	if err != nil {
		return "", err
	}
	// A client that hangs up must not make its right password a failure.
	ctx = context.WithoutCancel(ctx)
	if err := v.admit(u); err != nil {
		settle := func(tx *db.Tx) error { return attempt.Succeed(ctx, tx) }
		return "", errors.Join(err, tenant.From(ctx).DB.Tx(ctx, settle))
	}
	if outdated {
		if err := verification.Strengthen(ctx, e.Hasher, tenant.From(ctx).DB, u, password); err != nil {
			return "", err
		}
	}
	record := verification.NewPassword(id, u)
	return record.RecordID(), e.change(ctx, in, func(v *visit) error {
		v.state.Records.Put(record)
		return attempt.Succeed(ctx, v.tx)
	})
}

// admit refuses a user whose password is right but no longer good enough.
func (v *visit) admit(u *user.User) error {
	if err := u.Usable(); err != nil {
		return err
	}
	if u.IsPasswordExpired || v.settings.PasswordExpiration.Expired(v.now, u.PasswordChangedAt, u.CreatedAt) {
		return ErrPasswordExpired
	}
	return nil
}

// fits refuses a password that is too long to be hashed.
func fits(password string) error {
	if len(password) > crypt.MaxPasswordBytes {
		return web.Invalid("password", "Too long")
	}
	return nil
}

func lockout(settings *signinexp.Settings) sentinel.Policy {
	return sentinel.Policy(settings.SentinelPolicy)
}

// NewPasswordIdentity checks a username and a password for a new account and
// returns the id of the record that Identify takes. It is the older of two ways
// to register: SetUsername and SetPassword are the newer.
func (e *Engine) NewPasswordIdentity(ctx context.Context, in *authorize.Interaction, id verification.Identifier, password string) (recordID string, err error) {
	entry, err := e.step(ctx, in, "Verification.NewPasswordIdentity.Submit", map[string]any{"identifier": id})
	if err != nil {
		return "", err
	}
	defer entry.log(ctx, &err)
	v, err := e.look(ctx, in)
	if err != nil {
		return "", err
	}
	entry.sees(v.state)
	if err := e.allowAddress(ctx); err != nil {
		return "", err
	}
	owner, err := verification.FindUser(ctx, v.q, id, v.caseSensitive())
	if err != nil {
		return "", err
	}
	if owner != nil && v.tellsNames() {
		return "", user.ErrUsernameTaken
	}
	hash, err := e.newHash(ctx, v.settings, password, user.UserInfo{Username: id.Value})
	if err != nil {
		return "", err
	}
	record := verification.NewIdentity(id)
	return record.RecordID(), e.change(ctx, in, func(v *visit) error {
		v.state.Records.Put(record)
		v.state.secrets.NewIdentity = hash
		return nil
	})
}

// newHash returns the hash of a new password that the policy accepts.
func (e *Engine) newHash(ctx context.Context, settings *signinexp.Settings, password string, info user.UserInfo) (string, error) {
	if err := settings.PasswordPolicy.Require(ctx, password, info, e.Pwned); err != nil {
		return "", err
	}
	if err := fits(password); err != nil {
		return "", err
	}
	return e.Hasher.Hash(ctx, password)
}
