package digest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"strings"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	//lint:ignore SA1019 hashes that were made with it are to be verified
	"golang.org/x/crypto/ripemd160"
)

// openssl is a digest over the password and whatever else was put around it,
// compared as lower-case hex.
type openssl struct {
	name string   // of sum
	args []string // placeholder stands for the password
	hash string
}

// Cost implements Hash: nothing, beside what a password should cost.
func (openssl) Cost() Cost { return Cost{} }

// Matches implements Hash.
func (o openssl) Matches(password string) bool {
	var text strings.Builder
	for _, arg := range o.args {
		if arg == placeholder {
			arg = password
		}
		text.WriteString(arg)
	}
	return equal(hex.EncodeToString(sum(o.name, text.String())), o.hash)
}

// digest is a digest that HMAC takes.
type digest struct {
	new func() hash.Hash
	// hmac is the work of four HMACs of a short text.
	hmac uint64
}

// digests are those of OpenSSL's default provider, by the names of canonical.
// SM3 is missing: neither Go nor golang.org/x/crypto has it, and we write no
// cryptography.
var digests = map[string]digest{
	"md5":         {md5.New, 1},
	"sha1":        {sha1.New, 1},
	"sha224":      {sha256.New224, 1},
	"sha256":      {sha256.New, 1},
	"sha384":      {sha512.New384, 2},
	"sha512":      {sha512.New, 2},
	"sha512-224":  {sha512.New512_224, 2},
	"sha512-256":  {sha512.New512_256, 2},
	"sha3-224":    {func() hash.Hash { return sha3.New224() }, 3},
	"sha3-256":    {func() hash.Hash { return sha3.New256() }, 3},
	"sha3-384":    {func() hash.Hash { return sha3.New384() }, 3},
	"sha3-512":    {func() hash.Hash { return sha3.New512() }, 3},
	"ripemd160":   {ripemd160.New, 5},
	"blake2b512":  {newBlake2b, 3},
	"blake2s256":  {newBlake2s, 2},
	"blake2b-512": {newBlake2b, 3},
	"blake2s-256": {newBlake2s, 2},
}

// unkeyed are digests without an HMAC, and so without PBKDF2: two of any length,
// with the one that OpenSSL gives them, and a pair.
var unkeyed = map[string]func(data []byte) []byte{
	"shake128": func(data []byte) []byte { return sha3.SumSHAKE128(data, 16) },
	"shake256": func(data []byte) []byte { return sha3.SumSHAKE256(data, 32) },
	"md5-sha1": func(data []byte) []byte {
		a, b := md5.Sum(data), sha1.Sum(data)
		return append(a[:], b[:]...)
	},
}

// canonical returns the one name of a digest among those under which OpenSSL
// lists it.
func canonical(name string) string {
	name = strings.ToLower(name)
	name = strings.TrimPrefix(name, "rsa-")
	name = strings.TrimPrefix(name, "ssl3-")
	name = strings.TrimPrefix(name, "id-rsassa-pkcs1-v1_5-with-")
	name = strings.TrimSuffix(name, "withrsaencryption")
	name = strings.TrimSuffix(name, "withrsa")
	name = strings.ReplaceAll(name, "/", "-")
	switch name {
	case "sha-1", "sha1-2":
		return "sha1"
	case "ripemd", "rmd160", "ripemd-160":
		return "ripemd160"
	}
	for _, prefix := range []string{"sha2-", "sha-"} {
		if bits, found := strings.CutPrefix(name, prefix); found {
			return "sha" + bits
		}
	}
	return name
}

// sum returns the digest of text; name is one of digests or unkeyed.
func sum(name, text string) []byte {
	if of, ok := unkeyed[name]; ok {
		return of([]byte(text))
	}
	h := digests[name].new()
	h.Write([]byte(text))
	return h.Sum(nil)
}

func isDigest(name string) bool { return digests[name].new != nil || unkeyed[name] != nil }

func newBlake2b() hash.Hash {
	h, _ := blake2b.New512(nil) // only a key can be wrong
	return h
}

func newBlake2s() hash.Hash {
	h, _ := blake2s.New256(nil)
	return h
}
