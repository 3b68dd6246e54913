package account

import (
	"context"
	"errors"

	"signet/internal/audit"
	"signet/internal/mfa"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// maxAgent is the length to which a User-Agent is cut before it is stored.
const maxAgent = 512

// relyingParty returns who asks for passkeys at this request.
func (v *visit) relyingParty(ctx context.Context) (mfa.RP, error) {
	return mfa.RPOf(tenant.From(ctx), v.settings.WebAuthnRelatedOrigins)
}

// StartRegistration begins to register a passkey for the caller; mfa.ErrTooMany if
// there can be no further one.
func (e *Engine) StartRegistration(ctx context.Context, c *Caller) (*Record, *mfa.CreationOptions, error) {
	v, err := e.enter(ctx, c, prove...)
	if err != nil {
		return nil, nil, err
	}
	rp, err := v.relyingParty(ctx)
	if err != nil {
		return nil, nil, err
	}
	existing, err := mfa.CredentialsOf(ctx, v.db, v.user.ID)
	if err != nil {
		return nil, nil, err
	}
	options, challenge, err := mfa.RegistrationOptions(rp, mfa.OwnerOf(v.user), existing)
	if err != nil {
		return nil, nil, err
	}
	r, err := v.record(ctx, kindRegistration, false, recordContent{Challenge: &challenge})
	return r, &options, err
}

// FinishRegistration checks a browser's answer. The passkey belongs to nobody
// until BindPasskey; it is returned so that a name can be suggested.
func (e *Engine) FinishRegistration(ctx context.Context, c *Caller, id string, payload *mfa.RegistrationPayload) (*mfa.Credential, error) {
	v, err := e.enter(ctx, c, prove...)
	if err != nil {
		return nil, err
	}
	rp, err := v.relyingParty(ctx)
	if err != nil {
		return nil, err
	}
	r, err := liveRecord(ctx, v.db, v.now, v.user.ID, kindRegistration, id)
	if err != nil {
		return nil, err
	}
	if r.Data.V.Challenge == nil {
		return nil, mfa.ErrNoPending
	}
	credential, err := mfa.VerifyRegistration(rp, *r.Data.V.Challenge, v.now, payload)
	if err != nil {
		return nil, err
	}
	if agent := web.Info(ctx).UserAgent; agent != "" {
		agent = agent[:min(len(agent), maxAgent)]
		credential.UserAgent = &agent
	}
	err = v.db.Tx(ctx, func(tx *db.Tx) error {
		taken, err := mfa.IsRegistered(ctx, tx, credential.CredentialID)
		if err != nil {
			return err
		}
		if taken {
			return mfa.ErrRegistered
		}
		return settleRecord(ctx, tx, v.now, r, recordContent{Credential: credential})
	})
	return credential, err
}

// BindPasskey makes the passkey of a proved registration a factor of the
// caller and spends the registration; mfa.ErrTooMany if there can be no further one.
func (e *Engine) BindPasskey(ctx context.Context, c *Caller, registrationID string, name *string) (*mfa.Credential, error) {
	v, err := e.enter(ctx, c, bindPasskey...)
	if err != nil {
		return nil, err
	}
	experience, err := e.Experience.Get(ctx, v.db)
	if err != nil {
		return nil, err
	}
	asFactor := experience.MFA.Has(signinexp.FactorWebAuthn)
	if !asFactor && !experience.PasskeySignIn.Enabled {
		return nil, ErrFactorDisabled
	}
	patch := user.Patch{}
	if asFactor {
		patch.IsMFAEnabled = &asFactor
	}
	var credential *mfa.Credential
	_, err = v.change(ctx, patch, func(tx *db.Tx) error {
		var err error
		if credential, err = spendRegistration(ctx, tx, v.now, v.user.ID, registrationID); err != nil {
			return err
		}
		credential.Name, credential.CreatedAt = name, v.now
		return mfa.Insert(ctx, tx, credential)
	})
	return credential, err
}

// StartProof begins a step-up by one of the caller's passkeys.
func (e *Engine) StartProof(ctx context.Context, c *Caller) (*Record, *mfa.RequestOptions, error) {
	v, err := e.enter(ctx, c, prove...)
	if err != nil {
		return nil, nil, err
	}
	rp, err := v.relyingParty(ctx)
	if err != nil {
		return nil, nil, err
	}
	credentials, err := mfa.CredentialsOf(ctx, v.db, v.user.ID)
	if err != nil {
		return nil, nil, err
	}
	options, challenge, err := mfa.AuthenticationOptions(rp, v.user.ID, credentials)
	if err != nil {
		return nil, nil, err
	}
	r, err := v.record(ctx, kindPasskey, false, recordContent{Challenge: &challenge})
	return r, &options, err
}

// FinishProof checks a browser's answer; the record then is a step-up. Failures
// count towards the passkey lockout of the user.
func (e *Engine) FinishProof(ctx context.Context, c *Caller, id string, payload *mfa.AuthenticationPayload) (*Record, error) {
	v, err := e.enter(ctx, c, prove...)
	if err != nil {
		return nil, err
	}
	rp, err := v.relyingParty(ctx)
	if err != nil {
		return nil, err
	}
	r, err := liveRecord(ctx, v.db, v.now, v.user.ID, kindPasskey, id)
	if err != nil {
		return nil, err
	}
	if r.Data.V.Challenge == nil {
		return nil, mfa.ErrNoPending
	}
	credentials, err := mfa.CredentialsOf(ctx, v.db, v.user.ID)
	if err != nil {
		return nil, err
	}
	var assertion *mfa.Assertion
	err = v.guard(ctx, sentinel.WebAuthn, func() (err error) {
		assertion, err = mfa.VerifyAuthentication(rp, *r.Data.V.Challenge, credentials, payload)
		return err
	})
	if err == nil {
		err = v.use(ctx, r, assertion)
	}
	if err != nil {
		return nil, v.report(ctx, id, err)
	}
	return r, nil
}

// use stores the new counter and settles the record, both or neither.
func (v *visit) use(ctx context.Context, r *Record, a *mfa.Assertion) error {
	return v.db.Tx(ctx, func(tx *db.Tx) error {
		advanced, err := mfa.AdvanceCounter(ctx, tx, v.now, a)
		if err != nil {
			return err
		}
		if !advanced {
			return mfa.ErrFailed.Wrap(a.Overtaken())
		}
		return settleRecord(ctx, tx, v.now, r, recordContent{PasskeyID: a.Credential.ID})
	})
}

// report tells of a counter that did not grow, and returns what to answer. An
// answer that was sent twice has spent the record, and is no sign of a copied key.
func (v *visit) report(ctx context.Context, recordID string, err error) error {
	var counter *mfa.CounterError
	if !errors.As(err, &counter) {
		return err
	}
	r, lost := liveRecord(ctx, v.db, v.now, v.user.ID, kindPasskey, recordID)
	if lost != nil {
		return lost
	}
	if r.Data.V.Challenge == nil {
		return mfa.ErrNoPending
	}
	audit.Log(ctx, audit.Entry{
		Key: mfa.CounterRegressed, UserID: v.user.ID, ApplicationID: v.caller.ClientID, SessionID: v.caller.SessionUID, Err: err,
		Data: map[string]any{"factorId": counter.CredentialID, "stored": counter.Stored, "presented": counter.Presented},
	})
	return errors.Join(err, mfa.ReportCounter(ctx, v.db, v.now, v.user.ID, err))
}

// PendingPasskey returns the passkey of a proved registration that is not bound
// yet, so that a name can be suggested for it.
func (e *Engine) PendingPasskey(ctx context.Context, c *Caller, id string) (*mfa.Credential, error) {
	v, err := e.enter(ctx, c, prove...)
	if err != nil {
		return nil, err
	}
	r, err := liveRecord(ctx, v.db, v.now, v.user.ID, kindRegistration, id)
	if err != nil {
		return nil, err
	}
	if r.VerifiedAt == nil || r.Data.V.Credential == nil {
		return nil, ErrRecordNotFound
	}
	return r.Data.V.Credential, nil
}
