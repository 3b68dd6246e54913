package token

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"signet/internal/platform/ids"
)

// A user code has eight of twenty consonants, which form no words and none of
// which looks like a digit (RFC 8628 section 6.1): 34.5 bits, to be guessed at
// through the limits of the pages alone.
const (
	userCodeAlphabet = "BCDFGHJKLMNPQRSTVWXZ"
	userCodeLength   = 8
)

// MaxTypedCode is the most bytes that a person may type as a user code.
const MaxTypedCode = 64

func newUserCode() string { return ids.Draw(userCodeAlphabet, userCodeLength) }

// UserCode returns the user code that a person has typed, in capitals and without
// whatever they put between its letters; "" if it cannot be one.
func UserCode(typed string) string {
	if len(typed) > MaxTypedCode {
		return ""
	}
	var code strings.Builder
	for _, r := range width.Fold.String(typed) {
		switch upper := unicode.ToUpper(r); {
		case upper < unicode.MaxASCII && strings.ContainsRune(userCodeAlphabet, upper):
			code.WriteRune(upper)
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return "" // whoever typed it has misread one
		}
	}
	if code.Len() != userCodeLength {
		return ""
	}
	return code.String()
}

// SpellUserCode returns a user code as people see it, XXXX-XXXX.
func SpellUserCode(code string) string {
	return code[:userCodeLength/2] + "-" + code[userCodeLength/2:]
}
