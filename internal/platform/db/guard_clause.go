package db

import (
	"errors"
	"fmt"
	"slices"
)

// withClause takes WITH [RECURSIVE] name [(columns)] AS (…), … off a statement.
func withClause(tokens []token) (names []string, groups, body []token, err error) {
	if len(tokens) == 0 || !tokens[0].is("with") {
		return nil, nil, tokens, nil
	}
	rest := tokens[1:]
	if len(rest) > 0 && rest[0].is("recursive") {
		rest = rest[1:]
	}
	for {
		if len(rest) == 0 || !rest[0].identifier() {
			return nil, nil, nil, errors.New("WITH without a name")
		}
		names = append(names, rest[0].text)
		rest = rest[1:]
		if len(rest) > 0 && rest[0].kind == groupToken {
			rest = rest[1:]
		}
		if len(rest) < 2 || !rest[0].is("as") || rest[1].kind != groupToken {
			return nil, nil, nil, errors.New("WITH without AS ( … )")
		}
		groups = append(groups, rest[1])
		rest = rest[2:]
		if len(rest) == 0 || !rest[0].is(",") {
			return names, groups, rest, nil
		}
		rest = rest[1:]
	}
}

// clause is a keyword with the tokens up to the next one.
type clause struct {
	keyword string
	items   []token
}

// clauses splits tokens at the given keywords, which must appear at most once.
// The first clause, before any keyword, has an empty one.
func clauses(tokens []token, keywords ...string) ([]clause, error) {
	parts := []clause{{}}
	for i, t := range tokens {
		last := &parts[len(parts)-1]
		if t.kind != wordToken || !slices.Contains(keywords, t.text) || isPlainName(tokens, i) {
			last.items = append(last.items, t)
			continue
		}
		for _, part := range parts {
			if part.keyword == t.text {
				return nil, fmt.Errorf("%q appears twice", t.text)
			}
		}
		parts = append(parts, clause{keyword: t.text})
	}
	return parts, nil
}

// isPlainName reports whether the word at i is no keyword though it looks like
// one: a qualified column, or the FROM of IS DISTINCT FROM.
func isPlainName(tokens []token, i int) bool {
	if i > 0 && tokens[i-1].is(".") {
		return true
	}
	return tokens[i].is("from") && i > 1 && tokens[i-1].is("distinct") &&
		(tokens[i-2].is("is") || tokens[i-2].is("not"))
}

// split cuts tokens at a symbol or keyword; it returns at least one part.
func split(tokens []token, at string) [][]token {
	parts := [][]token{nil}
	for _, t := range tokens {
		if t.is(at) {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], t)
	}
	return parts
}

// compound analyses SELECTs joined by UNION, INTERSECT and EXCEPT, or VALUES.
func (g *guard) compound(tokens []token, parent *scope) error {
	var part []token
	for i := 0; ; i++ {
		if i < len(tokens) && !isSetOperator(tokens, i) {
			part = append(part, tokens[i])
			continue
		}
		if err := g.selection(part, parent); err != nil {
			return err
		}
		if i >= len(tokens) {
			return nil
		}
		if i+1 < len(tokens) && (tokens[i+1].is("all") || tokens[i+1].is("distinct")) {
			i++
		}
		part = nil
	}
}

func isSetOperator(tokens []token, i int) bool {
	t := tokens[i]
	return (t.is("union") || t.is("intersect") || t.is("except")) && !isPlainName(tokens, i)
}

// selection analyses one SELECT without set operators, or VALUES.
func (g *guard) selection(tokens []token, parent *scope) error {
	s := &scope{parent: parent}
	if len(tokens) == 0 {
		return errors.New("empty SELECT")
	}
	if tokens[0].is("values") {
		return g.expression(tokens[1:], s)
	}
	if !tokens[0].is("select") {
		return fmt.Errorf("%q where SELECT was expected", tokens[0].text)
	}
	parts, err := clauses(tokens[1:], "from", "where", "group", "having", "window", "order", "limit", "offset", "for")
	if err != nil {
		return err
	}
	return g.body(parts, s)
}

// body analyses the clauses of a statement: tables first, then conditions, then
// what is nested in any of them.
func (g *guard) body(parts []clause, s *scope) error {
	for _, part := range parts {
		if part.keyword == "from" {
			if err := g.from(part.items, s); err != nil {
				return err
			}
		}
	}
	for _, part := range parts {
		switch part.keyword {
		case "where":
			g.conditions(part.items, s, nil)
		case "set":
			if err := g.assignments(part.items, s.refs[0].key); err != nil {
				return err
			}
		}
		if part.keyword == "from" {
			continue // from has visited its own
		}
		if err := g.expression(part.items, s); err != nil {
			return err
		}
	}
	return nil
}

// from analyses a table list with its joins.
func (g *guard) from(tokens []token, s *scope) error {
	outer := false
	for {
		joined, rest, err := g.table(tokens, s)
		if err != nil {
			return err
		}
		end := 0
		for end < len(rest) && !rest[end].is(",") && !isJoin(rest, end) {
			end++
		}
		if err := g.joinCondition(rest[:end], s, joined, outer); err != nil {
			return err
		}
		if tokens = rest[end:]; len(tokens) == 0 {
			return nil
		}
		if outer, tokens, err = joinKind(tokens); err != nil {
			return err
		}
	}
}

// table reads a table or sub-select with its alias, and adds it.
func (g *guard) table(tokens []token, s *scope) (*ref, []token, error) {
	if len(tokens) == 0 {
		return nil, nil, errors.New("FROM without a table")
	}
	first, rest := tokens[0], tokens[1:]
	if first.kind == groupToken {
		if len(first.items) == 0 || !(first.items[0].is("select") || first.items[0].is("with") || first.items[0].is("values")) {
			return nil, nil, errors.New("parentheses in FROM hold no SELECT")
		}
		if err := g.inside(first, s); err != nil {
			return nil, nil, err
		}
		alias, rest, err := aliasOf(rest, "")
		if err != nil {
			return nil, nil, err
		}
		if len(rest) > 0 && rest[0].kind == groupToken { // column names
			rest = rest[1:]
		}
		joined, err := g.addRef(s, &ref{alias: alias})
		return joined, rest, err
	}
	if !first.identifier() {
		return nil, nil, fmt.Errorf("%q where a table was expected", first.text)
	}
	if isArgument(first, rest) {
		alias, rest, err := aliasOf(rest[1:], first.text)
		if err != nil {
			return nil, nil, err
		}
		joined, err := g.addRef(s, &ref{alias: alias})
		return joined, rest, err
	}
	if len(rest) > 0 && (rest[0].is(".") || rest[0].kind == groupToken) {
		return nil, nil, fmt.Errorf("table %q is qualified or a function", first.text)
	}
	alias, rest, err := aliasOf(rest, first.text)
	if err != nil {
		return nil, nil, err
	}
	// SQLite's hints say how a table is read, not which rows of it.
	switch {
	case len(rest) > 1 && rest[0].is("not") && rest[1].is("indexed"):
		rest = rest[2:]
	case len(rest) > 2 && rest[0].is("indexed") && rest[1].is("by") && rest[2].identifier():
		rest = rest[3:]
	}
	joined, err := g.add(s, first.text, alias)
	return joined, rest, err
}

// aliasOf reads [AS] alias.
func aliasOf(tokens []token, name string) (string, []token, error) {
	if len(tokens) > 0 && tokens[0].is("as") {
		if len(tokens) < 2 || !tokens[1].identifier() {
			return "", nil, errors.New("AS without a name")
		}
		return tokens[1].text, tokens[2:], nil
	}
	if len(tokens) > 0 && tokens[0].identifier() && !endsTable(tokens) {
		return tokens[0].text, tokens[1:], nil
	}
	return name, tokens, nil
}

// endsTable reports whether tokens begin with a keyword that may follow a table
// without an alias.
func endsTable(tokens []token) bool {
	switch t := tokens[0]; {
	case t.kind != wordToken:
		return false
	case t.text == "on", t.text == "using", t.text == "set":
		return true
	}
	return isJoin(tokens, 0)
}

func isJoin(tokens []token, i int) bool {
	switch tokens[i].text {
	case "join":
		return tokens[i].kind == wordToken
	case "inner", "left", "right", "full", "cross", "natural":
		return tokens[i].kind == wordToken && i+1 < len(tokens) && tokens[i+1].kind == wordToken &&
			slices.Contains([]string{"join", "outer", "inner", "left", "right", "full", "cross"}, tokens[i+1].text)
	}
	return false
}

// joinKind reads "," or a JOIN and reports whether it keeps unmatched rows of
// the tables before it.
func joinKind(tokens []token) (outer bool, rest []token, err error) {
	if tokens[0].is(",") {
		return false, tokens[1:], nil
	}
	for i, t := range tokens {
		switch t.text {
		case "join":
			return outer, tokens[i+1:], nil
		case "left":
			outer = true
		case "inner", "cross", "outer":
		default:
			return false, nil, fmt.Errorf("%q join", t.text)
		}
	}
	return false, nil, errors.New("JOIN is missing")
}

// joinCondition analyses ON … or USING (…) of a joined table.
func (g *guard) joinCondition(tokens []token, s *scope, joined *ref, outer bool) error {
	if len(tokens) == 0 {
		return nil
	}
	only := joined // an outer join's condition says nothing about the tables before
	if !outer {
		only = nil
	}
	switch {
	case tokens[0].is("on"):
		g.conditions(tokens[1:], s, only)
		return g.expression(tokens[1:], s)
	case tokens[0].is("using") && len(tokens) == 2 && tokens[1].kind == groupToken:
		g.using(tokens[1].items, s, joined, outer)
		return nil
	}
	return fmt.Errorf("unexpected %q in FROM", tokens[0].text)
}

// using ties the joined table to the one before it by USING (tenant_id, …).
func (g *guard) using(columns []token, s *scope, joined *ref, outer bool) {
	for _, column := range columns {
		if !column.identifier() || column.text != joined.key || len(s.refs) != 2 {
			continue
		}
		before := s.refs[0]
		if before.key != joined.key {
			continue
		}
		g.ties = append(g.ties, tie{to: joined, from: before})
		if !outer {
			g.ties = append(g.ties, tie{to: before, from: joined})
		}
	}
}

// conditions notes the ties in a WHERE or ON: the equalities that are members
// of its AND chain. With only set, they bind that table alone.
func (g *guard) conditions(tokens []token, s *scope, only *ref) {
	for _, member := range members(tokens) {
		sides := split(member, "=")
		if len(sides) != 2 {
			continue
		}
		g.reflect(sides[0], sides[1], s, only)
		g.reflect(sides[1], sides[0], s, only)
		left, right := g.operand(sides[0], s), g.operand(sides[1], s)
		if left == nil || right == nil {
			continue
		}
		g.bindTo(left, right, s, only)
		g.bindTo(right, left, s, only)
	}
}

// tenantRef stands for $1 among the operands of a condition.
var tenantRef = &ref{key: "$1", tied: true}

func (g *guard) bindTo(to, from *ref, s *scope, only *ref) {
	if to == from || !slices.Contains(s.refs, to) || only != nil && to != only {
		return
	}
	g.ties = append(g.ties, tie{to: to, from: from})
}

// operand returns what one side of a condition is: the tenant column of a table
// or $1; nil for anything else.
func (g *guard) operand(tokens []token, s *scope) *ref {
	switch {
	case len(tokens) == 1 && tokens[0].kind == paramToken && tokens[0].text == "$1":
		return tenantRef
	case len(tokens) == 1 && tokens[0].identifier():
		// With several tables around, an unqualified name may be any's.
		if len(s.refs) == 1 && s.refs[0].key == tokens[0].text {
			return s.refs[0]
		}
	default:
		if r, column := qualified(tokens, s); r != nil && r.key == column {
			return r
		}
	}
	return nil
}

// members splits a condition at the ANDs of its own level; an OR there means
// that no member holds by itself.
func members(tokens []token) [][]token {
	parts := [][]token{nil}
	between := false
	for _, t := range tokens {
		switch {
		case t.is("or"):
			return nil
		case t.is("between"):
			between = true
		case t.is("and") && !between:
			parts = append(parts, nil)
			continue
		case t.is("and"):
			between = false
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], t)
	}
	return parts
}
