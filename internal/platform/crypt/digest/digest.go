// Package digest reads and verifies stored password hashes: the ones that
// Signet makes and those that came from elsewhere with their users. It says
// what verifying one costs and refuses what would cost minutes or gigabytes;
// when to spend that cost, and on how many at once, is crypt.Hasher's business.
// New hashes are made of Params, that is Argon2, only.
package digest

import (
	"crypto/subtle"
	"errors"
	"unicode/utf8"

	"signet/internal/platform/errs"
)

// The algorithms of stored hashes, as the API names them.
const (
	Argon2i  = "Argon2i"
	Argon2id = "Argon2id"
	Argon2d  = "Argon2d"
	Bcrypt   = "Bcrypt"
	MD5      = "MD5"
	SHA1     = "SHA1"
	SHA256   = "SHA256"
	// Legacy hashes are JSON texts that say how they were made: see Parse.
	Legacy = "Legacy"
)

// MaxLength bounds the text of a stored hash, in code points.
const MaxLength = 256

// Errors of hashes that are imported.
var (
	ErrLegacyFormat = errs.New(400, "password.invalid_legacy_password_format")
	// ErrLegacyAlgorithm means that nobody here knows the algorithm within a
	// Legacy hash.
	ErrLegacyAlgorithm = errs.New(400, "password.unsupported_legacy_hash_algorithm")
	// ErrMethod means that there is no such algorithm, or that a Legacy hash has
	// no text.
	ErrMethod = errs.New(400, "password.unsupported_encryption_method")
)

// errFormat means that a hash which is not Legacy cannot be read, or costs too
// much.
var errFormat = errors.New("malformed or too costly")

// Bounds of a stored hash: whoever can import hashes must not be able to make a
// sign-in cost minutes or gigabytes.
const (
	maxMemory = 256 << 10 // KiB
	maxWork   = 2 << 20   // two to four seconds of one core
)

// minSum is the shortest result of a hash, in bytes, with which guessing a
// password is not easier than guessing the hash.
const minSum = 8

// Cost is what verifying takes.
type Cost struct {
	MemoryKiB uint32
	// Work is an estimate of the time, in KiB that Argon2 fills once: about a
	// microsecond each.
	Work uint64
}

// Hash is a stored password hash that was read and whose cost is bounded.
type Hash interface {
	Cost() Cost
	// Matches reports whether password is the one behind the hash. It compares
	// in constant time.
	Matches(password string) bool
}

// Parse reads a stored hash. An empty algorithm is Argon2id. The errors are
// those of Check and, for a text that its algorithm cannot have made or that
// costs too much, one that is not meant for clients. None holds the hash.
//
// Argon2 hashes are PHC strings, whatever variant the algorithm names; Bcrypt
// ones begin with $2a$, $2b$, $2x$ or $2y$; MD5, SHA1 and SHA256 are unsalted,
// in lower-case hex. A Legacy one is [algorithm, [arguments…], hash], where the
// argument "@" stands for the password:
//
//	["sha512", ["salt", "@"], hex]: a digest of OpenSSL over all arguments
//	["pbkdf2", [salt, iterations, length, digest, "@"], hex]: RFC 8018; the
//	    salt is text, or bytes as "hex:…"; also named "pbkdf2Sync"
//	["firebase-scrypt", [salt, signerKey, saltSeparator, rounds, memCost, "@"],
//	    base64]: the parameters that Firebase Authentication exports
func Parse(algorithm, text string) (Hash, error) {
	if utf8.RuneCountInString(text) > MaxLength {
		return nil, errFormat
	}
	switch algorithm {
	case Argon2i, Argon2id, Argon2d, "":
		return parseArgon2(text)
	case Bcrypt:
		return parseBcrypt(text)
	case MD5:
		return openssl{name: "md5", args: []string{placeholder}, hash: text}, nil
	case SHA1:
		return openssl{name: "sha1", args: []string{placeholder}, hash: text}, nil
	case SHA256:
		return openssl{name: "sha256", args: []string{placeholder}, hash: text}, nil
	case Legacy:
		return parseLegacy(text)
	default:
		return nil, ErrMethod
	}
}

// Check returns why a user cannot be imported with a hash: ErrMethod,
// ErrLegacyFormat, also if verifying it would cost too much, or
// ErrLegacyAlgorithm. The text of other algorithms is not looked at: what they
// cannot have made matches no password.
func Check(algorithm, text string) error {
	switch algorithm {
	case Argon2i, Argon2id, Argon2d, Bcrypt, MD5, SHA1, SHA256:
		return nil
	case Legacy:
		if text == "" {
			return ErrMethod.Describe("a Legacy password needs its hash")
		}
		if utf8.RuneCountInString(text) > MaxLength {
			return ErrLegacyFormat.Describe("it has more than %d characters", MaxLength)
		}
		_, err := parseLegacy(text)
		return err
	default:
		return ErrMethod
	}
}

func equal[T string | []byte](a, b T) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
