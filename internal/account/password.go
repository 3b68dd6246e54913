package account

import (
	"context"
	"errors"

	"signet/internal/platform/db"
	"signet/internal/sentinel"
	"signet/internal/signin/verification"
	"signet/internal/user"
)

// ChangePassword gives the caller a new password, or a first one. It lifts an
// expiry; sessions and tokens live on, but no step-up by the old password other
// than the caller's.
func (e *Engine) ChangePassword(ctx context.Context, c *Caller, password string) error {
	v, err := e.enter(ctx, c, changePassword...)
	if err != nil {
		return err
	}
	experience, err := e.Experience.Get(ctx, v.db)
	if err != nil {
		return err
	}
	if err := experience.PasswordPolicy.Require(ctx, password, v.user.Info(), e.Pwned); err != nil {
		return err
	}
	if v.user.PasswordHash != nil {
		switch _, err := verification.CheckPassword(ctx, e.Hasher, v.user, password); {
		case err == nil:
			return ErrSamePassword
		case !errors.Is(err, verification.ErrInvalidCredentials):
			return err
		}
	}
	encoded, err := e.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = v.change(ctx, user.Patch{PasswordHash: &encoded}, func(tx *db.Tx) error {
		if !c.SteppedUp {
			return nil
		}
		return renewStepUp(ctx, tx, v.now, v.user.ID, c.StepUpID)
	})
	return err
}

// VerifyPassword is a step-up by password. Failures count towards the lockout
// of the user; nothing is stored but a success.
func (e *Engine) VerifyPassword(ctx context.Context, c *Caller, password string) (*Record, error) {
	v, err := e.enter(ctx, c, prove...)
	if err != nil {
		return nil, err
	}
	var outdated bool
	err = v.guard(ctx, sentinel.Password, func() (err error) {
		outdated, err = verification.CheckPassword(ctx, e.Hasher, v.user, password)
		return err
	})
	if err != nil {
		return nil, err
	}
	if outdated {
		if err := verification.Strengthen(ctx, e.Hasher, v.db, v.user, password); err != nil {
			return nil, err
		}
	}
	return v.record(ctx, kindPassword, true, recordContent{PasswordSince: v.user.PasswordChangedAt})
}

// guard runs check under the lockout of the caller.
func (v *visit) guard(ctx context.Context, action sentinel.Action, check func() error) error {
	experience, err := v.Experience.Get(ctx, v.db)
	if err != nil {
		return err
	}
	policy := sentinel.Policy(experience.SentinelPolicy)
	return sentinel.Guard(ctx, v.db, v.Clock, policy, sentinel.ForUser(action, v.user.ID), check)
}

// record stores a record of the caller.
func (v *visit) record(ctx context.Context, kind string, verified bool, content recordContent) (*Record, error) {
	var r *Record
	err := v.db.Tx(ctx, func(tx *db.Tx) (err error) {
		r, err = addRecord(ctx, tx, v.now, v.user.ID, kind, verified, content)
		return err
	})
	return r, err
}
