// Package search is the search grammar of the Management API's lists: it reads
// the parameters search, mode, joint and isCaseSensitive and yields an SQL
// condition for either database. It owns what a search means, its limits and its
// errors. It does not know the tables, nor how an index may help (user).
//
// search=V tries V on every field, search.<field>=V on one; terms are joined by
// joint=or (default) or and. A term's mode is mode.<field>, else mode, else
// like: SQL's LIKE with % and _, and \ before one that is meant literally; exact
// takes a list of values; similar_to is SQL's SIMILAR TO and needs
// isCaseSensitive=true; posix is a regular expression, on SQLite in the syntax
// of RE2.
package search

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"signet/internal/platform/web"
)

// Mode is how a term's value is compared.
type Mode string

// The modes.
const (
	Like      Mode = "like"
	Exact     Mode = "exact"
	SimilarTo Mode = "similar_to"
	POSIX     Mode = "posix"
)

// Limits of a search.
const (
	MaxValue  = 256 // code points of a value
	MaxValues = 200 // values of all terms together
)

// Field is something that can be searched.
type Field struct {
	// Name is how the wire calls it, in camel case; snake case is accepted too.
	Name string
	// Column is the SQL expression of its text, which may be null.
	Column string
	// Folded is an SQL expression of the same text as Fold returns it, if the
	// table has one; a case-insensitive search then compares with it.
	Folded string
	// Fold goes with Folded.
	Fold func(string) string
}

// Search is what a client looks for. Its zero value looks for nothing.
type Search struct {
	Terms []Term
	// All demands every term; otherwise one is enough.
	All           bool
	CaseSensitive bool
}

// Term is one value, or in mode Exact a list of values, and where to look: one
// of the fields must match.
type Term struct {
	Fields []Field
	Mode   Mode
	Values []string // never empty
}

// Empty reports whether everything matches because nothing is looked for.
func (s *Search) Empty() bool { return s == nil || len(s.Terms) == 0 }

// Parse reads the search of a list with the given fields. Its errors are
// ErrInvalid with the reason. Without a search parameter the Search is empty.
func Parse(query url.Values, fields []Field) (*Search, error) {
	p := parser{fields: fields, modes: map[string]Mode{}, values: map[string][]string{}}
	for _, key := range slices.Sorted(maps.Keys(query)) {
		if err := p.parameter(key, query[key]); err != nil {
			return nil, err
		}
	}
	return p.search()
}

// everywhere is the name under which the parser keeps what names no field.
const everywhere = ""

type parser struct {
	fields        []Field
	modes         map[string]Mode     // by field name or everywhere
	values        map[string][]string // likewise
	joint         string
	caseSensitive bool
}

func (p *parser) parameter(key string, values []string) error {
	name, field, nested := strings.Cut(key, ".")
	switch {
	case name == "search" || name == "mode":
		at := everywhere
		if nested {
			found := p.find(field)
			if found == nil {
				return Invalid("%q is no field to search; there are %s.", printable(field), p.names())
			}
			at = found.Name
		}
		if name == "mode" {
			return p.mode(at, values)
		}
		return p.value(at, values)
	case key == "joint" || key == "jointMode":
		return p.join(key, values)
	case key == "isCaseSensitive":
		p.caseSensitive = len(values) > 0 && web.Flag(values[len(values)-1]).On()
	}
	return nil
}

// find returns the field of a wire name in camel or snake case.
func (p *parser) find(name string) *Field {
	for i, field := range p.fields {
		if name == field.Name || name == snake(field.Name) {
			return &p.fields[i]
		}
	}
	return nil
}

func (p *parser) mode(at string, values []string) error {
	if _, known := p.modes[at]; known || len(values) != 1 {
		return Invalid("A mode was given more than once.")
	}
	mode := Mode(values[0])
	if !slices.Contains([]Mode{Like, Exact, SimilarTo, POSIX}, mode) {
		return Invalid("%q is no mode; there are like, exact, similar_to, posix.", printable(values[0]))
	}
	p.modes[at] = mode
	return nil
}

func (p *parser) join(key string, values []string) error {
	if len(values) != 1 || p.joint != "" {
		return Invalid("Joint was given more than once.")
	}
	if p.joint = values[0]; p.joint != "or" && p.joint != "and" {
		return Invalid("%q is no %s; there are or, and.", printable(values[0]), key)
	}
	return nil
}

func (p *parser) value(at string, values []string) error {
	for _, value := range values {
		switch {
		case value == "":
			return Invalid("A search value is empty.")
		case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
			return Invalid("A search value is no text.")
		case utf8.RuneCountInString(value) > MaxValue:
			return Invalid("A search value is longer than %d characters.", MaxValue)
		}
	}
	p.values[at] = append(p.values[at], values...)
	return nil
}

// search puts together what the parameters said.
func (p *parser) search() (*Search, error) {
	s := &Search{All: p.joint == "and", CaseSensitive: p.caseSensitive}
	count := 0
	if values := p.values[everywhere]; len(values) > 0 {
		s.Terms = append(s.Terms, Term{Fields: p.fields, Mode: p.modeOf(everywhere), Values: values})
		count = len(values)
	}
	for _, field := range p.fields {
		values := p.values[field.Name]
		if len(values) == 0 {
			continue
		}
		count += len(values)
		s.Terms = append(s.Terms, Term{Fields: []Field{field}, Mode: p.modeOf(field.Name), Values: values})
	}
	if count > MaxValues {
		return nil, Invalid("There are more than %d search values.", MaxValues)
	}
	for _, term := range s.Terms {
		if err := term.check(s.CaseSensitive); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (p *parser) modeOf(at string) Mode {
	for _, name := range []string{at, everywhere} {
		if mode, ok := p.modes[name]; ok {
			return mode
		}
	}
	return Like
}

// check refuses what no database could answer.
func (t *Term) check(caseSensitive bool) error {
	if len(t.Values) > 1 && t.Mode != Exact {
		return Invalid("Several values need the mode exact.")
	}
	switch t.Mode {
	case Like:
		if escapes := len(t.Values[0]) - len(strings.TrimRight(t.Values[0], `\`)); escapes%2 == 1 {
			return Invalid("The pattern ends with an escape character.")
		}
	case SimilarTo:
		if !caseSensitive {
			return Invalid("The mode similar_to needs isCaseSensitive=true.")
		}
	}
	return nil
}

func (p *parser) names() string {
	names := make([]string, len(p.fields))
	for i, field := range p.fields {
		names[i] = field.Name
	}
	return strings.Join(names, ", ")
}

// snake turns camel case into snake case.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// printable bounds what a message repeats of a request.
func printable(text string) string {
	const longest = 40
	if len(text) > longest {
		text = text[:longest] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}

// Containing returns the search for text anywhere in one of the fields, in any
// case: what lists that take one plain string look for. An empty text looks for
// nothing.
func Containing(text string, fields []Field) (*Search, error) {
	if text == "" {
		return &Search{}, nil
	}
	p := parser{fields: fields, values: map[string][]string{}}
	if err := p.value(everywhere, []string{text}); err != nil {
		return nil, err
	}
	p.values[everywhere] = []string{"%" + Literal(text) + "%"}
	return p.search()
}

// Literal escapes what LIKE would not take literally.
func Literal(text string) string { return literal.Replace(text) }

var literal = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
