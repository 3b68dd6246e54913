package search

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestFromSimilar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern  string
		matching string // separated by spaces
		others   string
	}{
		{"a%", "a abc", "ba A"},
		{"a_c", "abc aéc", "ac abbc"},
		{"a|bc", "a bc", "ac abc b"},
		{"(a|b)+c?", "a ab abac", "c abd"},
		{"x{2}(y){1,2}z{2,}", "xxyzz xxyyzzz", "xyzz xxyz xxyyyzz"},
		{"a.c", "a.c", "abc"},
		{"^a$", "^a$", "a"},
		{`a\%`, "a%", "ab"},
		{`\(a\)\|\*`, "(a)|*", "a"},
		{"[a-c%]+", "abc %", "d ab_"},
		{"[^a-c]", "d % é", "a dd"},
		{"[]a]+", "] a]", "["},
		{"[^]a]", "b [", "] a"},
		{"[[:alpha:]_]%", "ab _", "1a"},
		{`[\]x]+`, "] x]", `\`},
		{`\d\w\s?`, "1a 99", "a1"},
		{`a\"b\"c`, "abc", "ab"},
		{`a\`, "a", `a\`},
		{"", "", "a"},
	} {
		expression, err := fromSimilar(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		re, err := regexp.Compile(expression)
		if err != nil {
			t.Errorf("%q is %q: %v", c.pattern, expression, err)
			continue
		}
		for _, text := range strings.Split(c.matching, " ") {
			if !re.MatchString(text) {
				t.Errorf("%q does not match %q", c.pattern, text)
			}
		}
		for _, text := range strings.Fields(c.others) {
			if re.MatchString(text) {
				t.Errorf("%q matches %q", c.pattern, text)
			}
		}
	}
	for _, pattern := range []string{`a\"b\"c\"`, `\b`, `\1`, "[[.a.]]", "[[=a=]]", `[\b]`} {
		if expression, err := fromSimilar(pattern); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q is %q, %v", pattern, expression, err)
		}
	}
}

// pieces are what random patterns are made of.
var pieces = []string{
	"a", "b", "é", "%", "_", "(", ")", "|", "*", "+", "?", "{1}", "{1,2}", "{0,}", "[ab]", "[^a]", "[", "]", "^", "$", ".",
	`\`, `\%`, `\_`, `\(`, `\\`, `\"`, `\d`, `\w`, "[]a]", "[[:alpha:]]", "-", "[a-b_]", " ", `"`, "{", "}", ",", "1",
}

// FuzzSimilar holds that the translation means what PostgreSQL means: where both
// take a pattern, they agree on every text.
func FuzzSimilar(f *testing.F) {
	for seed := range uint64(400) {
		f.Add(seed, "")
	}
	f.Add(uint64(0), `(a|b)%`)
	f.Add(uint64(0), `[[:alpha:]%_]+\"a`)
	d := dbtest.Postgres(f).For("default")
	f.Fuzz(func(t *testing.T, seed uint64, pattern string) {
		random := rand.New(rand.NewPCG(seed, 1))
		if pattern == "" {
			for range 1 + random.IntN(6) {
				pattern += pieces[random.IntN(len(pieces))]
			}
		}
		if len(pattern) > 100 {
			return
		}
		s := Search{CaseSensitive: true}
		term := Term{Fields: []Field{{Name: "x", Column: "$2"}}, Mode: SimilarTo, Values: []string{pattern}}
		if term.Values[0] == "" || term.check(s.CaseSensitive) != nil {
			return
		}
		expression, err := fromSimilar(pattern)
		if err != nil || checkExpression(expression) != nil {
			return
		}
		re := regexp.MustCompile(expression)
		for range 8 {
			var text string
			for range random.IntN(5) {
				text += []string{"a", "b", "é", "%", "_", "(", ")", "1", "]", "[", " ", `"`, `\`, ".", "^", "$", "{", "}", "-", "|", "*"}[random.IntN(21)]
			}
			got, err := db.One[bool](t.Context(), d, `SELECT CAST($2 AS text) SIMILAR TO CAST($3 AS text) WHERE CAST($1 AS text) <> ''`, text, pattern)
			if db.IsPattern(err) || errors.Is(err, db.ErrText) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got != re.MatchString(text) {
				t.Fatalf("%q SIMILAR TO %q (%s): PostgreSQL says %v", text, pattern, expression, got)
			}
		}
	})
}
