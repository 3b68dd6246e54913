package digest

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	argon2d "github.com/go-crypt/x/argon2"
	"golang.org/x/crypto/argon2"
)

// Bounds that the memory and the work leave open.
const (
	maxPasses = 4096
	maxLanes  = 16
)

// Variant is a kind of Argon2, as PHC strings name it.
type Variant string

// The variants of RFC 9106 section 3.1. D is for stored hashes only.
const (
	VariantD  Variant = "argon2d"
	VariantI  Variant = "argon2i"
	VariantID Variant = "argon2id"
)

// Params are the cost parameters of an Argon2 hash (RFC 9106 section 3.1).
type Params struct {
	Variant   Variant
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
	Size      uint32 // of the hash in bytes
}

// Cost is what a hash under p takes.
func (p Params) Cost() Cost {
	return Cost{MemoryKiB: p.MemoryKiB, Work: uint64(p.MemoryKiB) * uint64(p.Passes)}
}

// Sum returns the hash of password.
func (p Params) Sum(salt []byte, password string) []byte {
	switch p.Variant {
	case VariantD:
		return argon2d.DKey([]byte(password), salt, p.Passes, p.MemoryKiB, uint32(p.Lanes), p.Size)
	case VariantI:
		return argon2.Key([]byte(password), salt, p.Passes, p.MemoryKiB, p.Lanes, p.Size)
	default:
		return argon2.IDKey([]byte(password), salt, p.Passes, p.MemoryKiB, p.Lanes, p.Size)
	}
}

// Encode returns the PHC string of a hash.
func (p Params) Encode(salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", p.Variant, argon2.Version,
		p.MemoryKiB, p.Passes, p.Lanes, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// Argon2 is a stored hash of any variant.
type Argon2 struct {
	Params

	salt, sum []byte
}

// Matches implements Hash.
func (a Argon2) Matches(password string) bool { return equal(a.Sum(a.salt, password), a.sum) }

// parseArgon2 reads $argon2id$v=19$m=…,t=…,p=…$salt$hash, all of it within
// bounds.
func parseArgon2(text string) (Hash, error) {
	fields := strings.Split(text, "$")
	// The base64 decoder would skip line breaks.
	if strings.ContainsAny(text, "\r\n") || len(fields) != 6 || fields[0] != "" || fields[2] != "v="+strconv.Itoa(argon2.Version) {
		return nil, errFormat
	}
	variant := Variant(fields[1])
	p, ok := parseCosts(fields[3])
	if !ok || variant != VariantD && variant != VariantI && variant != VariantID {
		return nil, errFormat
	}
	strict := base64.RawStdEncoding.Strict()
	salt, saltErr := strict.DecodeString(fields[4])
	sum, sumErr := strict.DecodeString(fields[5])
	if saltErr != nil || sumErr != nil || len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return nil, errFormat
	}
	p.Variant, p.Size = variant, uint32(len(sum))
	return Argon2{Params: p, salt: salt, sum: sum}, nil
}

func parseCosts(text string) (p Params, ok bool) {
	costs := strings.Split(text, ",")
	if len(costs) != 3 {
		return p, false
	}
	memory, okM := parseCost(costs[0], "m=", maxMemory)
	passes, okT := parseCost(costs[1], "t=", maxPasses)
	lanes, okP := parseCost(costs[2], "p=", maxLanes)
	p = Params{MemoryKiB: memory, Passes: passes, Lanes: uint8(lanes)}
	// RFC 9106 section 3.1: at least eight KiB for each lane.
	return p, okM && okT && okP && memory >= 8*lanes && p.Cost().Work <= maxWork
}

func parseCost(text, name string, limit uint64) (uint32, bool) {
	digits, found := strings.CutPrefix(text, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	canonical := strconv.FormatUint(n, 10) == digits
	return uint32(n), found && err == nil && canonical && n >= 1 && n <= limit
}
