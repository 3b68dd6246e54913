package crypt

import (
	"bytes"
	"errors"
	"testing"
)

func testKeyring(t *testing.T, fill byte) *Keyring {
	t.Helper()
	k, err := NewKeyring(bytes.Repeat([]byte{fill}, KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyring_OpensWhatItSealed(t *testing.T) {
	t.Parallel()
	k := testKeyring(t, 1)
	for _, plain := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("long "), 1000)} {
		sealed := k.Seal(plain, "totp_factors", "secret_sealed", "default", "u1")
		if len(plain) > 1 && bytes.Contains(sealed, plain) {
			t.Error("the plain text is in the sealed value")
		}
		got, err := k.Open(sealed, "totp_factors", "secret_sealed", "default", "u1")
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("Open = %q, %v, want %q", got, err, plain)
		}
	}
	a, b := k.Seal([]byte("x"), "t", "c", "d", "i"), k.Seal([]byte("x"), "t", "c", "d", "i")
	if bytes.Equal(a, b) {
		t.Error("two seals of one value are the same")
	}
}

func TestKeyring_SealedValueOpensInItsOwnRowOnly(t *testing.T) {
	t.Parallel()
	k := testKeyring(t, 1)
	sealed := k.Seal([]byte("secret"), "users", "a", "default", "u1")
	for name, row := range map[string][4]string{
		"table":                 {"user", "a", "default", "u1"},
		"column":                {"users", "b", "default", "u1"},
		"tenant":                {"users", "a", "admin", "u1"},
		"row":                   {"users", "a", "default", "u2"},
		"boundary shifted":      {"users", "a", "defaul", "tu1"},
		"separator in tenant":   {"users", "a", "default|u1", ""},
		"everything in column":  {"users", "a|default|u1", "", ""},
		"tenant and row traded": {"users", "a", "u1", "default"},
	} {
		if got, err := k.Open(sealed, row[0], row[1], row[2], row[3]); !errors.Is(err, ErrSealBroken) || got != nil {
			t.Errorf("%s: Open = %q, %v, want ErrSealBroken", name, got, err)
		}
	}
}

func TestKeyring_AlteredValueDoesNotOpen(t *testing.T) {
	t.Parallel()
	k := testKeyring(t, 1)
	sealed := k.Seal([]byte("secret"), "t", "c", "d", "i")
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 0x10
		if got, err := k.Open(broken, "t", "c", "d", "i"); err == nil {
			t.Fatalf("byte %d flipped: opened as %q", i, got)
		}
		if _, err := k.Open(sealed[:i], "t", "c", "d", "i"); err == nil {
			t.Fatalf("cut to %d bytes: opened", i)
		}
	}
}

func TestKeyring_TellsAnotherKeyFromDamage(t *testing.T) {
	t.Parallel()
	sealed := testKeyring(t, 1).Seal([]byte("secret"), "t", "c", "d", "i")
	if _, err := testKeyring(t, 2).Open(sealed, "t", "c", "d", "i"); !errors.Is(err, ErrOtherKey) {
		t.Errorf("err = %v, want ErrOtherKey", err)
	}
}

func TestKeyring_CheckNamesTheKeyWithoutShowingIt(t *testing.T) {
	t.Parallel()
	a, b := testKeyring(t, 1), testKeyring(t, 2)
	if a.Check() == b.Check() {
		t.Error("two keys have one check value")
	}
	if a.Check() != testKeyring(t, 1).Check() {
		t.Error("one key has two check values")
	}
	if bytes.Contains([]byte(a.Check()), []byte("0101010101")) {
		t.Error("the check value shows the key")
	}
}

func TestKeyring_MACSeparatesPurposeKeyAndParts(t *testing.T) {
	t.Parallel()
	k := testKeyring(t, 1)
	base := k.MAC("backup-code", "user", "abcd")
	if !bytes.Equal(base, k.MAC("backup-code", "user", "abcd")) {
		t.Fatal("not deterministic")
	}
	for name, other := range map[string][]byte{
		"purpose":  k.MAC("passcode", "user", "abcd"),
		"boundary": k.MAC("backup-code", "usera", "bcd"),
		"joined":   k.MAC("backup-code", "userabcd"),
		"key":      testKeyring(t, 2).MAC("backup-code", "user", "abcd"),
		"digest":   Hash("backup-codeuserabcd"),
	} {
		if bytes.Equal(base, other) {
			t.Errorf("the same code in spite of another %s", name)
		}
	}
}

func TestNewKeyring_RefusesOtherSizes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 16, 31, 33, 64} {
		if _, err := NewKeyring(make([]byte, n)); err == nil {
			t.Errorf("%d bytes accepted", n)
		}
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	if !Equal([]byte("a"), []byte("a")) || Equal([]byte("a"), []byte("b")) || Equal([]byte("a"), []byte("aa")) || Equal(nil, []byte("a")) {
		t.Error("Equal is wrong")
	}
}
