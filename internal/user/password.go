package user

import (
	"context"
	"strings"
	"unicode/utf8"
)

// MaxPassword is the length in code points of the longest password that any
// policy may allow. A longer one is never examined or hashed.
const MaxPassword = 256

// PasswordPolicy is what a tenant asks of new passwords. Its JSON form is that
// of the sign-in experience; an absent property takes its default.
type PasswordPolicy struct {
	Length         *PasswordLength  `json:"length,omitempty"`
	CharacterTypes *PasswordTypes   `json:"characterTypes,omitempty"`
	Rejects        *PasswordRejects `json:"rejects,omitempty"`
}

// PasswordLength bounds the number of code points.
type PasswordLength struct {
	Min *int `json:"min,omitempty" check:"min=1,max=256" example:"8"`   // default 8
	Max *int `json:"max,omitempty" check:"min=1,max=256" example:"256"` // default 256, its maximum
}

// PasswordTypes asks for a number of character types: lower case, upper case,
// digits, symbols (space is one).
type PasswordTypes struct {
	Min *int `json:"min,omitempty" check:"min=1,max=4"` // default 1, at most 4
}

// PasswordRejects turns the checks against guessable passwords on and off.
type PasswordRejects struct {
	Pwned                 *bool    `json:"pwned,omitempty"`                 // default true
	RepetitionAndSequence *bool    `json:"repetitionAndSequence,omitempty"` // default true
	UserInfo              *bool    `json:"userInfo,omitempty"`              // default true
	Words                 []string `json:"words,omitzero" check:"max=256"`
}

// UserInfo is what an attacker would try first. Empty fields are ignored.
type UserInfo struct{ Name, Username, Email, Phone string }

// Info returns what an attacker who knows u would try first.
func (u *User) Info() UserInfo {
	return UserInfo{
		Name:     orDefault(u.Name, ""),
		Username: orDefault(u.Username, ""),
		Email:    orDefault(u.PrimaryEmail, ""),
		Phone:    orDefault(u.PrimaryPhone, ""),
	}
}

// Issue is one reason to reject a password.
type Issue struct {
	// Code is "password_rejected." and one of too_short, too_long,
	// character_types, unsupported_characters, pwned, restricted.repetition,
	// restricted.sequence, restricted.user_info, restricted.words.
	Code string `json:"code"`
	// Interpolation fills the message: min or max of the broken rule, or words.
	Interpolation map[string]any `json:"interpolation,omitempty"`
}

// PwnedCheck reports whether a password is known from a breach. It decides by
// itself what an unreachable service means.
type PwnedCheck func(ctx context.Context, password string) bool

// Check returns what speaks against password, nothing if it may be used. A nil
// pwned leaves the check against breaches out. Passwords that are longer than
// MaxPassword are only told so.
func (p PasswordPolicy) Check(ctx context.Context, password string, info UserInfo, pwned PwnedCheck) []Issue {
	length, types, rejects := p.resolved()
	least := p.MinLength()
	most := min(orDefault(length.Max, MaxPassword), MaxPassword)
	n := utf8.RuneCountInString(password)
	// Every code point has a byte: a megabyte needs no closer look.
	if n > MaxPassword {
		return []Issue{issue("too_long", "max", most)}
	}

	var issues []Issue
	if n < least {
		issues = append(issues, issue("too_short", "min", least))
	}
	if n > most {
		issues = append(issues, issue("too_long", "max", most))
	}
	has := classesOf(password)
	if least := orDefault(types.Min, 1); has.types() < least {
		issues = append(issues, issue("character_types", "min", least))
	}
	if has.other {
		issues = append(issues, issue("unsupported_characters", "", nil))
	}
	issues = append(issues, restricted(password, rejects, info)...)
	if pwned != nil && orDefault(rejects.Pwned, true) && pwned(ctx, password) {
		issues = append(issues, issue("pwned", "", nil))
	}
	return issues
}

// Require is Check as an error: nil, or ErrPasswordRejected with the issues.
func (p PasswordPolicy) Require(ctx context.Context, password string, info UserInfo, pwned PwnedCheck) error {
	if issues := p.Check(ctx, password, info, pwned); len(issues) > 0 {
		return ErrPasswordRejected.With(issues)
	}
	return nil
}

// MinLength returns how many code points a password must have.
func (p PasswordPolicy) MinLength() int {
	length, _, _ := p.resolved()
	return max(orDefault(length.Min, 8), 1)
}

func (p PasswordPolicy) resolved() (length PasswordLength, types PasswordTypes, rejects PasswordRejects) {
	return orDefault(p.Length, length), orDefault(p.CharacterTypes, types), orDefault(p.Rejects, rejects)
}

func (has classes) types() int {
	n := 0
	for _, one := range []bool{has.lower, has.upper, has.digit, has.symbol || has.underscore} {
		if one {
			n++
		}
	}
	return n
}

func issue(kind, name string, value any) Issue {
	i := Issue{Code: "password_rejected." + kind}
	if name != "" {
		i.Interpolation = map[string]any{name: value}
	}
	return i
}

// restricted marks every character that is part of something guessable and
// rejects a password that consists of little else.
func restricted(password string, rejects PasswordRejects, info UserInfo) []Issue {
	text := newMarked(password)
	var found []Issue
	if orDefault(rejects.RepetitionAndSequence, true) {
		if text.markRepetitions() {
			found = append(found, issue("restricted.repetition", "", nil))
		}
		if text.markSequences() {
			found = append(found, issue("restricted.sequence", "", nil))
		}
	}
	var words []string
	for _, word := range rejects.Words {
		if text.markWord(word) {
			words = append(words, word)
		}
	}
	if len(words) > 0 {
		found = append(found, issue("restricted.words", "words", strings.Join(words, ", ")))
	}
	if orDefault(rejects.UserInfo, true) {
		known := false
		for _, word := range info.words() {
			known = text.markWord(word) || known
		}
		if known {
			found = append(found, issue("restricted.user_info", "", nil))
		}
	}
	if text.count() <= max(1, len(text.runes)-3) {
		return nil
	}
	return found
}

// words are the name as a whole, joined and in parts, the username, the local
// part of the address, and the phone number.
func (i UserInfo) words() []string {
	parts := strings.Fields(i.Name)
	local, _, _ := strings.Cut(i.Email, "@")
	words := append([]string{i.Name, strings.Join(parts, "")}, parts...)
	return append(words, i.Username, local, i.Phone)
}
