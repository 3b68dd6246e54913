package user

import "signet/internal/platform/web"

// The form of usernames under any policy, for the check tag.
var _ = web.Pattern("username", `^[A-Z_a-z][0-9A-Z_a-z]*$`)

// maxUsername is the length of the longest username that any policy may allow.
const maxUsername = 128

// UsernamePolicy is what a tenant asks of usernames. Its JSON form is that of
// the sign-in experience; an absent property takes its default.
type UsernamePolicy struct {
	CaseSensitive *bool         `json:"caseSensitive,omitempty"`                                 // default true
	MinLength     *int          `json:"minLength,omitempty" check:"min=1,max=128"`               // default 1
	MaxLength     *int          `json:"maxLength,omitempty" check:"min=1,max=128" example:"128"` // default 128, its maximum
	AllowedChars  *AllowedChars `json:"allowedChars,omitempty"`
}

// AllowedChars says which classes of characters a username may have; nil
// allows.
type AllowedChars struct {
	Lowercase  *bool `json:"lowercase,omitempty"`
	Uppercase  *bool `json:"uppercase,omitempty"`
	Numbers    *bool `json:"numbers,omitempty"`
	Underscore *bool `json:"underscore,omitempty"`
}

// DefaultUsernamePolicy returns the policy with every property spelled out, as
// new tenants have it.
func DefaultUsernamePolicy() UsernamePolicy {
	yes, least, most := true, 1, maxUsername
	return UsernamePolicy{
		CaseSensitive: &yes, MinLength: &least, MaxLength: &most,
		AllowedChars: &AllowedChars{Lowercase: &yes, Uppercase: &yes, Numbers: &yes, Underscore: &yes},
	}
}

// DistinguishesCase reports whether "Ada" and "ada" are two users. The operator
// may forbid it for every tenant.
func (p UsernamePolicy) DistinguishesCase(operatorAllows bool) bool {
	return operatorAllows && orDefault(p.CaseSensitive, true)
}

// ValidUsername reports whether username has the form of one under any policy:
// an ASCII letter or underscore, then letters, digits and underscores, at most
// 128 of them.
func ValidUsername(username string) bool {
	if username == "" || len(username) > maxUsername || isDigit(username[0]) {
		return false
	}
	return usesUsernameCharset(username)
}

// Check returns the first rule that username breaks as one of the
// ErrUsername… errors, or nil.
func (p UsernamePolicy) Check(username string) error {
	least := max(orDefault(p.MinLength, 1), 1)
	most := min(orDefault(p.MaxLength, maxUsername), maxUsername)
	chars := AllowedChars{}
	if p.AllowedChars != nil {
		chars = *p.AllowedChars
	}
	has := classesOf(username)
	switch {
	case username == "":
		return ErrUsernameRequired
	case isDigit(username[0]):
		return ErrUsernameStartsWithNumber
	case !usesUsernameCharset(username):
		return ErrUsernameInvalidCharset
	case len(username) < least:
		return ErrUsernameTooShort.WithArgs(map[string]any{"min": least})
	case len(username) > most:
		return ErrUsernameTooLong.WithArgs(map[string]any{"max": most})
	case has.upper && !orDefault(chars.Uppercase, true):
		return ErrUsernameUppercaseNotAllowed
	case has.lower && !orDefault(chars.Lowercase, true):
		return ErrUsernameLowercaseNotAllowed
	case has.digit && !orDefault(chars.Numbers, true):
		return ErrUsernameNumbersNotAllowed
	case has.underscore && !orDefault(chars.Underscore, true):
		return ErrUsernameUnderscoreNotAllowed
	}
	return nil
}

func usesUsernameCharset(username string) bool {
	for i := range len(username) {
		c := username[i]
		if !isLower(c) && !isUpper(c) && !isDigit(c) && c != '_' {
			return false
		}
	}
	return true
}

// classes says which kinds of ASCII characters a text has.
type classes struct{ lower, upper, digit, underscore, symbol, other bool }

func classesOf(text string) (has classes) {
	for i := range len(text) {
		switch c := text[i]; {
		case isLower(c):
			has.lower = true
		case isUpper(c):
			has.upper = true
		case isDigit(c):
			has.digit = true
		case c == '_':
			has.underscore = true
		case c >= ' ' && c <= '~':
			has.symbol = true
		default:
			has.other = true
		}
	}
	return has
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func orDefault[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}

// CanBegin reports whether any username has a character to begin with: a letter
// or an underscore.
func (p UsernamePolicy) CanBegin() bool {
	chars := orDefault(p.AllowedChars, AllowedChars{})
	return orDefault(chars.Lowercase, true) || orDefault(chars.Uppercase, true) || orDefault(chars.Underscore, true)
}
