package crypt

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// distinctKey is a key that holds both characters in which the base64 alphabets
// differ.
func distinctKey() []byte {
	key := make([]byte, KEKSize)
	for i := range key {
		key[i] = byte(255 - 3*i)
	}
	return key
}

func TestParseKEK_ReadsEveryUsualForm(t *testing.T) {
	t.Parallel()
	key := distinctKey()
	for name, text := range map[string]string{
		"base64":       base64.StdEncoding.EncodeToString(key),
		"raw base64":   base64.RawStdEncoding.EncodeToString(key),
		"base64url":    base64.URLEncoding.EncodeToString(key),
		"raw url":      base64.RawURLEncoding.EncodeToString(key),
		"hex":          hex.EncodeToString(key),
		"upper hex":    strings.ToUpper(hex.EncodeToString(key)),
		"with newline": base64.StdEncoding.EncodeToString(key) + "\n",
	} {
		got, err := ParseKEK(text)
		if err != nil || !bytes.Equal(got, key) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

// Attack 23: a start refuses default secrets.
func TestParseKEK_RefusesPlaceholdersWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":      "",
		"short":      base64.StdEncoding.EncodeToString(distinctKey()[:31]),
		"long":       base64.StdEncoding.EncodeToString(append(distinctKey(), 1)),
		"zeros":      strings.Repeat("0", 64),
		"word":       base64.StdEncoding.EncodeToString([]byte(strings.Repeat("changeme", 4))),
		"not hex":    strings.Repeat("zz", 32),
		"not base64": "!!! a passphrase, perhaps !!!",
	} {
		got, err := ParseKEK(text)
		if err == nil || got != nil {
			t.Errorf("%s: accepted as %x", name, got)
			continue
		}
		if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: the message quotes the key: %v", name, err)
		}
	}
}

func TestCreateKEK_MakesAPrivateFileOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "signet.key")
	key, err := CreateKEK(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v, want 0600", info.Mode(), err)
	}
	read, err := ReadKEK(path)
	if err != nil || !bytes.Equal(read, key) {
		t.Fatalf("ReadKEK = %x, %v, want %x", read, err, key)
	}
	if _, err := CreateKEK(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second CreateKEK: %v, want fs.ErrExist", err)
	}
	if again, _ := ReadKEK(path); !bytes.Equal(again, key) {
		t.Error("the key was replaced")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".kek-*")); len(left) != 0 {
		t.Errorf("temporary files left: %v", left)
	}
}

func TestCreateKEK_ParallelStartsAgreeOnOneKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "signet.key")
	keys := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i], _ = CreateKEK(path) })
	}
	wg.Wait()
	winners := 0
	stored, err := ReadKEK(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if key != nil {
			winners++
			if !bytes.Equal(key, stored) {
				t.Error("a start uses a key that is not the stored one")
			}
		}
	}
	if winners != 1 {
		t.Errorf("%d starts made the key, want 1", winners)
	}
}

func TestReadKEK_RefusesFilesOthersMayRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := []byte(base64.StdEncoding.EncodeToString(distinctKey()))
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o644, 0o620} {
		path := filepath.Join(dir, mode.String())
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if key, err := ReadKEK(path); err == nil || key != nil {
			t.Errorf("mode %v accepted", mode)
		}
	}
	path := filepath.Join(dir, "ok")
	if err := os.WriteFile(path, text, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKEK(path); err != nil {
		t.Errorf("mode 0400 refused: %v", err)
	}
	if _, err := ReadKEK(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v, want fs.ErrNotExist", err)
	}
}
