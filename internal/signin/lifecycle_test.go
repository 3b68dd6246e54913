package signin_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/oidc/authorize"
	"signet/internal/platform/db"
	"signet/internal/signin"
	"signet/internal/signin/verification"
)

func TestSwitchingTheEventClearsWhatWasStaged(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventRegister)
		proof := f.password("ada")
		w.ok(w.engine.SetUsername(w.ctx, f.in, "eve"))
		w.ok(w.engine.SetPassword(w.ctx, f.in, password))
		w.ok(w.engine.SwitchEvent(w.ctx, f.in, signin.EventRegister))
		if view := f.state(); view.Profile.Username == nil {
			t.Error("no change is no reason to forget")
		}
		w.ok(w.engine.SwitchEvent(w.ctx, f.in, signin.EventSignIn))
		view := f.state()
		if view.Event != signin.EventSignIn || !reflect.DeepEqual(view.Profile, signin.ProfileView{}) || len(view.Records) != 1 {
			t.Errorf("state %+v", view)
		}
		// The hash went with it: the next sign-up starts without a password.
		w.ok(w.engine.SwitchEvent(w.ctx, f.in, signin.EventRegister))
		w.ok(w.engine.SetUsername(w.ctx, f.in, "eve"))
		_, err := w.engine.Identify(w.ctx, f.in, nil)
		w.refused(err, signin.ErrMissingProfile)
		// The proof is still good.
		w.ok(w.engine.SwitchEvent(w.ctx, f.in, signin.EventSignIn))
		_, err = w.engine.Identify(w.ctx, f.in, &proof)
		w.ok(err)
	})
}

func TestForgottenPasswordStandsApart(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventForgotPassword)
		proof := f.password("ada")
		f.unchanged(func() {
			w.refused(w.engine.SwitchEvent(w.ctx, f.in, signin.EventSignIn), signin.ErrNotForForgotPassword)
			_, err := w.engine.Identify(w.ctx, f.in, &proof)
			w.refused(err, signin.ErrForgotPasswordOnly)
			w.refused(w.engine.SetUsername(w.ctx, f.in, "eve"), signin.ErrNotForForgotPassword)
			w.refused(w.engine.SetPassword(w.ctx, f.in, password), signin.ErrNotForForgotPassword)
			w.refused(w.engine.SkipMFA(w.ctx, f.in), signin.ErrNotForForgotPassword)
			_, err = f.submit()
			w.refused(err, signin.ErrNotIdentified)
		})
		signIn := w.begin(signin.EventSignIn)
		signIn.unchanged(func() {
			w.refused(w.engine.SwitchEvent(w.ctx, signIn.in, signin.EventForgotPassword), signin.ErrNotForForgotPassword)
		})
	})
}

// Switching to forgotten password through a new start does not carry the
// identified user along.
func TestStartForgetsEverything(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		w.ok(w.engine.EnableMFA(w.ctx, f.in))
		w.ok(w.engine.Start(w.ctx, f.in, signin.EventForgotPassword, nil))
		want := &signin.View{Event: signin.EventForgotPassword, Context: map[string]string{"ip": "192.0.2.1", "userAgent": "Test/1"}}
		if got := f.state(); !reflect.DeepEqual(got, want) {
			t.Errorf("state %+v", got)
		}
		token := "token"
		f.unchanged(func() { w.refused(w.engine.Start(w.ctx, f.in, signin.EventSignIn, &token), signin.ErrCaptchaFailed) })
	})
}

func TestInteractionsThatAreNotForSigningIn(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		consent := &authorize.Interaction{Kind: authorize.KindAuthorize, Prompt: authorize.PromptConsent, ClientID: "demo-app", State: []byte(`{}`)}
		w.ok(authorize.Begin(w.ctx, w.db, w.clock.Now().UnixMilli(), consent))
		f := &flow{w, consent}
		f.unchanged(func() {
			w.refused(w.engine.Start(w.ctx, consent, signin.EventSignIn, nil), authorize.ErrNotFound)
			for name, call := range calls(f) {
				w.refusedBy(name, call(), authorize.ErrNotFound)
			}
		})
		late := w.begin(signin.EventSignIn)
		w.clock.Advance(time.Hour)
		for name, call := range calls(late) {
			w.refusedBy(name, call(), authorize.ErrNotFound)
		}
		w.refused(w.engine.Start(w.ctx, late.in, signin.EventSignIn, nil), authorize.ErrNotFound)
	})
}

func TestSecretsLieSealed(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		f, other := w.begin(signin.EventRegister), w.begin(signin.EventRegister)
		for _, each := range []*flow{f, other} {
			w.ok(w.engine.SetUsername(w.ctx, each.in, "ada"))
			w.ok(w.engine.SetPassword(w.ctx, each.in, password))
		}
		row := f.row()
		if bytes.Contains(row.State, []byte("argon2")) || len(row.StateSealed) == 0 || bytes.Contains(row.StateSealed, []byte("argon2")) {
			t.Errorf("state %s, sealed %q", row.State, row.StateSealed)
		}
		view := f.state()
		if view.Profile.Username == nil {
			t.Errorf("state %+v", view)
		}
		// What one row sealed opens in no other row.
		row.StateSealed = other.row().StateSealed
		w.tx(func(tx *db.Tx) error { return authorize.SaveState(w.ctx, tx, row) })
		_, err := w.engine.Identify(w.ctx, f.in, nil)
		w.refused(err, signin.ErrNotStarted)
	})
}

// Two requests of one browser meet: neither loses the other's proof.
func TestParallelStepsKeepEachOthersProofs(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		u := w.user("ada")
		w.addKey(u)
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		var group sync.WaitGroup
		one, two := f.row(), f.row()
		var refused error
		group.Go(func() { _, _, refused = w.engine.StartAuthentication(w.ctx, one) })
		var failed error
		group.Go(func() { _, failed = w.engine.NewPasswordIdentity(w.ctx, two, named("eve"), password) })
		group.Wait()
		w.ok(refused)
		w.ok(failed)
		f.in = f.row()
		if got := f.state().Records; len(got) != 3 {
			t.Errorf("records %+v", got)
		}
	})
}

func TestTrailNamesEveryStep(t *testing.T) {
	t.Parallel()
	each(t, policy("Mandatory", webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		key := w.addKey(u)
		f := w.begin(signin.EventSignIn)
		_, err := w.engine.VerifyPassword(w.ctx, f.in, named("ada"), "wrong")
		w.refused(err, verification.ErrInvalidCredentials)
		f.identify("ada")
		_, err = f.submit()
		w.refused(err, signin.ErrMFARequired)
		_, err = f.prove(key)
		w.ok(err)
		_, err = f.submit()
		w.ok(err)
		up := w.begin(signin.EventRegister)
		w.ok(w.engine.SwitchEvent(w.ctx, up.in, signin.EventSignIn))
		w.ok(w.engine.SwitchEvent(w.ctx, up.in, signin.EventRegister))
		up.register("eve")
		eve := up.state().UserID
		id, err := up.enrol(key.Copy())
		w.ok(err)
		w.ok(w.engine.BindFactor(w.ctx, up.in, webAuthn, id))
		_, err = up.submit()
		w.ok(err)
		got := w.entries()
		want := []string{
			"Interaction.SignIn.Create",
			"Interaction.SignIn.Verification.Password.Submit " + u.ID + " session.invalid_credentials",
			"Interaction.SignIn.Verification.Password.Submit " + u.ID,
			"Interaction.SignIn.Identifier.Submit " + u.ID,
			"Interaction.SignIn.Submit " + u.ID + " session.mfa.require_mfa_verification",
			"Interaction.SignIn.Verification.WebAuthn.Create " + u.ID,
			"Interaction.SignIn.Verification.WebAuthn.Submit " + u.ID,
			"Interaction.SignIn.Submit " + u.ID,
			"Interaction.Register.Create",
			"Interaction.Register.Update",
			"Interaction.SignIn.Update",
			"Interaction.Register.Profile.Update",
			"Interaction.Register.Profile.Update",
			"Interaction.Register.Identifier.Submit " + eve,
			"Interaction.Register.Verification.WebAuthn.Create " + eve,
			"Interaction.Register.Verification.WebAuthn.Submit " + eve,
			"Interaction.Register.BindMfa.WebAuthn.Submit " + eve,
			"Interaction.Register.Submit " + eve,
		}
		slices.Sort(got) // all happened at one time, so their order is chance
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("trail\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Attack 58: neither passwords nor the interaction's own secret reach the trail
// or the events.
func TestTrailHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		f.register("ada")
		_, err := f.submit()
		w.ok(err)
		signIn := w.begin(signin.EventSignIn)
		signIn.password("ada")
		w.written()
		payloads, err := db.All[string](w.ctx, w.db, `SELECT payload FROM audit_logs WHERE tenant_id = $1`)
		w.ok(err)
		for _, e := range w.events() {
			payloads = append(payloads, string(e.Data.V))
		}
		if len(payloads) < 6 {
			t.Fatalf("only %d payloads", len(payloads))
		}
		for _, payload := range payloads {
			for _, secret := range []string{password, "argon2", f.in.UID, signIn.in.UID} {
				if strings.Contains(payload, secret) {
					t.Errorf("%q in %s", secret, payload)
				}
			}
		}
	})
}

func TestLookTellsThePages(t *testing.T) {
	t.Parallel()
	each(t, policy("Mandatory", webAuthn), func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		state, step, err := w.engine.Look(w.ctx, f.in)
		w.ok(err)
		_, refusal := f.submit()
		if state.Event != signin.EventSignIn || step.Need != signin.NeedFactor || w.data(step.Err) != w.data(refusal) {
			t.Errorf("page %+v, submit %v", step, refusal)
		}
	})
}

func TestViewShowsNoChallenge(t *testing.T) {
	t.Parallel()
	each(t, policy("Mandatory", webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		w.addKey(u)
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		_, options, err := w.engine.StartAuthentication(w.ctx, f.in)
		w.ok(err)
		raw := w.json(f.state())
		if strings.Contains(raw, options.Challenge) {
			t.Errorf("state %s", raw)
		}
		if !strings.Contains(raw, `"verified":false`) || !strings.Contains(raw, `"type":"WebAuthn"`) {
			t.Errorf("state %s", raw)
		}
	})
}
