package signin_test

import (
	"slices"
	"strconv"
	"testing"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/signin"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

func TestBindingWhatCannotBeBound(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyMandatory, signinexp.FactorTOTP), func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		w.refused(w.engine.BindFactor(w.ctx, f.in, webAuthn, "x"), signin.ErrNotIdentified)
		f.register("ada")
		id, err := f.enrol(softkey.New())
		w.ok(err)
		f.unchanged(func() {
			w.refused(w.engine.BindFactor(w.ctx, f.in, webAuthn, id), signin.ErrFactorDisabled)
			w.refused(w.engine.BindPasskey(w.ctx, f.in, id), signin.ErrFactorDisabled)
			w.refused(w.engine.BindFactor(w.ctx, f.in, signinexp.FactorTOTP, id), verification.ErrNotFound)
			w.refused(w.engine.BindFactor(w.ctx, f.in, signinexp.FactorBackupCode, id), signin.ErrFactorDisabled)
		})
	})
}

func TestPasskeyForSigningInTurnsNoSecondFactorOn(t *testing.T) {
	t.Parallel()
	passkeys := func(s *signinexp.Settings) { s.PasskeySignIn.Enabled = true }
	each(t, passkeys, func(t *testing.T, w *world) {
		u := w.user("ada")
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		_, err := f.submit()
		w.refused(err, signin.ErrPasskeyPreferred)
		synced := softkey.New()
		synced.Flags |= softkey.BE | softkey.BS
		id, err := f.enrol(synced)
		w.ok(err)
		w.ok(w.engine.BindPasskey(w.ctx, f.in, id))
		_, err = f.submit()
		w.ok(err)
		if got := w.reload(u.ID); *got.IsMFAEnabled || len(w.credentials(u.ID)) != 1 {
			t.Errorf("user %+v", got)
		}
		if got := f.login().AMR; !slices.Equal(got, []string{"pwd"}) {
			t.Errorf("a registration counts as proof: %v", got)
		}
	})
	each(t, passkeys, func(t *testing.T, w *world) {
		up := w.begin(signin.EventRegister)
		up.register("ada")
		w.ok(w.engine.SkipPasskey(w.ctx, up.in))
		_, err := up.submit()
		w.ok(err)
		// Declined at sign-up is asked once more, declined at sign-in never.
		for _, want := range []*errs.Error{signin.ErrPasskeyPreferred, nil} {
			f := w.begin(signin.EventSignIn)
			f.identify("ada")
			_, err := f.submit()
			if want == nil {
				w.ok(err)
				continue
			}
			w.refused(err, want)
			w.ok(w.engine.SkipPasskey(w.ctx, f.in))
			_, err = f.submit()
			w.ok(err)
		}
	})
}

// A sign-in adds no key beyond what a user may have, not even one that was staged
// while there was room.
func TestBinding_StopsAtTheMostKeysOfAUser(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		u, no := w.user("ada"), false
		w.update(u.ID, user.Patch{IsMFAEnabled: &no})
		fill := func(upTo int) {
			has := len(w.credentials(u.ID))
			w.tx(func(tx *db.Tx) error {
				for n := has; n < upTo; n++ {
					c := &mfa.Credential{ID: strconv.Itoa(n), UserID: u.ID, CredentialID: []byte{byte(n)}, PublicKey: []byte{1}, CreatedAt: 1}
					if err := mfa.Insert(w.ctx, tx, c); err != nil {
						return err
					}
				}
				return nil
			})
		}
		fill(mfa.MaxCredentials - 1)
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		id, err := f.enrol(softkey.New())
		w.ok(err)
		w.ok(w.engine.BindPasskey(w.ctx, f.in, id))
		f.unchanged(func() {
			_, _, err := w.engine.StartRegistration(w.ctx, f.in)
			w.refused(err, mfa.ErrTooMany)
		})
		fill(mfa.MaxCredentials)
		events := len(w.events())
		f.unchanged(func() {
			_, err := f.submit()
			w.refused(err, mfa.ErrTooMany)
		})
		if n := len(w.credentials(u.ID)); n != mfa.MaxCredentials || len(w.events()) != events || w.reload(u.ID).LastSignInAt != nil {
			t.Errorf("%d keys, events %v", n, w.events())
		}
	})
}
