package user

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"signet/internal/platform/db"
	"signet/internal/platform/search"
)

// statement is what a listing's statements share.
type statement struct {
	args  []any
	from  string
	where []string
	// order is that of the list, reverse its opposite; first is the order in
	// which a search meets its hits.
	order, reverse, first string
	// candidates is how many of the users that are read may be asked for hit,
	// which makes a hit of them; 0 if hit is part of where.
	candidates int
	hit        string
	// isFullScan says that SQLite looks at everybody, which readers can share.
	isFullScan bool
}

// bind adds an argument and returns the parameter that stands for it; $1 is the
// tenant.
func (s *statement) bind(arg any) string {
	s.args = append(s.args, arg)
	return fmt.Sprintf("$%d", len(s.args)+1)
}

func (s *statement) and(format string, args ...any) {
	s.where = append(s.where, fmt.Sprintf(format, args...))
}

// statement says where to read the users of the filter and how to recognize
// them.
func (l *listing) statement() (*statement, error) {
	s := &statement{from: "users u", order: "u.created_at DESC, u.id DESC", reverse: "u.created_at, u.id"}
	if l.filter.OrganizationID != "" {
		s.order, s.reverse = "u.id", "u.id DESC"
	}
	s.and("u.tenant_id = $1")
	start := l.start()
	for i, of := range l.links {
		if i == start {
			s.from = of.table + " m CROSS JOIN users u"
			s.and("m.tenant_id = $1 AND m.%s = %s AND u.id = m.user_id", of.column, s.bind(of.ref))
			if l.filter.OrganizationID != "" {
				s.order, s.reverse = "m.user_id", "m.user_id DESC" // stand so in the index
			}
			continue
		}
		s.linked("", of.table, of.column, of.ref)
	}
	s.first = s.order
	f := l.filter
	if f.OrganizationRoleID != "" {
		s.and(`EXISTS (SELECT 1 FROM organization_user_roles x WHERE x.tenant_id = u.tenant_id AND x.user_id = u.id
			AND x.organization_id = %s AND x.organization_role_id = %s)`, s.bind(f.OrganizationID), s.bind(f.OrganizationRoleID))
	}
	if f.ExcludeRoleID != "" {
		s.linked("NOT ", "user_roles", "role_id", f.ExcludeRoleID)
	}
	if f.ExcludeOrganizationID != "" {
		s.linked("NOT ", "organization_users", "organization_id", f.ExcludeOrganizationID)
	}
	if f.Search.Empty() {
		return s, nil
	}
	return s, s.search(l.q.Dialect(), f.Search, start < 0, l.isBroad)
}

// start returns the link from which to read, or -1 to read from all users. The
// members of an organization are read from it in the order of the list.
func (l *listing) start() int {
	for i, of := range l.links {
		if of.total <= fewLinks || of.table == "organization_users" && l.filter.Search.Empty() {
			return i
		}
	}
	return -1
}

func (s *statement) linked(not, table, column, ref string) {
	s.and("%sEXISTS (SELECT 1 FROM %s x WHERE x.tenant_id = u.tenant_id AND x.user_id = u.id AND x.%s = %s)",
		not, table, column, s.bind(ref))
}

// search adds the condition of a search: what the trigrams can select, then
// what must hold exactly. isAll says that nothing else leads to the users,
// isBroad that too few hits were among the first candidates.
func (s *statement) search(d db.Dialect, looked *search.Search, isAll, isBroad bool) error {
	groups, exact := candidates(looked)
	onText := isOnText(d, looked)
	if !s.byKey(looked) && isAll {
		match := matchExpression(groups)
		switch {
		case d == db.Postgres && match == "":
			s.startPostgres(isBroad)
		case d == db.SQLite && match != "" && !isBroad:
			s.startIndexed(match, onText && !exact)
			// What the index has yielded need not be looked through before it is
			// compared exactly.
			if !exact {
				groups = slices.DeleteFunc(groups, canMatch)
			}
		case d == db.SQLite && onText:
			s.from, s.isFullScan = "users u INDEXED BY users_created", true
		case d == db.SQLite:
			// As they stand in the table is many times faster than by another index.
			s.from, s.first = "users u NOT INDEXED", "u.seq DESC"
		}
	}
	conditions, err := s.conditions(d, looked, groups, exact, onText)
	if s.candidates > 0 {
		s.hit = strings.Join(conditions, " AND ")
	} else {
		s.where = append(s.where, conditions...)
	}
	return err
}

// startIndexed has SQLite read users as its search index yields them, newest
// first.
func (s *statement) startIndexed(match string, isLoose bool) {
	s.from, s.first = "users_search f CROSS JOIN users u", "f.rowid DESC"
	s.and("f.rowid = u.seq AND f.users_search MATCH %s", s.bind(match))
	if isLoose {
		s.candidates = maxCandidates
	}
}

// startPostgres has PostgreSQL look at the newest first and, where they have too
// few hits, at everybody by several processes at once: they do not read in the
// order of an index.
func (s *statement) startPostgres(isBroad bool) {
	if isBroad {
		s.first = "u.created_at + 0 DESC, u.id DESC"
		return
	}
	s.candidates = maxNewest
}

// conditions returns what must hold for a hit; exact says that the groups alone
// decide.
func (s *statement) conditions(d db.Dialect, looked *search.Search, groups [][]string, exact, onText bool) ([]string, error) {
	var all []string
	if !onText || exact || slices.ContainsFunc(looked.Terms, isExpression) { // else the condition itself is as quick
		for _, runs := range groups {
			likes := make([]string, len(runs))
			for i, run := range runs {
				likes[i] = s.like("%" + search.Literal(run) + "%")
			}
			all = append(all, "("+strings.Join(likes, " OR ")+")")
		}
	}
	switch {
	case exact:
		return all, nil
	case onText:
		condition, err := s.onText(looked)
		return append(all, condition), err
	}
	condition, args, err := looked.Condition(d, len(s.args)+2)
	s.args = append(s.args, args...)
	return append(all, condition), err
}

func isExpression(term search.Term) bool { return term.Mode == search.POSIX }

// candidates returns what the search text of every hit contains: one run of each
// group. With exact nothing else contains it.
func candidates(looked *search.Search) (groups [][]string, exact bool) {
	exact = !looked.CaseSensitive
	var either []string
	for _, term := range looked.Terms {
		runs, same := termRuns(term, looked.CaseSensitive)
		exact = exact && same
		switch {
		case looked.All && len(runs) > 0:
			groups = append(groups, runs)
		case looked.All:
		case len(runs) == 0:
			return nil, false
		default:
			either = append(either, runs...)
		}
	}
	if len(either) > 0 {
		groups = [][]string{either}
	}
	return groups, exact && len(groups) > 0
}

// termRuns returns texts one of which is in the search text of every hit of the
// term, nothing if that cannot be said.
func termRuns(term search.Term, caseSensitive bool) (runs []string, exact bool) {
	if term.Mode == search.POSIX || term.Mode == search.SimilarTo {
		for _, f := range term.Fragments(caseSensitive) {
			runs = append(runs, separated(FoldSearch(f.Text), f.AtStart, f.AtEnd))
		}
		return runs, false
	}
	exact = len(term.Fields) == len(SearchFields)
	for _, value := range term.Values {
		run, same := "", true
		switch term.Mode {
		case search.Like:
			run, same = longestRun(FoldSearch(value))
		case search.Exact:
			run = separated(FoldSearch(value), true, true)
		}
		if run == "" {
			return nil, false
		}
		exact = exact && same
		runs = append(runs, run)
	}
	return runs, exact
}

// separated puts separators where a field begins or ends.
func separated(text string, atStart, atEnd bool) string {
	if atStart {
		text = searchSeparator + text
	}
	if atEnd {
		text += searchSeparator
	}
	return text
}

// longestRun returns the longest text without wildcard that a field matching the
// LIKE pattern has, with a separator where the pattern begins or ends with it;
// exact if every field that has it matches. It is "" if there is none.
func longestRun(pattern string) (run string, exact bool) {
	exact = true
	var current strings.Builder
	flush := func() {
		if text := current.String(); strings.Trim(text, searchSeparator) != "" {
			exact = exact && run == ""
			if utf8.RuneCountInString(text) > utf8.RuneCountInString(run) {
				run = text
			}
		}
		current.Reset()
	}
	current.WriteString(searchSeparator)
	escaped := false
	for _, r := range pattern {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && (r == '%' || r == '_'):
			exact = exact && r == '%'
			flush()
		default:
			current.WriteRune(r)
		}
		escaped = false
	}
	current.WriteString(searchSeparator)
	flush()
	return run, exact && run != ""
}

// Bounds of a MATCH expression; what they leave out is compared afterwards.
const (
	maxTrigrams = 16 // of a run
	maxMatched  = 50 // runs of a group
)

// matchExpression returns the groups as an expression of FTS5 over trigrams, ""
// if no group can be looked up that way.
func matchExpression(groups [][]string) string {
	var all []string
	for _, runs := range groups {
		if !canMatch(runs) {
			continue
		}
		matches := make([]string, len(runs))
		for i, run := range runs {
			matches[i] = "(" + strings.Join(trigrams(run), " AND ") + ")"
		}
		all = append(all, "("+strings.Join(matches, " OR ")+")")
	}
	return strings.Join(all, " AND ")
}

// canMatch reports whether the index can look up a group.
func canMatch(runs []string) bool {
	return len(runs) <= maxMatched && !slices.ContainsFunc(runs, func(run string) bool { return utf8.RuneCountInString(run) < 3 })
}

func trigrams(run string) []string {
	var found []string
	for letters := []rune(run); len(letters) >= 3 && len(found) < maxTrigrams; letters = letters[1:] {
		quoted := `"` + strings.ReplaceAll(string(letters[:3]), `"`, `""`) + `"`
		if !slices.Contains(found, quoted) {
			found = append(found, quoted)
		}
	}
	return found
}
