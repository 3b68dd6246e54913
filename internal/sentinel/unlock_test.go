package sentinel

import (
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/user"
)

// However the locked-out person is named, they may try again at once, and
// nobody else may.
func TestUnlock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		f := setup(t, p, 1, 60)
		var robin *user.User
		err := f.db.Tx(t.Context(), func(tx *db.Tx) (err error) {
			robin, err = user.Create(t.Context(), tx, 1, user.New{Username: "Robin", CaseSensitive: true})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		person := ForIdentifier(Password, "username", "Robin", robin.ID)
		other := ForIdentifier(Password, "username", "ann", "")
		locked := func(targets []Target) bool { return f.guard(targets, right) != nil }
		for target, frees := range map[string]bool{
			"Robin": true, " robin": false, "ann": false, "nobody": false, robin.ID: false,
		} {
			for _, targets := range [][]Target{person, other} {
				_ = f.guard(targets, wrong)
				if !locked(targets) {
					t.Fatal("is not locked out")
				}
			}
			unlock(t, f, target)
			if locked(person) == frees {
				t.Errorf("%q: locked %t", target, !frees)
			}
			if locked(other) != (target != "ann") {
				t.Errorf("%q: somebody else", target)
			}
			unlock(t, f, "Robin", "ann")
		}
		_ = f.guard(person, wrong)
		unlock(t, f, hex.EncodeToString(crypt.Hash("robin")), robin.ID)
		if locked(person) {
			t.Error("hash and id do not unlock")
		}
	})
}

// An operator who knows an identifier by its hash alone, as other programs name
// targets, lets its person sign in: the failures of the user are forgotten too.
func TestUnlock_ByTheHashOfAnIdentifier(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		f := setup(t, p, 1, 60)
		people := map[string]*user.User{}
		err := f.db.Tx(t.Context(), func(tx *db.Tx) (err error) {
			for _, name := range []string{"Robin", "ann"} {
				if people[name], err = user.Create(t.Context(), tx, 1, user.New{
					Username: name, PrimaryEmail: name + "@Example.com", PrimaryPhone: "4930" + strconv.Itoa(len(name)), CaseSensitive: true,
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		other := ForIdentifier(Password, "username", "ann", people["ann"].ID)
		locked := func(targets []Target) bool { return f.guard(targets, right) != nil }
		for _, id := range []struct{ kind, typed, hashed string }{
			{"username", "Robin", "Robin"},
			{"username", "robin", "robin"},
			{"email", "robin@example.com", "Robin@Example.com"},
			{"email", "Robin@Example.com", "robin@example.com"},
			{"phone", "49305", "49305"},
			// The identifier that the person uses is not the one that was attacked.
			{"username", "Robin", "Robin@Example.com"},
		} {
			person := ForIdentifier(Password, id.kind, id.typed, people["Robin"].ID)
			secondFactor := ForUser(WebAuthn, people["Robin"].ID)
			for _, targets := range [][]Target{person, other, secondFactor} {
				_ = f.guard(targets, wrong)
			}
			unlock(t, f, strings.ToUpper(hex.EncodeToString(crypt.Hash(id.hashed))))
			user := person[1:]
			if locked(user) || locked(secondFactor) {
				t.Errorf("%+v: the user is locked out", id)
			}
			if sameIdentifier := id.typed != "Robin" || id.hashed == "Robin"; sameIdentifier && locked(person) {
				t.Errorf("%+v: the identifier is locked out", id)
			}
			if !locked(other) {
				t.Errorf("%+v: somebody else is unlocked", id)
			}
			unlock(t, f, id.typed, "ann")
		}
	})
}

func unlock(t *testing.T, f fixture, targets ...string) {
	t.Helper()
	if err := Unlock(t.Context(), f.db, targets); err != nil {
		t.Fatal(err)
	}
}
