package verification

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/crypt"
	"signet/internal/platform/crypt/digest"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/logs"
	"signet/internal/user"
)

var ada = Identifier{Type: "username", Value: "ada"}

func TestRecordsHoldOneOfEachKind(t *testing.T) {
	t.Parallel()
	var records Records
	first, second := NewPassword(ada, &user.User{ID: "u1"}), NewPassword(ada, &user.User{ID: "u2"})
	identity := NewIdentity(ada)
	for _, r := range []Record{first, identity, second} {
		records.Put(r)
	}
	if len(records) != 2 {
		t.Fatalf("%d records", len(records))
	}
	if _, err := records.ByID(first.RecordID()); !errors.Is(err, ErrNotFound) {
		t.Errorf("the replaced record: %v", err)
	}
	if r, err := Find[*Password](records, second.RecordID()); err != nil || r.UserID != "u2" {
		t.Errorf("the newer record: %+v %v", r, err)
	}
	if _, err := Find[*WebAuthn](records, second.RecordID()); !errors.Is(err, ErrNotFound) {
		t.Errorf("a password found as a key: %v", err)
	}
	if _, ok := Of[*WebAuthn](records); ok {
		t.Error("a key out of nowhere")
	}
	if !records.Verified(TypePassword) || records.Verified(TypeWebAuthn) {
		t.Error("verified kinds are wrong")
	}
	for _, r := range records {
		if len(r.RecordID()) != 21 {
			t.Errorf("id %q", r.RecordID())
		}
	}
}

// Putting must not change a list that somebody else still reads.
func TestPutLeavesTheOldListAlone(t *testing.T) {
	t.Parallel()
	var records Records
	old := NewPassword(ada, &user.User{ID: "u1"})
	records.Put(old)
	records.Put(NewIdentity(ada))
	before := records
	records.Put(NewPassword(ada, &user.User{ID: "u2"}))
	if before[0] != Record(old) {
		t.Error("the old list changed")
	}
}

func TestRecordsRefuseWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{}`, `[{}]`, `[{"type":"Magic"}]`, `[7]`, `[null]`, `[{"type":"Password","userId":7}]`, `[{"type":"EnterpriseSso"}]`} {
		var records Records
		if err := json.Unmarshal([]byte(raw), &records); err == nil {
			t.Errorf("%s was accepted: %+v", raw, records)
		}
	}
}

func TestPasswordHoldsUntilItIsChanged(t *testing.T) {
	t.Parallel()
	at := func(ms int64) *int64 { return &ms }
	cases := []struct {
		proved, now *int64
		want        bool
	}{
		{at(1), at(1), true}, {at(1), at(2), false}, {nil, nil, true}, {nil, at(1), false}, {at(1), nil, false},
	}
	for _, c := range cases {
		proof := NewPassword(ada, &user.User{ID: "u1", PasswordChangedAt: c.proved})
		if got := proof.Holds(&user.User{ID: "u1", PasswordChangedAt: c.now}); got != c.want {
			t.Errorf("%v then %v: holds = %v", c.proved, c.now, got)
		}
	}
}

func TestCheckPasswordDoesTheSameWork(t *testing.T) {
	t.Parallel()
	h := crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 64, Passes: 1})
	hash, err := h.Hash(t.Context(), "right")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		user *user.User
		want error
	}{
		"nobody": {nil, ErrInvalidCredentials}, "no password": {&user.User{}, ErrInvalidCredentials},
		"right": {&user.User{PasswordHash: &hash}, nil},
	} {
		before := h.Computed()
		if _, err := CheckPassword(t.Context(), h, c.user, "right"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if n := h.Computed() - before; n != 1 {
			t.Errorf("%s: %d hashes", name, n)
		}
	}
	if _, err := CheckPassword(t.Context(), h, &user.User{PasswordHash: &hash}, "wrong"); !errors.Is(err, ErrInvalidCredentials) {
		t.Errorf("wrong: %v", err)
	}
}

// Not parallel: it reads what the process logs.
func TestCheckPassword_UnreadableHashIsAWrongPasswordAndLogged(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	logs.Install(&log, logs.Text, slog.LevelInfo)
	defer slog.SetDefault(before)
	broken, algorithm := `["sha256",["c0ffee","@"]]`, digest.Legacy
	h := crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 64, Passes: 1})
	u := &user.User{ID: "u1", PasswordHash: &broken, PasswordAlgorithm: &algorithm}
	if _, err := CheckPassword(t.Context(), h, u, "hunter2"); !errors.Is(err, ErrInvalidCredentials) {
		t.Errorf("error %v", err)
	}
	if n := h.Computed(); n != 1 {
		t.Errorf("%d hashes", n)
	}
	if text := log.String(); !strings.Contains(text, "user_id=u1") || strings.Contains(text, "c0ffee") || strings.Contains(text, "hunter2") {
		t.Errorf("log: %s", text)
	}
}

func TestFindUserKnowsNoErrorForNobody(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t).For("default")
	for _, id := range []Identifier{ada, {Type: "email", Value: "a@b.c"}, {Type: "phone", Value: "49"}, {Type: "phone", Value: "none"}} {
		if u, err := FindUser(t.Context(), d, id, true); u != nil || err != nil {
			t.Errorf("%v: %v %v", id, u, err)
		}
	}
}

func TestRegistrationYieldsItsCredentialOnce(t *testing.T) {
	t.Parallel()
	rp := mfa.RP{ID: "localhost", Origin: "http://localhost"}
	record, options, _ := StartRegistration(rp, &user.User{ID: "u1"}, nil)
	if record.Verified() {
		t.Error("verified before it began")
	}
	if _, err := record.TakeRegistered(); !errors.Is(err, ErrNotVerified) {
		t.Errorf("early: %v", err)
	}
	payload := &mfa.RegistrationPayload{}
	answer, err := json.Marshal(softkey.New().Create(rp.Origin, options))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(answer, payload); err != nil {
		t.Fatal(err)
	}
	if err := record.FinishRegistration(rp, 2, "Agent/1", payload); err != nil {
		t.Fatal(err)
	}
	if err := record.FinishRegistration(rp, 2, "Agent/1", payload); !errors.Is(err, mfa.ErrNoPending) {
		t.Errorf("twice: %v", err)
	}
	if _, err := record.CheckAuthentication(rp, nil, &mfa.AuthenticationPayload{}); !errors.Is(err, mfa.ErrNoPending) {
		t.Errorf("a registration answered as an authentication: %v", err)
	}
	credential, err := record.TakeRegistered()
	if err != nil || credential.UserID != "u1" || *credential.UserAgent != "Agent/1" {
		t.Fatalf("credential %+v %v", credential, err)
	}
	if _, err := record.TakeRegistered(); !errors.Is(err, ErrNotVerified) {
		t.Errorf("again: %v", err)
	}
	if !record.Verified() || record.Authenticated {
		t.Errorf("record %+v", record)
	}
}

func TestViewsTellNothingOfWhoAndHow(t *testing.T) {
	t.Parallel()
	changed := int64(77)
	ceremony, options, _ := StartRegistration(mfa.RP{ID: "localhost"}, &user.User{ID: "u1"}, nil)
	for _, c := range []struct {
		record  Record
		want    string
		secrets []string
	}{
		{NewPassword(ada, &user.User{ID: "u1", PasswordChangedAt: &changed}), `"identifier":{"type":"username","value":"ada"},"verified":true`, []string{`"u1"`, `:77`}},
		{NewIdentity(ada), `"identifier":{"type":"username","value":"ada"}`, nil},
		{ceremony, `"userId":"u1","verified":false`, []string{options.Challenge}},
	} {
		raw, err := json.Marshal(c.record.View())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(raw), c.want) || !strings.Contains(string(raw), `"type":"`+string(c.record.Kind())+`"`) {
			t.Errorf("view %s", raw)
		}
		for _, secret := range c.secrets {
			if strings.Contains(string(raw), secret) {
				t.Errorf("%s shows %q", raw, secret)
			}
		}
	}
}
