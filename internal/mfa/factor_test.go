package mfa_test

import (
	"context"
	"testing"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestDeleteAll_LeavesNoFactorOfThatUserOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx, d := context.Background(), p.For("t1")
		ring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{userID, "somebodyelse"} {
			addUser(t, d, id)
			key := mustRegister(t, softkey.New())
			key.UserID = id
			if err := insert(t, d, key); err != nil {
				t.Fatal(err)
			}
			err := inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
				if err := mfa.AddTOTP(ctx, tx, now, ring, id, mfa.NewTOTPSecret()); err != nil {
					return err
				}
				return mfa.AddBackupCodes(ctx, tx, now, ring, id, mfa.NewBackupCodes())
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		err = inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			n, err := mfa.DeleteAll(ctx, tx, userID)
			if n != 3 {
				t.Errorf("%d removed", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]int{userID: 0, "somebodyelse": 3} {
			if left, err := mfa.FactorsOf(ctx, d, id); err != nil || len(left) != want {
				t.Errorf("%s has %v, %v", id, left, err)
			}
		}
		codes, err := db.One[int](ctx, d, `SELECT count(*) FROM backup_codes WHERE tenant_id = $1`)
		if err != nil || codes != 10 {
			t.Errorf("%d backup codes, %v", codes, err)
		}
	})
}
