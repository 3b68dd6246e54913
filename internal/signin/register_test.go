package signin_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/role"
	"signet/internal/sentinel"
	"signet/internal/signin"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.tx(func(tx *db.Tx) error {
			for _, r := range []role.Role{{Name: "Member", Type: role.User, IsDefault: true}, {Name: "Reader", Type: role.User}} {
				if _, err := role.Create(w.ctx, tx, 1, r); err != nil {
					return err
				}
			}
			return nil
		})
		w.engine.DefaultRoles = []string{"Reader", "Gone"}
		f := w.begin(signin.EventRegister)
		w.ok(w.engine.SetUsername(w.ctx, f.in, "ada"))
		_, err := w.engine.Identify(w.ctx, f.in, nil)
		w.refused(err, signin.ErrMissingProfile)
		if got := w.data(err); got != `{"missingProfile":["password"]}` {
			t.Errorf("missing %s", got)
		}
		if w.users() != 0 {
			t.Fatal("half a user was created")
		}
		w.ok(w.engine.SetPassword(w.ctx, f.in, password))
		_, err = w.engine.Identify(w.ctx, f.in, nil)
		w.refused(err, role.ErrDefaultMissing)
		if w.users() != 0 {
			t.Fatal("a user without the roles that everybody has was created")
		}
		w.engine.DefaultRoles = []string{"Reader"}
		created, err := w.engine.Identify(w.ctx, f.in, nil)
		w.ok(err)
		view := f.state()
		if !created || view.UserID == "" || !reflect.DeepEqual(view.Profile, signin.ProfileView{}) {
			t.Fatalf("created %v, state %+v", created, view)
		}
		u := w.reload(view.UserID)
		if *u.Username != "ada" || !u.HasPassword() || u.IsMFAEnabled == nil || *u.IsMFAEnabled || len(u.ID) != 12 {
			t.Errorf("user %+v", u)
		}
		if roles, err := role.Of(w.ctx, w.db, u.ID); err != nil || len(roles) != 2 {
			t.Errorf("roles %v %v", roles, err)
		}
		// Created with identification, not with submit.
		if !w.hasEvent("User.Created") || w.hasEvent("PostRegister") {
			t.Errorf("events %+v", w.events())
		}
		// Again is no second user.
		created, err = w.engine.Identify(w.ctx, f.in, nil)
		w.ok(err)
		if !created || w.users() != 1 {
			t.Errorf("%d users", w.users())
		}
		_, err = f.submit()
		w.ok(err)
		if login := f.login(); login.UserID != u.ID || !slices.Equal(login.AMR, []string{"pwd"}) {
			t.Errorf("login %+v", login)
		}
		if !w.hasEvent("PostRegister") || w.hasEvent("User.Data.Updated") {
			t.Errorf("events %+v", w.events())
		}
		w.begin(signin.EventSignIn).password("ada")
	})
}

func TestRegisterWithNewPasswordIdentity(t *testing.T) {
	t.Parallel()
	more := func(s *signinexp.Settings) {
		s.SignUp.SecondaryIdentifiers = []signinexp.SecondaryIdentifier{{Identifier: "email"}}
	}
	each(t, more, func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		id, err := w.engine.NewPasswordIdentity(w.ctx, f.in, named("ada"), password)
		w.ok(err)
		_, err = w.engine.Identify(w.ctx, f.in, &id)
		w.refused(err, signin.ErrMissingProfile)
		if got := w.data(err); got != `{"missingProfile":["email"]}` {
			t.Errorf("missing %s", got)
		}
		// What the proof brought stays staged although identification failed.
		if got := f.state().Profile.Username; got == nil || *got != "ada" {
			t.Errorf("staged %v", got)
		}
	})
	each(t, nil, func(t *testing.T, w *world) {
		w.user("taken")
		f := w.begin(signin.EventRegister)
		_, err := w.engine.NewPasswordIdentity(w.ctx, f.in, named("taken"), password)
		w.refused(err, user.ErrUsernameTaken)
		_, err = w.engine.NewPasswordIdentity(w.ctx, f.in, named("ada"), "ada")
		w.refused(err, user.ErrPasswordRejected)
		id, err := w.engine.NewPasswordIdentity(w.ctx, f.in, named("ada"), password)
		w.ok(err)
		created, err := w.engine.Identify(w.ctx, f.in, &id)
		w.ok(err)
		if !created {
			t.Error("nobody was created")
		}
		w.begin(signin.EventSignIn).password("ada")
	})
}

func TestRegisterNeedsAProofThatBringsAProfile(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventRegister)
		proof, unknown := f.password("ada"), "000000000000000000000"
		_, err := w.engine.Identify(w.ctx, f.in, &proof)
		w.refused(err, verification.ErrNotVerified)
		_, err = w.engine.Identify(w.ctx, f.in, &unknown)
		w.refused(err, verification.ErrNotFound)
		if w.users() != 1 {
			t.Error("a user appeared")
		}
	})
}

// Attack 46: where registration is closed, no path through the engine creates
// a user.
func TestRegister_ClosedRegistrationStaysClosedOnEveryPath(t *testing.T) {
	t.Parallel()
	closed := func(s *signinexp.Settings) { s.SignInMode = signinexp.ModeSignIn }
	each(t, closed, func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventRegister)
		other := w.begin(signin.EventSignIn)
		// Nor does anybody hear which names are taken.
		for _, name := range []string{"ada", "eve"} {
			w.ok(w.engine.SetUsername(w.ctx, f.in, name))
			w.ok(w.engine.SetPassword(w.ctx, f.in, password))
			_, err := w.engine.Identify(w.ctx, f.in, nil)
			w.refused(err, signin.ErrForbidden)
			_, err = w.engine.NewPasswordIdentity(w.ctx, other.in, named(name), password)
			w.ok(err)
			id, err := w.engine.NewPasswordIdentity(w.ctx, f.in, named(name), password)
			w.ok(err)
			_, err = w.engine.Identify(w.ctx, f.in, &id)
			w.refused(err, signin.ErrForbidden)
		}
		_, err := f.submit()
		w.refused(err, signin.ErrNotIdentified)
		w.refused(w.engine.SwitchEvent(w.ctx, other.in, signin.EventRegister), signin.ErrForbidden)
		if w.users() != 1 || len(w.events()) != 0 {
			t.Errorf("%d users, events %v", w.users(), w.events())
		}
	})
}

func TestSignInStaysClosedWhereOnlyRegistrationIsOpen(t *testing.T) {
	t.Parallel()
	open := func(s *signinexp.Settings) { s.SignInMode = signinexp.ModeRegister }
	each(t, open, func(t *testing.T, w *world) {
		w.user("ada")
		f := w.begin(signin.EventSignIn)
		proof := f.password("ada")
		_, err := w.engine.Identify(w.ctx, f.in, &proof)
		w.refused(err, signin.ErrForbidden)
		up := w.begin(signin.EventRegister)
		w.refused(w.engine.SwitchEvent(w.ctx, up.in, signin.EventSignIn), signin.ErrForbidden)
		up.register("eve")
		_, err = up.submit()
		w.ok(err)
	})
}

// The first user of the admin tenant needs a setup token: a refusal of the
// composition root keeps the user from being, before and within the transaction.
func TestRegisterAsksTheCompositionRoot(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		refusal := errs.New(403, "auth.forbidden")
		f := w.begin(signin.EventRegister)
		w.ok(w.engine.SetUsername(w.ctx, f.in, "ada"))
		w.ok(w.engine.SetPassword(w.ctx, f.in, password))
		hooked := *w.engine
		hooked.Registered = func(context.Context, *db.Tx, *user.User) error { return refusal }
		_, err := hooked.Identify(w.ctx, f.in, nil)
		w.refused(err, refusal)
		hooked.MayRegister = func(context.Context) error { return refusal }
		hooked.Registered = func(context.Context, *db.Tx, *user.User) error { t.Error("asked too late"); return nil }
		_, err = hooked.Identify(w.ctx, f.in, nil)
		w.refused(err, refusal)
		if w.users() != 0 || len(w.events()) != 0 {
			t.Fatalf("%d users, events %v", w.users(), w.events())
		}
		var greeted string
		hooked.MayRegister = func(context.Context) error { return nil }
		hooked.Registered = func(_ context.Context, _ *db.Tx, u *user.User) error { greeted = u.ID; return nil }
		_, err = hooked.Identify(w.ctx, f.in, nil)
		w.ok(err)
		if greeted == "" || greeted != f.state().UserID {
			t.Errorf("greeted %q", greeted)
		}
	})
}

// A transaction may run twice, for reasons of the database's own: the address has
// registered once for all that.
func TestRegister_CountsOnceWhenItsTransactionRunsTwice(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		w.engine.Limiter = sentinel.NewLimiter()
		runs := 0
		w.engine.Registered = func(context.Context, *db.Tx, *user.User) error {
			if runs++; runs%2 == 1 {
				return &pgconn.PgError{Code: "40001"}
			}
			return nil
		}
		for n := range sentinel.Registration.Burst + 1 {
			f := w.begin(signin.EventRegister)
			w.ok(w.engine.SetUsername(w.ctx, f.in, "user"+strconv.Itoa(n)))
			w.ok(w.engine.SetPassword(w.ctx, f.in, password))
			_, err := w.engine.Identify(w.ctx, f.in, nil)
			if n < sentinel.Registration.Burst {
				w.ok(err)
			} else {
				w.refused(err, sentinel.ErrRateLimited)
			}
		}
		if users := w.users(); users != sentinel.Registration.Burst || runs != 2*users {
			t.Errorf("%d users after %d runs", users, runs)
		}
	})
}

func TestParallelRegistrationMakesOneUser(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		w.ok(w.engine.SetUsername(w.ctx, f.in, "ada"))
		w.ok(w.engine.SetPassword(w.ctx, f.in, password))
		var group sync.WaitGroup
		for range 8 {
			in := f.row() // every request loads its own
			group.Go(func() {
				_, err := w.engine.Identify(w.ctx, in, nil)
				if e, ok := errs.As(err); err != nil && (!ok || e.Status >= 500) {
					t.Errorf("%v", err)
				}
			})
		}
		group.Wait()
		if w.users() != 1 {
			t.Errorf("%d users", w.users())
		}
	})
}

func TestUsernameIsCheckedWhenStagedAndWhenUsed(t *testing.T) {
	t.Parallel()
	long := 5
	strict := func(s *signinexp.Settings) {
		s.UsernamePolicy.MaxLength = &long
		no := false
		s.UsernamePolicy.CaseSensitive = &no
	}
	each(t, strict, func(t *testing.T, w *world) {
		w.user("taken", func(n *user.New) { n.CaseSensitive = false })
		f := w.begin(signin.EventRegister)
		f.unchanged(func() {
			w.refused(w.engine.SetUsername(w.ctx, f.in, "TAKEN"), user.ErrUsernameTaken)
			w.refused(w.engine.SetUsername(w.ctx, f.in, "toolong"), user.ErrUsernameTooLong)
			w.refused(w.engine.SetUsername(w.ctx, f.in, "1st"), user.ErrUsernameStartsWithNumber)
			w.refused(w.engine.SetUsername(w.ctx, f.in, ""), user.ErrUsernameRequired)
		})
		w.ok(w.engine.SetUsername(w.ctx, f.in, "ada"))
		w.ok(w.engine.SetPassword(w.ctx, f.in, password))
		w.user("ADA", func(n *user.New) { n.CaseSensitive = false })
		_, err := w.engine.Identify(w.ctx, f.in, nil)
		w.refused(err, user.ErrUsernameTaken)
		if w.users() != 2 || w.hasEvent("User.Created") {
			t.Error("the same name twice")
		}
	})
}

func TestPasswordPolicyKnowsTheUsername(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		w.ok(w.engine.SetUsername(w.ctx, f.in, "lovelace1815"))
		before := w.hasher.Computed()
		f.unchanged(func() {
			err := w.engine.SetPassword(w.ctx, f.in, "lovelace1815")
			w.refused(err, user.ErrPasswordRejected)
			if got := w.data(err); !strings.Contains(got, "password_rejected.restricted.user_info") {
				t.Errorf("data %s", got)
			}
		})
		if w.hasher.Computed() != before {
			t.Error("a rejected password was hashed")
		}
	})
}

// A tenant that began to ask for more asks its old users at sign-in.
func TestProgressiveProfile(t *testing.T) {
	t.Parallel()
	email := func(s *signinexp.Settings) {
		s.SignIn.Methods = []signinexp.SignInMethod{{Identifier: "email", Password: true}}
	}
	each(t, email, func(t *testing.T, w *world) {
		u := w.user("", func(n *user.New) { n.PrimaryEmail = "ada@example.com" })
		f := w.begin(signin.EventSignIn)
		f.unchanged(func() {
			w.refused(w.engine.SetUsername(w.ctx, f.in, "ada"), signin.ErrNotIdentified)
			w.refused(w.engine.SetPassword(w.ctx, f.in, password), signin.ErrNotIdentified)
		})
		f.identifyByEmail("ADA@example.com")
		_, err := f.submit()
		w.refused(err, signin.ErrMissingProfile)
		w.ok(w.engine.SetUsername(w.ctx, f.in, "ada"))
		w.refused(w.engine.SetPassword(w.ctx, f.in, password), signin.ErrPasswordInProfile)
		// Somebody is faster.
		rival := w.user("ada")
		_, err = f.submit()
		w.refused(err, user.ErrUsernameTaken)
		if got := w.reload(u.ID); got.Username != nil || got.LastSignInAt != nil {
			t.Fatal("something was written")
		}
		other := "rival"
		w.update(rival.ID, user.Patch{Username: &other, CaseSensitive: true})
		_, err = f.submit()
		w.ok(err)
		if got := w.reload(u.ID); got.Username == nil || *got.Username != "ada" {
			t.Error("the username was not stored")
		}
		if !w.hasEvent("User.Data.Updated") {
			t.Error("nobody was told")
		}
		again := w.begin(signin.EventSignIn)
		again.identifyByEmail("ada@example.com")
		w.refused(w.engine.SetUsername(w.ctx, again.in, "other"), signin.ErrUsernameInProfile)
	})
}

func TestExtraProfile(t *testing.T) {
	t.Parallel()
	each(t, nil, func(t *testing.T, w *world) {
		f := w.begin(signin.EventRegister)
		for name, want := range map[string]*errs.Error{
			"preferredUsername": signin.ErrFieldBuiltIn, "username": signin.ErrFieldIdentifier, "primaryEmail": signin.ErrFieldIdentifier,
			"a b": errs.New(400, "guard.invalid_input"), "": errs.New(400, "guard.invalid_input"),
		} {
			f.unchanged(func() {
				w.refused(w.engine.AddExtraProfile(w.ctx, f.in, map[string]any{name: "x"}), want)
			})
		}
		f.unchanged(func() {
			w.refused(w.engine.AddExtraProfile(w.ctx, f.in, map[string]any{"name": 7}), errs.New(400, "guard.invalid_input"))
			w.refused(w.engine.AddExtraProfile(w.ctx, f.in, map[string]any{"nickname": 7}), errs.New(400, "guard.invalid_input"))
		})
		w.ok(w.engine.AddExtraProfile(w.ctx, f.in, map[string]any{"name": "Ada", "nickname": "A", "address": map[string]any{"country": "UK"}, "color": "blue"}))
		w.ok(w.engine.AddExtraProfile(w.ctx, f.in, map[string]any{"gender": "f", "color": "red", "size": 3.0}))
		f.register("ada")
		u := w.reload(f.state().UserID)
		profile, err := json.Marshal(u.Profile)
		w.ok(err)
		if *u.Name != "Ada" || string(profile) != `{"nickname":"A","gender":"f","address":{"country":"UK"}}` ||
			!reflect.DeepEqual(u.CustomData, map[string]any{"color": "red", "size": 3.0}) {
			t.Errorf("name %v, profile %s, data %v", u.Name, profile, u.CustomData)
		}
	})
}
