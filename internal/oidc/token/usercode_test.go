package token

import (
	"regexp"
	"strings"
	"testing"
)

var userCodeForm = regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{8}$`)

func TestUserCode_TakesWhatPeopleType(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"BDWP-HQPK": "BDWPHQPK", "bdwp-hqpk": "BDWPHQPK", " bdwp hqpk\t": "BDWPHQPK", "b.d.w.p_h/q—p–k": "BDWPHQPK",
		"ＢＤＷＰ－ｈｑｐｋ": "BDWPHQPK", // as some keyboards write it
		"":          "", "BDWP": "", "BDWP-HQPKX": "", "BDWP-HQP0": "", "ADWP-HQPK": "", "BDWP-HQPÄ": "", "BDWPHQPK1": "",
		strings.Repeat("-", 57) + "BDWPHQPK": "", "\x00\xff": "",
	} {
		if got := UserCode(typed); got != want {
			t.Errorf("%q is %q, want %q", typed, got, want)
		}
	}
}

func TestNewUserCode_IsReadBack(t *testing.T) {
	t.Parallel()
	letters := map[rune]int{}
	for range 1000 {
		code := newUserCode()
		if !userCodeForm.MatchString(code) || UserCode(SpellUserCode(code)) != code {
			t.Fatalf("%q", code)
		}
		for _, r := range code {
			letters[r]++
		}
	}
	for r, n := range letters { // 400 each, give or take six deviations
		if len(letters) != len(userCodeAlphabet) || n < 280 || n > 520 {
			t.Errorf("%c comes %d times among %d letters", r, n, len(letters))
		}
	}
}

func FuzzUserCode(f *testing.F) {
	for _, seed := range []string{"BDWP-HQPK", "bdwp hqpk", "ＢＤＷＰ－ＨＱＰＫ", "ſ", "\x00", "K"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code := UserCode(typed)
		if code == "" {
			return
		}
		if !userCodeForm.MatchString(code) || UserCode(SpellUserCode(code)) != code || UserCode(strings.ToLower(code)) != code {
			t.Fatalf("%q is read as %q", typed, code)
		}
	})
}
