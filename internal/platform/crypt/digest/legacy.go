package digest

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// placeholder is the argument of a Legacy hash that stands for the password.
const placeholder = "@"

// maxArgs bounds the arguments of a Legacy hash.
const maxArgs = 16

// legacy is the JSON text of a Legacy hash, taken apart.
type legacy struct {
	algorithm string
	args      []string
	hash      string
}

// parseLegacy returns ErrLegacyFormat or ErrLegacyAlgorithm if it must.
func parseLegacy(text string) (Hash, error) {
	l, ok := readLegacy(text)
	if !ok {
		return nil, ErrLegacyFormat.Describe(`want [algorithm, [arguments with "@"], hash]`)
	}
	switch name := canonical(l.algorithm); {
	case l.algorithm == "pbkdf2" || l.algorithm == "pbkdf2Sync":
		return parsePBKDF2(l)
	case l.algorithm == "firebase-scrypt":
		return parseFirebase(l)
	case isDigest(name):
		return openssl{name: name, args: l.args, hash: l.hash}, nil
	default:
		return nil, ErrLegacyAlgorithm
	}
}

func readLegacy(text string) (l legacy, ok bool) {
	var parts, args []json.RawMessage
	if json.Unmarshal([]byte(text), &parts) != nil || len(parts) != 3 ||
		json.Unmarshal(parts[1], &args) != nil || len(args) > maxArgs {
		return l, false
	}
	l.algorithm, _ = argument(parts[0])
	l.hash, _ = argument(parts[2])
	for _, raw := range args {
		arg, ok := argument(raw)
		if !ok {
			return l, false
		}
		l.args = append(l.args, arg)
	}
	// Without the password among them, every password would match.
	return l, l.algorithm != "" && l.hash != "" && slices.Contains(l.args, placeholder)
}

// argument returns a JSON string, or a number as it is written.
func argument(raw json.RawMessage) (string, bool) {
	var text *string
	if json.Unmarshal(raw, &text) == nil && text != nil {
		return *text, true
	}
	var number *json.Number
	if json.Unmarshal(raw, &number) == nil && number != nil {
		return number.String(), true
	}
	return "", false
}

// positive reads a cost, of which no algorithm bears more than limit.
func positive(text string, limit int) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= limit
}

// bytesOf reads a salt: text, or bytes in hex behind "hex:".
func bytesOf(salt string) ([]byte, bool) {
	digits, isHex := strings.CutPrefix(salt, "hex:")
	if !isHex {
		return []byte(salt), true
	}
	b, err := hex.DecodeString(digits)
	return b, err == nil
}
