package token_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func (w *world) add(algorithm string) (id string) {
	w.t.Helper()
	key, err := token.GenerateKey(algorithm)
	if err != nil {
		w.t.Fatal(err)
	}
	w.tx(func(tx *db.Tx) error { return token.AddSigningKey(w.t.Context(), tx, now, w.ring, key) })
	keys, err := token.AdditionalKeys(w.t.Context(), w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, k := range keys {
		if k.Algorithm == algorithm && k.Status == token.StatusCurrent {
			return k.ID
		}
	}
	w.t.Fatal("the key is not there")
	return ""
}

// choosing registers an application that has chosen an algorithm.
func (w *world) choosing(id, algorithm string) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) error {
		_, _, err := application.Create(w.t.Context(), tx, now, w.ring, application.Application{
			ID: id, Name: id, Type: application.SPA, Custom: application.CustomMetadata{IDTokenSignedResponseAlg: algorithm}})
		return err
	})
}

// header returns algorithm and key of a signed token.
func header(t *testing.T, raw string) (algorithm, kid string) {
	t.Helper()
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.ES512, jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	return signed.Signatures[0].Protected.Algorithm, signed.Signatures[0].Protected.KeyID
}

func published(t *testing.T, set *token.KeySet) (ids, algorithms []string) {
	t.Helper()
	var jwks jose.JSONWebKeySet
	if err := json.Unmarshal(set.JWKS, &jwks); err != nil || strings.Contains(string(set.JWKS), `"d"`) {
		t.Fatalf("%s, %v", set.JWKS, err)
	}
	for _, k := range jwks.Keys {
		ids, algorithms = append(ids, k.KeyID), append(algorithms, k.Algorithm)
	}
	return ids, algorithms
}

// Keys of several algorithms sign side by side. The primary one is first, and
// signs whatever does not ask for another.
func TestAdditionalKeys_SignSideBySide(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		keys := w.seedKeys()
		kids := map[string]string{}
		for _, algorithm := range []string{token.EdDSA, token.ES256, token.ES512} {
			kids[algorithm] = w.add(algorithm)
		}
		set := w.set(keys)
		if len(set.Algorithms) != 4 || set.Algorithms[0] != token.ES384 {
			t.Errorf("signs %v", set.Algorithms)
		}
		if _, algorithms := published(t, set); len(algorithms) != 4 || algorithms[0] != "ES384" {
			t.Errorf("published %v", algorithms)
		}
		for algorithm, kid := range kids {
			raw, err := set.SignIDToken(token.IDToken{Issuer: issuer, Subject: userID, Audience: "app", IssuedAt: now, TTL: time.Hour, Algorithm: algorithm})
			if err != nil {
				t.Fatal(err)
			}
			if alg, by := header(t, raw); alg != algorithm || by != kid {
				t.Errorf("%s: signed %s with %s", algorithm, alg, by)
			}
			if _, err := set.VerifyHint(raw, issuer); err != nil {
				t.Errorf("%s: %v", algorithm, err)
			}
		}
		if alg, _ := header(t, sign(t, set)); alg != token.ES384 {
			t.Errorf("unasked it signs %s", alg)
		}
		access, err := set.SignAccess(token.AccessJWT{Issuer: issuer, Subject: userID, Audience: "https://api.example", ClientID: "app", IssuedAt: now, TTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if alg, _ := header(t, access); alg != token.ES384 {
			t.Errorf("access tokens are signed %s", alg)
		}
		if _, err := set.SignIDToken(token.IDToken{Issuer: issuer, Algorithm: token.RS256}); err == nil {
			t.Error("signs without a key")
		}
		if primary, err := token.SigningKeys(t.Context(), w.db, now); err != nil || len(primary) != 1 {
			t.Errorf("primary keys %+v, %v", primary, err)
		}
	})
}

// A new key of an algorithm takes over; the one before still verifies, and the one
// before that does not. Rotating the primary key leaves the others alone, and a
// primary key of the same algorithm wins.
func TestAdditionalKeys_Rotation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		keys := w.seedKeys()
		ask := func() (raw, kid string) {
			t.Helper()
			raw, err := w.set(keys).SignIDToken(token.IDToken{Issuer: issuer, Subject: userID, Audience: "app", IssuedAt: now, TTL: time.Hour, Algorithm: token.EdDSA})
			if err != nil {
				t.Fatal(err)
			}
			_, kid = header(t, raw)
			return raw, kid
		}
		oldest := w.add(token.EdDSA)
		first, kid := ask()
		second := w.add(token.EdDSA)
		if _, by := ask(); kid != oldest || by != second {
			t.Errorf("signed by %s, then %s", kid, by)
		}
		if _, err := w.set(keys).VerifyHint(first, issuer); err != nil {
			t.Errorf("after one rotation: %v", err)
		}
		w.rotate(token.ES384, false)
		w.rotate(token.EdDSA, false)
		if ids, _ := published(t, w.set(keys)); len(ids) != 4 || ids[2] != second || ids[3] != oldest {
			t.Errorf("published %v", ids)
		}
		if _, by := ask(); by == second || len(w.set(keys).Algorithms) != 1 {
			t.Errorf("signed by %s, of %v", by, w.set(keys).Algorithms)
		}
		w.rotate(token.ES384, false)
		if _, by := ask(); by != second {
			t.Errorf("signed by %s", by)
		}
		w.add(token.EdDSA)
		if _, err := w.set(keys).VerifyHint(first, issuer); err == nil {
			t.Error("verifies with a key that was dropped")
		}
	})
}

// No change of keys leaves an application without one for its algorithm, and none
// can choose an algorithm that is about to go.
func TestAdditionalKeys_StayWhileTheyAreChosen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		w.seedKeys()
		try := func(fn func(tx *db.Tx) error) error { return w.db.Tx(t.Context(), fn) }
		choose := func(algorithm string) error {
			return try(func(tx *db.Tx) error { return token.CheckAlgorithm(t.Context(), tx, now, algorithm) })
		}
		remove := func(id string) error {
			return try(func(tx *db.Tx) error { return token.DeleteAdditionalKey(t.Context(), tx, now, id) })
		}
		fresh := func(algorithm string) *token.NewKey {
			t.Helper()
			key, err := token.GenerateKey(algorithm)
			if err != nil {
				t.Fatal(err)
			}
			return key
		}
		if err := choose(token.EdDSA); !errors.Is(err, token.ErrNoSuchAlgorithm) {
			t.Errorf("without a key: %v", err)
		}
		ed := w.add(token.EdDSA)
		if err := errors.Join(choose(token.EdDSA), choose(token.ES384)); err != nil {
			t.Error(err)
		}
		w.choosing("modern", token.EdDSA)
		w.choosing("classic", token.ES384)
		w.choosing("plain", "")
		for name, err := range map[string]error{
			"delete": remove(ed),
			"rotate": try(func(tx *db.Tx) error { return token.RotateSigningKey(t.Context(), tx, now, w.ring, fresh(token.ES256)) }),
			"stage": try(func(tx *db.Tx) error {
				return token.StageSigningKey(t.Context(), tx, now, now+hour, w.ring, fresh(token.ES256))
			}),
		} {
			if !errors.Is(err, token.ErrKeyInUse) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := remove("none"); !errors.Is(err, token.ErrKeyNotFound) {
			t.Errorf("unknown: %v", err)
		}
		if err := try(func(tx *db.Tx) error {
			return token.StageSigningKey(t.Context(), tx, now, now+hour, w.ring, fresh(token.ES384))
		}); err != nil {
			t.Errorf("another key of the same algorithm: %v", err)
		}
		w.tx(func(tx *db.Tx) error { return application.Delete(t.Context(), tx, "classic") })
		if err := try(func(tx *db.Tx) error {
			return token.StageSigningKey(t.Context(), tx, now, now+hour, w.ring, fresh(token.ES256))
		}); err != nil {
			t.Errorf("nobody has chosen it: %v", err)
		}
		for _, going := range []string{token.ES384, token.ES256} {
			if err := choose(going); !errors.Is(err, token.ErrNoSuchAlgorithm) {
				t.Errorf("%s, which does not sign both now and later: %v", going, err)
			}
		}
		second := w.add(token.EdDSA)
		if err := errors.Join(remove(ed)); err != nil {
			t.Errorf("one that was replaced: %v", err)
		}
		if err := remove(second); !errors.Is(err, token.ErrKeyInUse) {
			t.Errorf("the last one: %v", err)
		}
		w.tx(func(tx *db.Tx) error { return application.Delete(t.Context(), tx, "modern") })
		if err := remove(second); err != nil {
			t.Errorf("nobody needs it: %v", err)
		}
	})
}

// An application that chooses and an operator who takes the key away, at the same
// time: one of them is refused.
func TestAdditionalKeys_ChoiceAndDeletionDoNotCross(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		w.seedKeys()
		id := w.add(token.EdDSA)
		var chosen, deleted error
		var group sync.WaitGroup
		group.Go(func() {
			chosen = w.db.Tx(t.Context(), func(tx *db.Tx) error {
				_, _, err := application.Create(t.Context(), tx, now, w.ring, application.Application{
					ID: "app", Name: "app", Type: application.SPA, Custom: application.CustomMetadata{IDTokenSignedResponseAlg: token.EdDSA}})
				if err != nil {
					return err
				}
				return token.CheckAlgorithm(t.Context(), tx, now, token.EdDSA)
			})
		})
		group.Go(func() {
			deleted = w.db.Tx(t.Context(), func(tx *db.Tx) error { return token.DeleteAdditionalKey(t.Context(), tx, now, id) })
		})
		group.Wait()
		if (chosen == nil) == (deleted == nil) {
			t.Errorf("chosen: %v, deleted: %v", chosen, deleted)
		}
	})
}

// Of the tenant's own key too, only its own algorithm counts, whatever others
// there are (RFC 8725 section 3.1).
func TestVerifyHint_AlgorithmIsTheKeys(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other := jose.JSONWebKey{Key: key.Public(), KeyID: "other", Algorithm: token.RS256}
	got := map[string]bool{}
	for _, algorithm := range []string{token.RS256, token.PS256} {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign([]byte(`{"iss":"` + issuer + `","sub":"u","aud":"app"}`))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		_, err = token.KeySetOf(t, key, token.PS256, other).VerifyHint(raw, issuer)
		got[algorithm] = err == nil
	}
	if want := map[string]bool{token.RS256: false, token.PS256: true}; !reflect.DeepEqual(got, want) {
		t.Errorf("verifies %v", got)
	}
}
