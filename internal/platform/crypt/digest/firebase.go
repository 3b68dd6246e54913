package digest

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"slices"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// scryptKiB is the work of scrypt (RFC 7914) for each KiB of its memory.
const scryptKiB = 2

// firebase is the hash of Firebase Authentication: its signer key, encrypted by
// AES-256 in counter mode (NIST SP 800-38A section 6.5) under a key that scrypt
// derives from the password.
type firebase struct {
	salt      []byte // and its separator
	signerKey []byte
	blockSize int // r of scrypt, "rounds" to Firebase
	memCost   int // log2 of N
	sum       []byte
}

// parseFirebase takes the arguments salt, signer key, salt separator, rounds,
// memory cost and password.
func parseFirebase(l legacy) (Hash, error) {
	if len(l.args) != 6 || l.args[5] != placeholder {
		return nil, ErrLegacyFormat.Describe(`want the arguments salt, signerKey, saltSeparator, rounds, memCost, "@"`)
	}
	salt, saltOK := base64Bytes(l.args[0])
	signerKey, keyOK := base64Bytes(l.args[1])
	separator, separatorOK := base64Bytes(l.args[2])
	sum, sumOK := base64Bytes(l.hash)
	if !saltOK || !keyOK || !separatorOK || !sumOK || len(signerKey) < minSum {
		return nil, ErrLegacyFormat.Describe("salt, signerKey, saltSeparator and hash are base64")
	}
	f := firebase{salt: slices.Concat(salt, separator), signerKey: signerKey, sum: sum}
	var roundsOK, memCostOK bool
	f.blockSize, roundsOK = positive(l.args[3], maxMemory)
	f.memCost, memCostOK = positive(l.args[4], 24)
	if !roundsOK || !memCostOK || f.memory() > maxMemory<<10 {
		return nil, ErrLegacyFormat.Describe("rounds or memCost is out of bounds")
	}
	return f, nil
}

// memory is 128·r·N of RFC 7914 section 2, and the lesser 128·r beside it, in
// bytes.
func (f firebase) memory() uint64 {
	block := 128 * uint64(f.blockSize)
	return block<<f.memCost + block
}

// Cost implements Hash.
func (f firebase) Cost() Cost {
	kib := f.memory()>>10 + 1
	return Cost{MemoryKiB: uint32(kib), Work: scryptKiB * kib}
}

// Matches implements Hash.
func (f firebase) Matches(password string) bool {
	key, err := scrypt.Key([]byte(password), f.salt, 1<<f.memCost, f.blockSize, 1, 32)
	if err != nil {
		return false
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return false
	}
	sum := make([]byte, len(f.signerKey))
	// Every password and salt has a key of its own, so that the counter may
	// begin at zero.
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(sum, f.signerKey)
	return equal(sum, f.sum)
}

// base64Bytes reads base64 or base64url (RFC 4648), padded or not.
func base64Bytes(text string) ([]byte, bool) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	b, err := base64.RawStdEncoding.DecodeString(text)
	return b, err == nil
}
