package signin

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"signet/internal/accountcenter"
	"signet/internal/audit"
	"signet/internal/mfa"
	"signet/internal/oidc/authorize"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

const auditWebAuthn = "Verification.WebAuthn."

// relyingParty returns who asks for credentials here.
func (v *visit) relyingParty(ctx context.Context) (mfa.RP, error) {
	account, err := accountcenter.Get(ctx, v.q)
	if err != nil {
		return mfa.RP{}, err
	}
	return mfa.RPOf(tenant.From(ctx), account.WebAuthnRelatedOrigins)
}

// ownWebAuthn returns the ceremony of that id if it was begun for the user who
// is identified now.
func (v *visit) ownWebAuthn(recordID string) (*verification.WebAuthn, error) {
	record, err := verification.Find[*verification.WebAuthn](v.state.Records, recordID)
	if err != nil {
		return nil, err
	}
	if v.state.UserID == "" || record.UserID != v.state.UserID {
		return nil, verification.ErrIdentityConflict
	}
	return record, nil
}

// StartRegistration begins to register a security key or passkey for the
// identified user; mfa.ErrTooMany if there can be no further one. The credential is
// stored by Submit, once it was bound.
func (e *Engine) StartRegistration(ctx context.Context, in *authorize.Interaction) (recordID string, options mfa.CreationOptions, err error) {
	entry, err := e.step(ctx, in, auditWebAuthn+"Create", nil)
	if err != nil {
		return "", options, err
	}
	defer entry.log(ctx, &err)
	err = e.change(ctx, in, func(v *visit) error {
		entry.sees(v.state)
		u, err := v.identified(ctx)
		if err != nil {
			return err
		}
		rp, err := v.relyingParty(ctx)
		if err != nil {
			return err
		}
		existing, err := mfa.CredentialsOf(ctx, v.q, u.ID)
		if err != nil {
			return err
		}
		var record *verification.WebAuthn
		if record, options, err = verification.StartRegistration(rp, u, append(existing, v.state.MFA.WebAuthn...)); err != nil {
			return err
		}
		v.state.Records.Put(record)
		recordID = record.RecordID()
		return nil
	})
	return recordID, options, err
}

// FinishRegistration checks the browser's answer to StartRegistration.
func (e *Engine) FinishRegistration(ctx context.Context, in *authorize.Interaction, recordID string, payload *mfa.RegistrationPayload) (err error) {
	entry, err := e.step(ctx, in, auditWebAuthn+"Submit", map[string]any{"ceremony": "registration"})
	if err != nil {
		return err
	}
	defer entry.log(ctx, &err)
	return e.change(ctx, in, func(v *visit) error {
		entry.sees(v.state)
		record, err := v.ownWebAuthn(recordID)
		if err != nil {
			return err
		}
		rp, err := v.relyingParty(ctx)
		if err != nil {
			return err
		}
		if err := record.FinishRegistration(rp, v.now, web.Info(ctx).UserAgent, payload); err != nil {
			return err
		}
		taken, err := mfa.IsRegistered(ctx, v.q, record.Registered.CredentialID)
		if err != nil {
			return err
		}
		if taken {
			return mfa.ErrFailed.Wrap(mfa.ErrRegistered)
		}
		return nil
	})
}

// StartAuthentication begins to ask the identified user for a security key or
// passkey; mfa.ErrNoCredential if the user has none.
func (e *Engine) StartAuthentication(ctx context.Context, in *authorize.Interaction) (recordID string, options mfa.RequestOptions, err error) {
	entry, err := e.step(ctx, in, auditWebAuthn+"Create", nil)
	if err != nil {
		return "", options, err
	}
	defer entry.log(ctx, &err)
	err = e.change(ctx, in, func(v *visit) error {
		entry.sees(v.state)
		u, err := v.identified(ctx)
		if err != nil {
			return err
		}
		rp, err := v.relyingParty(ctx)
		if err != nil {
			return err
		}
		credentials, err := mfa.CredentialsOf(ctx, v.q, u.ID)
		if err != nil {
			return err
		}
		if suitable := authorize.Suitable(v.state.demand.classes, credentials); len(suitable) > 0 {
			credentials = suitable
		}
		var record *verification.WebAuthn
		if record, options, err = verification.StartAuthentication(rp, u.ID, credentials); err != nil {
			return err
		}
		v.state.Records.Put(record)
		recordID = record.RecordID()
		return nil
	})
	return recordID, options, err
}

// FinishAuthentication checks the browser's answer to StartAuthentication. Its
// counter is stored at once, whether or not the sign-in is completed; one that
// did not grow is refused and reported.
func (e *Engine) FinishAuthentication(ctx context.Context, in *authorize.Interaction, recordID string, payload *mfa.AuthenticationPayload) (err error) {
	entry, err := e.step(ctx, in, auditWebAuthn+"Submit", map[string]any{"ceremony": "authentication"})
	if err != nil {
		return err
	}
	defer entry.log(ctx, &err)
	v, err := e.look(ctx, in)
	if err != nil {
		return err
	}
	entry.sees(v.state)
	if _, err := v.ownWebAuthn(recordID); err != nil {
		return err
	}
	d := tenant.From(ctx).DB
	err = sentinel.Guard(ctx, d, e.Clock, lockout(v.settings), sentinel.ForUser(sentinel.WebAuthn, v.state.UserID), func() error {
		return v.checkAssertion(ctx, in, recordID, payload)
	})
	if err == nil {
		err = e.change(ctx, in, func(v *visit) error { return v.spend(ctx, recordID, payload) })
	}
	return errors.Join(err, e.report(ctx, in, v.state.UserID, err))
}

// report tells of a counter that did not grow, the sign of a copied key; any
// other outcome is nothing to report.
func (e *Engine) report(ctx context.Context, in *authorize.Interaction, userID string, err error) error {
	var regressed *mfa.CounterError
	if !errors.As(err, &regressed) {
		return nil
	}
	audit.Log(ctx, audit.Entry{
		Key: mfa.CounterRegressed, UserID: userID, ApplicationID: in.ClientID, SessionID: in.LogID(), Err: err,
		Data: map[string]any{"factorId": regressed.CredentialID, "stored": regressed.Stored, "presented": regressed.Presented},
	})
	return mfa.ReportCounter(ctx, tenant.From(ctx).DB, e.Clock.Millis(), userID, err)
}

// checkAssertion checks the answer, and again where another request was faster: an
// answer that was sent twice is no sign of a copied key.
func (v *visit) checkAssertion(ctx context.Context, in *authorize.Interaction, recordID string, payload *mfa.AuthenticationPayload) error {
	_, err := v.assertion(ctx, recordID, payload)
	if err == nil || !v.overtaken(ctx, v.row, err) {
		return err
	}
	current, err := v.lookAt(ctx, in, true)
	if err != nil {
		return err
	}
	_, err = current.assertion(ctx, recordID, payload)
	return err
}

// assertion checks the answer against the challenge and the user's credentials.
func (v *visit) assertion(ctx context.Context, recordID string, payload *mfa.AuthenticationPayload) (*mfa.Assertion, error) {
	record, err := v.ownWebAuthn(recordID)
	if err != nil {
		return nil, err
	}
	rp, err := v.relyingParty(ctx)
	if err != nil {
		return nil, err
	}
	credentials, err := mfa.CredentialsOf(ctx, v.q, v.state.UserID)
	if err != nil {
		return nil, err
	}
	return record.CheckAuthentication(rp, credentials, payload)
}

// spend checks the assertion once more, now that nobody can come between, and
// uses it up: its challenge and its counter.
func (v *visit) spend(ctx context.Context, recordID string, payload *mfa.AuthenticationPayload) error {
	assertion, err := v.assertion(ctx, recordID, payload)
	if err != nil {
		return err
	}
	advanced, err := mfa.AdvanceCounter(ctx, v.tx, v.now, assertion)
	if err != nil {
		return err
	}
	if !advanced {
		return mfa.ErrFailed.Wrap(assertion.Overtaken())
	}
	record, err := v.ownWebAuthn(recordID)
	if err != nil {
		return err
	}
	record.Proved(assertion)
	return nil
}

// BindFactor stages a new factor from a verified registration and, with it, the
// wish to use a second factor.
func (e *Engine) BindFactor(ctx context.Context, in *authorize.Interaction, factor signinexp.Factor, recordID string) (err error) {
	entry, err := e.step(ctx, in, "BindMfa."+string(factor)+".Submit", nil)
	if err != nil {
		return err
	}
	defer entry.log(ctx, &err)
	return e.change(ctx, in, func(v *visit) error {
		entry.sees(v.state)
		if err := v.bind(ctx, factor, recordID); err != nil {
			return err
		}
		v.state.MFA.Enabled = true
		return nil
	})
}

// BindPasskey stages a new passkey for signing in, without the wish to be asked
// for a second factor.
func (e *Engine) BindPasskey(ctx context.Context, in *authorize.Interaction, recordID string) (err error) {
	entry, err := e.step(ctx, in, "SignInPasskey.Submit", nil)
	if err != nil {
		return err
	}
	defer entry.log(ctx, &err)
	return e.change(ctx, in, func(v *visit) error {
		entry.sees(v.state)
		return v.bind(ctx, signinexp.FactorWebAuthn, recordID)
	})
}

func (v *visit) bind(ctx context.Context, factor signinexp.Factor, recordID string) error {
	if err := v.mayStage(ctx); err != nil {
		return err
	}
	if v.state.UserID == "" {
		return ErrNotIdentified
	}
	if !canBind(v.settings, factor) {
		return ErrFactorDisabled
	}
	if factor != signinexp.FactorWebAuthn {
		return verification.ErrNotFound
	}
	record, err := v.ownWebAuthn(recordID)
	if err != nil {
		return err
	}
	credential, err := record.TakeRegistered()
	if err != nil {
		return err
	}
	twice := slices.ContainsFunc(v.state.MFA.WebAuthn, func(c mfa.Credential) bool {
		return bytes.Equal(c.CredentialID, credential.CredentialID)
	})
	if !twice {
		v.state.MFA.WebAuthn = append(v.state.MFA.WebAuthn, *credential)
	}
	return nil
}

// EnableMFA stages the wish to use a second factor.
func (e *Engine) EnableMFA(ctx context.Context, in *authorize.Interaction) error {
	return e.change(ctx, in, func(v *visit) error {
		v.state.MFA.Enabled = true
		return v.mayStage(ctx)
	})
}

// SkipMFA stages that the person declined a second factor; ErrMFAMandatory where
// that is not the person's choice.
func (e *Engine) SkipMFA(ctx context.Context, in *authorize.Interaction) error {
	return e.change(ctx, in, func(v *visit) error {
		if err := v.mayStage(ctx); err != nil {
			return err
		}
		p, err := v.person(ctx)
		if err != nil {
			return err
		}
		if p == nil {
			p = &Person{}
		}
		if !(next{v.state, v.settings, p}).optional() {
			return ErrMFAMandatory
		}
		v.state.MFA.Skipped = true
		return nil
	})
}

// SkipFurtherFactor stages that the person declined one more factor.
func (e *Engine) SkipFurtherFactor(ctx context.Context, in *authorize.Interaction) error {
	return e.change(ctx, in, func(v *visit) error {
		v.state.MFA.SuggestionSkipped = true
		return v.mayStage(ctx)
	})
}

// SkipPasskey stages that the person declined a passkey for signing in.
func (e *Engine) SkipPasskey(ctx context.Context, in *authorize.Interaction) error {
	return e.change(ctx, in, func(v *visit) error {
		v.state.MFA.PasskeySkipped = true
		return v.mayStage(ctx)
	})
}
