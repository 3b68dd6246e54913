package crypt

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// minDistinct is how many different bytes a key must have. Random keys have
// fewer than 16 about once in 10^15, placeholders nearly always.
const minDistinct = 16

// ParseKEK reads a key-encryption key from text: KEKSize bytes as base64 (either
// alphabet, padded or not) or as hex. Placeholders such as all zeros or one
// repeated word are refused. Errors never quote the text.
func ParseKEK(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	key := decodeKEK(text)
	if len(key) != KEKSize {
		return nil, fmt.Errorf("a key-encryption key is %d random bytes as base64 or hex (try: openssl rand -base64 %d)", KEKSize, KEKSize)
	}
	seen := map[byte]bool{}
	for _, b := range key {
		seen[b] = true
	}
	if len(seen) < minDistinct {
		return nil, errors.New("this key-encryption key is a placeholder, not random bytes")
	}
	return key, nil
}

func decodeKEK(text string) []byte {
	if len(text) == hex.EncodedLen(KEKSize) {
		key, err := hex.DecodeString(text)
		if err != nil {
			return nil
		}
		return key
	}
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return key
}

// ReadKEK reads the key file at path. It refuses a file that anybody but its
// owner may read; a missing file is fs.ErrNotExist.
func ReadKEK(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if loose := info.Mode().Perm() & 0o077; loose != 0 {
		return nil, fmt.Errorf("key file %s is open to other users (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	key, err := ParseKEK(string(text))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return key, nil
}

// CreateKEK draws a key and writes it to a new file at path, mode 0600. It never
// replaces a file: one that is there is fs.ErrExist. The file appears whole and
// on stable storage, or not at all.
func CreateKEK(path string) ([]byte, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("key file %s: %w", path, fs.ErrExist)
	}
	key := make([]byte, KEKSize)
	_, _ = rand.Read(key) // crypto/rand.Read never returns an error
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".kek-*") // CreateTemp makes it 0600
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	// A link, unlike a rename, fails when somebody else was first.
	if err := os.Link(temp.Name(), path); err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return key, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
