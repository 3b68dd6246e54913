package accountapi

import (
	"context"
	"time"

	"signet/internal/account"
	"signet/internal/mfa"
)

type recordOutput struct {
	VerificationRecordID string `json:"verificationRecordId"`
	ExpiresAt            string `json:"expiresAt"`
}

func recordOf(r *account.Record) recordOutput {
	expires := time.UnixMilli(r.ExpiresAt).UTC().Format("2006-01-02T15:04:05.000Z")
	return recordOutput{VerificationRecordID: r.ID, ExpiresAt: expires}
}

type verifiedOutput struct {
	VerificationRecordID string `json:"verificationRecordId"`
}

func (a *API) verifyPassword(ctx context.Context, in *passwordInput) (*recordOutput, error) {
	r, err := a.Account.VerifyPassword(ctx, caller(ctx), in.Password)
	if err != nil {
		return nil, err
	}
	out := recordOf(r)
	return &out, nil
}

type registrationOutput struct {
	recordOutput
	RegistrationOptions *mfa.CreationOptions `json:"registrationOptions"`
}

func (a *API) startRegistration(ctx context.Context, _ *noInput) (*registrationOutput, error) {
	r, options, err := a.Account.StartRegistration(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	return &registrationOutput{recordOf(r), options}, nil
}

type registrationInput struct {
	VerificationRecordID string                  `json:"verificationRecordId" check:"max=64"`
	Payload              mfa.RegistrationPayload `json:"payload"`
}

func (a *API) finishRegistration(ctx context.Context, in *registrationInput) (*verifiedOutput, error) {
	_, err := a.Account.FinishRegistration(ctx, caller(ctx), in.VerificationRecordID, &in.Payload)
	if err != nil {
		return nil, err
	}
	return &verifiedOutput{in.VerificationRecordID}, nil
}

type proofOutput struct {
	recordOutput
	AuthenticationOptions *mfa.RequestOptions `json:"authenticationOptions"`
}

func (a *API) startProof(ctx context.Context, _ *noInput) (*proofOutput, error) {
	r, options, err := a.Account.StartProof(ctx, caller(ctx))
	if err != nil {
		return nil, err
	}
	return &proofOutput{recordOf(r), options}, nil
}

type proofInput struct {
	VerificationRecordID string                    `json:"verificationRecordId" check:"max=64"`
	Payload              mfa.AuthenticationPayload `json:"payload"`
}

func (a *API) finishProof(ctx context.Context, in *proofInput) (*verifiedOutput, error) {
	_, err := a.Account.FinishProof(ctx, caller(ctx), in.VerificationRecordID, &in.Payload)
	if err != nil {
		return nil, err
	}
	return &verifiedOutput{in.VerificationRecordID}, nil
}
