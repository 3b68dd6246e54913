package db

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestLike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, pattern string
		want          bool
	}{
		{"", "", true}, {"", "%", true}, {"", "_", false}, {"a", "", false},
		{"abc", "abc", true}, {"abc", "Abc", false}, {"abc", "a_c", true}, {"aéc", "a_c", true}, {"ac", "a_c", false},
		{"abcabd", "%abd", true}, {"abcabd", "a%abd%", true}, {"abcabd", "%abd_", false},
		{"100%", `100\%`, true}, {"1000", `100\%`, false}, {`a\b`, `a\\b`, true}, {"a_b", `a\_b`, true}, {"axb", `a\_b`, false},
		{"日本語", "_本%", true}, {"日本語", "%語", true}, {"日本語", "____", false}, {"%", "%%%", true}, {"ab", "%%_%%_", true},
		{"ex", `\e\x`, true}, {"aaab", "%a_b", true}, {"mississippi", "m%iss%ip_i", true},
	} {
		if got := like(c.text, c.pattern); got != c.want {
			t.Errorf("%q LIKE %q: %v", c.text, c.pattern, got)
		}
	}
}

// A pattern of many wildcards must not keep the database busy.
func TestLikeIsNotExponential(t *testing.T) {
	t.Parallel()
	began := time.Now()
	if like(strings.Repeat("a", 20_000), strings.Repeat("%a", 100)+"b") {
		t.Error("matches")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestExpressionsAreBounded(t *testing.T) {
	t.Parallel()
	kept := compiledExpressions{kept: map[string]*regexp.Regexp{}}
	for i := range 3 * maxExpressions {
		if _, err := kept.compile(strings.Repeat("a", i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(kept.kept) > maxExpressions {
		t.Errorf("%d are kept", len(kept.kept))
	}
}
