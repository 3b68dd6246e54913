package user

import (
	"strings"

	"signet/internal/platform/search"
)

// byKey narrows a search that every hit must pass with whole values of a field
// that has a unique key. Its index knows the few users at once; it reports
// whether there is one.
func (s *statement) byKey(looked *search.Search) bool {
	if len(looked.Terms) > 1 && !looked.All {
		return false
	}
	for _, term := range looked.Terms {
		column, keys := termKeys(term, looked.CaseSensitive)
		if len(keys) == 0 {
			continue
		}
		places := make([]string, len(keys))
		for i, key := range keys {
			places[i] = s.bind(key)
		}
		s.and("u.%s IN (%s)", column, strings.Join(places, ", "))
		return true
	}
	return false
}

// termKeys returns a column and what it holds for every hit of the term, nothing
// if that cannot be said.
func termKeys(term search.Term, caseSensitive bool) (column string, keys []string) {
	if term.Mode != search.Exact || len(term.Fields) != 1 {
		return "", nil
	}
	for _, value := range term.Values {
		switch field := term.Fields[0].Name; {
		// The search text shows a separator within an address as a space.
		case field == "primaryEmail" && !strings.ContainsAny(value, " "+searchSeparator):
			column, keys = "email_key", append(keys, EmailKey(value))
		case field == "username" && caseSensitive:
			column, keys = "username_key", append(keys, UsernameKey(value, true), UsernameKey(value, false))
		case field == "id" && caseSensitive:
			column, keys = "id", append(keys, value)
		default:
			return "", nil
		}
	}
	return column, keys
}
