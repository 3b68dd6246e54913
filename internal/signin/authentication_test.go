package signin_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/db"
	"signet/internal/sentinel"
	"signet/internal/signin"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
)

// Attack 30: an answer is good once, for its own challenge, interaction and user.
func TestAuthentication_AnswersAreGoodOnce(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		ada, eve := w.user("ada"), w.user("eve")
		key, other := w.addKey(ada), w.addKey(eve)
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		id, options, err := w.engine.StartAuthentication(w.ctx, f.in)
		w.ok(err)
		answer := convert[mfa.AuthenticationPayload](w, key.Get(origin, options))
		foreign := convert[mfa.AuthenticationPayload](w, other.Sign(origin, options))
		f.unchanged(func() {
			w.refused(w.engine.FinishAuthentication(w.ctx, f.in, id, foreign), mfa.ErrFailed)
			w.refused(w.engine.FinishAuthentication(w.ctx, f.in, "unknown", answer), verification.ErrNotFound)
			w.refused(w.engine.FinishRegistration(w.ctx, f.in, id, &mfa.RegistrationPayload{}), mfa.ErrNoPending)
		})
		// Another interaction of the same user.
		second := w.begin(signin.EventSignIn)
		second.identify("ada")
		secondID, _, err := w.engine.StartAuthentication(w.ctx, second.in)
		w.ok(err)
		w.refused(w.engine.FinishAuthentication(w.ctx, second.in, id, answer), verification.ErrNotFound)
		w.refused(w.engine.FinishAuthentication(w.ctx, second.in, secondID, answer), mfa.ErrFailed)
		// A new challenge replaces the old.
		w.ok(w.engine.FinishAuthentication(w.ctx, f.in, id, answer))
		w.refused(w.engine.FinishAuthentication(w.ctx, f.in, id, answer), mfa.ErrNoPending)
		_, err = f.submit()
		w.ok(err)
	})
}

// A record that was begun for one user is of no use to another who takes over
// the interaction.
func TestAuthentication_RecordOfAnotherUser(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		ada := w.user("ada")
		key := w.addKey(ada)
		w.user("eve")
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		id, options, err := w.engine.StartAuthentication(w.ctx, f.in)
		w.ok(err)
		proof := f.password("eve")
		_, err = w.engine.Identify(w.ctx, f.in, &proof)
		w.refused(err, signin.ErrOtherUser)
		// Starting over forgets everything of ada, also her challenge.
		w.ok(w.engine.Start(w.ctx, f.in, signin.EventSignIn, nil))
		if view := f.state(); view.UserID != "" || len(view.Records) != 0 {
			t.Fatalf("something of ada is left: %+v", view)
		}
		f.identify("eve")
		answer := convert[mfa.AuthenticationPayload](w, key.Get(origin, options))
		w.refused(w.engine.FinishAuthentication(w.ctx, f.in, id, answer), verification.ErrNotFound)
	})
}

// A counter that does not grow is refused and reported: the key was copied.
func TestCopiedKeyIsRefusedAndReported(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		key := w.addKey(u)
		thief := key.Copy()
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		_, err := f.prove(key)
		w.ok(err)
		stolen := w.begin(signin.EventSignIn)
		stolen.identify("ada")
		_, err = stolen.prove(thief)
		w.refused(err, mfa.ErrFailed)
		if !w.hasEvent(mfa.CounterRegressed) {
			t.Errorf("events %+v", w.events())
		}
		_, err = stolen.submit()
		w.refused(err, signin.ErrMFARequired)
		if got := w.credentials(u.ID)[0].SignCount; got != 2 {
			t.Errorf("counter %d", got)
		}
		entries := w.entries()
		if !slices.Contains(entries, mfa.CounterRegressed+" "+u.ID+" "+mfa.ErrFailed.Code) {
			t.Errorf("trail %v", entries)
		}
	})
}

func TestTwoUsesOfACopiedKeyCannotRace(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		key := w.addKey(u)
		type attempt struct {
			f      *flow
			id     string
			answer *mfa.AuthenticationPayload
		}
		var attempts []attempt
		for range 6 {
			f := w.begin(signin.EventSignIn)
			f.identify("ada")
			id, options, err := w.engine.StartAuthentication(w.ctx, f.in)
			w.ok(err)
			attempts = append(attempts, attempt{f, id, convert[mfa.AuthenticationPayload](w, key.Copy().Get(origin, options))})
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		passed := 0
		for _, a := range attempts {
			group.Go(func() {
				if w.engine.FinishAuthentication(w.ctx, a.f.in, a.id, a.answer) == nil {
					mu.Lock()
					passed++
					mu.Unlock()
				}
			})
		}
		group.Wait()
		if passed != 1 {
			t.Errorf("%d of 6 copies passed", passed)
		}
	})
}

func TestWrongKeysLockOutTheFactorOnly(t *testing.T) {
	t.Parallel()
	few := func(s *signinexp.Settings) {
		policy(signinexp.PolicyNoPrompt, webAuthn)(s)
		attempts := 3
		s.SentinelPolicy.MaxAttempts = &attempts
	}
	each(t, few, func(t *testing.T, w *world) {
		u := w.user("ada")
		key := w.addKey(u)
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		spoil := func(c *softkey.Ceremony) {
			c.Signature = func(raw []byte) []byte { raw[len(raw)-1] ^= 1; return raw }
		}
		for range 2 {
			_, err := f.prove(key, spoil)
			w.refused(err, mfa.ErrFailed)
		}
		_, err := f.prove(key, spoil)
		w.refused(err, sentinel.ErrBlocked)
		_, err = f.prove(key)
		w.refused(err, sentinel.ErrBlocked)
		_, err = f.submit()
		w.refused(err, signin.ErrMFARequired)
		w.begin(signin.EventSignIn).identify("ada")
		w.clock.Advance(time.Hour + time.Second)
		later := w.begin(signin.EventSignIn)
		later.identify("ada")
		_, err = later.prove(key)
		w.ok(err)
	})
}

// TestAuthentication_EndsWithItsKey (attack 39): who removes a lost key shuts out
// whoever holds it, also in the middle of a sign-in.
func TestAuthentication_EndsWithItsKey(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		lost, kept := w.addKey(u), w.addKey(u)
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		_, err := f.prove(lost)
		w.ok(err)
		for _, c := range w.credentials(u.ID) {
			if c.LastUsedAt != nil {
				w.tx(func(tx *db.Tx) error { _, err := mfa.DeleteFactor(w.ctx, tx, u.ID, c.ID); return err })
			}
		}
		f.unchanged(func() {
			_, err = f.submit()
			w.refused(err, signin.ErrMFARequired)
		})
		_, err = f.prove(kept)
		w.ok(err)
		_, err = f.submit()
		w.ok(err)
	})
}

// TestAuthentication_ByTheOnlyKeyEndsWithIt: without a factor nothing is demanded,
// but the login does not tell of a key that is gone.
func TestAuthentication_ByTheOnlyKeyEndsWithIt(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		key := w.addKey(u)
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		_, err := f.prove(key)
		w.ok(err)
		w.tx(func(tx *db.Tx) error { _, err := mfa.DeleteAll(w.ctx, tx, u.ID); return err })
		_, err = f.submit()
		w.ok(err)
		if got := f.login().AMR; !slices.Equal(got, []string{"pwd"}) {
			t.Errorf("amr %v", got)
		}
	})
}
