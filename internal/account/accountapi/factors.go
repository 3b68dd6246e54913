package accountapi

import (
	"context"

	"signet/internal/account"
	"signet/internal/mfa"
	"signet/internal/oidc/signedin"
	"signet/internal/platform/web"
	"signet/internal/user"
)

func (a *API) factors(ctx context.Context, _ *noInput) (*[]mfa.Factor, error) {
	factors, err := a.Account.Factors(ctx, caller(ctx))
	return &factors, err
}

type bindInput struct {
	Type string `json:"type" check:"enum=WebAuthn"`
	// RegistrationID names the record that proves the new passkey.
	RegistrationID string  `json:"newIdentifierVerificationRecordId" check:"max=64"`
	Name           *string `json:"name,omitempty" check:"max=256"`
}

func (a *API) bindFactor(ctx context.Context, in *bindInput) (*web.Nothing, error) {
	_, err := a.Account.BindPasskey(ctx, caller(ctx), in.RegistrationID, in.Name)
	return nil, err
}

type factorInput struct {
	ID string `path:"verificationId" check:"max=64"`
}

type renameInput struct {
	factorInput
	Name string `json:"name" check:"max=256"`
}

func (a *API) renameFactor(ctx context.Context, in *renameInput) (*web.Nothing, error) {
	return nil, a.Account.RenamePasskey(ctx, caller(ctx), in.ID, in.Name)
}

func (a *API) removeFactor(ctx context.Context, in *factorInput) (*web.Nothing, error) {
	return nil, a.Account.RemoveFactor(ctx, caller(ctx), in.ID)
}

func (a *API) mfaSettings(ctx context.Context, _ *noInput) (*account.MFASettings, error) {
	return a.Account.MFASettings(ctx, caller(ctx))
}

func (a *API) changeMFASettings(ctx context.Context, in *account.MFASettings) (*account.MFASettings, error) {
	return a.Account.ChangeMFASettings(ctx, caller(ctx), *in)
}

func (a *API) configs(ctx context.Context, _ *noInput) (*user.Choices, error) {
	return a.Account.Configs(ctx, caller(ctx))
}

func (a *API) changeConfigs(ctx context.Context, in *user.ChoicesPatch) (*user.Choices, error) {
	return a.Account.ChangeConfigs(ctx, caller(ctx), *in)
}

type sessionsOutput struct {
	Sessions []account.Session `json:"sessions"`
}

func (a *API) sessions(ctx context.Context, _ *noInput) (*sessionsOutput, error) {
	sessions, err := a.Account.Sessions(ctx, caller(ctx))
	return &sessionsOutput{sessions}, err
}

type endSessionInput struct {
	ID     string `path:"sessionId" check:"max=64"`
	Revoke string `query:"revokeGrantsTarget" check:"enum=all|firstParty"`
}

func (a *API) endSession(ctx context.Context, in *endSessionInput) (*web.Nothing, error) {
	return nil, a.Account.EndSession(ctx, caller(ctx), in.ID, signedin.RevokeTarget(in.Revoke))
}

type grantsInput struct {
	Of string `query:"appType" check:"enum=firstParty|thirdParty"`
}

type grantsOutput struct {
	Grants []signedin.Grant `json:"grants"`
}

func (a *API) grants(ctx context.Context, in *grantsInput) (*grantsOutput, error) {
	grants, err := a.Account.Grants(ctx, caller(ctx), signedin.Parties(in.Of))
	return &grantsOutput{grants}, err
}

type grantInput struct {
	ID string `path:"grantId" check:"max=64"`
}

func (a *API) endGrant(ctx context.Context, in *grantInput) (*web.Nothing, error) {
	return nil, a.Account.EndGrant(ctx, caller(ctx), in.ID)
}
