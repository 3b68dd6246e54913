// Package crypt is the cryptography that Signet uses at rest: sealing columns
// under one key-encryption key, authentication codes for values that could be
// guessed, digests of values that could not, and password hashing that neither
// exhausts the machine nor hangs. It chooses the algorithms; callers name what
// they protect, never how.
package crypt

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	// KEKSize is the length of a key-encryption key in bytes.
	KEKSize = 32

	keyIDSize = 4
)

var (
	// ErrOtherKey means that a value was sealed under a different key.
	ErrOtherKey = errors.New("crypt: the value was sealed under a different key-encryption key")
	// ErrSealBroken means that a value was altered, or moved out of its row.
	ErrSealBroken = errors.New("crypt: the value was altered or does not belong to this row")
)

// Keyring seals and authenticates under sub-keys of one key-encryption key. It
// is immutable and safe for concurrent use.
type Keyring struct {
	id    [keyIDSize]byte
	aead  cipher.AEAD
	check []byte
	mac   []byte
}

// NewKeyring derives (HKDF-SHA256, RFC 5869) every sub-key from kek, which must
// be KEKSize bytes.
func NewKeyring(kek []byte) (*Keyring, error) {
	if len(kek) != KEKSize {
		return nil, fmt.Errorf("crypt: a key-encryption key has %d bytes, not %d", KEKSize, len(kek))
	}
	k := &Keyring{}
	id, err := derive(kek, "key id", keyIDSize)
	if err != nil {
		return nil, err
	}
	copy(k.id[:], id)
	seal, err := derive(kek, "seal", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	// XChaCha20: its nonces are long enough to be drawn at random forever.
	if k.aead, err = chacha20poly1305.NewX(seal); err != nil {
		return nil, fmt.Errorf("crypt: sealing key: %w", err)
	}
	if k.check, err = derive(kek, "check", sha256.Size); err != nil {
		return nil, err
	}
	if k.mac, err = derive(kek, "mac", sha256.Size); err != nil {
		return nil, err
	}
	return k, nil
}

func derive(kek []byte, purpose string, size int) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, kek, nil, "signet "+purpose, size)
	if err != nil {
		return nil, fmt.Errorf("crypt: derive %s: %w", purpose, err)
	}
	return key, nil
}

// Check returns a value that reveals nothing about the key and is the same iff
// the key is. It is stored in the database, so that a start with another key is
// refused before it writes anything.
func (k *Keyring) Check() string { return hex.EncodeToString(k.check) }

// Seal encrypts plain for one column of one row:
// key id (4 bytes) ‖ nonce (24) ‖ XChaCha20-Poly1305 ciphertext and tag.
func (k *Keyring) Seal(plain []byte, table, column, tenant, id string) []byte {
	head := keyIDSize + k.aead.NonceSize()
	out := make([]byte, head, head+len(plain)+k.aead.Overhead())
	copy(out, k.id[:])
	nonce := out[keyIDSize:]
	_, _ = rand.Read(nonce) // crypto/rand.Read never returns an error
	return k.aead.Seal(out, nonce, plain, frame(table+"."+column, tenant, id))
}

// Open returns what Seal was given for the same column of the same row. It
// fails with ErrOtherKey or ErrSealBroken.
func (k *Keyring) Open(sealed []byte, table, column, tenant, id string) ([]byte, error) {
	head := keyIDSize + k.aead.NonceSize()
	if len(sealed) < head+k.aead.Overhead() {
		return nil, ErrSealBroken
	}
	if !Equal(sealed[:keyIDSize], k.id[:]) {
		return nil, ErrOtherKey
	}
	plain, err := k.aead.Open(nil, sealed[keyIDSize:head], sealed[head:], frame(table+"."+column, tenant, id))
	if err != nil {
		return nil, ErrSealBroken
	}
	return plain, nil
}

// MAC returns 32 bytes (HMAC-SHA256) that stand for parts in a lookup column.
// Use it where the secret is short enough to be guessed from a plain digest: a
// backup code, a passcode. The purpose separates one use from another.
func (k *Keyring) MAC(purpose string, parts ...string) []byte {
	m := hmac.New(sha256.New, k.mac)
	m.Write(frame(append([]string{purpose}, parts...)...))
	return m.Sum(nil)
}

// frame joins parts so that no two different lists give the same bytes.
func frame(parts ...string) []byte {
	var out []byte
	for _, part := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}

// Hash returns the SHA-256 of a secret of 256 random bits, the form in which
// codes, tokens and session ids are stored. It is no password hash.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Equal compares in time that does not depend on where a and b differ.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
