package mfa_test

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"sync"
	"testing"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/event"
	"signet/internal/user"
)

func inTx(t *testing.T, d *db.DB, fn func(ctx context.Context, tx *db.Tx) error) error {
	t.Helper()
	ctx := context.Background()
	return d.Tx(ctx, func(tx *db.Tx) error { return fn(ctx, tx) })
}

func addUser(t *testing.T, d *db.DB, id string) {
	t.Helper()
	err := inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
		_, err := user.Create(ctx, tx, now, user.New{ID: id, Username: id})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func insert(t *testing.T, d *db.DB, c *mfa.Credential) error {
	t.Helper()
	return inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return mfa.Insert(ctx, tx, c) })
}

// Whoever adds keys without end, one after the other or all at once, ends up with
// as many as a user may have. Others are not concerned.
func TestInsert_BoundsTheCredentialsOfAUser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("t1")
		addUser(t, d, userID)
		addUser(t, d, "other")
		credential := func(owner string, n int) *mfa.Credential {
			return &mfa.Credential{ID: owner + strconv.Itoa(n), UserID: owner, CredentialID: []byte(owner + strconv.Itoa(n)), PublicKey: []byte{1}, CreatedAt: now}
		}
		for n := range mfa.MaxCredentials - 4 {
			if err := insert(t, d, credential(userID, n)); err != nil {
				t.Fatal(err)
			}
		}
		var group sync.WaitGroup
		for n := range 12 {
			group.Go(func() {
				if err := insert(t, d, credential(userID, 1000+n)); err != nil && !errors.Is(err, mfa.ErrTooMany) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if err := insert(t, d, credential(userID, 2000)); !errors.Is(err, mfa.ErrTooMany) {
			t.Errorf("one more: %v", err)
		}
		if list, err := mfa.CredentialsOf(t.Context(), d, userID); err != nil || len(list) != mfa.MaxCredentials {
			t.Errorf("%d credentials, %v", len(list), err)
		}
		if err := insert(t, d, credential("other", 1)); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	})
}

func TestStore_KeepsCredentials(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx, d := context.Background(), p.For("t1")
		addUser(t, d, userID)
		addUser(t, d, "somebodyelse")
		addUser(t, p.For("t2"), userID)
		key := softkey.New()
		key.AAGUID = [16]byte{1}
		first := mustRegister(t, key)
		agent, name := "Firefox", "Key"
		first.UserAgent, first.Name = &agent, &name
		if err := insert(t, d, first); err != nil {
			t.Fatal(err)
		}
		second := mustRegister(t, softkey.New())
		second.CreatedAt = now + 1
		second.RPID, second.AAGUID, second.IsBackupEligible, second.IsBackedUp, second.IsUVInitialized, second.IsDiscoverable = nil, nil, nil, nil, nil, nil
		if err := insert(t, d, second); err != nil {
			t.Fatal(err)
		}
		list, err := mfa.CredentialsOf(ctx, d, userID)
		if err != nil || len(list) != 2 || !reflect.DeepEqual(&list[0], first) || !reflect.DeepEqual(&list[1], second) {
			t.Fatalf("stored\n%+v\nwant\n%+v\n%+v %v", list, *first, *second, err)
		}

		// A credential belongs to one user of a tenant.
		again := *first
		again.ID, again.UserID = "another", "somebodyelse"
		if err := insert(t, d, &again); !errors.Is(err, mfa.ErrRegistered) {
			t.Errorf("registered twice: %v", err)
		}
		if taken, err := mfa.IsRegistered(ctx, d, first.CredentialID); err != nil || !taken {
			t.Errorf("registered: %v %v", taken, err)
		}
		if taken, err := mfa.IsRegistered(ctx, p.For("t2"), first.CredentialID); err != nil || taken {
			t.Errorf("registered in another tenant: %v %v", taken, err)
		}
		again.UserID = userID
		if err := insert(t, p.For("t2"), &again); err != nil {
			t.Errorf("in another tenant: %v", err)
		}
		if others, err := mfa.CredentialsOf(ctx, d, "somebodyelse"); err != nil || len(others) != 0 {
			t.Errorf("the other user has %v %v", others, err)
		}
	})
}

// only is the one credential of the user.
func only(t *testing.T, d *db.DB) mfa.Credential {
	t.Helper()
	credentials, err := mfa.CredentialsOf(t.Context(), d, userID)
	if err != nil || len(credentials) != 1 {
		t.Fatalf("credentials %v, %v", credentials, err)
	}
	return credentials[0]
}

func TestStore_ChangesOnlyTheUsersOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx, d := context.Background(), p.For("t1")
		addUser(t, d, userID)
		addUser(t, d, "somebodyelse")
		c := mustRegister(t, softkey.New())
		if err := insert(t, d, c); err != nil {
			t.Fatal(err)
		}
		var results [5]bool
		err := inTx(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
			steps := []func() (bool, error){
				func() (bool, error) { return mfa.Rename(ctx, tx, "somebodyelse", c.ID, "Theirs") },
				func() (bool, error) { return mfa.DeleteFactor(ctx, tx, "somebodyelse", c.ID) },
				func() (bool, error) { return mfa.Rename(ctx, tx, userID, "unknown", "Nothing") },
				func() (bool, error) { return mfa.Rename(ctx, tx, userID, c.ID, "Mine") },
				func() (bool, error) { return mfa.DeleteFactor(ctx, tx, userID, "unknown") },
			}
			for i, step := range steps {
				if results[i], err = step(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || results != [5]bool{false, false, false, true, false} {
			t.Fatal(err, results)
		}
		if found := only(t, d); *found.Name != "Mine" {
			t.Errorf("%v", found)
		}
		if foreign, err := mfa.CredentialsOf(ctx, d, "somebodyelse"); err != nil || len(foreign) > 0 {
			t.Errorf("%v %v", foreign, err)
		}
		err = inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			n, err := mfa.DeleteAll(ctx, tx, userID)
			if n != 1 {
				t.Errorf("%d deleted", n)
			}
			return err
		})
		if left, _ := mfa.CredentialsOf(ctx, d, userID); err != nil || len(left) != 0 {
			t.Errorf("%v %v", left, err)
		}
	})
}

// TestAdvanceCounter_OneOfTwoUsesOfACopiedKeyWins: parallel uses with the same
// counter meet in the database.
func TestAdvanceCounter_OneOfTwoUsesOfACopiedKeyWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("t1")
		addUser(t, d, userID)
		c := mustRegister(t, softkey.New())
		c.RPID, c.IsBackupEligible = nil, nil // as imported
		if err := insert(t, d, c); err != nil {
			t.Fatal(err)
		}
		advance := func(count uint32, at int64) bool {
			advanced := false
			err := inTx(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
				a := &mfa.Assertion{Credential: c, RPID: rp.ID, SignCount: count, BackupEligible: true, BackedUp: true}
				advanced, err = mfa.AdvanceCounter(ctx, tx, at, a)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return advanced
		}
		const uses = 10
		wins := make(chan bool, uses)
		var group sync.WaitGroup
		for range uses {
			group.Go(func() { wins <- advance(7, now+5) })
		}
		group.Wait()
		won := 0
		for range uses {
			if <-wins {
				won++
			}
		}
		stored := only(t, d)
		if won != 1 || stored.SignCount != 7 || *stored.LastUsedAt != now+5 {
			t.Fatalf("%d won, stored %+v", won, stored)
		}
		if *stored.RPID != rp.ID || !*stored.IsBackupEligible || !*stored.IsBackedUp {
			t.Errorf("what was unknown is not filled in: %+v", stored)
		}
		if advance(6, now+6) || advance(0, now+6) {
			t.Error("a lower counter was stored")
		}
		if after := only(t, d); *after.LastUsedAt != now+5 {
			t.Error("a refused use left a trace")
		}
		if !advance(1<<32-1, now+7) {
			t.Error("the highest counter was refused")
		}
		c.ID = "gone"
		if advance(9, now+8) {
			t.Error("a removed credential was used")
		}
	})
}

func TestAdvanceCounter_ZeroAfterZero(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("t1")
		addUser(t, d, userID)
		key := softkey.New()
		key.NoCounter = true
		c := mustRegister(t, key)
		if err := insert(t, d, c); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			err := inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
				advanced, err := mfa.AdvanceCounter(ctx, tx, now, &mfa.Assertion{Credential: c, RPID: rp.ID})
				if !advanced {
					t.Error("refused")
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestReportCounter_TellsOfACounterOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx, d := context.Background(), p.For("t1")
		if err := mfa.ReportCounter(ctx, d, now, userID, mfa.ErrFailed.Wrap(errors.New("another reason"))); err != nil {
			t.Fatal(err)
		}
		if told, _ := event.Since(ctx, d, "", 9); len(told) != 0 {
			t.Errorf("told %v", told)
		}
		a := &mfa.Assertion{Credential: &mfa.Credential{ID: "c", SignCount: 9}, SignCount: 4}
		if err := mfa.ReportCounter(ctx, d, now, userID, mfa.ErrFailed.Wrap(a.Overtaken())); err != nil {
			t.Fatal(err)
		}
		if told, err := event.Since(ctx, d, "", 9); err != nil || len(told) != 1 || told[0].Name != mfa.CounterRegressed {
			t.Errorf("told %v %v", told, err)
		}
	})
}
