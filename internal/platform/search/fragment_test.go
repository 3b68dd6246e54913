package search

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestFragments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode          Mode
		pattern       string
		caseSensitive bool
		want          string // separated by |, with < and > for the ends
	}{
		{POSIX, "anna", true, "ann"}, // the last letter may carry an accent
		{POSIX, "^anna$", true, "<anna>"},
		{POSIX, "anna@", true, "anna@"},
		{POSIX, "^(Anna|Maria) ", true, "<Ann|<Mari"},
		{POSIX, "(Visser|Berg)$", true, "Visser>|Berg>"},
		{POSIX, "^[a-z.]+123@", true, "123@"},
		{POSIX, "a.*(beta|gamma).*z", true, "bet|gamm"},
		{POSIX, "(alpha|.)beta", true, "bet"},
		{POSIX, "(alpha|b?)", true, ""},
		{POSIX, "(abc)+x", true, "ab"},
		{POSIX, "(abc)*x", true, ""},
		{POSIX, "(abc){2,3}", true, "ab"},
		{POSIX, "(abc){0,3}", true, ""},
		{POSIX, "^abc*", true, "<a"},
		{POSIX, "e\u0301a", true, "e\u0301"},
		{POSIX, "\u0301abc", true, "ab"},
		{POSIX, "smith", false, "MIT"}, // s stands for ſ too
		{POSIX, "smith", true, "smit"},
		{POSIX, "(?i)ıstra", true, "TR"},
		{POSIX, "İzmir", false, "İZMI"},
		{POSIX, `abc\.de`, true, "abc.d"},
		{POSIX, `abc\x41bc`, true, ""}, // of one length in RE2, of another in PostgreSQL
		{POSIX, `abc\Bdef`, true, ""},
		{POSIX, "(abc", true, ""},
		{POSIX, "[abc]", true, ""},
		{SimilarTo, "%anna%", true, "ann"},
		{SimilarTo, "anna%", true, "<ann"},
		{SimilarTo, "(Zoë|Quentin) (Visser|Berg)", true, "Visser>|Berg>"},
		{SimilarTo, "a_b", true, "b>"},
		{Like, "anna", true, ""},
	} {
		var got []string
		for _, f := range (Term{Mode: c.mode, Values: []string{c.pattern}}).Fragments(c.caseSensitive) {
			got = append(got, map[bool]string{true: "<"}[f.AtStart]+f.Text+map[bool]string{true: ">"}[f.AtEnd])
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s %q: %q, want %q", c.mode, c.pattern, got, c.want)
		}
	}
}

// FuzzFragments holds that a text that matches has one of the fragments, both
// composed and in lower case.
func FuzzFragments(f *testing.F) {
	for seed := range uint64(3000) {
		f.Add(seed)
	}
	letters := []string{"a", "B", "é", "e", "\u0301", "s", "ſ", "K", "\u212a", "ı", "İ", "I", "ς", "Σ", "본", "ᄇ", "ᅩ", "ᆫ", " "}
	fold := func(s string) string { return strings.ToLower(norm.NFC.String(s)) }
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 2))
		word := func(from []string, n int) (w string) {
			for range n {
				w += from[random.IntN(len(from))]
			}
			return w
		}
		pattern := word(append([]string{"(a|B)", "(eB|ſa)+", "^", "$", "[aB]", ".", "a*", "(Ka){1,2}", "(", "|", ")"}, letters...), 1+random.IntN(4))
		caseSensitive := random.IntN(2) == 0
		fragments := Term{Mode: POSIX, Values: []string{pattern}}.Fragments(caseSensitive)
		if fragments == nil {
			return
		}
		re := regexp.MustCompile(map[bool]string{true: "(?s)", false: "(?si)"}[caseSensitive] + pattern)
		for range 40 {
			text := word(letters, random.IntN(5))
			if !re.MatchString(text) {
				continue
			}
			if !slices.ContainsFunc(fragments, func(f Fragment) bool {
				text := "<" + fold(text) + ">"
				return strings.Contains(text, fmt.Sprintf("%s%s%s", map[bool]string{true: "<"}[f.AtStart], fold(f.Text), map[bool]string{true: ">"}[f.AtEnd]))
			}) {
				t.Fatalf("%q (case %v) matches %q, which has none of %+v", pattern, caseSensitive, text, fragments)
			}
		}
	})
}
