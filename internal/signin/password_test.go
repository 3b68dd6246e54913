package signin_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"signet/internal/oidc/authorize"
	"signet/internal/platform/crypt"
	"signet/internal/platform/crypt/digest"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/signin"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

func TestPasswordSignIn(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		u := w.user("ada")
		f := w.begin(signin.EventSignIn)
		w.clock.Advance(time.Second)
		f.identify("ada")
		view := f.state()
		if view.UserID != u.ID || len(view.Records) != 1 {
			t.Errorf("state %+v", view)
		}
		redirectTo, err := f.submit()
		w.ok(err)
		if redirectTo != origin+"/oidc/auth/"+f.in.UID {
			t.Errorf("redirected to %s", redirectTo)
		}
		login := f.login()
		if login.UserID != u.ID || !slices.Equal(login.AMR, []string{"pwd"}) {
			t.Errorf("login %+v", login)
		}
		var submission signin.View
		w.ok(json.Unmarshal(login.Submission, &submission))
		if submission.Event != signin.EventSignIn || submission.UserID != u.ID || submission.Context["ip"] != "192.0.2.1" {
			t.Errorf("submission %s", login.Submission)
		}
		after := w.reload(u.ID)
		if after.LastSignInAt == nil || *after.LastSignInAt != w.clock.Now().UnixMilli() || after.UpdatedAt != u.UpdatedAt {
			t.Errorf("user after sign-in: %+v", after)
		}
		if list := w.events(); len(list) != 1 || list[0].Name != "PostSignIn" {
			t.Errorf("events %+v", list)
		}
		// Attack 37: what is finished is finished.
		_, err = f.submit()
		w.refused(err, authorize.ErrNotFound)
		w.refused(w.engine.Start(w.ctx, f.in, signin.EventSignIn, nil), authorize.ErrNotFound)
	})
}

// Attack 36: an unknown user, a user without a password and a wrong password
// get one answer for the same work, and leave no trace in the state.
func TestVerifyPassword_UnknownUserCostsTheSame(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.user("ada")
		w.user("bare", func(n *user.New) { n.PasswordHash = "" })
		w.user("imported", func(n *user.New) {
			n.PasswordHash, n.PasswordAlgorithm = "5f4dcc3b5aa765d61d8327deb882cf99", digest.MD5
		})
		w.user("broken", func(n *user.New) { n.PasswordHash, n.PasswordAlgorithm = "[]", digest.Legacy })
		suspended := w.user("gone")
		w.update(suspended.ID, user.Patch{IsSuspended: &[]bool{true}[0]})
		f := w.begin(signin.EventSignIn)
		answers := map[string]bool{}
		for _, id := range []verification.Identifier{
			named("ada"), named("bare"), named("imported"), named("broken"), named("gone"), named("nobody"), named(""), named("ADA"),
			{Type: "email", Value: "nobody@example.com"}, {Type: "phone", Value: "4912345"}, {Type: "phone", Value: "no digits"},
		} {
			before := w.hasher.Computed()
			f.unchanged(func() {
				_, err := w.engine.VerifyPassword(w.ctx, f.in, id, "Wrong-Harbour-42")
				w.refused(err, verification.ErrInvalidCredentials)
				e, _ := errs.As(err)
				answers[e.Code+e.Detail+w.data(err)] = true
			})
			if n := w.hasher.Computed() - before; n != 1 {
				t.Errorf("%v: %d hashes", id, n)
			}
		}
		if len(answers) != 1 {
			t.Errorf("answers differ: %v", answers)
		}
	})
}

func TestVerifyPasswordFindsTheUserByAnyIdentifier(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.user("ada", func(n *user.New) { n.PrimaryEmail, n.PrimaryPhone = "Ada@Example.com", "4912345678" })
		f := w.begin(signin.EventSignIn)
		for _, id := range []verification.Identifier{
			named("ada"), {Type: "email", Value: "ada@EXAMPLE.com"}, {Type: "phone", Value: "4912345678"},
		} {
			recordID, err := w.engine.VerifyPassword(w.ctx, f.in, id, password)
			w.ok(err)
			_, err = w.engine.Identify(w.ctx, f.in, &recordID)
			if id.Type == "username" {
				w.ok(err)
				continue
			}
			// The tenant lets people sign in by username only.
			w.refused(err, signin.ErrMethodDisabled)
		}
	})
}

func TestVerifyPasswordReplacesTheEarlierProof(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventSignIn)
		first := f.password("ada")
		second := f.password("ada")
		_, err := w.engine.Identify(w.ctx, f.in, &first)
		w.refused(err, verification.ErrNotFound)
		_, err = w.engine.Identify(w.ctx, f.in, &second)
		w.ok(err)
	})
}

func TestVerifyPasswordLocksOut(t *testing.T) {
	t.Parallel()
	policy := func(s *signinexp.Settings) {
		attempts, minutes := 3, 10
		s.SentinelPolicy = signinexp.SentinelPolicy{MaxAttempts: &attempts, LockoutDuration: &minutes}
		s.SignIn.Methods = append(s.SignIn.Methods, signinexp.SignInMethod{Identifier: "email", Password: true})
	}
	each(t, policy, func(t *testing.T, w *world) {
		w.user("ada", func(n *user.New) { n.PrimaryEmail = "ada@example.com" })
		f := w.begin(signin.EventSignIn)
		for _, name := range []string{"ada", "nobody"} {
			for range 2 {
				_, err := w.engine.VerifyPassword(w.ctx, f.in, named(name), "wrong")
				w.refused(err, verification.ErrInvalidCredentials)
			}
			_, err := w.engine.VerifyPassword(w.ctx, f.in, named(name), "wrong")
			w.refused(err, sentinel.ErrBlocked)
		}
		// The right password is refused too, in this browser and any other, and
		// under the user's other identifier.
		for _, id := range []verification.Identifier{named("ada"), {Type: "email", Value: "ada@example.com"}} {
			other := w.begin(signin.EventSignIn)
			other.unchanged(func() {
				_, err := w.engine.VerifyPassword(w.ctx, other.in, id, password)
				w.refused(err, sentinel.ErrBlocked)
			})
		}
		if !w.hasEvent("Identifier.Lockout") {
			t.Error("nobody was told")
		}
		w.clock.Advance(10*time.Minute + time.Second)
		w.begin(signin.EventSignIn).password("ada")
	})
}

func TestSuspendedUserIsToldOnlyWithTheRightPassword(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		u := w.user("ada")
		yes, no := true, false
		f := w.begin(signin.EventSignIn)
		proof := f.password("ada")
		w.update(u.ID, user.Patch{IsSuspended: &yes})
		f.unchanged(func() {
			_, err := w.engine.VerifyPassword(w.ctx, f.in, named("ada"), password)
			w.refused(err, user.ErrSuspended)
			_, err = w.engine.Identify(w.ctx, f.in, &proof)
			w.refused(err, user.ErrSuspended)
		})
		// Suspended between identification and submit.
		w.update(u.ID, user.Patch{IsSuspended: &no})
		f.identify("ada")
		w.update(u.ID, user.Patch{IsSuspended: &yes})
		f.unchanged(func() {
			_, err := f.submit()
			w.refused(err, user.ErrSuspended)
		})
		if w.reload(u.ID).LastSignInAt != nil || len(w.events()) != 0 {
			t.Error("a suspended user signed in")
		}
	})
}

func TestExpiredPasswordIsRefused(t *testing.T) {
	t.Parallel()
	yes := true
	aging := func(s *signinexp.Settings) {
		s.PasswordExpiration = signinexp.PasswordExpiration{Enabled: &yes, ValidPeriodDays: 30}
	}
	each(t, aging, func(t *testing.T, w *world) {
		u := w.user("ada")
		f := w.begin(signin.EventSignIn)
		f.password("ada")
		w.clock.Advance(30 * 24 * time.Hour)
		late := w.begin(signin.EventSignIn)
		late.unchanged(func() {
			_, err := w.engine.VerifyPassword(w.ctx, late.in, named("ada"), password)
			w.refused(err, signin.ErrPasswordExpired)
			_, err = w.engine.VerifyPassword(w.ctx, late.in, named("ada"), "wrong")
			w.refused(err, verification.ErrInvalidCredentials)
		})
		manual := w.user("bob")
		w.update(manual.ID, user.Patch{IsPasswordExpired: &yes})
		_, err := w.engine.VerifyPassword(w.ctx, late.in, named("bob"), password)
		w.refused(err, signin.ErrPasswordExpired)
		if w.reload(u.ID).LastSignInAt != nil {
			t.Error("signed in")
		}
	})
}

func TestOldHashIsReplacedAndThePasswordStaysAsOld(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		older := crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 128, Passes: 2})
		hash, err := older.Hash(w.ctx, password)
		w.ok(err)
		u := w.user("ada", func(n *user.New) { n.PasswordHash = hash })
		w.clock.Advance(time.Hour)
		f := w.begin(signin.EventSignIn)
		_, err = w.engine.VerifyPassword(w.ctx, f.in, named("ada"), "wrong")
		w.refused(err, verification.ErrInvalidCredentials)
		if got := w.reload(u.ID); *got.PasswordHash != hash {
			t.Fatal("a wrong password replaced the hash")
		}
		f.password("ada")
		after := w.reload(u.ID)
		if *after.PasswordHash == hash {
			t.Error("the old hash stays")
		}
		if *after.PasswordChangedAt != *u.PasswordChangedAt {
			t.Error("the password became younger")
		}
		f.password("ada")
		if got := w.reload(u.ID); *got.PasswordHash != *after.PasswordHash {
			t.Error("the new hash was replaced again")
		}
	})
}

// Attack 41: a password that is too long to hash is refused at once.
func TestEndlessPasswordIsRefusedUnhashed(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventSignIn)
		before := w.hasher.Computed()
		_, err := w.engine.VerifyPassword(w.ctx, f.in, named("ada"), strings.Repeat("x", 1<<20))
		w.refused(err, errs.New(400, "guard.invalid_input"))
		up := w.begin(signin.EventRegister)
		err = w.engine.SetPassword(w.ctx, up.in, strings.Repeat("x", 1<<20))
		w.refused(err, user.ErrPasswordRejected)
		if n := w.hasher.Computed() - before; n != 0 {
			t.Errorf("%d hashes", n)
		}
	})
}

// The proof belongs to the person whose password it was, whoever has the
// username by the time it is used.
func TestProofStaysWithThePersonWhenTheUsernameChangesHands(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		mallory := w.user("shared")
		f := w.begin(signin.EventSignIn)
		proof := f.password("shared")
		other := "mallory"
		w.update(mallory.ID, user.Patch{Username: &other, CaseSensitive: true})
		victim := w.user("shared")
		_, err := w.engine.Identify(w.ctx, f.in, &proof)
		w.ok(err)
		if got := f.state().UserID; got != mallory.ID || got == victim.ID {
			t.Errorf("identified %s", got)
		}
	})
}

func TestUserDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		u := w.user("ada")
		f := w.begin(signin.EventSignIn)
		proof := f.password("ada")
		identified := w.begin(signin.EventSignIn)
		identified.identify("ada")
		if _, err := w.db.Exec(w.ctx, `DELETE FROM users WHERE tenant_id = $1 AND id = $2`, u.ID); err != nil {
			t.Fatal(err)
		}
		_, err := w.engine.Identify(w.ctx, f.in, &proof)
		w.refused(err, signin.ErrUserNotFound)
		_, err = identified.submit()
		w.refused(err, signin.ErrNotIdentified)
	})
}

// Who changes the password shuts out those who proved the old one.
func TestOldPasswordIsNoProofOnceItIsChanged(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		u := w.user("ada")
		proved, identified := w.begin(signin.EventSignIn), w.begin(signin.EventSignIn)
		proof := proved.password("ada")
		identified.identify("ada")
		w.clock.Advance(time.Second)
		hash, err := w.hasher.Hash(w.ctx, "Red-Harbour-42")
		w.ok(err)
		w.update(u.ID, user.Patch{PasswordHash: &hash})
		_, err = w.engine.Identify(w.ctx, proved.in, &proof)
		w.refused(err, verification.ErrNotVerified)
		_, err = identified.submit()
		w.refused(err, verification.ErrNotVerified)
		if w.reload(u.ID).LastSignInAt != nil {
			t.Error("signed in")
		}
	})
}

// A password that is replaced before a sign-up has come to its end shuts out whoever
// chose the first one.
func TestSubmit_OfANewUserWhosePasswordWasReplaced(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		f.register("ada")
		u := w.reload(f.state().UserID)
		w.clock.Advance(time.Second)
		hash, err := w.hasher.Hash(w.ctx, "Red-Harbour-42")
		w.ok(err)
		w.update(u.ID, user.Patch{PasswordHash: &hash})
		f.unchanged(func() {
			_, err = f.submit()
			w.refused(err, verification.ErrNotVerified)
		})
		if w.reload(u.ID).LastSignInAt != nil {
			t.Error("signed in")
		}
	})
}

func TestOneAddressCannotTryForever(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.user("ada")
		w.engine.Limiter = sentinel.NewLimiter()
		f := w.begin(signin.EventSignIn)
		for range sentinel.SignIn.Burst {
			f.password("ada")
		}
		before := w.hasher.Computed()
		_, err := w.engine.VerifyPassword(w.ctx, f.in, named("ada"), password)
		w.refused(err, sentinel.ErrRateLimited)
		if w.hasher.Computed() != before {
			t.Error("hashed all the same")
		}
		elsewhere := web.WithInfo(w.ctx, &web.RequestInfo{IP: "198.51.100.7"})
		_, err = w.engine.VerifyPassword(elsewhere, f.in, named("ada"), password)
		w.ok(err)
		for n := range sentinel.Registration.Burst + 1 {
			up := w.begin(signin.EventRegister)
			w.ok(w.engine.SetUsername(w.ctx, up.in, "user"+strconv.Itoa(n)))
			w.ok(w.engine.SetPassword(w.ctx, up.in, password))
			_, err = w.engine.Identify(w.ctx, up.in, nil)
			if n < sentinel.Registration.Burst {
				w.ok(err)
			}
		}
		w.refused(err, sentinel.ErrRateLimited)
		if got := w.users(); got != 1+sentinel.Registration.Burst {
			t.Errorf("%d users", got)
		}
	})
}
