package account

import (
	"context"
	"slices"

	"signet/internal/accountcenter"
	"signet/internal/mfa"
	"signet/internal/platform/db"
	"signet/internal/user"
)

// Factors returns the caller's second factors, oldest first.
func (e *Engine) Factors(ctx context.Context, c *Caller) ([]mfa.Factor, error) {
	v, err := e.enter(ctx, c, listFactors...)
	if err != nil {
		return nil, err
	}
	return mfa.FactorsOf(ctx, v.db, v.user.ID)
}

// Passkeys returns the caller's passkeys with all that is known of them.
func (e *Engine) Passkeys(ctx context.Context, c *Caller) ([]mfa.Credential, error) {
	v, err := e.enter(ctx, c, listFactors...)
	if err != nil {
		return nil, err
	}
	return mfa.CredentialsOf(ctx, v.db, v.user.ID)
}

// RenamePasskey names one of the caller's passkeys.
func (e *Engine) RenamePasskey(ctx context.Context, c *Caller, id, name string) error {
	v, err := e.enter(ctx, c, renamePasskey...)
	if err != nil {
		return err
	}
	_, err = v.change(ctx, user.Patch{}, func(tx *db.Tx) error {
		return found(mfa.Rename(ctx, tx, v.user.ID, id, name))
	})
	return err
}

// RemoveFactor removes one of the caller's factors, the last one too.
func (e *Engine) RemoveFactor(ctx context.Context, c *Caller, id string) error {
	v, err := e.enter(ctx, c, removeFactor...)
	if err != nil {
		return err
	}
	factors, err := mfa.FactorsOf(ctx, v.db, v.user.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(factors, func(f mfa.Factor) bool { return f.ID == id })
	if at < 0 {
		return ErrRecordNotFound
	}
	field := accountcenter.MFA
	if factors[at].Type == mfa.TypeWebAuthn {
		field = accountcenter.Passkey
	}
	if err := v.pass([]gate{edits(field)}); err != nil {
		return err
	}
	_, err = v.change(ctx, user.Patch{}, func(tx *db.Tx) error {
		return found(mfa.DeleteFactor(ctx, tx, v.user.ID, id))
	})
	return err
}

// found turns "no such row" into the error that the published API has for it.
func found(is bool, err error) error {
	if err == nil && !is {
		return ErrRecordNotFound
	}
	return err
}

// MFASettings is whether the caller is spared the second factor at sign-in,
// where the tenant leaves the choice.
type MFASettings struct {
	SkipMFAOnSignIn bool `json:"skipMfaOnSignIn"`
}

// MFASettings returns the caller's settings.
func (e *Engine) MFASettings(ctx context.Context, c *Caller) (*MFASettings, error) {
	v, err := e.enter(ctx, c, readMFASettings...)
	if err != nil {
		return nil, err
	}
	return &MFASettings{v.user.IsMFASkippedOnSignIn}, nil
}

// ChangeMFASettings replaces the caller's settings.
func (e *Engine) ChangeMFASettings(ctx context.Context, c *Caller, s MFASettings) (*MFASettings, error) {
	v, err := e.enter(ctx, c, changeMFASettings...)
	if err != nil {
		return nil, err
	}
	changed, err := v.change(ctx, user.Patch{IsMFASkippedOnSignIn: &s.SkipMFAOnSignIn}, nil)
	if err != nil {
		return nil, err
	}
	return &MFASettings{changed.IsMFASkippedOnSignIn}, nil
}

// Configs returns the caller's choices.
func (e *Engine) Configs(ctx context.Context, c *Caller) (*user.Choices, error) {
	v, err := e.enter(ctx, c, readConfigs...)
	if err != nil {
		return nil, err
	}
	return v.user.Choices(), nil
}

// ChangeConfigs changes the caller's choices.
func (e *Engine) ChangeConfigs(ctx context.Context, c *Caller, p user.ChoicesPatch) (*user.Choices, error) {
	v, err := e.enter(ctx, c, changeConfigs...)
	if err != nil {
		return nil, err
	}
	changed, err := v.change(ctx, p.Patch(), nil)
	if err != nil {
		return nil, err
	}
	return changed.Choices(), nil
}
