package sentinel

import (
	"context"
	"encoding/hex"
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

func unlock(t *testing.T, f fixture, targets ...string) {
	t.Helper()
	err := f.db.Tx(t.Context(), func(tx *db.Tx) error { return Unlock(context.WithoutCancel(t.Context()), tx, targets) })
	if err != nil {
		t.Fatal(err)
	}
}
