package mfa_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/errs"
)

// authenticate runs an authentication ceremony with a key.
func authenticate(t testing.TB, key *softkey.Key, c *mfa.Credential, tweaks ...softkey.Tweak) (*mfa.Assertion, error) {
	t.Helper()
	options, challenge, err := mfa.AuthenticationOptions(rp, userID, []mfa.Credential{*c})
	if err != nil {
		return nil, err
	}
	answer := key.Sign(origin, options, tweaks...)
	return mfa.VerifyAuthentication(rp, challenge, []mfa.Credential{*c}, through[mfa.AuthenticationPayload](t, answer))
}

func TestAuthenticationOptions_AreExactlyTheseProperties(t *testing.T) {
	t.Parallel()
	c := mustRegister(t, softkey.New())
	options, challenge, err := mfa.AuthenticationOptions(rp, userID, []mfa.Credential{*c})
	if err != nil || options.Challenge != challenge.Value || len(options.Challenge) != 43 {
		t.Fatalf("%v %+v", err, options)
	}
	options.Challenge = "C"
	options.AllowCredentials[0].ID = "E"
	got, _ := json.Marshal(options)
	want := `{"rpId":"auth.example.com","challenge":"C","allowCredentials":[{"id":"E","type":"public-key","transports":["usb"]}],` +
		`"timeout":60000,"userVerification":"required"}`
	if string(got) != want {
		t.Errorf("options\n got %s\nwant %s", got, want)
	}
	if _, _, err := mfa.AuthenticationOptions(rp, userID, nil); !errors.Is(err, mfa.ErrNoCredential) {
		t.Errorf("without credentials: %v", err)
	}
}

func TestVerifyAuthentication_ReportsCounterAndFlags(t *testing.T) {
	t.Parallel()
	key := softkey.New()
	key.Flags |= softkey.BE
	c := mustRegister(t, key)
	key.Flags |= softkey.BS
	a, err := authenticate(t, key, c)
	if err != nil {
		t.Fatal(err)
	}
	if a.Credential.ID != c.ID || a.SignCount != 2 || !a.BackupEligible || !a.BackedUp || a.RPID != rp.ID {
		t.Errorf("%+v", a)
	}
	noHandle := answer(func(m map[string]any) { delete(m["response"].(map[string]any), "userHandle") })
	if _, err := authenticate(t, key, c, noHandle); err != nil {
		t.Errorf("without a user handle, which is optional when credentials are named: %v", err)
	}
}

// TestVerifyAuthentication_RefusesEachBrokenStep has a case for every step of
// WebAuthn L3 section 7.2.
func TestVerifyAuthentication_RefusesEachBrokenStep(t *testing.T) {
	t.Parallel()
	type step struct {
		name  string
		tweak softkey.Tweak
		want  string
	}
	var steps []step
	for _, s := range sharedSteps {
		steps = append(steps, step(s))
	}
	response := func(m map[string]any) map[string]any { return m["response"].(map[string]any) }
	steps = append(steps, []step{
		{"type of a registration", set("type", "webauthn.create"), "ceremony type"},
		{"related origins count for registration only", set("origin", "https://example.org"), "unexpected origin"},
		{"id is not in the list", answer(func(m map[string]any) { m["id"], m["rawId"] = "AAAA", "AAAA" }), "not asked for"},
		{"user handle of somebody else", answer(func(m map[string]any) {
			response(m)["userHandle"] = base64.RawURLEncoding.EncodeToString([]byte("mallory"))
		}), "user handle is another"},
		{"user handle is not base64url", answer(func(m map[string]any) { response(m)["userHandle"] = "***" }), "userHandle"},
		{"became eligible for backup", flags(softkey.UP | softkey.UV | softkey.BE), "backup eligibility"},
		{"authenticator data is not base64url", inResponse("authenticatorData", "="), "authenticatorData: illegal base64"},
		{"authenticator data with trailing bytes", authData(func(b []byte) []byte { return append(b, 0) }), "authenticatorData"},
		{"authenticator data truncated", authData(func(b []byte) []byte { return b[:36] }), "authenticatorData"},
		{"signature altered", func(c *softkey.Ceremony) {
			c.Signature = func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
		}, "signature"},
		{"signature with trailing bytes", func(c *softkey.Ceremony) {
			c.Signature = func(b []byte) []byte { return append(b, 0) }
		}, "signature"},
		{"signature is not base64url", answer(func(m map[string]any) { response(m)["signature"] = "***" }), "signature"},
		{"counter altered after signing", answer(func(m map[string]any) {
			raw, _ := base64.RawURLEncoding.DecodeString(response(m)["authenticatorData"].(string))
			raw[33] = 0xff
			response(m)["authenticatorData"] = base64.RawURLEncoding.EncodeToString(raw)
		}), "signature"},
		{"client data altered after signing", answer(func(m map[string]any) {
			raw, _ := base64.RawURLEncoding.DecodeString(response(m)["clientDataJSON"].(string))
			response(m)["clientDataJSON"] = base64.RawURLEncoding.EncodeToString(append(raw, ' '))
		}), "signature"},
		{"counter stands still", func(c *softkey.Ceremony) { c.Counter = 1 }, "signature counter"},
		{"counter falls", func(c *softkey.Ceremony) { c.Counter = 0 }, "signature counter"},
	}...)
	for _, tc := range steps {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			key := softkey.New()
			c := mustRegister(t, key)
			a, err := authenticate(t, key, c, tc.tweak)
			if a != nil {
				t.Error("an assertion came out of it")
			}
			e, ok := errs.As(err)
			if !ok || !errors.Is(err, mfa.ErrFailed) || e.Status != 400 || e.Data != nil {
				t.Fatalf("got %v with data, want %v without", err, mfa.ErrFailed)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("refused because %v, want %q", err, tc.want)
			}
		})
	}
}

func TestVerifyAuthentication_WrongKey(t *testing.T) {
	t.Parallel()
	mine, other := softkey.New(), softkey.New()
	c := mustRegister(t, mine)
	d := mustRegister(t, other)

	// The other key claims to be mine.
	pretend := answer(func(m map[string]any) {
		id := base64.RawURLEncoding.EncodeToString(c.CredentialID)
		m["id"], m["rawId"] = id, id
	})
	if _, err := authenticate(t, other, c, pretend); !errors.Is(err, mfa.ErrFailed) || !strings.Contains(err.Error(), "signature") {
		t.Errorf("signed by another key: %v", err)
	}

	// A list that holds another user's credential does not open it.
	d.UserID = "somebodyelse"
	if _, err := authenticate(t, other, d); !errors.Is(err, mfa.ErrFailed) || !strings.Contains(err.Error(), "another user") {
		t.Errorf("another user's credential: %v", err)
	}

	elsewhere := "old.example.com"
	c.RPID = &elsewhere
	if _, err := authenticate(t, mine, c); !errors.Is(err, mfa.ErrFailed) || !strings.Contains(err.Error(), elsewhere) {
		t.Errorf("a credential of another relying party: %v", err)
	}

	c.RPID, c.Algorithm = nil, -257
	if _, err := authenticate(t, mine, c); err != nil {
		t.Errorf("an imported credential without relying party: %v", err)
	}
	c.PublicKey = softkey.RSAKey(softkey.RS256, bytes.Repeat([]byte{0xff}, 256))
	if _, err := authenticate(t, mine, c); !errors.Is(err, mfa.ErrFailed) {
		t.Errorf("signed with another algorithm: %v", err)
	}
}

// TestVerifyAuthentication_NamesTheCounterOfACopiedKey lets callers report it.
func TestVerifyAuthentication_NamesTheCounterOfACopiedKey(t *testing.T) {
	t.Parallel()
	key := softkey.New()
	c := mustRegister(t, key)
	thief := key.Copy()
	a, err := authenticate(t, thief, c)
	if err != nil {
		t.Fatal(err)
	}
	c.SignCount = int64(a.SignCount)
	_, err = authenticate(t, key, c)
	var counter *mfa.CounterError
	if !errors.As(err, &counter) || counter.CredentialID != c.ID || counter.Stored != 2 || counter.Presented != 2 {
		t.Errorf("got %v", err)
	}
}

func TestVerifyAuthentication_KeysWithoutCounter(t *testing.T) {
	t.Parallel()
	key := softkey.New()
	key.NoCounter = true
	c := mustRegister(t, key)
	for range 2 {
		if _, err := authenticate(t, key, c); err != nil {
			t.Fatalf("zero after zero: %v", err)
		}
	}
}

func TestVerifyAuthentication_NeedsItsOwnChallenge(t *testing.T) {
	t.Parallel()
	key := softkey.New()
	c := mustRegister(t, key)
	list := []mfa.Credential{*c}
	options, challenge, _ := mfa.AuthenticationOptions(rp, userID, list)
	payload := through[mfa.AuthenticationPayload](t, key.Get(origin, options))

	if _, err := mfa.VerifyAuthentication(rp, mfa.Challenge{}, list, payload); !errors.Is(err, mfa.ErrNoPending) {
		t.Errorf("without a ceremony: %v", err)
	}
	_, forCreate, _ := mfa.RegistrationOptions(rp, owner, nil)
	if _, err := mfa.VerifyAuthentication(rp, forCreate, list, payload); !errors.Is(err, mfa.ErrNoPending) {
		t.Errorf("with the challenge of a registration: %v", err)
	}
	_, other, _ := mfa.AuthenticationOptions(rp, userID, list)
	if _, err := mfa.VerifyAuthentication(rp, other, list, payload); !errors.Is(err, mfa.ErrFailed) {
		t.Errorf("with another challenge: %v", err)
	}
	foreign := challenge
	foreign.UserID = "somebodyelse"
	if _, err := mfa.VerifyAuthentication(rp, foreign, list, payload); !errors.Is(err, mfa.ErrFailed) {
		t.Errorf("with the challenge of another user: %v", err)
	}
	if _, err := mfa.VerifyAuthentication(rp, challenge, nil, payload); !errors.Is(err, mfa.ErrFailed) {
		t.Errorf("after the credential was removed: %v", err)
	}
}
