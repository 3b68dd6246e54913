package token_test

import (
	"testing"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// A rotation finds its rows by their keys. The index of what is sealed is for the purge:
// it looks small to PostgreSQL, which counts the few rows that were in it last, and holds
// all that the last seconds have left.
func TestRotate_ReadsByKey(t *testing.T) {
	t.Parallel()
	p := dbtest.Counting(t)
	w := setup(t, p)
	_, value := w.mint(w.grant(token.Grant{ClientID: "app"}), nil)
	for _, statement := range []string{
		`INSERT INTO refresh_tokens SELECT (r).* FROM (
			SELECT jsonb_populate_record(t, jsonb_build_object('token_hash', '\x' || md5(n::text))) AS r
			FROM refresh_tokens AS t, generate_series(1, 5000) AS n) AS many`,
		"ANALYZE refresh_tokens",
	} {
		if _, err := p.Across().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		w.tx(func(tx *db.Tx) error {
			held, err := token.LockRefresh(t.Context(), tx, now, value)
			if err == nil {
				value, err = held.Rotate(t.Context(), tx, now, w.ring, now+24*hour)
			}
			return err
		})
	}
	byKey, sealed := dbtest.IndexScans(t, p, "refresh_tokens_pkey"), dbtest.IndexScans(t, p, "refresh_tokens_sealed")
	if byKey < 20 || sealed != 0 {
		t.Errorf("%d reads by key, %d by what is sealed", byKey, sealed)
	}
}
