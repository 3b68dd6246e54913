package authorize

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestInteraction_KeepsWhatItBeganWith(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		age := int64(30)
		in := w.begin(Interaction{ClientID: "spa", Params: Params{
			RedirectURI: "https://app.example.com/cb?x=1", ResponseType: "code", ResponseMode: ModeQuery,
			Scope: "openid profile", Resources: []string{"https://api.example.com"}, State: "ünïcödé ✓", Nonce: "n",
			CodeChallenge: strings.Repeat("c", 43), Prompts: []string{"login"}, MaxAge: &age, HintedUser: "u1",
			LoginHint: "a@b.c", UILocales: "de en", Extras: Extras{FirstScreen: "register", OrganizationID: "org"},
		}})
		if len(in.UID) != 43 || in.Version != 1 || in.ExpiresAt-in.CreatedAt != 3_600_000 {
			t.Fatalf("a new interaction is %+v", in)
		}
		got, err := ByUID(w.ctx, w.db, w.now(), in.UID)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, in) {
			t.Errorf("loaded\n%+v\nstored\n%+v", got, in)
		}
	})
}

// The database must not help anybody who reads it to take over a sign-in.
func TestInteraction_DatabaseDoesNotKnowItsName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		in := w.begin(Interaction{ClientID: "spa"})
		hash, err := db.One[[]byte](w.ctx, w.db, `SELECT id_hash FROM interactions WHERE tenant_id = $1`)
		if err != nil {
			t.Fatal(err)
		}
		if len(hash) != 32 || strings.Contains(string(hash), in.UID) {
			t.Errorf("the row is found by %x", hash)
		}
		if _, err := ByUID(w.ctx, w.db, w.now(), string(hash)); !errors.Is(err, ErrNotFound) {
			t.Errorf("its digest opens it: %v", err)
		}
	})
}

func TestInteraction_LifeIsFixedAtItsBeginning(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		in := w.begin(Interaction{ClientID: "spa"})
		w.clock.Advance(TTL - time.Millisecond)
		in.State = json.RawMessage(`{"a":1}`)
		if err := w.tx(func(tx *db.Tx) error { return SaveState(w.ctx, tx, in) }); err != nil {
			t.Fatal(err)
		}
		if _, err := ByUID(w.ctx, w.db, w.now(), in.UID); err != nil {
			t.Fatalf("in its last millisecond: %v", err)
		}
		w.clock.Advance(time.Millisecond)
		if _, err := ByUID(w.ctx, w.db, w.now(), in.UID); !errors.Is(err, ErrNotFound) {
			t.Errorf("after an hour: %v", err)
		}
		err := w.tx(func(tx *db.Tx) error {
			_, err := Finish(w.ctx, tx, w.now(), in, Login{UserID: "u1"})
			return err
		})
		if !errors.Is(err, ErrConflict) {
			t.Errorf("finishing after an hour: %v", err)
		}
	})
}

func TestSaveState_StaleCopyChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		in := w.begin(Interaction{ClientID: "spa"})
		stale, err := ByUID(w.ctx, w.db, w.now(), in.UID)
		if err != nil {
			t.Fatal(err)
		}
		user := "u1"
		in.State, in.StateSealed, in.UserID = json.RawMessage(`{"step":1}`), []byte{0, 1, 2}, &user
		if err := w.tx(func(tx *db.Tx) error { return SaveState(w.ctx, tx, in) }); err != nil {
			t.Fatal(err)
		}
		stale.State = json.RawMessage(`{"step":99}`)
		if err := w.tx(func(tx *db.Tx) error { return SaveState(w.ctx, tx, stale) }); !errors.Is(err, ErrConflict) {
			t.Errorf("saving a stale copy: %v", err)
		}
		got, err := ByUID(w.ctx, w.db, w.now(), in.UID)
		if err != nil {
			t.Fatal(err)
		}
		if compact(got.State) != `{"step":1}` || string(got.StateSealed) != "\x00\x01\x02" || *got.UserID != "u1" || got.Version != 2 {
			t.Errorf("stored %+v", got)
		}
		if in.Version != 2 || stale.Version != 1 {
			t.Errorf("versions are %d and %d", in.Version, stale.Version)
		}
	})
}

// A transaction may be rolled back and run again; its saves must count once.
func TestSaveState_CountsOnlyCommittedSaves(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		in := w.begin(Interaction{ClientID: "spa"})
		failure := errors.New("stop")
		save := func(n int, result error) error {
			return w.tx(func(tx *db.Tx) error {
				for range n {
					if err := SaveState(w.ctx, tx, in); err != nil {
						return err
					}
				}
				return result
			})
		}
		if err := save(2, failure); !errors.Is(err, failure) {
			t.Fatal(err)
		}
		if in.Version != 1 {
			t.Errorf("after a rollback the version is %d", in.Version)
		}
		if err := save(2, nil); err != nil {
			t.Fatal(err)
		}
		if err := save(1, nil); err != nil {
			t.Fatal(err)
		}
		if in.Version != 4 {
			t.Errorf("after three saves the version is %d", in.Version)
		}
	})
}

func TestFinish_EndsTheInteractionOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		in := w.begin(Interaction{ClientID: "spa"})
		in.StateSealed = []byte("secret")
		var target string
		err := w.tx(func(tx *db.Tx) (err error) {
			if err := SaveState(w.ctx, tx, in); err != nil {
				return err
			}
			target, err = Finish(w.ctx, tx, w.now(), in, Login{UserID: "u1", AMR: []string{"pwd"}, Submission: json.RawMessage(`{"interactionEvent":"SignIn"}`)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := "https://id.example.com/oidc/auth/" + in.UID; target != want {
			t.Errorf("the browser goes to %s, not %s", target, want)
		}
		got, err := ByUID(w.ctx, w.db, w.now(), in.UID)
		if err != nil {
			t.Fatal(err)
		}
		result, err := got.outcome()
		if err != nil || got.FinishedAt == nil || got.StateSealed != nil {
			t.Fatalf("finished as %+v (%v)", got, err)
		}
		if result.Login.UserID != "u1" || compact(result.Login.Submission) != `{"interactionEvent":"SignIn"}` {
			t.Errorf("the login is %+v", result.Login)
		}
		for name, again := range map[string]func(tx *db.Tx) error{
			"finish": func(tx *db.Tx) error { _, err := Finish(w.ctx, tx, w.now(), got, Login{UserID: "u2"}); return err },
			"save":   func(tx *db.Tx) error { return SaveState(w.ctx, tx, got) },
		} {
			if err := w.tx(again); !errors.Is(err, ErrConflict) {
				t.Errorf("a second %s: %v", name, err)
			}
		}
	})
}

func TestTake_OneOfFiftySucceeds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		in := w.begin(Interaction{ClientID: "spa"})
		take := func() error {
			return w.tx(func(tx *db.Tx) error { return take(w.ctx, tx, w.now(), in) })
		}
		if err := take(); !errors.Is(err, ErrNotFound) {
			t.Fatalf("an unfinished interaction was taken: %v", err)
		}
		err := w.tx(func(tx *db.Tx) error { _, err := Finish(w.ctx, tx, w.now(), in, Login{UserID: "u"}); return err })
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		var taken, refused atomic.Int32
		for range 50 {
			group.Go(func() {
				switch err := take(); {
				case err == nil:
					taken.Add(1)
				case errors.Is(err, ErrNotFound):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if taken.Load() != 1 || refused.Load() != 49 {
			t.Errorf("%d took it, %d were refused", taken.Load(), refused.Load())
		}
	})
}

// A tenant's interaction is nothing to another tenant, whoever knows its name.
func TestInteraction_StaysInItsTenant(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		mine := setup(t, p)
		other := setupAt(t, p, "admin", "https://id.example.com/admin")
		in := mine.begin(Interaction{ClientID: "spa"})
		if _, err := ByUID(other.ctx, other.db, other.now(), in.UID); !errors.Is(err, ErrNotFound) {
			t.Errorf("the other tenant finds it: %v", err)
		}
	})
}
