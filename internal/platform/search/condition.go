package search

import (
	"fmt"
	"strings"

	"signet/internal/platform/db"
)

// Condition returns the search as an SQL condition in parentheses, with its
// arguments; their placeholders begin at $first. A Search that looks for nothing
// is TRUE. It fails with ErrInvalid if SQLite's engine cannot run a pattern.
func (s *Search) Condition(d db.Dialect, first int) (sql string, args []any, err error) {
	if s.Empty() {
		return "TRUE", nil, nil
	}
	w := writer{dialect: d, next: first, caseSensitive: s.CaseSensitive}
	terms := make([]string, len(s.Terms))
	for i, term := range s.Terms {
		if terms[i], err = w.term(term); err != nil {
			return "", nil, err
		}
	}
	joint := " OR "
	if s.All {
		joint = " AND "
	}
	return "(" + strings.Join(terms, joint) + ")", w.args, nil
}

// insensitive is the collation in which PostgreSQL knows the case of every
// script; the columns' own is that of bytes.
const insensitive = ` COLLATE "und-x-icu"`

type writer struct {
	dialect       db.Dialect
	next          int
	args          []any
	caseSensitive bool
}

// bind adds an argument and returns its placeholder.
func (w *writer) bind(arg any) string {
	w.args = append(w.args, arg)
	w.next++
	return fmt.Sprintf("$%d", w.next-1)
}

func (w *writer) term(t Term) (string, error) {
	fields := make([]string, len(t.Fields))
	for i, field := range t.Fields {
		condition, err := w.field(field, t)
		if err != nil {
			return "", err
		}
		fields[i] = condition
	}
	return "(" + strings.Join(fields, " OR ") + ")", nil
}

func (w *writer) field(f Field, t Term) (string, error) {
	switch t.Mode {
	case Exact:
		return w.exact(f, t.Values), nil
	case SimilarTo:
		return w.similar(f, t.Values[0])
	case POSIX:
		return w.posix(f, t.Values[0])
	}
	return w.like(f, t.Values[0]), nil
}

// folded compares the column with text in which case means nothing: the
// returned function folds an argument and yields its placeholder.
func (w *writer) folded(f Field) (column string, fold func(string) string) {
	switch {
	case f.Folded != "":
		return f.Folded, func(s string) string { return w.bind(f.Fold(s)) }
	case w.dialect == db.SQLite:
		return "text_lower(" + f.Column + ")", func(s string) string { return w.bind(strings.ToLower(s)) }
	}
	return "lower(" + f.Column + insensitive + ")", func(s string) string {
		return "lower(CAST(" + w.bind(s) + " AS text)" + insensitive + ")"
	}
}

// guarded keeps a null field from being equal to an empty folded one.
func (f Field) guarded(condition string) string {
	if f.Folded == "" {
		return condition
	}
	return "(" + f.Column + " IS NOT NULL AND " + condition + ")"
}

func (w *writer) like(f Field, pattern string) string {
	if w.dialect == db.SQLite && !w.caseSensitive && f.Folded != "" {
		return w.liteLike(f, pattern)
	}
	column, argument := f.Column, ""
	if w.caseSensitive {
		argument = w.bind(pattern)
	} else {
		folded, fold := w.folded(f)
		column, argument = folded, fold(pattern)
	}
	condition := column + " LIKE " + argument
	if w.dialect == db.SQLite {
		condition = "text_like(" + column + ", " + argument + ")"
	}
	if w.caseSensitive {
		return condition
	}
	return f.guarded(condition)
}

// liteLike compares a field that has a folded text. SQLite's own LIKE takes case
// for nothing in ASCII, so for a text of printable ASCII it does as it stands;
// the rest is compared folded, which takes several times as long.
func (w *writer) liteLike(f Field, pattern string) string {
	argument := w.bind(f.Fold(pattern))
	return fmt.Sprintf(`CASE WHEN %[1]s GLOB '*[^ -~]*' THEN %[2]s LIKE %[3]s ESCAPE '\' ELSE %[1]s LIKE %[3]s ESCAPE '\' END`, f.Column, f.Folded, argument)
}

func (w *writer) exact(f Field, values []string) string {
	column, bind := f.Column, func(s string) string { return w.bind(s) }
	if !w.caseSensitive {
		column, bind = w.folded(f)
	}
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = bind(value)
	}
	condition := column + " IN (" + strings.Join(list, ", ") + ")"
	if w.caseSensitive {
		return condition
	}
	return f.guarded(condition)
}

func (w *writer) similar(f Field, pattern string) (string, error) {
	if w.dialect == db.Postgres {
		return f.Column + " SIMILAR TO " + w.bind(pattern), nil
	}
	expression, err := fromSimilar(pattern)
	if err != nil {
		return "", err
	}
	return w.matches(f, expression)
}

func (w *writer) posix(f Field, pattern string) (string, error) {
	switch {
	case w.dialect == db.SQLite:
		return w.matches(f, Expression(pattern, w.caseSensitive))
	case w.caseSensitive:
		return f.Column + " ~ " + w.bind(pattern), nil
	}
	return f.Column + insensitive + " ~* " + w.bind(pattern), nil
}

// Expression returns the RE2 expression by which SQLite compares a value of mode
// POSIX.
func Expression(pattern string, caseSensitive bool) string {
	if caseSensitive {
		return "(?s)" + pattern
	}
	return "(?si)" + pattern
}

// matches is a condition of SQLite on an RE2 expression.
func (w *writer) matches(f Field, expression string) (string, error) {
	if err := checkExpression(expression); err != nil {
		return "", err
	}
	return "text_matches(" + f.Column + ", " + w.bind(expression) + ")", nil
}
