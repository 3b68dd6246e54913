package user

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"signet/internal/platform/db"
	"signet/internal/platform/search"
)

// isOnText reports whether SQLite finds out from the search text by itself who
// passes a search: it shows text in lower case, and no difference between a
// field that is empty and one that is not there. PostgreSQL is slower at the
// patterns that this takes than at asking the fields.
func isOnText(d db.Dialect, looked *search.Search) bool {
	if looked.CaseSensitive || d != db.SQLite {
		return false
	}
	return !slices.ContainsFunc(looked.Terms, func(term search.Term) bool {
		switch value := term.Values[0]; term.Mode {
		case search.Like:
			return strings.Trim(value, "%") == ""
		case search.Exact:
			return slices.Contains(term.Values, "")
		case search.POSIX:
			expression, err := regexp.Compile(search.Expression(value, false))
			return err != nil || expression.MatchString("")
		}
		return true
	})
}

// onText returns a search that isOnText as a condition on the search text.
func (s *statement) onText(looked *search.Search) (condition string, err error) {
	terms := make([]string, len(looked.Terms))
	for i, term := range looked.Terms {
		if term.Mode != search.POSIX {
			terms[i] = s.partLike(term)
			continue
		}
		// An expression can tell composed letters from decomposed ones, which the
		// search text has not kept apart: beyond ASCII the fields are asked.
		one := search.Search{Terms: []search.Term{term}}
		fields, args, err := one.Condition(db.SQLite, len(s.args)+2)
		if err != nil {
			return "", err
		}
		s.args = append(s.args, args...)
		terms[i] = fmt.Sprintf("COALESCE(%s, %s)", s.partMatches(term), fields)
	}
	joint := " OR "
	if looked.All {
		joint = " AND "
	}
	return "(" + strings.Join(terms, joint) + ")", nil
}

// partLike compares parts of the search text. A pattern that names all of its
// separators matches it in one way: no wildcard reaches beyond a part.
func (s *statement) partLike(term search.Term) string {
	var likes []string
	for _, value := range term.Values {
		if term.Mode == search.Exact {
			value = search.Literal(value)
		}
		pattern := separated(FoldSearch(value), true, true)
		if run, exact := longestRun(FoldSearch(value)); exact && len(term.Fields) == len(SearchFields) {
			likes = append(likes, s.like("%"+search.Literal(run)+"%"))
			continue
		}
		for i, field := range SearchFields {
			if isSearched(term, field) {
				likes = append(likes, s.like(strings.Repeat(searchSeparator+"%", i)+pattern+
					strings.Repeat("%"+searchSeparator, len(SearchFields)-1-i)))
			}
		}
	}
	return "(" + strings.Join(likes, " OR ") + ")"
}

func (s *statement) like(pattern string) string {
	return `u.search_text LIKE ` + s.bind(pattern) + ` ESCAPE '\'`
}

func (s *statement) partMatches(term search.Term) string {
	parts := 0
	for i, field := range SearchFields {
		if isSearched(term, field) {
			parts |= 2 << i // the first part stands before the first separator
		}
	}
	return fmt.Sprintf("any_part_matches(u.search_text, '%s', %d, %s)", searchSeparator, parts, s.bind(search.Expression(term.Values[0], false)))
}

func isSearched(term search.Term, field search.Field) bool {
	return slices.ContainsFunc(term.Fields, func(f search.Field) bool { return f.Name == field.Name })
}
