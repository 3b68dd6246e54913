package account

import (
	"context"

	"signet/internal/accountcenter"
	"signet/internal/mfa"
	"signet/internal/platform/db"
	"signet/internal/user"
)

// Factors returns the caller's second factors, oldest first.
func (e *Engine) Factors(ctx context.Context, c *Caller) ([]mfa.Factor, error) {
	credentials, err := e.Passkeys(ctx, c)
	if err != nil {
		return nil, err
	}
	factors := make([]mfa.Factor, 0, len(credentials))
	for i := range credentials {
		factors = append(factors, credentials[i].Factor())
	}
	return factors, nil
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
	credential, err := mfa.ByID(ctx, v.db, v.user.ID, id)
	if err != nil {
		return err
	}
	if credential == nil {
		return ErrRecordNotFound
	}
	if err := v.pass([]gate{edits(accountcenter.Passkey)}); err != nil {
		return err
	}
	_, err = v.change(ctx, user.Patch{}, func(tx *db.Tx) error {
		return found(mfa.Delete(ctx, tx, v.user.ID, id))
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

// Configs is what the sign-in pages remember of the caller's choices.
type Configs struct {
	MFA           MFAConfig     `json:"mfa"`
	PasskeySignIn PasskeyConfig `json:"passkeySignIn"`
}

// MFAConfig remembers choices about second factors; Enabled is nil until the
// user was asked.
type MFAConfig struct {
	Enabled         *bool `json:"enabled,omitempty"`
	Skipped         bool  `json:"skipped"`
	SkipMFAOnSignIn bool  `json:"skipMfaOnSignIn"`
}

// PasskeyConfig remembers whether the user declined to make a passkey.
type PasskeyConfig struct {
	Skipped bool `json:"skipped"`
}

func configsOf(u *user.User) *Configs {
	return &Configs{
		MFA: MFAConfig{
			Enabled: u.IsMFAEnabled, Skipped: u.IsMFAPromptSkipped, SkipMFAOnSignIn: u.IsMFASkippedOnSignIn,
		},
		PasskeySignIn: PasskeyConfig{Skipped: u.IsPasskeyPromptSkipped},
	}
}

// ConfigsPatch changes choices; nil leaves one alone.
type ConfigsPatch struct {
	Enabled, Skipped, SkipMFAOnSignIn, SuggestionSkipped, PasskeySkipped *bool
}

// Configs returns the caller's choices.
func (e *Engine) Configs(ctx context.Context, c *Caller) (*Configs, error) {
	v, err := e.enter(ctx, c, readConfigs...)
	if err != nil {
		return nil, err
	}
	return configsOf(v.user), nil
}

// ChangeConfigs changes the caller's choices.
func (e *Engine) ChangeConfigs(ctx context.Context, c *Caller, p ConfigsPatch) (*Configs, error) {
	v, err := e.enter(ctx, c, changeConfigs...)
	if err != nil {
		return nil, err
	}
	changed, err := v.change(ctx, user.Patch{
		IsMFAEnabled: p.Enabled, IsMFAPromptSkipped: p.Skipped, IsMFASkippedOnSignIn: p.SkipMFAOnSignIn,
		IsMFASuggestionSkipped: p.SuggestionSkipped, IsPasskeyPromptSkipped: p.PasskeySkipped,
	}, nil)
	if err != nil {
		return nil, err
	}
	return configsOf(changed), nil
}
