package digest

import (
	"crypto/pbkdf2"
	"encoding/hex"
)

// maxKey bounds the length of a derived key, in bytes: more does not fit into
// MaxLength.
const maxKey = MaxLength / 2

// pbkdf2Hash is PBKDF2 with HMAC (RFC 8018 section 5.2), compared as lower-case
// hex.
type pbkdf2Hash struct {
	digest     digest
	salt       []byte
	iterations int
	size       int
	hash       string
}

// parsePBKDF2 takes the arguments salt, iterations, length, digest and
// password.
func parsePBKDF2(l legacy) (Hash, error) {
	if len(l.args) != 5 || l.args[4] != placeholder {
		return nil, ErrLegacyFormat.Describe(`want the arguments salt, iterations, length, digest, "@"`)
	}
	name := canonical(l.args[3])
	p := pbkdf2Hash{digest: digests[name], hash: l.hash}
	if p.digest.new == nil {
		return nil, ErrLegacyAlgorithm
	}
	var saltOK, iterationsOK, sizeOK bool
	p.salt, saltOK = bytesOf(l.args[0])
	p.iterations, iterationsOK = positive(l.args[1], 4*maxWork)
	p.size, sizeOK = positive(l.args[2], maxKey)
	if !saltOK || !iterationsOK || !sizeOK || p.size < minSum || p.Cost().Work > maxWork {
		return nil, ErrLegacyFormat.Describe("the salt is no hex, or the iterations or the length are out of bounds")
	}
	return p, nil
}

// Cost implements Hash.
func (p pbkdf2Hash) Cost() Cost {
	block := p.digest.new().Size()
	blocks := (p.size + block - 1) / block
	return Cost{Work: uint64(p.iterations) * uint64(blocks) * p.digest.hmac / 4}
}

// Matches implements Hash.
func (p pbkdf2Hash) Matches(password string) bool {
	key, err := pbkdf2.Key(p.digest.new, password, p.salt, p.iterations, p.size)
	return err == nil && equal(hex.EncodeToString(key), p.hash)
}
