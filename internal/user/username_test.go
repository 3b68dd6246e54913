package user

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"signet/internal/platform/errs"
)

func TestUsernamePolicy_DefaultRules(t *testing.T) {
	t.Parallel()
	for username, want := range map[string]error{
		"ada":                    nil,
		"_":                      nil,
		"Ada_Lovelace_1815":      nil,
		strings.Repeat("a", 128): nil,
		"":                       ErrUsernameRequired,
		"1ada":                   ErrUsernameStartsWithNumber,
		"ada-l":                  ErrUsernameInvalidCharset,
		"ada@example":            ErrUsernameInvalidCharset,
		"ada ":                   ErrUsernameInvalidCharset,
		"ada\n":                  ErrUsernameInvalidCharset,
		"ada\x00":                ErrUsernameInvalidCharset,
		"аda":                    ErrUsernameInvalidCharset, // Cyrillic а
		"ada\u0130":              ErrUsernameInvalidCharset,
		strings.Repeat("a", 129): ErrUsernameTooLong,
	} {
		for _, p := range []UsernamePolicy{{}, DefaultUsernamePolicy()} {
			if got := p.Check(username); !errors.Is(got, want) || (want == nil) != (got == nil) {
				t.Errorf("%q: %v, want %v", username, got, want)
			}
		}
		if got := ValidUsername(username); got != (want == nil) {
			t.Errorf("ValidUsername(%q) = %v", username, got)
		}
	}
}

func TestUsernamePolicy_TenantRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy, username string
		want             error
	}{
		"too short":         {`{"minLength":4}`, "ada", ErrUsernameTooShort},
		"long enough":       {`{"minLength":3}`, "ada", nil},
		"too long":          {`{"maxLength":2}`, "ada", ErrUsernameTooLong},
		"cap of the policy": {`{"maxLength":500}`, strings.Repeat("a", 129), ErrUsernameTooLong},
		"upper":             {`{"allowedChars":{"uppercase":false}}`, "Ada", ErrUsernameUppercaseNotAllowed},
		"lower":             {`{"allowedChars":{"lowercase":false}}`, "ADa", ErrUsernameLowercaseNotAllowed},
		"numbers":           {`{"allowedChars":{"numbers":false}}`, "ada1", ErrUsernameNumbersNotAllowed},
		"underscore":        {`{"allowedChars":{"underscore":false}}`, "a_da", ErrUsernameUnderscoreNotAllowed},
		"first rule wins":   {`{"minLength":9,"allowedChars":{"uppercase":false}}`, "Ada", ErrUsernameTooShort},
	} {
		var p UsernamePolicy
		if err := json.Unmarshal([]byte(c.policy), &p); err != nil {
			t.Fatal(name, err)
		}
		got := p.Check(c.username)
		if !errors.Is(got, c.want) || (c.want == nil) != (got == nil) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		if again, err := json.Marshal(p); err != nil || string(again) != c.policy {
			t.Errorf("%s: stored as %s, %v", name, again, err)
		}
	}
	e, _ := errs.As(UsernamePolicy{MinLength: ptr(4)}.Check("ada"))
	if e == nil || e.Status != 422 || e.Args["min"] != 4 {
		t.Errorf("error = %+v, want 422 with min 4", e)
	}
}

func TestUsernamePolicy_CaseNeedsTenantAndOperator(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tenant   *bool
		operator bool
		want     bool
	}{
		{nil, true, true}, {nil, false, false}, {ptr(true), true, true},
		{ptr(true), false, false}, {ptr(false), true, false}, {ptr(false), false, false},
	} {
		if got := (UsernamePolicy{CaseSensitive: c.tenant}).DistinguishesCase(c.operator); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func FuzzUsernamePolicy(f *testing.F) {
	f.Add("ada")
	f.Add("1ada")
	f.Add("K") // Kelvin sign
	f.Fuzz(func(t *testing.T, username string) {
		if (UsernamePolicy{}.Check(username) == nil) != ValidUsername(username) {
			t.Errorf("%q: policy and form disagree", username)
		}
		if ValidUsername(username) && strings.ToLower(username) != UsernameKey(username, false) {
			t.Errorf("%q: key is not the lower case", username)
		}
	})
}
