package crypt

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrHashFormat means that a stored password hash cannot be read.
var ErrHashFormat = errors.New("crypt: not an Argon2 hash in PHC string format")

const (
	argon2i  = "argon2i"
	argon2id = "argon2id"
)

// Bounds of a stored hash: whoever can import hashes must not be able to make a
// sign-in cost minutes or gigabytes.
const (
	maxMemory = 256 << 10 // KiB
	maxPasses = 32
	maxLanes  = 16
	maxPHC    = 512
)

// params are the cost parameters of an Argon2 hash (RFC 9106 section 3.1).
type params struct {
	variant string
	memory  uint32 // KiB
	passes  uint32
	lanes   uint8
	size    uint32 // of the hash in bytes
}

func (p params) sum(salt []byte, password string) []byte {
	if p.variant == argon2i {
		return argon2.Key([]byte(password), salt, p.passes, p.memory, p.lanes, p.size)
	}
	return argon2.IDKey([]byte(password), salt, p.passes, p.memory, p.lanes, p.size)
}

func (p params) encode(salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", p.variant, argon2.Version,
		p.memory, p.passes, p.lanes, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// parsePHC reads $argon2id$v=19$m=…,t=…,p=…$salt$hash, all of it within bounds.
func parsePHC(encoded string) (p params, salt, sum []byte, err error) {
	fields := strings.Split(encoded, "$")
	// The base64 decoder would skip line breaks.
	if len(encoded) > maxPHC || strings.ContainsAny(encoded, "\r\n") || len(fields) != 6 || fields[0] != "" || fields[2] != "v="+strconv.Itoa(argon2.Version) {
		return params{}, nil, nil, ErrHashFormat
	}
	p.variant = fields[1]
	if p.variant != argon2i && p.variant != argon2id {
		return params{}, nil, nil, ErrHashFormat
	}
	memory, passes, lanes, ok := parseCosts(fields[3])
	if !ok {
		return params{}, nil, nil, ErrHashFormat
	}
	p.memory, p.passes, p.lanes = memory, passes, uint8(lanes)
	strict := base64.RawStdEncoding.Strict()
	salt, saltErr := strict.DecodeString(fields[4])
	sum, sumErr := strict.DecodeString(fields[5])
	if saltErr != nil || sumErr != nil || len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return params{}, nil, nil, ErrHashFormat
	}
	p.size = uint32(len(sum))
	return p, salt, sum, nil
}

func parseCosts(text string) (memory, passes, lanes uint32, ok bool) {
	costs := strings.Split(text, ",")
	if len(costs) != 3 {
		return 0, 0, 0, false
	}
	memory, okM := parseCost(costs[0], "m=", maxMemory)
	passes, okT := parseCost(costs[1], "t=", maxPasses)
	lanes, okP := parseCost(costs[2], "p=", maxLanes)
	// RFC 9106 section 3.1: at least eight KiB for each lane.
	return memory, passes, lanes, okM && okT && okP && memory >= 8*lanes
}

func parseCost(text, name string, limit uint64) (uint32, bool) {
	digits, found := strings.CutPrefix(text, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	canonical := strconv.FormatUint(n, 10) == digits
	return uint32(n), found && err == nil && canonical && n >= 1 && n <= limit
}
