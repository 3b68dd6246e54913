package db

import (
	"database/sql/driver"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"modernc.org/sqlite"
)

// liteDriver opens SQLite's connections, with functions for text that SQLite
// lacks or knows for ASCII only. A null argument makes each of them null.
//
//	split_part(text, separator, n)  the n-th field from 1, as in PostgreSQL
//	text_lower(text)                lower case of every script
//	text_like(text, pattern)        LIKE as in PostgreSQL: case counts, \ escapes
//	text_matches(text, expression)  whether an RE2 expression matches somewhere
//	any_part_matches(text, separator, parts, expression)
//	    the same of one of the fields that the bits of parts name, the lowest
//	    the first; an empty field never matches. Null of a text beyond ASCII
var liteDriver = sync.OnceValue(func() *sqlite.Driver {
	d := &sqlite.Driver{}
	for _, f := range []struct {
		name string
		args int32
		call func(args []driver.Value) (driver.Value, error)
	}{
		{"split_part", 3, splitPart},
		{"text_lower", 1, textLower},
		{"text_like", 2, textLike},
		{"text_matches", 2, textMatches},
		{"any_part_matches", 4, anyPartMatches},
	} {
		d.MustRegisterDeterministicScalarFunction(f.name, f.args,
			func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
				for _, arg := range args {
					if arg == nil {
						return nil, nil
					}
				}
				return f.call(args)
			})
	}
	return d
})

// texts returns arguments that must all be text.
func texts(args []driver.Value) (a, b string, err error) {
	a, first := args[0].(string)
	b, second := args[len(args)-1].(string)
	if !first || !second {
		return "", "", fmt.Errorf("db: a text function got %T and %T", args[0], args[len(args)-1])
	}
	return a, b, nil
}

func splitPart(args []driver.Value) (driver.Value, error) {
	text, separator, err := texts(args[:2])
	if err != nil {
		return nil, err
	}
	n, ok := args[2].(int64)
	if !ok || n < 1 {
		return nil, fmt.Errorf("db: split_part of field %v", args[2])
	}
	for ; n > 1; n-- {
		if _, text, ok = strings.Cut(text, separator); !ok {
			return "", nil
		}
	}
	field, _, _ := strings.Cut(text, separator)
	return field, nil
}

func textLower(args []driver.Value) (driver.Value, error) {
	text, _, err := texts(args)
	if err != nil {
		return nil, err
	}
	return strings.ToLower(text), nil
}

func textLike(args []driver.Value) (driver.Value, error) {
	text, pattern, err := texts(args)
	if err != nil {
		return nil, err
	}
	return like(text, pattern), nil
}

// like matches as SQL's LIKE does, in time proportional to the product of both
// lengths at worst: after a mismatch only the last % is tried again.
func like(text, pattern string) bool {
	t, p := 0, 0
	lastText, lastPattern := 0, -1
	for t < len(text) {
		next, ok := likeStep(text[t:], pattern[p:])
		switch {
		case p < len(pattern) && pattern[p] == '%':
			p++
			lastText, lastPattern = t, p
		case ok:
			_, size := utf8.DecodeRuneInString(text[t:])
			t, p = t+size, p+next
		case lastPattern < 0:
			return false
		default:
			_, size := utf8.DecodeRuneInString(text[lastText:])
			lastText += size
			t, p = lastText, lastPattern
		}
	}
	return strings.Trim(pattern[p:], "%") == ""
}

// likeStep reports whether the first character of text fits what pattern begins
// with, and how long that is in the pattern.
func likeStep(text, pattern string) (length int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	if pattern[0] == '_' {
		return 1, true
	}
	escape := 0
	if pattern[0] == '\\' && len(pattern) > 1 {
		escape = 1
	}
	wanted, size := utf8.DecodeRuneInString(pattern[escape:])
	got, gotSize := utf8.DecodeRuneInString(text)
	return escape + size, wanted == got && size == gotSize
}

func textMatches(args []driver.Value) (driver.Value, error) {
	text, expression, err := texts(args)
	if err != nil {
		return nil, err
	}
	compiled, err := expressions.compile(expression)
	if err != nil {
		return nil, err
	}
	return compiled.MatchString(text), nil
}

func anyPartMatches(args []driver.Value) (driver.Value, error) {
	text, expression, err := texts(args)
	if err != nil {
		return nil, err
	}
	separator, isText := args[1].(string)
	parts, isNumber := args[2].(int64)
	if !isText || !isNumber {
		return nil, fmt.Errorf("db: any_part_matches of %T and %T", args[1], args[2])
	}
	if !isASCII(text) {
		return nil, nil
	}
	compiled, err := expressions.compile(expression)
	if err != nil {
		return nil, err
	}
	for ; parts != 0 && text != ""; parts >>= 1 {
		var part string
		part, text, _ = strings.Cut(text, separator)
		if parts&1 != 0 && part != "" && compiled.MatchString(part) {
			return true, nil
		}
	}
	return false, nil
}

// isASCII is asked about every row: it decodes nothing.
func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// maxExpressions is how many compiled expressions are kept.
const maxExpressions = 64

// expressions keeps compiled expressions from row to row of a statement.
var expressions = compiledExpressions{kept: map[string]*regexp.Regexp{}}

type compiledExpressions struct {
	mu   sync.Mutex
	kept map[string]*regexp.Regexp
}

func (c *compiledExpressions) compile(expression string) (*regexp.Regexp, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.kept[expression]; known != nil {
		return known, nil
	}
	compiled, err := regexp.Compile(expression)
	if err != nil {
		return nil, err
	}
	if len(c.kept) >= maxExpressions {
		clear(c.kept)
	}
	c.kept[expression] = compiled
	return compiled, nil
}
