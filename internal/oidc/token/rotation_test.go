package token_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// A staged key is published first, takes over by itself at its time on every
// node, and what the keys before signed verifies until they are deleted.
func TestKeys_StagedRotation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		w.rotate(token.ES384, true)
		fake := clock.NewFake(time.UnixMilli(now))
		keys, other := token.NewKeys(p, w.ring, fake.Now), token.NewKeys(p, w.ring, fake.Now)
		states := func() (states []string) {
			t.Helper()
			listed, err := token.SigningKeys(t.Context(), w.db, fake.Now().UnixMilli())
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range listed {
				states = append(states, fmt.Sprintf("%s %t", key.Status, key.EffectiveAt != nil))
			}
			return states
		}
		stage := func() error {
			key, err := token.GenerateKey(token.ES384)
			if err != nil {
				t.Fatal(err)
			}
			at := fake.Now().UnixMilli()
			return w.db.Tx(t.Context(), func(tx *db.Tx) error {
				return token.StageSigningKey(t.Context(), tx, at, at+1000, w.ring, key)
			})
		}
		first := w.set(keys)
		old := sign(t, first)
		for range 2 { // the second one takes the place of the first
			if err := stage(); err != nil {
				t.Fatal(err)
			}
		}
		if got := states(); !slices.Equal(got, []string{"Current false", "Next true"}) {
			t.Errorf("staged: %v", got)
		}
		waiting := w.set(other)
		byNext := string(waiting.JWKS)
		key, err := token.GenerateKey(token.RS256)
		if err != nil {
			t.Fatal(err)
		}
		at := fake.Now().UnixMilli()
		err = w.db.Tx(t.Context(), func(tx *db.Tx) error { return token.RotateSigningKey(t.Context(), tx, at, w.ring, key) })
		if !errors.Is(err, token.ErrKeyWaits) {
			t.Errorf("rotated past a key that waits: %v", err)
		}
		fake.Advance(time.Second)
		if got := states(); !slices.Equal(got, []string{"Current false", "Previous false"}) {
			t.Errorf("in force: %v", got)
		}
		for _, node := range []*token.Keys{keys, other} {
			set := w.set(node)
			if string(set.JWKS) == byNext {
				t.Error("the key has not taken over")
			}
			fresh := sign(t, set)
			if _, err := waiting.VerifyHint(fresh, issuer); err != nil {
				t.Errorf("who had read the keys before cannot verify: %v", err)
			}
			if _, err := first.VerifyHint(fresh, issuer); err == nil {
				t.Error("the old key still signs")
			}
			if _, err := set.VerifyHint(old, issuer); err != nil {
				t.Errorf("old token: %v", err)
			}
		}
		listed, _ := token.SigningKeys(t.Context(), w.db, fake.Now().UnixMilli())
		err = w.db.Tx(t.Context(), func(tx *db.Tx) error {
			return token.DeleteSigningKey(t.Context(), tx, fake.Now().UnixMilli(), listed[1].ID)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.set(keys).VerifyHint(old, issuer); err == nil {
			t.Error("verifies with a deleted key")
		}
		if _, err := w.set(keys).VerifyHint(sign(t, w.set(keys)), issuer); err != nil {
			t.Errorf("after the deletion: %v", err)
		}
	})
}

func TestDeleteCookieKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		keys := w.seedKeys()
		signature := w.set(keys).SignCookie("a", "b")
		w.tx(func(tx *db.Tx) error { return token.RotateCookieKey(t.Context(), tx, now+1, w.ring) })
		listed, err := token.CookieKeys(t.Context(), w.db)
		if err != nil || len(listed) != 2 {
			t.Fatal(listed, err)
		}
		remove := func(id string) error {
			return w.db.Tx(t.Context(), func(tx *db.Tx) error { return token.DeleteCookieKey(t.Context(), tx, id) })
		}
		if err := remove("nothing"); !errors.Is(err, token.ErrKeyNotFound) {
			t.Error(err)
		}
		if err := remove(listed[0].ID); err != nil { // the older one signs again
			t.Fatal(err)
		}
		if err := remove(listed[1].ID); !errors.Is(err, token.ErrKeyRequired) {
			t.Error(err)
		}
		w.tx(func(tx *db.Tx) error { return token.RotateCookieKey(t.Context(), tx, now+2, w.ring) })
		if !w.set(keys).VerifyCookie("a", "b", signature) {
			t.Error("the cookies of the key that stayed are lost after one rotation")
		}
	})
}
