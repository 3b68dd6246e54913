package signin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/signin"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

const webAuthn = signinexp.FactorWebAuthn

func policy(p signinexp.MFAPolicy, factors ...signinexp.Factor) func(*signinexp.Settings) {
	return func(s *signinexp.Settings) { s.MFA = signinexp.MFA{Policy: p, Factors: factors} }
}

func (w *world) credentials(userID string) []mfa.Credential {
	w.t.Helper()
	list, err := mfa.CredentialsOf(w.ctx, w.db, userID)
	w.ok(err)
	return list
}

func TestSignInWithSecurityKey(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		key := w.addKey(u)
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		f.unchanged(func() {
			_, err := f.submit()
			w.refused(err, signin.ErrMFARequired)
			if got := w.data(err); got != `{"availableFactors":["WebAuthn"],"maskedIdentifiers":{}}` {
				t.Errorf("data %s", got)
			}
		})
		if w.reload(u.ID).LastSignInAt != nil {
			t.Fatal("signed in without the key")
		}
		w.clock.Advance(time.Minute)
		id, err := f.prove(key)
		w.ok(err)
		stored := w.credentials(u.ID)[0]
		if stored.SignCount != 2 || stored.LastUsedAt == nil || *stored.LastUsedAt != w.clock.Now().UnixMilli() {
			t.Errorf("credential %+v", stored)
		}
		if records := f.state().Records; len(records) != 2 {
			t.Errorf("records %+v of %s", records, id)
		}
		_, err = f.submit()
		w.ok(err)
		if got := f.login().AMR; !slices.Equal(got, []string{"pwd", "hwk", "mfa"}) {
			t.Errorf("amr %v", got)
		}
	})
}

func TestFreshUserBindsASecurityKey(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyMandatory, webAuthn), func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		f.register("ada")
		_, err := f.submit()
		w.refused(err, signin.ErrMissingMFA)
		if got := w.data(err); got != `{"availableFactors":["WebAuthn"]}` {
			t.Errorf("data %s", got)
		}
		w.refused(w.engine.SkipMFA(w.ctx, f.in), signin.ErrMFAMandatory)
		key := softkey.New()
		id, err := f.enrol(key)
		w.ok(err)
		// Verified is not bound, and bound is not stored.
		_, err = f.submit()
		w.refused(err, signin.ErrMissingMFA)
		w.ok(w.engine.BindFactor(w.ctx, f.in, webAuthn, id))
		userID := f.state().UserID
		if len(w.credentials(userID)) != 0 {
			t.Fatal("stored before submit")
		}
		// A registration is spent once.
		w.refused(w.engine.BindFactor(w.ctx, f.in, webAuthn, id), verification.ErrNotVerified)
		if view := f.state(); len(view.MFA.WebAuthn) != 1 || view.MFA.WebAuthn[0].Agent != "Test/1" || view.MFA.WebAuthn[0].RPID != "localhost" {
			t.Errorf("staged %+v", view.MFA)
		}
		_, err = f.submit()
		w.ok(err)
		stored := w.credentials(userID)
		u := w.reload(userID)
		if len(stored) != 1 || *stored[0].UserAgent != "Test/1" || stored[0].Name != nil || !*u.IsMFAEnabled {
			t.Errorf("credentials %+v, user %+v", stored, u)
		}
		if !w.hasEvent("User.Data.Updated") {
			t.Error("nobody was told")
		}
		again := w.begin(signin.EventSignIn)
		again.identify("ada")
		_, err = again.submit()
		w.refused(err, signin.ErrMFARequired)
		_, err = again.prove(key)
		w.ok(err)
		_, err = again.submit()
		w.ok(err)
	})
}

// Attack 31: nothing but the second factor gets past the demand for it.
func TestSecondFactor_NoPathAvoidsIt(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyPromptAlways, webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		w.addKey(u)
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		f.unchanged(func() {
			w.refused(w.engine.SkipMFA(w.ctx, f.in), signin.ErrMFARequired)
			w.refused(w.engine.EnableMFA(w.ctx, f.in), signin.ErrMFARequired)
			w.refused(w.engine.SkipFurtherFactor(w.ctx, f.in), signin.ErrMFARequired)
			w.refused(w.engine.SkipPasskey(w.ctx, f.in), signin.ErrMFARequired)
			w.refused(w.engine.SetUsername(w.ctx, f.in, "eve"), signin.ErrMFARequired)
			w.refused(w.engine.SetPassword(w.ctx, f.in, password), signin.ErrMFARequired)
			w.refused(w.engine.AddExtraProfile(w.ctx, f.in, map[string]any{"name": "Eve"}), signin.ErrMFARequired)
		})
		// A key of the attacker's own is no proof and cannot be bound.
		id, err := f.enrol(softkey.New())
		w.ok(err)
		w.refused(w.engine.BindFactor(w.ctx, f.in, webAuthn, id), signin.ErrMFARequired)
		w.refused(w.engine.BindPasskey(w.ctx, f.in, id), signin.ErrMFARequired)
		_, err = f.submit()
		w.refused(err, signin.ErrMFARequired)
		// Nor does signing up help, whose rules ask for no proof.
		w.ok(w.engine.SwitchEvent(w.ctx, f.in, signin.EventRegister))
		_, err = f.submit()
		w.refused(err, signin.ErrMFARequired)
		w.refused(w.engine.BindFactor(w.ctx, f.in, webAuthn, id), signin.ErrMFARequired)
		_, err = w.engine.Identify(w.ctx, f.in, nil)
		w.refused(err, signin.ErrOtherUser)
		w.refused(w.engine.SetUsername(w.ctx, f.in, "eve"), signin.ErrMFARequired)
		if len(w.credentials(u.ID)) != 1 || w.users() != 1 || w.reload(u.ID).LastSignInAt != nil {
			t.Error("something was written")
		}
	})
}

// Attack 32: steps in any other order lead nowhere.
func TestSubmit_StepsCannotBeLeftOut(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		u := w.user("ada")
		f := w.open()
		for name, call := range calls(f) {
			w.refusedBy(name, call(), signin.ErrNotStarted)
		}
		f = w.begin(signin.EventSignIn)
		_, err := f.submit()
		w.refused(err, signin.ErrNotIdentified)
		f.password("ada")
		_, err = f.submit()
		w.refused(err, signin.ErrNotIdentified)
		_, err = w.engine.Identify(w.ctx, f.in, nil)
		w.refused(err, errs.New(400, "guard.invalid_input"))
		empty := ""
		_, err = w.engine.Identify(w.ctx, f.in, &empty)
		w.refused(err, verification.ErrNotFound)
		if w.reload(u.ID).LastSignInAt != nil {
			t.Error("signed in")
		}
	})
}

// calls are all steps but the first, with harmless arguments.
func calls(f *flow) map[string]func() error {
	e, id := f.engine, "000000000000000000000"
	return map[string]func() error{
		"look":     func() error { _, _, err := e.Look(f.ctx, f.in); return err },
		"view":     func() error { _, err := e.View(f.ctx, f.in); return err },
		"switch":   func() error { return e.SwitchEvent(f.ctx, f.in, signin.EventRegister) },
		"password": func() error { _, err := e.VerifyPassword(f.ctx, f.in, named("ada"), password); return err },
		"new identity": func() error {
			_, err := e.NewPasswordIdentity(f.ctx, f.in, named("eve"), password)
			return err
		},
		"identify":      func() error { _, err := e.Identify(f.ctx, f.in, &id); return err },
		"set username":  func() error { return e.SetUsername(f.ctx, f.in, "eve") },
		"set password":  func() error { return e.SetPassword(f.ctx, f.in, password) },
		"extra profile": func() error { return e.AddExtraProfile(f.ctx, f.in, map[string]any{"name": "x"}) },
		"registration":  func() error { _, _, err := e.StartRegistration(f.ctx, f.in); return err },
		"registered":    func() error { return e.FinishRegistration(f.ctx, f.in, id, &mfa.RegistrationPayload{}) },
		"authentication": func() error {
			_, _, err := e.StartAuthentication(f.ctx, f.in)
			return err
		},
		"authenticated": func() error { return e.FinishAuthentication(f.ctx, f.in, id, &mfa.AuthenticationPayload{}) },
		"bind":          func() error { return e.BindFactor(f.ctx, f.in, webAuthn, id) },
		"bind passkey":  func() error { return e.BindPasskey(f.ctx, f.in, id) },
		"enable":        func() error { return e.EnableMFA(f.ctx, f.in) },
		"skip":          func() error { return e.SkipMFA(f.ctx, f.in) },
		"skip further":  func() error { return e.SkipFurtherFactor(f.ctx, f.in) },
		"skip passkey":  func() error { return e.SkipPasskey(f.ctx, f.in) },
		"submit":        func() error { _, err := f.submit(); return err },
	}
}

func (w *world) refusedBy(name string, err error, want *errs.Error) {
	w.t.Helper()
	if e, ok := errs.As(err); !ok || e.Code != want.Code || e.Status != want.Status {
		w.t.Errorf("%s: got %v, want %s", name, err, want.Code)
	}
}

func TestKeyCeremoniesNeedAnIdentifiedUser(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventSignIn)
		f.unchanged(func() {
			_, _, err := w.engine.StartRegistration(w.ctx, f.in)
			w.refused(err, signin.ErrNotIdentified)
			_, _, err = w.engine.StartAuthentication(w.ctx, f.in)
			w.refused(err, signin.ErrNotIdentified)
		})
		f.identify("ada")
		f.unchanged(func() {
			_, _, err := w.engine.StartAuthentication(w.ctx, f.in)
			w.refused(err, mfa.ErrNoCredential)
		})
	})
}

// Attack 47: what a browser was asked to do is checked on the server.
func TestRegistration_PolicyIsCheckedOnTheServer(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyMandatory, webAuthn), func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		f.register("ada")
		noPIN, untouched := softkey.New(), softkey.New()
		noPIN.Flags, untouched.Flags = softkey.UP, softkey.UV
		otherParty := func(c *softkey.Ceremony) { c.RPID = "evil.example" }
		elsewhere := func(c *softkey.Ceremony) { c.ClientData["origin"] = "https://evil.example" }
		for name, answer := range map[string]func() (string, error){
			"no user verification": func() (string, error) { return f.enrol(noPIN) },
			"no user presence":     func() (string, error) { return f.enrol(untouched) },
			"another party":        func() (string, error) { return f.enrol(softkey.New(), otherParty) },
			"another origin":       func() (string, error) { return f.enrol(softkey.New(), elsewhere) },
		} {
			id, err := answer()
			w.refusedBy(name, err, mfa.ErrFailed)
			w.refusedBy(name, w.engine.BindFactor(w.ctx, f.in, webAuthn, id), verification.ErrNotVerified)
		}
		_, err := f.submit()
		w.refused(err, signin.ErrMissingMFA)
	})
}

func TestKeyOfAnotherAccountCannotBeRegistered(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyMandatory, webAuthn), func(t *testing.T, w *world) {
		ada := w.user("ada")
		key := w.addKey(ada)
		taken := w.credentials(ada.ID)[0]
		f := w.begin(signin.EventRegister)
		f.register("eve")
		again := func(c *softkey.Ceremony) { c.CredentialID = taken.CredentialID }
		id, err := f.enrol(key, again)
		w.refused(err, mfa.ErrFailed)
		w.refused(w.engine.BindFactor(w.ctx, f.in, webAuthn, id), verification.ErrNotVerified)
		// Taken between registration and submit.
		fresh := softkey.New()
		id, err = f.enrol(fresh)
		w.ok(err)
		w.ok(w.engine.BindFactor(w.ctx, f.in, webAuthn, id))
		w.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(w.ctx, `UPDATE webauthn_credentials SET credential_id = $2 WHERE tenant_id = $1`,
				decodeID(t, f.state().MFA.WebAuthn[0].CredentialID))
			return err
		})
		_, err = f.submit()
		w.refused(err, mfa.ErrRegistered)
		if len(w.credentials(f.state().UserID)) != 0 || w.hasEvent("PostRegister") {
			t.Error("half of the submission was written")
		}
	})
}

func TestDecliningASecondFactorIsRemembered(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyPromptAlways, webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		_, err := f.submit()
		w.refused(err, signin.ErrSuggestMFA)
		w.ok(w.engine.EnableMFA(w.ctx, f.in))
		_, err = f.submit()
		w.refused(err, signin.ErrMissingMFA)
		if got := w.data(err); got != `{"availableFactors":["WebAuthn"],"skippable":true}` {
			t.Errorf("data %s", got)
		}
		w.ok(w.engine.SkipMFA(w.ctx, f.in))
		if w.reload(u.ID).IsMFAPromptSkipped {
			t.Fatal("written before submit")
		}
		_, err = f.submit()
		w.ok(err)
		again := w.begin(signin.EventSignIn)
		again.identify("ada")
		_, err = again.submit()
		w.ok(err)
		if got := w.reload(u.ID); !got.IsMFAPromptSkipped || w.hasEvent("User.Data.Updated") {
			t.Errorf("user %+v", got)
		}
	})
}

func TestSyncedPasskeyIsNamedSoInTheMethods(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyMandatory, webAuthn), func(t *testing.T, w *world) {
		synced := softkey.New()
		synced.Flags |= softkey.BE | softkey.BS
		f := w.begin(signin.EventRegister)
		f.register("ada")
		id, err := f.enrol(synced)
		w.ok(err)
		w.ok(w.engine.BindFactor(w.ctx, f.in, webAuthn, id))
		_, err = f.submit()
		w.ok(err)
		again := w.begin(signin.EventSignIn)
		again.identify("ada")
		_, err = again.prove(synced)
		w.ok(err)
		_, err = again.submit()
		w.ok(err)
		if got := strings.Join(again.login().AMR, " "); got != "pwd swk mfa" {
			t.Errorf("amr %s", got)
		}
	})
}

func TestUsersOfOlderTimesWhoHoldAKeyCountAsWantingIt(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyPromptAlways, webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada", func(n *user.New) { n.IsMFAEnabled = nil })
		key := w.addKey(u)
		if _, err := w.db.Exec(w.ctx, `UPDATE users SET is_mfa_enabled = NULL WHERE tenant_id = $1 AND id = $2`, u.ID); err != nil {
			t.Fatal(err)
		}
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		_, err := f.prove(key)
		w.ok(err)
		_, err = f.submit()
		w.ok(err)
		if got := w.reload(u.ID).IsMFAEnabled; got == nil || !*got {
			t.Error("not enabled")
		}
	})
}
