package db

import (
	"errors"
	"fmt"
	"strings"
)

// tokenKind is what a token of a statement is.
type tokenKind byte

const (
	wordToken   tokenKind = iota + 1 // keyword or plain identifier, lower case
	nameToken                        // identifier in double quotes, lower case
	numberToken                      // numeric literal
	textToken                        // string literal
	paramToken                       // $1, $2 …
	symbolToken                      // operator or punctuation
	groupToken                       // ( … ) or CASE … END, with what is inside
)

// token is one piece of a statement.
type token struct {
	kind  tokenKind
	text  string
	items []token // of a group
}

// is reports whether the token is the keyword or symbol.
func (t token) is(text string) bool {
	return (t.kind == wordToken || t.kind == symbolToken) && t.text == text
}

// identifier reports whether the token can name a table or a column.
func (t token) identifier() bool { return t.kind == wordToken || t.kind == nameToken }

// groupDepth bounds how deep parentheses and CASE may nest.
const groupDepth = 64

// parse splits a statement into tokens nested by parentheses and CASE … END. It
// knows the SQL that both engines read alike and refuses the rest: block
// comments (PostgreSQL nests them), back-quoted and bracketed names, dollar
// quotes, prefixed strings, other parameters than $n, several statements.
func parse(query string) ([]token, error) {
	l := lexer{rest: query}
	tokens, closed, err := l.group(0, "")
	if err != nil {
		return nil, err
	}
	if closed {
		return nil, errors.New("unbalanced parenthesis")
	}
	return tokens, nil
}

type lexer struct{ rest string }

// group reads tokens until the given end (")", "end" or "" for the whole text)
// and reports whether it met a closing token.
func (l *lexer) group(depth int, end string) ([]token, bool, error) {
	if depth > groupDepth {
		return nil, false, errors.New("nested too deep")
	}
	var tokens []token
	for {
		t, err := l.next()
		if err != nil {
			return nil, false, err
		}
		afterDot := len(tokens) > 0 && tokens[len(tokens)-1].is(".")
		switch {
		case t.kind == 0:
			if end != "" {
				return nil, false, fmt.Errorf("%q is missing", end)
			}
			return tokens, false, nil
		case t.is(")"), t.is("end") && !afterDot:
			if t.text != end {
				return nil, false, fmt.Errorf("unexpected %q", t.text)
			}
			return tokens, true, nil
		case t.is("("), t.is("case") && !afterDot:
			closing := ")"
			if t.text == "case" {
				closing = "end"
			}
			items, _, err := l.group(depth+1, closing)
			if err != nil {
				return nil, false, err
			}
			t = token{kind: groupToken, text: t.text, items: items}
		}
		tokens = append(tokens, t)
	}
}

const operators = "=<>!|&+-*/%~^#"

// next reads one token; its kind is zero at the end.
func (l *lexer) next() (token, error) {
	l.skip()
	if l.rest == "" {
		return token{}, nil
	}
	switch c := l.rest[0]; {
	case isDigit(c):
		return token{kind: numberToken, text: l.take(func(c byte) bool { return isWord(c) || c == '.' })}, l.boundary()
	case isWord(c):
		text := strings.ToLower(l.take(isWord))
		return token{kind: wordToken, text: text}, l.boundary()
	case c == '$':
		l.rest = l.rest[1:]
		digits := l.take(isDigit)
		if digits == "" || l.rest != "" && isWord(l.rest[0]) {
			return token{}, errors.New("unexpected $")
		}
		return token{kind: paramToken, text: "$" + digits}, l.boundary()
	case c == '\'':
		text, err := l.quoted('\'')
		return token{kind: textToken, text: text}, err
	case c == '"':
		text, err := l.quoted('"')
		return token{kind: nameToken, text: strings.ToLower(text)}, err
	case strings.IndexByte("(),.", c) >= 0:
		l.rest = l.rest[1:]
		return token{kind: symbolToken, text: string(c)}, nil
	case strings.IndexByte(operators, c) >= 0:
		return l.operator()
	default:
		return token{}, fmt.Errorf("unexpected %q", c)
	}
}

// boundary refuses what the engines would read as part of the token before.
func (l *lexer) boundary() error {
	if l.rest != "" && strings.IndexByte("$'\"", l.rest[0]) >= 0 {
		return fmt.Errorf("%q must not follow a word", l.rest[0])
	}
	return nil
}

func (l *lexer) operator() (token, error) {
	if strings.HasPrefix(l.rest, "/*") {
		return token{}, errors.New("block comment")
	}
	n := 1
	for n < len(l.rest) && strings.IndexByte(operators, l.rest[n]) >= 0 {
		if two := l.rest[n:min(n+2, len(l.rest))]; two == "--" || two == "/*" {
			break
		}
		n++
	}
	text := l.rest[:n]
	l.rest = l.rest[n:]
	return token{kind: symbolToken, text: text}, nil
}

// skip passes over white space and comments to the end of the line.
func (l *lexer) skip() {
	for {
		l.rest = strings.TrimLeft(l.rest, " \t\r\n\f")
		if !strings.HasPrefix(l.rest, "--") {
			return
		}
		// Both engines end such a comment at LF; PostgreSQL also at CR.
		end := strings.IndexAny(l.rest, "\r\n")
		if end < 0 {
			l.rest = ""
			return
		}
		if l.rest[end] == '\r' {
			l.rest = "\x00" // refused by next
			return
		}
		l.rest = l.rest[end:]
	}
}

// quoted reads a literal or name whose quote is doubled inside.
func (l *lexer) quoted(quote byte) (string, error) {
	var text strings.Builder
	rest := l.rest[1:]
	for {
		end := strings.IndexByte(rest, quote)
		if end < 0 {
			return "", errors.New("unterminated quote")
		}
		text.WriteString(rest[:end])
		rest = rest[end+1:]
		if rest == "" || rest[0] != quote {
			l.rest = rest
			return text.String(), nil
		}
		text.WriteByte(quote)
		rest = rest[1:]
	}
}

func (l *lexer) take(accept func(byte) bool) string {
	n := 0
	for n < len(l.rest) && accept(l.rest[n]) {
		n++
	}
	text := l.rest[:n]
	l.rest = l.rest[n:]
	return text
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80
}
