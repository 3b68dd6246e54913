package signinapi

import (
	"context"

	"signet/internal/mfa"
	proof "signet/internal/signin/verification"
)

type verificationOut struct {
	VerificationID string `json:"verificationId"`
}

type passwordIn struct {
	Identifier proof.Identifier `json:"identifier"`
	Password   string           `json:"password" check:"min=1"`
}

func (h *Handlers) verifyPassword(ctx context.Context, in *passwordIn) (*verificationOut, error) {
	id, err := h.Engine.VerifyPassword(ctx, current(ctx), in.Identifier, in.Password)
	return &verificationOut{id}, err
}

type newIdentityIn struct {
	Identifier struct {
		Type  string `json:"type" check:"enum=username"`
		Value string `json:"value" check:"max=128,pattern=username"`
	} `json:"identifier"`
	Password string `json:"password"`
}

func (h *Handlers) newPasswordIdentity(ctx context.Context, in *newIdentityIn) (*verificationOut, error) {
	id := proof.Identifier{Type: in.Identifier.Type, Value: in.Identifier.Value}
	record, err := h.Engine.NewPasswordIdentity(ctx, current(ctx), id, in.Password)
	return &verificationOut{record}, err
}

type registrationOut struct {
	VerificationID      string              `json:"verificationId"`
	RegistrationOptions mfa.CreationOptions `json:"registrationOptions"`
}

func (h *Handlers) startRegistration(ctx context.Context, _ *none) (*registrationOut, error) {
	id, options, err := h.Engine.StartRegistration(ctx, current(ctx))
	return &registrationOut{id, options}, err
}

type finishRegistrationIn struct {
	VerificationID string                  `json:"verificationId" check:"max=128"`
	Payload        mfa.RegistrationPayload `json:"payload"`
}

func (h *Handlers) finishRegistration(ctx context.Context, in *finishRegistrationIn) (*verificationOut, error) {
	return &verificationOut{in.VerificationID}, h.Engine.FinishRegistration(ctx, current(ctx), in.VerificationID, &in.Payload)
}

type authenticationOut struct {
	VerificationID        string             `json:"verificationId"`
	AuthenticationOptions mfa.RequestOptions `json:"authenticationOptions"`
}

func (h *Handlers) startAuthentication(ctx context.Context, _ *none) (*authenticationOut, error) {
	id, options, err := h.Engine.StartAuthentication(ctx, current(ctx))
	return &authenticationOut{id, options}, err
}

type finishAuthenticationIn struct {
	VerificationID string                    `json:"verificationId" check:"max=128"`
	Payload        mfa.AuthenticationPayload `json:"payload"`
}

func (h *Handlers) finishAuthentication(ctx context.Context, in *finishAuthenticationIn) (*verificationOut, error) {
	return &verificationOut{in.VerificationID}, h.Engine.FinishAuthentication(ctx, current(ctx), in.VerificationID, &in.Payload)
}
