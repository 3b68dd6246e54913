package mfa_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

const (
	origin = "https://auth.example.com"
	userID = "u1234567890a"
	now    = int64(1_800_000_000_000)
)

var (
	rp    = mfa.RP{ID: "auth.example.com", Origin: origin, RelatedOrigins: []string{"https://example.org"}}
	owner = mfa.Owner{ID: userID, Name: "ann", DisplayName: "Ann"}
)

// through sends an answer through JSON and the checks of its field tags, as a
// request does.
func through[T any](t testing.TB, answer map[string]any) *T {
	t.Helper()
	payload, err := decodeAnswer[T](answer)
	if err != nil {
		t.Fatalf("the payload is refused: %v", err)
	}
	return payload
}

func decodeAnswer[T any](answer map[string]any) (*T, error) {
	raw, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	payload := new(T)
	return payload, web.Decode(raw, payload)
}

// register runs a registration ceremony with a key.
func register(t testing.TB, key *softkey.Key, tweaks ...softkey.Tweak) (*mfa.Credential, error) {
	t.Helper()
	options, challenge, _ := mfa.RegistrationOptions(rp, owner, nil)
	answer := key.Create(origin, options, tweaks...)
	return mfa.VerifyRegistration(rp, challenge, now, through[mfa.RegistrationPayload](t, answer))
}

func mustRegister(t testing.TB, key *softkey.Key, tweaks ...softkey.Tweak) *mfa.Credential {
	t.Helper()
	credential, err := register(t, key, tweaks...)
	if err != nil {
		t.Fatalf("registration failed: %v", err)
	}
	return credential
}

func TestRegistrationOptions_AreExactlyTheseProperties(t *testing.T) {
	t.Parallel()
	existing := mustRegister(t, softkey.New())
	options, challenge, _ := mfa.RegistrationOptions(rp, owner, []mfa.Credential{*existing})
	if len(options.Challenge) != 43 || options.Challenge != challenge.Value {
		t.Errorf("challenge %q, remembered %q: want 32 bytes, the same", options.Challenge, challenge.Value)
	}
	again, _, _ := mfa.RegistrationOptions(rp, owner, nil)
	if again.Challenge == options.Challenge {
		t.Error("two ceremonies share a challenge")
	}
	options.Challenge = "C"
	options.ExcludeCredentials[0].ID = "E"
	got, _ := json.Marshal(options)
	want := `{"challenge":"C","rp":{"id":"auth.example.com","name":"auth.example.com"},` +
		`"user":{"id":"dTEyMzQ1Njc4OTBh","name":"ann","displayName":"Ann"},` +
		`"pubKeyCredParams":[{"alg":-7,"type":"public-key"},{"alg":-257,"type":"public-key"}],` +
		`"timeout":60000,"attestation":"none",` +
		`"excludeCredentials":[{"id":"E","type":"public-key","transports":["usb"]}],` +
		`"authenticatorSelection":{"residentKey":"required","requireResidentKey":true,"userVerification":"required"},` +
		`"extensions":{"credProps":true}}`
	if string(got) != want {
		t.Errorf("options\n got %s\nwant %s", got, want)
	}
	again.ExcludeCredentials = slices.Clip(again.ExcludeCredentials)
	if raw, _ := json.Marshal(again); !strings.Contains(string(raw), `"excludeCredentials":[]`) {
		t.Errorf("no credential must be an empty list: %s", raw)
	}
}

func TestVerifyRegistration_RecordsWhatTheAuthenticatorSays(t *testing.T) {
	t.Parallel()
	key := softkey.New()
	key.Counter, key.Transports = 41, []string{"usb", "nfc", "usb"}
	key.Flags |= softkey.BE | softkey.BS
	key.AAGUID = [16]byte{0x2f, 0xc0, 0x57, 0x9f}
	c := mustRegister(t, key)
	if c.UserID != userID || c.RPID == nil || *c.RPID != rp.ID || c.ID == "" || c.CreatedAt != now {
		t.Errorf("owner, relying party or time is wrong: %+v", c)
	}
	if c.SignCount != 42 || c.Algorithm != softkey.ES256 || !bytes.Equal(c.AAGUID, key.AAGUID[:]) || *c.AttestationFormat != "none" {
		t.Errorf("counter, algorithm, model or format is wrong: %+v", c)
	}
	if !slices.Equal(c.Transports.V, []string{"nfc", "usb"}) {
		t.Errorf("transports %v", c.Transports.V)
	}
	if !*c.IsBackupEligible || !*c.IsBackedUp || !*c.IsUVInitialized || !*c.IsDiscoverable {
		t.Errorf("flags are wrong: %+v", c)
	}
	if c.Name != nil || c.LastUsedAt != nil {
		t.Errorf("a new credential has a name or was used: %+v", c)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back mfa.Credential
	if err := json.Unmarshal(raw, &back); err != nil || !bytes.Equal(back.PublicKey, c.PublicKey) || back.SignCount != 42 ||
		!slices.Equal(back.Transports.V, c.Transports.V) || !bytes.Equal(back.CredentialID, c.CredentialID) {
		t.Errorf("a credential does not survive JSON: %v %s", err, raw)
	}
}

func TestVerifyRegistration_EveryFormatAndAlgorithm(t *testing.T) {
	t.Parallel()
	trustSoftRoot(t)
	for _, tc := range []struct {
		format string
		algs   []int64
		stored string
	}{
		{softkey.None, []int64{softkey.ES256, softkey.RS256, softkey.EdDSA}, "none"},
		{softkey.PackedSelf, []int64{softkey.ES256, softkey.RS256, softkey.EdDSA}, "packed"},
		{softkey.Packed, []int64{softkey.ES256, softkey.RS256, softkey.EdDSA}, "packed"},
		{softkey.U2F, []int64{softkey.ES256}, "fido-u2f"},
		{softkey.TPM, []int64{softkey.ES256, softkey.RS256}, "tpm"},
		{softkey.Android, []int64{softkey.ES256, softkey.RS256}, "android-key"},
		{softkey.Apple, []int64{softkey.ES256}, "apple"},
	} {
		for _, alg := range tc.algs {
			key := softkey.New()
			key.Format, key.Algorithm = tc.format, alg
			c, err := register(t, key)
			if err != nil {
				t.Errorf("%s with algorithm %d: %v", tc.format, alg, err)
				continue
			}
			if *c.AttestationFormat != tc.stored || c.Algorithm != alg {
				t.Errorf("%s with algorithm %d: stored %s, %d", tc.format, alg, *c.AttestationFormat, c.Algorithm)
			}
			if _, err := authenticate(t, key, c); err != nil {
				t.Errorf("%s with algorithm %d: authentication: %v", tc.format, alg, err)
			}
		}
	}
}

func TestVerifyRegistration_RelatedOrigin(t *testing.T) {
	t.Parallel()
	options, challenge, _ := mfa.RegistrationOptions(rp, owner, nil)
	answer := softkey.New().Create("https://example.org", options)
	if _, err := mfa.VerifyRegistration(rp, challenge, now, through[mfa.RegistrationPayload](t, answer)); err != nil {
		t.Errorf("a related origin is refused: %v", err)
	}
}

// set changes a property of the client data.
func set(name string, value any) softkey.Tweak {
	return func(c *softkey.Ceremony) { c.ClientData[name] = value }
}

func rawClientData(raw string) softkey.Tweak {
	return func(c *softkey.Ceremony) { c.RawClientData = []byte(raw) }
}

func flags(f byte) softkey.Tweak { return func(c *softkey.Ceremony) { c.Flags = f } }

func object(change func([]byte) []byte) softkey.Tweak {
	return func(c *softkey.Ceremony) { c.Object = change }
}

func publicKey(cose []byte) softkey.Tweak {
	return func(c *softkey.Ceremony) { c.PublicKey = cose }
}

func statement(change func(*softkey.Statement)) softkey.Tweak {
	return func(c *softkey.Ceremony) { c.Statement = change }
}

func answer(change func(map[string]any)) softkey.Tweak {
	return func(c *softkey.Ceremony) { c.Answer = change }
}

// inResponse appends to a property of the response.
func inResponse(name, suffix string) softkey.Tweak {
	return answer(func(m map[string]any) {
		response := m["response"].(map[string]any)
		response[name] = response[name].(string) + suffix
	})
}

// sharedSteps are the steps that both ceremonies have: their tweak and what the
// refusal says.
var sharedSteps = []struct {
	name  string
	tweak softkey.Tweak
	want  string
}{
	{"challenge of another session", set("challenge", strings.Repeat("A", 43)), "unexpected challenge"},
	{"challenge empty", set("challenge", ""), "unexpected challenge"},
	{"challenge padded", func(c *softkey.Ceremony) { c.ClientData["challenge"] = c.ClientData["challenge"].(string) + "=" }, "unexpected challenge"},
	{"challenge absent", func(c *softkey.Ceremony) { delete(c.ClientData, "challenge") }, "without challenge"},
	{"challenge null", set("challenge", nil), "challenge is no string"},
	{"origin over http", set("origin", "http://auth.example.com"), "unexpected origin"},
	{"origin on another port", set("origin", "https://auth.example.com:8443"), "unexpected origin"},
	{"origin with a trailing slash", set("origin", "https://auth.example.com/"), "unexpected origin"},
	{"origin in capitals", set("origin", "https://AUTH.example.com"), "unexpected origin"},
	{"origin is a suffix", set("origin", "https://evil-auth.example.com"), "unexpected origin"},
	{"origin is longer", set("origin", "https://auth.example.com.evil.test"), "unexpected origin"},
	{"origin is a sibling", set("origin", "https://shop.example.com"), "unexpected origin"},
	{"origin is the parent", set("origin", "https://example.com"), "unexpected origin"},
	{"origin opaque", set("origin", "null"), "unexpected origin"},
	{"origin absent", func(c *softkey.Ceremony) { delete(c.ClientData, "origin") }, "without origin"},
	{"in a cross-origin frame", set("crossOrigin", true), "cross-origin frame"},
	{"in a frame of a named page", func(c *softkey.Ceremony) {
		c.ClientData["crossOrigin"], c.ClientData["topOrigin"] = true, "https://evil.test"
	}, "cross-origin frame"},
	{"top origin without a frame", set("topOrigin", "https://evil.test"), "topOrigin without crossOrigin"},
	{"crossOrigin is no boolean", set("crossOrigin", "false"), "crossOrigin"},
	{"client data is not UTF-8", rawClientData("{\"type\":\"webauthn.create\",\"x\":\"\xff\"}"), "not UTF-8"},
	{"client data is not JSON", rawClientData(`{"type":"webauthn.create"`), "clientDataJSON"},
	{"client data is a list", rawClientData(`[]`), "clientDataJSON"},
	{"type in other case is no type", func(c *softkey.Ceremony) {
		c.ClientData["Type"] = c.ClientData["type"]
		delete(c.ClientData, "type")
	}, "without type"},
	{"RP ID of another host", func(c *softkey.Ceremony) { c.RPID = "evil.test" }, "RP ID hash"},
	{"RP ID of the parent domain", func(c *softkey.Ceremony) { c.RPID = "example.com" }, "RP ID hash"},
	{"user not present", flags(softkey.UV), "user presence"},
	{"user not verified: a key without a PIN", flags(softkey.UP), "user verification"},
	{"backed up though not eligible", flags(softkey.UP | softkey.UV | softkey.BS), "not eligible"},
	{"client data is not base64url", inResponse("clientDataJSON", "="), "clientDataJSON: illegal base64"},
	{"id and rawId differ", answer(func(m map[string]any) { m["rawId"] = "AAAA" }), "id and rawId differ"},
	{"id is not base64url", answer(func(m map[string]any) { m["id"], m["rawId"] = "+/+/", "+/+/" }), "base64url"},
}

// TestVerifyRegistration_RefusesEachBrokenStep has a case for every step of
// WebAuthn L3 section 7.1. Attack 47: the policy on algorithm, attestation and
// user verification is enforced here, whatever the options asked of the browser.
func TestVerifyRegistration_RefusesEachBrokenStep(t *testing.T) {
	t.Parallel()
	point := bytes.Repeat([]byte{7}, 32)
	type step struct {
		name   string
		format string
		tweak  softkey.Tweak
		want   string
	}
	var steps []step
	for _, s := range sharedSteps {
		steps = append(steps, step{s.name, softkey.None, s.tweak, s.want})
	}
	steps = append(steps, []step{
		{"type of an authentication", softkey.None, set("type", "webauthn.get"), "ceremony type"},
		{"attestation object is not base64url", softkey.None, inResponse("attestationObject", "="), "attestationObject: illegal base64"},
		{"CBOR with trailing bytes", softkey.None, object(func(b []byte) []byte { return append(b, 0) }), "attestationObject"},
		{"CBOR truncated", softkey.None, object(func(b []byte) []byte { return b[:len(b)-1] }), "attestationObject"},
		{"CBOR with a duplicate key", softkey.None, object(func([]byte) []byte {
			return softkey.Map("fmt", "none", "attStmt", softkey.Raw{0xa0}, "fmt", "none", "authData", []byte("x"))
		}), "attestationObject"},
		{"CBOR of indefinite length", softkey.None, object(func(b []byte) []byte {
			return append(append([]byte{0xbf}, b[1:]...), 0xff)
		}), "attestationObject"},
		{"authenticator data with trailing bytes", softkey.None, authData(func(b []byte) []byte { return append(b, 0) }), "authenticator data"},
		{"authenticator data truncated", softkey.None, authData(func(b []byte) []byte { return b[:len(b)-1] }), "authenticator data"},
		{"authenticator data without a credential", softkey.None, authData(func(b []byte) []byte {
			b = b[:37]
			b[32] &^= softkey.AT
			return b
		}), "no attested credential data"},
		{"announced extensions are missing", softkey.None, flags(softkey.UP | softkey.UV | softkey.ED), "authenticator data"},
		{"empty credential id", softkey.None, authData(func(b []byte) []byte {
			return append(append(b[:53:53], 0, 0), b[55+32:]...)
		}), "empty credential id"},
		{"credential id of 1024 bytes", softkey.None, authData(func(b []byte) []byte {
			long := append(append(b[:53:53], 4, 0), make([]byte, 1024)...)
			return append(long, b[55+32:]...)
		}), "authenticator data"},
		{"attested id is another one", softkey.None, authData(func(b []byte) []byte {
			b = bytes.Clone(b)
			b[60] ^= 1
			return b
		}), "attested credential id"},
		{"algorithm never offered: ES256K", softkey.None, publicKey(softkey.EC2Key(-47, 8, point, point)), "credential public key"},
		{"algorithm RSA with SHA-1", softkey.None, publicKey(softkey.RSAKey(-65535, bytes.Repeat([]byte{0xff}, 256))), "algorithm -65535"},
		{"point off the curve", softkey.None, publicKey(softkey.EC2Key(softkey.ES256, 1, point, point)), "credential public key"},
		{"curve does not fit the algorithm", softkey.None, publicKey(softkey.EC2Key(softkey.ES256, 2, point, point)), "credential public key"},
		{"weak RSA key", softkey.None, publicKey(softkey.RSAKey(softkey.RS256, bytes.Repeat([]byte{0xff}, 128))), "RSA key of 1024 bits"},
		{"endless RSA key", softkey.None, publicKey(softkey.RSAKey(softkey.RS256, bytes.Repeat([]byte{0xff}, 4096))), "RSA key of 32768 bits"},
		{"unknown attestation format", softkey.None, statement(func(s *softkey.Statement) { s.Format = "pinky-swear" }), "unknown attestation format"},
		{"compound attestation", softkey.None, statement(func(s *softkey.Statement) { s.Format = "compound" }), "attestationObject"},
		{"none with a statement", softkey.None, statement(func(s *softkey.Statement) { s.Set("sig", []byte{1}) }), "none attestation"},

		{"packed self: forged", softkey.PackedSelf, statement(func(s *softkey.Statement) { s.Flip("sig") }), "packed attestation"},
		{"packed self: other algorithm", softkey.PackedSelf, statement(func(s *softkey.Statement) { s.Set("alg", softkey.RS256) }), "packed attestation"},
		{"packed self: no signature", softkey.PackedSelf, statement(func(s *softkey.Statement) { s.Set("sig", nil) }), "packed attestation"},
		{"packed: forged", softkey.Packed, statement(func(s *softkey.Statement) { s.Flip("sig") }), "packed attestation"},
		{"packed: AAGUID of another model", softkey.Packed, statement(func(s *softkey.Statement) {
			other := softkey.New()
			other.Format, other.AAGUID = softkey.Packed, [16]byte{1}
			s.Set("x5c", [][]byte{softkey.PackedCertificate(softkey.Signer(), other.AAGUID[:])})
		}), "packed attestation"},
		{"packed: empty chain", softkey.Packed, statement(func(s *softkey.Statement) { s.Set("x5c", [][]byte{}) }), "packed attestation"},
		{"packed: certificate is no certificate", softkey.Packed, statement(func(s *softkey.Statement) { s.Set("x5c", [][]byte{{1, 2}}) }), "packed attestation"},
		{"u2f: forged", softkey.U2F, statement(func(s *softkey.Statement) { s.Flip("sig") }), "fido-u2f attestation"},
		{"u2f: two certificates", softkey.U2F, statement(func(s *softkey.Statement) {
			chain := s.Get("x5c").([][]byte)
			s.Set("x5c", append(chain, chain[0]))
		}), "fido-u2f attestation"},
		{"tpm: forged", softkey.TPM, statement(func(s *softkey.Statement) { s.Flip("sig") }), "tpm attestation"},
		{"tpm: other version", softkey.TPM, statement(func(s *softkey.Statement) { s.Set("ver", "1.2") }), "tpm attestation"},
		{"tpm: public area of another key", softkey.TPM, statement(func(s *softkey.Statement) { s.Flip("pubArea") }), "tpm attestation"},
		{"tpm: certified something else", softkey.TPM, statement(func(s *softkey.Statement) { s.Flip("certInfo") }), "tpm attestation"},
		{"tpm: certificate of no attestation key", softkey.TPM, statement(func(s *softkey.Statement) {
			s.Set("x5c", [][]byte{softkey.PackedCertificate(softkey.Signer(), make([]byte, 16))})
		}), "tpm attestation"},
		{"android: forged", softkey.Android, statement(func(s *softkey.Statement) { s.Flip("sig") }), "android-key attestation"},
		{"android: chain of nobody", softkey.Android, statement(func(s *softkey.Statement) {
			s.Set("x5c", [][]byte{softkey.PackedCertificate(softkey.Signer(), make([]byte, 16))})
		}), "android-key attestation"},
		{"apple: chain of nobody", softkey.Apple, statement(func(s *softkey.Statement) {
			s.Set("x5c", [][]byte{softkey.PackedCertificate(softkey.Signer(), make([]byte, 16))})
		}), "apple attestation"},
		{"apple: nonce of another ceremony", softkey.Apple, authDataInObject(), "apple attestation"},
		{"safetynet: nonsense", softkey.None, statement(func(s *softkey.Statement) {
			s.Format = "android-safetynet"
			s.Set("ver", "1")
			s.Set("response", []byte("e30.e30.e30"))
		}), "android-safetynet attestation"},
	}...)
	trustSoftRoot(t)
	for _, tc := range steps {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			key := softkey.New()
			key.Format = tc.format
			credential, err := register(t, key, tc.tweak)
			if credential != nil {
				t.Error("a credential came out of it")
			}
			wantRefusal(t, err, tc.want)
		})
	}
}

// wantRefusal checks that a registration was refused, and by the step meant.
func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	e, ok := errs.As(err)
	if !ok || !errors.Is(err, mfa.ErrFailed) || e.Status != 400 {
		t.Fatalf("got %v, want %v", err, mfa.ErrFailed)
	}
	data, _ := e.Data.(map[string]string)
	if !strings.Contains(data["message"], want) {
		t.Errorf("refused because %q, want %q", data["message"], want)
	}
}

func authData(change func([]byte) []byte) softkey.Tweak {
	return func(c *softkey.Ceremony) { c.AuthData = change }
}

// authDataInObject changes the authenticator data after it was attested: the
// last byte of the counter, which nothing but the attestation covers.
func authDataInObject() softkey.Tweak {
	var attested []byte
	return func(c *softkey.Ceremony) {
		c.AuthData = func(b []byte) []byte {
			attested = bytes.Clone(b)
			return b
		}
		c.Object = func(b []byte) []byte {
			changed := bytes.Clone(attested)
			changed[36] ^= 1
			return bytes.Replace(b, attested, changed, 1)
		}
	}
}

func TestVerifyRegistration_ToleratesUnaskedExtensions(t *testing.T) {
	t.Parallel()
	key := softkey.New()
	extended := func(c *softkey.Ceremony) {
		c.Extensions = softkey.Map("credProtect", 2)
		c.Answer = func(m map[string]any) {
			m["clientExtensionResults"] = map[string]any{"unasked": map[string]any{"x": 1}}
		}
	}
	c := mustRegister(t, key, extended)
	if c.IsDiscoverable != nil {
		t.Error("nothing was said about discoverability")
	}
	if _, err := authenticate(t, key, c, extended); err != nil {
		t.Errorf("authentication with extensions: %v", err)
	}
}

func TestVerifyRegistration_LongestCredentialID(t *testing.T) {
	t.Parallel()
	long := func(c *softkey.Ceremony) { c.CredentialID = bytes.Repeat([]byte{5}, 1023) }
	key := softkey.New()
	key.Transports = nil
	c := mustRegister(t, key, long)
	if len(c.CredentialID) != 1023 {
		t.Errorf("%d bytes", len(c.CredentialID))
	}
	if c.Transports.V == nil || len(c.Transports.V) != 0 {
		t.Errorf("transports %#v: want an empty list", c.Transports.V)
	}
}

// TestVerifyRegistration_NeedsItsOwnChallenge (attack 30): a challenge serves
// the ceremony, user and relying party that it was made for.
func TestVerifyRegistration_NeedsItsOwnChallenge(t *testing.T) {
	t.Parallel()
	options, challenge, _ := mfa.RegistrationOptions(rp, owner, nil)
	payload := through[mfa.RegistrationPayload](t, softkey.New().Create(origin, options))

	if _, err := mfa.VerifyRegistration(rp, mfa.Challenge{}, now, payload); !errors.Is(err, mfa.ErrNoPending) {
		t.Errorf("without a ceremony: %v", err)
	}
	empty := mfa.Challenge{Kind: "webauthn.create", RPID: rp.ID}
	if _, err := mfa.VerifyRegistration(rp, empty, now, payload); !errors.Is(err, mfa.ErrNoPending) {
		t.Errorf("with an empty challenge: %v", err)
	}
	elsewhere := rp
	elsewhere.ID = "login.example.com"
	if _, err := mfa.VerifyRegistration(elsewhere, challenge, now, payload); !errors.Is(err, mfa.ErrNoPending) {
		t.Errorf("for another relying party: %v", err)
	}
	forGet := challenge
	forGet.Kind = "webauthn.get"
	if _, err := mfa.VerifyRegistration(rp, forGet, now, payload); !errors.Is(err, mfa.ErrNoPending) {
		t.Errorf("with the challenge of an authentication: %v", err)
	}
	_, other, _ := mfa.RegistrationOptions(rp, owner, nil)
	if _, err := mfa.VerifyRegistration(rp, other, now, payload); !errors.Is(err, mfa.ErrFailed) {
		t.Errorf("with another challenge: %v", err)
	}
}

func TestPayload_IsValidatedStrictly(t *testing.T) {
	t.Parallel()
	options, _, _ := mfa.RegistrationOptions(rp, owner, nil)
	response := func(m map[string]any) map[string]any { return m["response"].(map[string]any) }
	for name, change := range map[string]func(map[string]any){
		"type of a browser's own credential":  func(m map[string]any) { m["type"] = "public-key" },
		"type absent":                         func(m map[string]any) { delete(m, "type") },
		"id absent":                           func(m map[string]any) { delete(m, "id") },
		"id empty":                            func(m map[string]any) { m["id"] = "" },
		"id longer than any":                  func(m map[string]any) { m["id"] = strings.Repeat("A", 1365) },
		"id with a NUL":                       func(m map[string]any) { m["id"] = "A\x00" },
		"rawId is a number":                   func(m map[string]any) { m["rawId"] = 7 },
		"response absent":                     func(m map[string]any) { delete(m, "response") },
		"response is a list":                  func(m map[string]any) { m["response"] = []int{} },
		"clientDataJSON absent":               func(m map[string]any) { delete(response(m), "clientDataJSON") },
		"clientDataJSON endless":              func(m map[string]any) { response(m)["clientDataJSON"] = strings.Repeat("A", 8193) },
		"attestationObject absent":            func(m map[string]any) { delete(response(m), "attestationObject") },
		"attestationObject endless":           func(m map[string]any) { response(m)["attestationObject"] = strings.Repeat("A", 65537) },
		"transport unknown":                   func(m map[string]any) { response(m)["transports"] = []string{"pigeon"} },
		"transports endless":                  func(m map[string]any) { response(m)["transports"] = slices.Repeat([]string{"usb"}, 17) },
		"attachment null":                     func(m map[string]any) { m["authenticatorAttachment"] = nil },
		"attachment unknown":                  func(m map[string]any) { m["authenticatorAttachment"] = "glued" },
		"clientExtensionResults absent":       func(m map[string]any) { delete(m, "clientExtensionResults") },
		"clientExtensionResults is no object": func(m map[string]any) { m["clientExtensionResults"] = "x" },
	} {
		answer := softkey.New().Create(origin, options)
		change(answer)
		if _, err := decodeAnswer[mfa.RegistrationPayload](answer); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	answer := softkey.New().Create(origin, options)
	delete(answer, "authenticatorAttachment")
	delete(response(answer), "transports")
	if _, err := decodeAnswer[mfa.RegistrationPayload](answer); err != nil {
		t.Errorf("without optional properties: %v", err)
	}
}
