// Package ids makes identifiers and secrets from the operating system's random
// source. Identifiers are public names; secrets carry 256 bits and are stored
// hashed or sealed, never as they are.
package ids

import (
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	lowerAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	fullAlphabet  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Short returns 12 characters [0-9a-z]: the id of a user or an organization.
func Short() string { return Draw(lowerAlphabet, 12) }

// Long returns 21 characters [0-9a-z]: the id of anything else.
func Long() string { return Draw(lowerAlphabet, 21) }

// Ordered returns 21 characters [0-9a-z] that sort by now, and within one
// millisecond by the order of the calls: nine of base-36 milliseconds, five that
// count the calls of this process, seven random ones. It names rows that are
// only ever appended.
func Ordered(now time.Time) string {
	count := calls.Add(1) % (36 * 36 * 36 * 36 * 36)
	return base36(now.UnixMilli(), 9) + base36(count, 5) + Draw(lowerAlphabet, 7)
}

// calls counts those of Ordered.
var calls atomic.Int64

func base36(n int64, width int) string {
	digits := strconv.FormatInt(n, 36)
	return strings.Repeat("0", max(0, width-len(digits))) + digits
}

// Secret returns 32 characters [0-9A-Za-z]: an application secret.
func Secret() string { return Draw(fullAlphabet, 32) }

// Token returns 256 random bits as 43 characters of base64url: a code, token or
// session id.
func Token() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never returns an error
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// Draw returns n characters of an alphabet of at most 256 bytes, each equally
// likely: a secret if they are many enough.
func Draw(alphabet string, n int) string {
	limit := 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	var raw [64]byte
	for len(out) < n {
		some := raw[:min(len(raw), n-len(out)+4)] // of which hardly more than four are left out
		_, _ = rand.Read(some)
		for _, b := range some {
			// Bytes past the last full round would favour the first letters.
			if int(b) < limit && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}
