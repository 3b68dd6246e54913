package db

import (
	"fmt"
	"strings"
	"testing"
)

// outline writes tokens so that a test can compare them.
func outline(tokens []token) string {
	parts := make([]string, len(tokens))
	for i, t := range tokens {
		switch t.kind {
		case groupToken:
			parts[i] = fmt.Sprintf("%s %s )", t.text, outline(t.items))
		case textToken:
			parts[i] = fmt.Sprintf("'%s'", t.text)
		case nameToken:
			parts[i] = fmt.Sprintf("%q", t.text)
		default:
			parts[i] = t.text
		}
	}
	return strings.Join(parts, " ")
}

func TestParse(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`SELECT a.B, "C d" FROM t`: `select a . b , "c d" from t`,
		`x=$1 AND y<>$22`:          `x = $1 and y <> $22`,
		`f(a, (b))`:                `f ( a , ( b ) )`,
		`CASE WHEN a THEN b END`:   `case when a then b )`,
		`t.end = t.case`:           `t . end = t . case`,
		`'it''s' || ''`:            `'it's' || ''`,
		`"a""b"`:                   `"a\"b"`,
		"a --b\n-c":                `a - c`,
		"a=--b\n1":                 `a = 1`,
		`1.5e3 0x1f`:               `1.5e3 0x1f`,
		`größe`:                    `größe`,
		`a->>'b'`:                  `a ->> 'b'`,
		``:                         ``,
		"\t\r\n ":                  ``,
	} {
		tokens, err := parse(query)
		if err != nil || outline(tokens) != want {
			t.Errorf("%q: %s, %v", query, outline(tokens), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`SELECT "a" FROM t WHERE x = $1 AND y IN ('''', 2)`, `CASE (( END`, "--\n", `'`, `$`, "a\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		tokens, err := parse(query)
		if err != nil {
			return
		}
		// What is outside of literals and names is read alike however it is
		// spaced, and more text never hides what came before.
		again, err := parse(query + "\n , 'x'")
		if err != nil {
			t.Fatalf("%q parses, with more text it does not: %v", query, err)
		}
		if want := strings.TrimPrefix(outline(tokens)+" , 'x'", " "); outline(again) != want {
			t.Fatalf("%q\n%s\n%s", query, outline(again), want)
		}
	})
}
