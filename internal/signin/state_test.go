package signin

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"signet/internal/mfa"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/signin/verification"
	"signet/internal/user"
)

func testSealer(t testing.TB) sealer {
	t.Helper()
	keyring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	return sealer{keyring: keyring, tenantID: "default", uid: "uid"}
}

func fullState() *State {
	text, changed := "x", int64(7)
	s := &State{
		Event: EventRegister, UserID: "u1", Created: true,
		Profile: Profile{
			Username: &text, PrimaryEmail: &text, PrimaryPhone: &text, Name: &text, Avatar: &text,
			Profile: &user.Profile{Nickname: &text}, CustomData: map[string]any{"a": 1.0}, HasPassword: true, Submitted: true,
		},
		MFA: Binding{
			Enabled: true, Skipped: true, SuggestionSkipped: true, PasskeySkipped: true,
			WebAuthn: []mfa.Credential{{ID: "c", CredentialID: []byte{1}, PublicKey: []byte{2}, Transports: db.JSON[[]string]{V: []string{"usb"}}}},
		},
		Captcha: Captcha{Verified: true, Skipped: true},
		Context: map[string]string{"ip": "192.0.2.1"},
		secrets: secrets{Password: "hash", NewIdentity: "other"},
	}
	s.Records.Put(verification.NewPassword(verification.Identifier{Type: "username", Value: "ada"}, &user.User{ID: "u1", PasswordChangedAt: &changed}))
	s.Records.Put(verification.NewIdentity(verification.Identifier{Type: "username", Value: "eve"}))
	ceremony, _, _ := verification.StartRegistration(mfa.RP{ID: "localhost"}, &user.User{ID: "u1"}, nil)
	s.Records.Put(ceremony)
	return s
}

func TestStateComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	want := fullState()
	state, sealed, err := want.encode(testSealer(t))
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(testSealer(t), state, sealed)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestStateThatCannotBeReadStartsOver(t *testing.T) {
	t.Parallel()
	k := testSealer(t)
	other := k
	other.uid = "another"
	sealed := k.keyring.Seal([]byte(`{"password":"x"}`), "interactions", "state_sealed", "default", "elsewhere")
	for name, c := range map[string]struct {
		state  string
		sealed []byte
	}{
		"nothing":           {"", nil},
		"null":              {"null", nil},
		"no object":         {"[]", nil},
		"no event":          {"{}", nil},
		"another outcome":   {`{"login":{"userId":"u1"}}`, nil},
		"unknown event":     {`{"interactionEvent":"Steal"}`, nil},
		"unknown record":    {`{"interactionEvent":"SignIn","verificationRecords":[{"type":"Magic"}]}`, nil},
		"record of no kind": {`{"interactionEvent":"SignIn","verificationRecords":[null]}`, nil},
		"sealed elsewhere":  {`{"interactionEvent":"SignIn"}`, sealed},
		"sealed rubbish":    {`{"interactionEvent":"SignIn"}`, []byte("rubbish")},
	} {
		if _, err := decode(k, json.RawMessage(c.state), c.sealed); !errors.Is(err, ErrNotStarted) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever lies in the column, decoding neither fails otherwise than it says nor
// yields a state that Next cannot judge.
func FuzzDecodeState(f *testing.F) {
	k := testSealer(f)
	state, _, err := fullState().encode(k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(state))
	for _, seed := range []string{
		`{}`, `null`, `{"interactionEvent":"SignIn"}`, `{"interactionEvent":"SignIn","verificationRecords":[{"type":"WebAuthn"}]}`,
		`{"interactionEvent":"Register","mfa":{"webAuthn":[{}]},"profile":{"profile":{}}}`, `{"login":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := decode(k, raw, nil)
		if err != nil {
			if !errors.Is(err, ErrNotStarted) {
				t.Fatalf("%v", err)
			}
			return
		}
		scene := newScene()
		for _, p := range []*Person{nil, scene.person} {
			if step := Next(s, scene.settings, p); (step.Need == Done) != (step.Err == nil) {
				t.Fatalf("step %+v", step)
			}
		}
		if _, err := json.Marshal(s.View()); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.encode(k); err != nil {
			t.Fatal(err)
		}
	})
}

// A ceremony serves the user for whom it was begun, even if the interaction
// were to change hands.
func TestCeremonyServesItsUserOnly(t *testing.T) {
	t.Parallel()
	ceremony, _, _ := verification.StartRegistration(mfa.RP{ID: "localhost"}, &user.User{ID: "u1"}, nil)
	for userID, want := range map[string]error{"u1": nil, "u2": verification.ErrIdentityConflict, "": verification.ErrIdentityConflict} {
		state := &State{UserID: userID}
		state.Records.Put(ceremony)
		if _, err := (&visit{state: state}).ownWebAuthn(ceremony.RecordID()); !errors.Is(err, want) {
			t.Errorf("user %q: %v, want %v", userID, err, want)
		}
	}
}
