package signin_test

import (
	"testing"

	"signet/internal/mfa"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/signin"
	"signet/internal/signinexp"
)

// A copy of a key that is stored while the answer of the other is being checked
// wins. SQLite writes one after the other; PostgreSQL lets both get that far.
func TestAuthentication_IsOvertakenByACopyOfItsKey(t *testing.T) {
	t.Parallel()
	pool := dbtest.Postgres(t)
	w := newWorld(t, pool, policy(signinexp.PolicyNoPrompt, webAuthn))
	u := w.user("ada")
	key := w.addKey(u)
	f := w.begin(signin.EventSignIn)
	f.identify("ada")
	id, options, err := w.engine.StartAuthentication(w.ctx, f.in)
	w.ok(err)
	answer := convert[mfa.AuthenticationPayload](w, key.Get(origin, options))
	answered := make(chan error, 1)
	w.tx(func(tx *db.Tx) error {
		_, err := tx.Exec(w.ctx, `UPDATE webauthn_credentials SET sign_count = 9 WHERE tenant_id = $1 AND user_id = $2`, u.ID)
		if err != nil {
			return err
		}
		go func() { answered <- w.engine.FinishAuthentication(w.ctx, f.in, id, answer) }()
		for {
			// Until the other waits for our row.
			if waiting, err := dbtest.Waiting(w.ctx, pool); err != nil || waiting > 0 {
				return err
			}
		}
	})
	w.refused(<-answered, mfa.ErrFailed)
	if got := w.credentials(u.ID)[0].SignCount; got != 9 {
		t.Errorf("counter %d", got)
	}
}
