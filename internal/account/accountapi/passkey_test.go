package accountapi_test

import (
	"context"
	"testing"
	"time"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/db"
)

// TestProof_EndsWithItsPasskey (attack 39): what was proved by a key that is
// removed, by its owner or by an operator, opens nothing any more. Proofs by other
// keys stay good.
func TestProof_EndsWithItsPasskey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		lost, kept := softkey.New(), softkey.New()
		lostID := ann.addKey(lost, "Lost")
		w.clock.Advance(time.Second)
		keptID := ann.addKey(kept, "Kept")
		prove := func(p *person, key *softkey.Key) {
			body := p.begin(key)
			p.call("POST", "/api/verifications/web-authn/authentication/verify", body).want(t, 200, "")
			p.stepUp = body["verificationRecordId"].(string)
		}
		thief := *ann
		thief.session, thief.token = ann.signIn("account-center", "openid profile identities urn:logto:scope:sessions")
		prove(&thief, lost)
		thief.call("GET", "/api/my-account/sessions", nil).want(t, 200, "")
		prove(ann, kept)
		ann.call("DELETE", "/api/my-account/mfa-verifications/"+lostID, nil).want(t, 204, "")
		before := ann.state()
		thief.call("GET", "/api/my-account/sessions", nil).want(t, 401, "verification_record.permission_denied")
		thief.call("POST", "/api/my-account/password", `{"password":"Other-Valley-78"}`).want(t, 401, "verification_record.permission_denied")
		ann.unchanged(before)
		ann.call("GET", "/api/my-account/sessions", nil).want(t, 200, "")
		w.tx(func(ctx context.Context, tx *db.Tx) error {
			_, err := mfa.DeleteFactor(ctx, tx, ann.id, keptID)
			return err
		})
		ann.call("GET", "/api/my-account/sessions", nil).want(t, 401, "verification_record.permission_denied")
		ann.proveIt()
		ann.call("GET", "/api/my-account/sessions", nil).want(t, 200, "")
	})
}
