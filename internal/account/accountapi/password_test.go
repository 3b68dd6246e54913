package accountapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"signet/internal/accountcenter"
	"signet/internal/platform/db"
	"signet/internal/user"
)

func (p *person) tryPassword(value string) answer {
	p.t.Helper()
	return p.call("POST", "/api/verifications/password", map[string]any{"password": value})
}

func TestPassword_IsChangedUnderThePolicy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		set := func(value string) answer {
			return ann.call("POST", "/api/my-account/password", map[string]any{"password": value})
		}
		before := ann.state()
		refused := set("abc").want(t, 422, "password.rejected")
		if !strings.Contains(refused.text, "password_rejected.too_short") {
			t.Errorf("no reason: %s", refused.text)
		}
		set(password).want(t, 422, "user.same_password")
		set("").want(t, 400, "guard.invalid_input")
		set(strings.Repeat("long!", 200)).want(t, 422, "password.rejected")
		ann.unchanged(before)

		w.tx(func(ctx context.Context, tx *db.Tx) error {
			expired := true
			_, err := user.Update(ctx, tx, w.now(), ann.id, user.Patch{IsPasswordExpired: &expired})
			return err
		})
		set("Green-Valley-77").want(t, 204, "")
		u, err := user.ByID(context.Background(), w.db, ann.id)
		if err != nil || u.IsPasswordExpired {
			t.Errorf("the expiry stands: %v", err)
		}
		ann.tryPassword(password).want(t, 422, "session.invalid_credentials")
		ann.tryPassword("Green-Valley-77").want(t, 201, "")
		if got := ann.call("GET", "/api/my-account/sessions", nil).want(t, 200, ""); len(got.json("sessions").([]any)) != 1 {
			t.Errorf("a changed password ends sessions: %s", got.text)
		}
	})
}

// TestPassword_ChangeEndsProofsOfTheOldOne (attack 39): who knew the old password
// cannot go on with it, whatever they had proved by it before. The proof that made
// the change stays good.
func TestPassword_ChangeEndsProofsOfTheOldOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		thief := *ann
		thief.session, thief.token = ann.signIn("account-center", "openid profile identities urn:logto:scope:sessions")
		thief.proveIt()
		w.clock.Advance(time.Second)
		ann.proveIt()
		w.clock.Advance(time.Second)
		ann.call("POST", "/api/my-account/password", `{"password":"Green-Valley-77"}`).want(t, 204, "")
		before := ann.state()
		thief.call("POST", "/api/my-account/password", `{"password":"Other-Valley-78"}`).want(t, 401, "verification_record.permission_denied")
		thief.call("PATCH", "/api/my-account", `{"username":"mallory"}`).want(t, 401, "verification_record.permission_denied")
		thief.call("GET", "/api/my-account/sessions", nil).want(t, 401, "verification_record.permission_denied")
		ann.unchanged(before)
		ann.call("PATCH", "/api/my-account", `{"username":"annika"}`).want(t, 200, "")
		// Nor does a change by somebody else leave one good.
		hash, err := w.hasher.Hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Second)
		w.tx(func(ctx context.Context, tx *db.Tx) error {
			_, err := user.Update(ctx, tx, w.now(), ann.id, user.Patch{PasswordHash: &hash})
			return err
		})
		ann.call("PATCH", "/api/my-account", `{"username":"ann"}`).want(t, 401, "verification_record.permission_denied")
		ann.proveIt()
		ann.call("PATCH", "/api/my-account", `{"username":"ann"}`).want(t, 200, "")
	})
}

// TestPassword_FirstOneNeedsNoProof: there is nothing to prove it with.
func TestPassword_FirstOneNeedsNoProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		w.tx(func(ctx context.Context, tx *db.Tx) error {
			none := ""
			_, err := user.Update(ctx, tx, w.now(), ann.id, user.Patch{PasswordHash: &none})
			return err
		})
		ann.tryPassword(password).want(t, 422, "session.invalid_credentials")
		ann.call("POST", "/api/my-account/password", `{"password":"Green-Valley-77"}`).want(t, 204, "")
		ann.call("POST", "/api/my-account/password", `{"password":"Other-Valley-78"}`).want(t, 401, "verification_record.permission_denied")
		ann.tryPassword("Green-Valley-77").want(t, 201, "")
	})
}

// TestPassword_ImportedHash: it proves who somebody is, becomes one of ours, and
// is known as the same password; one that cannot be read can be replaced.
func TestPassword_ImportedHash(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		store := func(hash string) {
			w.tx(func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE users SET password_hash = $3, password_algorithm = 'MD5' WHERE tenant_id = $1 AND id = $2`, ann.id, hash)
				return err
			})
		}
		store("dc538cec8214725694857af632655fe1") // of password
		ann.tryPassword("Wrong-Harbour-1").want(t, 422, "session.invalid_credentials")
		ann.proveIt()
		u, err := user.ByID(context.Background(), w.db, ann.id)
		if err != nil || *u.PasswordAlgorithm != "Argon2id" || !strings.HasPrefix(*u.PasswordHash, "$argon2id$") {
			t.Errorf("after a proof: %+v, %v", u, err)
		}
		store("dc538cec8214725694857af632655fe1")
		ann.call("POST", "/api/my-account/password", map[string]any{"password": password}).want(t, 422, "user.same_password")
		store("unreadable")
		ann.tryPassword(password).want(t, 422, "session.invalid_credentials")
		ann.call("POST", "/api/my-account/password", map[string]any{"password": password}).want(t, 204, "")
		ann.tryPassword(password).want(t, 201, "")
	})
}

// TestPasswordProof_LocksOut (attack 34): parallel guesses do not outrun the
// limit, and the right password does not help while it lasts.
func TestPasswordProof_LocksOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		const limit = 5
		w.experience("sentinel_policy", map[string]int{"maxAttempts": limit, "lockoutDuration": 10})
		before := ann.state()
		const guesses = 40
		codes := make(chan string, guesses)
		for range guesses {
			go func() { codes <- ann.tryPassword("Wrong-Harbour-1").str("code") }()
		}
		evaluated := 0
		for range guesses {
			switch code := <-codes; code {
			case "session.invalid_credentials":
				evaluated++
			case "session.verification_blocked_too_many_attempts":
			default:
				t.Errorf("code %q", code)
			}
		}
		if evaluated >= limit {
			t.Errorf("%d guesses were answered, the limit is %d", evaluated, limit)
		}
		ann.tryPassword(password).want(t, 400, "session.verification_blocked_too_many_attempts")
		if after := ann.state(); after.records != before.records {
			t.Error("a record was made while blocked")
		}
		w.clock.Advance(2 * time.Hour)
		ann.token = ann.tokenIn(ann.session, "account-center", "openid profile identities")
		ann.tryPassword(password).want(t, 201, "")
	})
}

// TestProof_CountsOnlyIfItIsTheCallersOwnAndOfTheStatedMethod (attacks 30 and
// 39).
func TestProof_CountsOnlyIfItIsTheCallersOwnAndOfTheStatedMethod(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person("ann"), w.person("bob")
		bob.proveIt()
		for name, id := range map[string]string{
			"another user's proof":   bob.stepUp,
			"unknown":                strings.Repeat("a", 21),
			"nonsense":               "' OR 1=1 --",
			"endless":                strings.Repeat("a", 10_000),
			"a started registration": ann.call("POST", "/api/verifications/web-authn/registration", nil).str("verificationRecordId"),
			"the session's own id":   ann.session,
		} {
			ann.stepUp = id
			before := ann.state()
			ann.call("PATCH", "/api/my-account", `{"username":"mallory"}`).want(t, 401, "verification_record.permission_denied")
			ann.call("GET", "/api/my-account/sessions", nil).want(t, 401, "verification_record.permission_denied")
			ann.unchanged(before)
			if t.Failed() {
				t.Fatalf("with %s", name)
			}
			// A bad header is no error where no step-up is asked for.
			ann.call("GET", "/api/my-account", nil).want(t, 200, "")
		}
	})
}

// TestPasskeyField_DecidesOverPasskeys: named off it blocks them whatever the
// other factors may, and it opens them without the list.
func TestPasskeyField_DecidesOverPasskeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		configs := func() answer { return ann.call("GET", "/api/my-account/logto-configs", nil) }
		list := func() answer { return ann.call("GET", "/api/my-account/mfa-verifications", nil) }
		set := func(fields map[accountcenter.Field]accountcenter.Access) {
			w.settings(func(s *accountcenter.Settings) { s.Fields = fields })
		}
		set(map[accountcenter.Field]accountcenter.Access{"mfa": "Edit", "passkey": "Off"})
		configs().want(t, 400, "account_center.field_not_enabled")
		list().want(t, 200, "")
		set(map[accountcenter.Field]accountcenter.Access{"mfa": "Edit"})
		configs().want(t, 200, "")
		set(map[accountcenter.Field]accountcenter.Access{"mfa": "Off", "passkey": "Edit"})
		configs().want(t, 200, "")
		list().want(t, 400, "account_center.field_not_enabled")
	})
}
