package search

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// maxProgram bounds a compiled expression: its time per text is proportional.
const maxProgram = 10_000

// checkExpression refuses what RE2 cannot run or what would take long.
func checkExpression(expression string) error {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return Invalid("The pattern is not valid.")
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return Invalid("The pattern is not valid.")
	}
	if len(program.Inst) > maxProgram {
		return Invalid("The pattern repeats too much.")
	}
	return nil
}

// fromSimilar translates a pattern of SIMILAR TO (SQL:2016 section 8.6) into an
// RE2 expression that matches the same texts. As in PostgreSQL, \ escapes, \d,
// \s and \w are classes of characters, and \" divides the pattern in up to three
// parts.
func fromSimilar(pattern string) (string, error) {
	t := similar{rest: pattern}
	t.out.WriteString(`(?s)^(?:`)
	for t.rest != "" {
		if err := t.step(); err != nil {
			return "", err
		}
	}
	t.out.WriteString(`)$`)
	return t.out.String(), nil
}

type similar struct {
	rest  string
	out   strings.Builder
	parts int
}

// take removes the first character of the rest.
func (t *similar) take() string {
	_, size := utf8.DecodeRuneInString(t.rest)
	first := t.rest[:size]
	t.rest = t.rest[size:]
	return first
}

func (t *similar) step() error {
	switch c := t.take(); c {
	case `\`:
		return t.escaped(false)
	case "%":
		t.out.WriteString(".*")
	case "_":
		t.out.WriteString(".")
	case "(":
		t.out.WriteString("(?:")
	case "[":
		t.out.WriteString("[")
		return t.class()
	case ".", "^", "$":
		t.out.WriteString(`\` + c)
	default:
		t.out.WriteString(c) // | * + ? { } ) mean the same; the rest is literal
	}
	return nil
}

// escaped reads what follows the escape character; at the end that is nothing.
func (t *similar) escaped(inClass bool) error {
	switch c := t.take(); {
	case c == "":
	case c == `"` && !inClass:
		if t.parts++; t.parts > 2 {
			return Invalid("The pattern has more than two separators.")
		}
		t.out.WriteString(`)(?:`)
	case strings.Contains("dswDSW", c):
		t.out.WriteString(`\` + c)
	case len(c) == 1 && isAlphanumeric(c[0]):
		return Invalid("The pattern escapes the letter or digit %q.", c)
	case inClass && len(c) == 1:
		t.out.WriteString(`\` + c)
	default:
		t.out.WriteString(regexp.QuoteMeta(c))
	}
	return nil
}

// class reads a bracket expression behind its bracket. A ] that comes first is
// an element of it, and [:alpha:] within has brackets of its own.
func (t *similar) class() error {
	if strings.HasPrefix(t.rest, "^") {
		t.out.WriteString(t.take())
	}
	if strings.HasPrefix(t.rest, "]") {
		t.out.WriteString(t.take())
	}
	for depth := 1; depth > 0 && t.rest != ""; {
		if strings.HasPrefix(t.rest, "[.") || strings.HasPrefix(t.rest, "[=") {
			return Invalid("The pattern names a collating element.")
		}
		c := t.take()
		switch c {
		case `\`:
			if err := t.escaped(true); err != nil {
				return err
			}
			continue
		case "[":
			depth++
		case "]":
			depth--
		}
		t.out.WriteString(c)
	}
	return nil
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
