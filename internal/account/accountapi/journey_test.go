package accountapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/user"
)

// addKey walks the calls by which a page adds a passkey and returns its handle.
func (p *person) addKey(key *softkey.Key, name string) string {
	p.t.Helper()
	if p.stepUp == "" {
		p.proveIt()
	}
	registration := p.register(key)
	p.call("POST", "/api/my-account/mfa-verifications", map[string]any{
		"type": "WebAuthn", "newIdentifierVerificationRecordId": registration, "name": name,
	}).want(p.t, 204, "")
	credentials := p.credentials()
	return credentials[len(credentials)-1].ID
}

// credentials are those that are stored of the person, at least one.
func (p *person) credentials() []mfa.Credential {
	p.t.Helper()
	credentials, err := mfa.CredentialsOf(context.Background(), p.db, p.id)
	if err != nil || len(credentials) == 0 {
		p.t.Fatal("no credential is stored", err)
	}
	return credentials
}

func (p *person) credential(id string) mfa.Credential {
	p.t.Helper()
	credentials := p.credentials()
	at := slices.IndexFunc(credentials, func(c mfa.Credential) bool { return c.ID == id })
	if at < 0 {
		p.t.Fatalf("no credential %s among %v", id, credentials)
	}
	return credentials[at]
}

// addTOTP has an operator give the person an authenticator application, and
// returns its id as the person's list has it.
func (p *person) addTOTP() string {
	p.t.Helper()
	ring, err := crypt.NewKeyring(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		p.t.Fatal(err)
	}
	p.tx(func(ctx context.Context, tx *db.Tx) error {
		return mfa.AddTOTP(ctx, tx, p.now(), ring, p.id, mfa.NewTOTPSecret())
	})
	var list []mfa.Factor
	if err := json.Unmarshal([]byte(p.call("GET", "/api/my-account/mfa-verifications", nil).want(p.t, 200, "").text), &list); err != nil {
		p.t.Fatal(err)
	}
	at := slices.IndexFunc(list, func(f mfa.Factor) bool { return f.Type == mfa.TypeTOTP })
	if at < 0 {
		p.t.Fatalf("no authenticator among %v", list)
	}
	return list[at].ID
}

// register proves a new passkey, without binding it, and returns the record.
func (p *person) register(key *softkey.Key) string {
	p.t.Helper()
	begun := p.call("POST", "/api/verifications/web-authn/registration", nil).want(p.t, 200, "")
	id := begun.str("verificationRecordId")
	p.call("POST", "/api/verifications/web-authn/registration/verify", map[string]any{
		"verificationRecordId": id, "payload": key.Create(origin, begun.json("registrationOptions")),
	}).want(p.t, 200, "")
	return id
}

// TestJourney_AddingASecurityKey walks the calls of a page that adds a key.
func TestJourney_AddingASecurityKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		if got := w.send("GET", "/api/.well-known/account-center", nil, nil).want(t, 200, ""); got.json("enabled") != true ||
			got.str("fields.mfa") != "Edit" || got.header.Get("ETag") == "" {
			t.Errorf("settings %s", got.text)
		}
		if got := ann.call("GET", "/api/my-account", nil).want(t, 200, ""); got.json("hasPassword") != true ||
			got.str("username") != "ann" || got.json("hasSecurityVerificationMethod") != true {
			t.Errorf("account %s", got.text)
		}
		if got := ann.call("GET", "/api/my-account/mfa-verifications", nil).want(t, 200, ""); got.text != "[]" {
			t.Errorf("factors %s", got.text)
		}
		if got := ann.call("GET", "/api/my-account/mfa-settings", nil).want(t, 200, ""); got.text != `{"skipMfaOnSignIn":false}` {
			t.Errorf("settings %s", got.text)
		}

		proved := ann.call("POST", "/api/verifications/password", `{"password":"`+password+`"}`).want(t, 201, "")
		if got := proved.str("expiresAt"); got != "2026-11-23T12:10:00.000Z" {
			t.Errorf("the proof expires at %q", got)
		}
		ann.stepUp = proved.str("verificationRecordId")
		if len(ann.stepUp) != 21 {
			t.Errorf("record id %q", ann.stepUp)
		}

		key := softkey.New()
		begun := ann.call("POST", "/api/verifications/web-authn/registration", nil).want(t, 200, "")
		if begun.str("registrationOptions.rp.id") != "auth.example.com" || begun.str("registrationOptions.user.name") != "ann" ||
			begun.json("expiresAt") == nil {
			t.Errorf("options %s", begun.text)
		}
		id := begun.str("verificationRecordId")
		answered := ann.call("POST", "/api/verifications/web-authn/registration/verify", map[string]any{
			"verificationRecordId": id, "payload": key.Create(origin, begun.json("registrationOptions")),
		}).want(t, 200, "")
		if answered.text != `{"verificationRecordId":"`+id+`"}` {
			t.Errorf("proof %s", answered.text)
		}
		if got := ann.call("GET", "/api/my-account/mfa-verifications", nil); got.text != "[]" {
			t.Errorf("bound too early: %s", got.text)
		}
		if len(w.events()) != 0 {
			t.Errorf("proofs are no change of the user: %v", w.events())
		}

		ann.call("POST", "/api/my-account/mfa-verifications", map[string]any{
			"type": "WebAuthn", "newIdentifierVerificationRecordId": id, "name": "Chrome on macOS",
		}).want(t, 204, "")
		stored, err := mfa.CredentialsOf(context.Background(), w.db, ann.id)
		if err != nil || len(stored) != 1 {
			t.Fatal(err, stored)
		}
		handle := stored[0].ID
		want := `[{"id":"` + handle + `","createdAt":"2026-11-23T12:00:00.000Z","type":"WebAuthn","agent":"` + agent + `","name":"Chrome on macOS"}]`
		if got := ann.call("GET", "/api/my-account/mfa-verifications", nil); got.text != want {
			t.Errorf("factors\n got %s\nwant %s", got.text, want)
		}
		if u, _ := user.ByID(context.Background(), w.db, ann.id); u.IsMFAEnabled == nil || !*u.IsMFAEnabled {
			t.Error("the second factor is not switched on for the user")
		}

		renamed := ann.call("PATCH", "/api/my-account/mfa-verifications/"+handle+"/name", `{"name":"Blue key"}`).want(t, 200, "")
		if strings.HasPrefix(renamed.header.Get("Content-Type"), "application/json") {
			t.Errorf("renaming answers JSON: %s", renamed.text)
		}
		if got := ann.call("GET", "/api/my-account/mfa-verifications", nil); !strings.Contains(got.text, `"name":"Blue key"`) {
			t.Errorf("factors %s", got.text)
		}

		ann.call("DELETE", "/api/my-account/mfa-verifications/"+handle, nil).want(t, 204, "")
		if got := ann.call("GET", "/api/my-account/mfa-verifications", nil); got.text != "[]" {
			t.Errorf("factors %s", got.text)
		}
		if got := w.events(); !slices.Equal(got, slices.Repeat([]string{"User.Data.Updated"}, 3)) {
			t.Errorf("events %v: want one for each of bind, rename and remove", got)
		}
	})
}

// TestProof_ByPasskey: who holds a key may prove it instead of the password.
func TestProof_ByPasskey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.call("POST", "/api/verifications/web-authn/authentication", nil).
			want(t, 400, "session.mfa.webauthn_verification_not_found")
		key := softkey.New()
		handle := ann.addKey(key, "Key")
		ann.stepUp = ""
		ann.call("GET", "/api/my-account/sessions", nil).want(t, 401, "verification_record.permission_denied")

		begun := ann.call("POST", "/api/verifications/web-authn/authentication", nil).want(t, 200, "")
		id := begun.str("verificationRecordId")
		payload := key.Get(origin, begun.json("authenticationOptions"))
		ann.stepUp = id
		ann.call("GET", "/api/my-account/sessions", nil).want(t, 401, "verification_record.permission_denied")
		verify := func() answer {
			return ann.call("POST", "/api/verifications/web-authn/authentication/verify",
				map[string]any{"verificationRecordId": id, "payload": payload})
		}
		verify().want(t, 200, "")
		ann.call("GET", "/api/my-account/sessions", nil).want(t, 200, "")
		verify().want(t, 400, "session.mfa.pending_info_not_found")

		c := ann.credential(handle)
		if c.SignCount != 2 || c.LastUsedAt == nil || *c.LastUsedAt != w.now() {
			t.Errorf("the use was not stored: %+v", c)
		}
	})
}

// TestProof_ByACopiedPasskeyIsRefusedAndReported: a counter that does not grow
// is the sign of a copy.
func TestProof_ByACopiedPasskeyIsRefusedAndReported(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		key := softkey.New()
		handle := ann.addKey(key, "Key")
		prove := func(key *softkey.Key) answer {
			begun := ann.call("POST", "/api/verifications/web-authn/authentication", nil).want(t, 200, "")
			ann.stepUp = begun.str("verificationRecordId")
			return ann.call("POST", "/api/verifications/web-authn/authentication/verify", map[string]any{
				"verificationRecordId": ann.stepUp, "payload": key.Get(origin, begun.json("authenticationOptions")),
			})
		}
		thief := key.Copy()
		prove(thief).want(t, 200, "")
		refused := prove(key).want(t, 400, "session.mfa.webauthn_verification_failed")
		if refused.json("data") != nil {
			t.Errorf("the refusal says why: %s", refused.text)
		}
		ann.call("GET", "/api/my-account/sessions", nil).want(t, 401, "verification_record.permission_denied")
		if c := ann.credential(handle); c.SignCount != 2 {
			t.Errorf("counter %d", c.SignCount)
		}
		if got := w.events(); !slices.Contains(got, mfa.CounterRegressed) {
			t.Errorf("events %v", got)
		}
	})
}

// begin starts a proof by passkey and returns the request with its answer.
func (p *person) begin(key *softkey.Key) map[string]any {
	p.t.Helper()
	begun := p.call("POST", "/api/verifications/web-authn/authentication", nil).want(p.t, 200, "")
	return map[string]any{
		"verificationRecordId": begun.str("verificationRecordId"), "payload": key.Get(origin, begun.json("authenticationOptions")),
	}
}

// together sends all answers at once and returns how many were accepted.
func (p *person) together(bodies []map[string]any) int {
	p.t.Helper()
	var group sync.WaitGroup
	var accepted atomic.Int32
	for _, body := range bodies {
		group.Go(func() {
			a := p.call("POST", "/api/verifications/web-authn/authentication/verify", body)
			if a.status == 200 {
				accepted.Add(1)
			} else if a.status != 400 {
				p.t.Errorf("got %d %s", a.status, a.text)
			}
		})
	}
	group.Wait()
	return int(accepted.Load())
}

// TestProof_CopiesOfAKeyCannotRace: of several proofs with one counter, each for
// a challenge of its own, one is accepted.
func TestProof_CopiesOfAKeyCannotRace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		key := softkey.New()
		ann.addKey(key, "Key")
		var bodies []map[string]any
		for range 8 {
			bodies = append(bodies, ann.begin(key.Copy()))
		}
		if n := ann.together(bodies); n != 1 {
			t.Errorf("%d were accepted", n)
		}
	})
}

// TestProof_AnswersOfOneChallengeCannotRace (attack 30): a key without a counter
// could otherwise answer twice.
func TestProof_AnswersOfOneChallengeCannotRace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		key := softkey.New()
		key.NoCounter = true
		ann.addKey(key, "Key")
		if n := ann.together(slices.Repeat([]map[string]any{ann.begin(key)}, 8)); n != 1 {
			t.Errorf("%d were accepted", n)
		}
	})
}

// TestProof_OneAnswerManyTimesIsNoCopy: what a nervous client sends again is no
// sign of a copied key.
func TestProof_OneAnswerManyTimesIsNoCopy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		key := softkey.New()
		ann.addKey(key, "Key")
		for range 4 {
			if n := ann.together(slices.Repeat([]map[string]any{ann.begin(key)}, 4)); n != 1 {
				t.Errorf("%d were accepted", n)
			}
		}
		if got := w.events(); slices.Contains(got, mfa.CounterRegressed) {
			t.Errorf("events %v", got)
		}
	})
}

// TestRecords_ExpireAfterTenMinutes, whether they were answered or not.
func TestRecords_ExpireAfterTenMinutes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		first := ann.stepUp
		key := softkey.New()
		registration := ann.register(key)
		pending := ann.call("POST", "/api/verifications/web-authn/registration", nil)

		w.clock.Advance(10*time.Minute - time.Millisecond)
		ann.call("GET", "/api/my-account/sessions", nil).want(t, 200, "")
		w.clock.Advance(time.Millisecond)
		ann.call("GET", "/api/my-account/sessions", nil).want(t, 401, "verification_record.permission_denied")

		ann.proveIt()
		if ann.stepUp == first {
			t.Error("a record was used twice")
		}
		before := ann.state()
		ann.call("POST", "/api/my-account/mfa-verifications", map[string]any{
			"type": "WebAuthn", "newIdentifierVerificationRecordId": registration,
		}).want(t, 400, "verification_record.not_found")
		ann.call("POST", "/api/verifications/web-authn/registration/verify", map[string]any{
			"verificationRecordId": pending.str("verificationRecordId"),
			"payload":              softkey.New().Create(origin, pending.json("registrationOptions")),
		}).want(t, 400, "verification_record.not_found")
		ann.unchanged(before)
	})
}

func TestRegistration_RefusesWhatTheKeyCannotProve(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		begun := ann.call("POST", "/api/verifications/web-authn/registration", nil)
		id := begun.str("verificationRecordId")
		verify := func(payload any) answer {
			return ann.call("POST", "/api/verifications/web-authn/registration/verify",
				map[string]any{"verificationRecordId": id, "payload": payload})
		}
		options := begun.json("registrationOptions")
		before := ann.state()

		withoutPIN := softkey.New()
		withoutPIN.Flags = softkey.UP
		refused := verify(withoutPIN.Create(origin, options)).want(t, 400, "session.mfa.webauthn_verification_failed")
		if refused.str("data.message") == "" {
			t.Errorf("the refusal does not say why: %s", refused.text)
		}
		verify(softkey.New().Create("https://evil.test", options)).want(t, 400, "session.mfa.webauthn_verification_failed")
		raw := softkey.New().Create(origin, options)
		raw["type"] = "public-key"
		verify(raw).want(t, 400, "guard.invalid_input")
		ann.unchanged(before)

		// Nothing was proved, so nothing can be bound; but the page may try again.
		ann.call("POST", "/api/my-account/mfa-verifications", map[string]any{
			"type": "WebAuthn", "newIdentifierVerificationRecordId": id,
		}).want(t, 400, "verification_record.not_found")
		ann.unchanged(before)
		verify(softkey.New().Create(origin, options)).want(t, 200, "")
		verify(softkey.New().Create(origin, options)).want(t, 400, "session.mfa.pending_info_not_found")
	})
}

func TestRegistration_OfAKeyThatSomebodyHolds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.person("ann"), w.person("bob")
		key := softkey.New()
		ann.addKey(key, "Key")

		// A browser would refuse: the options exclude what ann holds.
		begun := ann.call("POST", "/api/verifications/web-authn/registration", nil)
		if _, err := key.TryCreate(origin, begun.json("registrationOptions")); err == nil {
			t.Error("the options do not exclude the key")
		}

		// Two proofs of one credential, then both are bound.
		sameID := []byte("one credential id of two users...")
		same := func(c *softkey.Ceremony) { c.CredentialID = sameID }
		prove := func(p *person) string {
			begun := p.call("POST", "/api/verifications/web-authn/registration", nil)
			id := begun.str("verificationRecordId")
			p.call("POST", "/api/verifications/web-authn/registration/verify", map[string]any{
				"verificationRecordId": id, "payload": softkey.New().Create(origin, begun.json("registrationOptions"), same),
			}).want(t, 200, "")
			return id
		}
		bob.proveIt()
		ofAnn, ofBob := prove(ann), prove(bob)
		bind := func(p *person, id string) answer {
			return p.call("POST", "/api/my-account/mfa-verifications",
				map[string]any{"type": "WebAuthn", "newIdentifierVerificationRecordId": id})
		}
		bind(ann, ofAnn).want(t, 204, "")
		before := bob.state()
		bind(bob, ofBob).want(t, 422, "user.webauthn_already_in_use")
		bob.unchanged(before)

		// And already the proof is refused once it is bound.
		begun = bob.call("POST", "/api/verifications/web-authn/registration", nil)
		bob.call("POST", "/api/verifications/web-authn/registration/verify", map[string]any{
			"verificationRecordId": begun.str("verificationRecordId"),
			"payload":              softkey.New().Create(origin, begun.json("registrationOptions"), same),
		}).want(t, 422, "user.webauthn_already_in_use")
	})
}

// An account has room for so many passkeys, and says so before a key is touched and
// when it is bound.
func TestRegistration_StopsAtTheMostPasskeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		fill := func(from, to int) {
			w.tx(func(ctx context.Context, tx *db.Tx) error {
				for n := from; n < to; n++ {
					c := &mfa.Credential{ID: strconv.Itoa(n), UserID: ann.id, CredentialID: []byte{byte(n)}, PublicKey: []byte{1}, CreatedAt: 1}
					if err := mfa.Insert(ctx, tx, c); err != nil {
						return err
					}
				}
				return nil
			})
		}
		fill(0, mfa.MaxCredentials-1)
		id := ann.register(softkey.New())
		fill(mfa.MaxCredentials-1, mfa.MaxCredentials)
		before := ann.state()
		ann.call("POST", "/api/my-account/mfa-verifications",
			map[string]any{"type": "WebAuthn", "newIdentifierVerificationRecordId": id}).want(t, 422, "user.webauthn_limit_reached")
		ann.call("POST", "/api/verifications/web-authn/registration", nil).want(t, 422, "user.webauthn_limit_reached")
		ann.unchanged(before)
	})
}

// TestRegistration_IsSpentOnce (attack 30), also when two requests meet.
func TestRegistration_IsSpentOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		ann.proveIt()
		id := ann.register(softkey.New())
		const parallel = 8
		statuses := make(chan int, parallel)
		for range parallel {
			go func() {
				statuses <- ann.call("POST", "/api/my-account/mfa-verifications",
					map[string]any{"type": "WebAuthn", "newIdentifierVerificationRecordId": id}).status
			}()
		}
		bound := 0
		for range parallel {
			switch status := <-statuses; status {
			case 204:
				bound++
			case 400:
			default:
				t.Errorf("status %d", status)
			}
		}
		if stored, _ := mfa.CredentialsOf(context.Background(), w.db, ann.id); bound != 1 || len(stored) != 1 {
			t.Errorf("bound %d times, stored %d", bound, len(stored))
		}
	})
}
