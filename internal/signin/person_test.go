package signin_test

import (
	"errors"
	"sync"
	"testing"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/signin"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

// addTOTP gives a user an authenticator application and, with it, backup codes.
func (w *world) addTOTP(u *user.User) {
	w.t.Helper()
	now := w.clock.Now().UnixMilli()
	w.tx(func(tx *db.Tx) error {
		err := mfa.AddTOTP(w.ctx, tx, now, w.engine.Keyring, u.ID, mfa.NewTOTPSecret())
		return errors.Join(err, mfa.AddBackupCodes(w.ctx, tx, now, w.engine.Keyring, u.ID, mfa.NewBackupCodes()))
	})
}

// What nothing here can verify yet is demanded all the same: a password alone
// must not do, nor add a key of somebody who only knows it.
func TestSecondFactor_OfEveryKindIsDemanded(t *testing.T) {
	t.Parallel()
	for _, rule := range []signinexp.MFAPolicy{signinexp.PolicyNoPrompt, signinexp.PolicyMandatory} {
		t.Run(string(rule), func(t *testing.T) {
			t.Parallel()
			each(t, policy(rule, signinexp.FactorTOTP, webAuthn, signinexp.FactorBackupCode), func(t *testing.T, w *world) {
				u, yes := w.user("ada"), true
				w.update(u.ID, user.Patch{IsMFAEnabled: &yes})
				w.addTOTP(u)
				f := w.begin(signin.EventSignIn)
				f.identify("ada")
				_, err := f.submit()
				w.refused(err, signin.ErrMFARequired)
				if got := w.data(err); got != `{"availableFactors":["Totp","BackupCode"],"maskedIdentifiers":{}}` {
					t.Errorf("data %s", got)
				}
				id, err := f.enrol(softkey.New())
				w.ok(err)
				w.refused(w.engine.BindFactor(w.ctx, f.in, webAuthn, id), signin.ErrMFARequired)
			})
		})
	}
}

// Backup codes that are used up are no factor.
func TestSecondFactor_UsedCodesAreNone(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn, signinexp.FactorBackupCode), func(t *testing.T, w *world) {
		u, yes := w.user("ada"), true
		w.update(u.ID, user.Patch{IsMFAEnabled: &yes})
		w.addTOTP(u)
		w.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(w.ctx, `UPDATE backup_codes SET used_at = 1 WHERE tenant_id = $1 AND user_id = $2`, u.ID)
			return err
		})
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		_, err := f.submit()
		w.ok(err)
	})
}

// Where an organization demands a second factor, it is not the member's choice.
func TestOrganization_DemandsASecondFactor(t *testing.T) {
	t.Parallel()
	demands := func(s *signinexp.Settings) {
		s.MFA = signinexp.MFA{
			Policy: signinexp.PolicyNoPrompt, Factors: []signinexp.Factor{webAuthn},
			OrganizationRequiredMFAPolicy: signinexp.OrganizationMandatory,
		}
	}
	each(t, demands, func(t *testing.T, w *world) {
		member, holder, yes := w.user("ada"), w.user("eve"), true
		w.user("kim")
		key := w.addKey(holder)
		w.update(holder.ID, user.Patch{IsMFASkippedOnSignIn: &yes})
		w.tx(func(tx *db.Tx) error {
			o, err := organization.Create(w.ctx, tx, 1, organization.Organization{Name: "Crew", IsMFARequired: true})
			if err != nil {
				return err
			}
			_, err = organization.Users.Add(w.ctx, tx, 1, o.ID, []string{member.ID, holder.ID})
			return err
		})
		without := w.begin(signin.EventSignIn)
		without.identify("ada")
		_, err := without.submit()
		w.refused(err, signin.ErrMissingMFA)
		w.refused(w.engine.SkipMFA(w.ctx, without.in), signin.ErrMFAMandatory)
		with := w.begin(signin.EventSignIn)
		with.identify("eve")
		_, err = with.submit()
		w.refused(err, signin.ErrMFARequired)
		_, err = with.prove(key)
		w.ok(err)
		_, err = with.submit()
		w.ok(err)
		outside := w.begin(signin.EventSignIn)
		outside.identify("kim")
		_, err = outside.submit()
		w.ok(err)
	})
}

// Who has a social identity needs no password, who has an enterprise's nothing.
func TestProfile_IdentitiesStandForFields(t *testing.T) {
	t.Parallel()
	demands := func(s *signinexp.Settings) {
		s.SignUp.Identifiers, s.SignUp.Password = []string{signinexp.Username, signinexp.Email}, true
		s.SignUp.SecondaryIdentifiers = []signinexp.SecondaryIdentifier{{Identifier: signinexp.Email}}
	}
	each(t, demands, func(t *testing.T, w *world) {
		social, enterprise := w.user("ada"), w.user("eve")
		w.tx(func(tx *db.Tx) error {
			_, err := user.Link(w.ctx, tx, 1, social.ID, "github", user.Identity{UserID: "1"})
			return err
		})
		w.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(w.ctx, `INSERT INTO sso_connectors (tenant_id, id, provider_name, connector_name, config_sealed, created_at)
				VALUES ($1, 'c', 'OIDC', 'Work', $2, 1)`, []byte{1})
			if err != nil {
				return err
			}
			_, err = tx.Exec(w.ctx, `INSERT INTO user_sso_identities (tenant_id, id, user_id, connector_id, issuer, identity_id, detail, created_at, updated_at)
				VALUES ($1, 's', $2, 'c', 'https://idp.example', 'i', '{}', 1, 1)`, enterprise.ID)
			return err
		})
		for name, want := range map[string]error{"ada": signin.ErrMissingProfile, "eve": nil} {
			f := w.begin(signin.EventSignIn)
			f.identify(name)
			if _, err := f.submit(); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	})
}

// The proof that identified somebody is not made good by that of another.
func TestSubmit_NeedsTheProofThatIdentified(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt), func(t *testing.T, w *world) {
		victim := w.user("ada")
		w.user("eve")
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		f.password("eve")
		_, err := f.submit()
		w.refused(err, verification.ErrNotVerified)
		if w.reload(victim.ID).LastSignInAt != nil {
			t.Error("signed in")
		}
		f.password("ada")
		_, err = f.submit()
		w.ok(err)
	})
}

// Extra fields are added at sign-in, and change nothing that is there.
func TestExtraProfile_OverwritesNothing(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt), func(t *testing.T, w *world) {
		u := w.user("ada", func(n *user.New) {
			n.Name, n.CustomData = "Ada", map[string]any{"plan": "free"}
			n.Profile.Nickname = new(string)
			*n.Profile.Nickname = "addie"
		})
		f := w.begin(signin.EventSignIn)
		f.identify("ada")
		for _, avatar := range []any{"javascript:alert(1)", "nope", 1, "https://" + string(make([]byte, user.MaxAvatar))} {
			if err := w.engine.AddExtraProfile(w.ctx, f.in, map[string]any{"avatar": avatar}); err == nil {
				t.Errorf("took %.20v", avatar)
			}
		}
		if err := w.engine.AddExtraProfile(w.ctx, f.in, map[string]any{"website": "javascript:alert(1)"}); err == nil {
			t.Error("took a website that runs")
		}
		w.ok(w.engine.AddExtraProfile(w.ctx, f.in, map[string]any{
			"name": "CEO", "nickname": "boss", "website": "https://ada.example", "avatar": "https://ada.example/a.png",
			"plan": "enterprise", "team": "blue",
		}))
		_, err := f.submit()
		w.ok(err)
		got := w.reload(u.ID)
		if *got.Name != "Ada" || *got.Profile.Nickname != "addie" || *got.Profile.Website != "https://ada.example" ||
			*got.Avatar != "https://ada.example/a.png" || got.CustomData["plan"] != "free" || got.CustomData["team"] != "blue" {
			t.Errorf("user %+v", got)
		}
	})
}

// An answer of a key that arrives twice at once is taken once, and is no sign of
// a copied key.
func TestAuthentication_TwiceAtOnce(t *testing.T) {
	t.Parallel()
	each(t, policy(signinexp.PolicyNoPrompt, webAuthn), func(t *testing.T, w *world) {
		u := w.user("ada")
		key := w.addKey(u)
		for range 8 {
			f := w.begin(signin.EventSignIn)
			f.identify("ada")
			id, options, err := w.engine.StartAuthentication(w.ctx, f.in)
			w.ok(err)
			answer := convert[mfa.AuthenticationPayload](w, key.Get(origin, options))
			var failures [2]error
			var both sync.WaitGroup
			for i := range failures {
				in := *f.in // as each request found it
				both.Go(func() { failures[i] = w.engine.FinishAuthentication(w.ctx, &in, id, answer) })
			}
			both.Wait()
			if failures[0] != nil && failures[1] != nil {
				t.Fatal(failures)
			}
			w.refused(errors.Join(failures[:]...), mfa.ErrNoPending)
		}
		for _, entry := range w.entries() {
			if len(entry) >= len(mfa.CounterRegressed) && entry[:len(mfa.CounterRegressed)] == mfa.CounterRegressed {
				t.Fatal(entry)
			}
		}
	})
}

// Of two that create the same user at once, the later one finds the user made.
func TestRegister_TwiceAtOnce(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		w.ok(w.engine.SetUsername(w.ctx, f.in, "ada"))
		w.ok(w.engine.SetPassword(w.ctx, f.in, password))
		var failures [2]error
		var all sync.WaitGroup
		for i := range failures {
			in := *f.in
			all.Go(func() { _, failures[i] = w.engine.Identify(w.ctx, &in, nil) })
		}
		all.Wait()
		w.ok(errors.Join(failures[:]...))
		if w.users() != 1 {
			t.Errorf("%d users", w.users())
		}
	})
}
