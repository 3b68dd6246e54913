package db

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
)

// The guard reads every statement of a tenant's handle once and refuses it
// unless each table it names is tied to $1:
//
//   - a row of the table is read or changed only under a condition
//     "tenant_id = $1" that nothing weakens (a plain member of the AND chain of
//     its WHERE or ON), or "tenant_id = other.tenant_id" of a table so tied;
//   - an INSERT names tenant_id in its columns and gives it exactly $1, in every
//     row; its ON CONFLICT … DO UPDATE names tenant_id in the conflict's columns;
//   - no SET assigns tenant_id;
//   - a table that mirrors another (see guard_mirror.go) is only read, and only
//     beside rows so tied.
//
// It guards against mistakes, not against an author of SQL who means harm, yet
// it is strict: what it does not understand it refuses.

// verdict is what the guard found in an accepted statement.
type verdict struct{ writes bool }

// verdicts remembers what vet said, by statement text. Texts are nearly all
// constants; the bound is for those that are built.
var verdicts struct {
	sync.Map
	size atomic.Int64
}

const verdictLimit = 8192

type judgement struct {
	verdict verdict
	err     error
}

// vet accepts or refuses a statement of a tenant's handle.
func vet(query string) (verdict, error) {
	if known, ok := verdicts.Load(query); ok {
		j := known.(judgement)
		return j.verdict, j.err
	}
	var j judgement
	if j.verdict, j.err = judge(query, tables()); j.err != nil {
		j.err = fmt.Errorf("db: statement refused: %w: %s", j.err, query)
	}
	if verdicts.size.Add(1) > verdictLimit {
		verdicts.Clear()
		verdicts.size.Store(1)
	}
	verdicts.Store(query, j)
	return j.verdict, j.err
}

// writes reports whether a statement may change something: all but a plain
// SELECT, VALUES, EXPLAIN or PRAGMA.
func writes(query string) bool {
	tokens, err := parse(query)
	if err != nil {
		return true
	}
	_, _, body, err := withClause(tokens)
	if err != nil || len(body) == 0 {
		return true
	}
	switch body[0].text {
	case "select", "values", "explain", "pragma":
		return false
	}
	return true
}

var (
	tableHead   = regexp.MustCompile(`^CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+) \(`)
	tenantField = regexp.MustCompile(`^  tenant_id `)
)

// tables maps each table to the column that names its tenant; "" for those that
// belong to none. It is read from the migrations, so a new table is known.
var tables = sync.OnceValue(func() map[string]string {
	keys := map[string]string{}
	table := ""
	for line := range strings.Lines(MigrationSource()) {
		if head := tableHead.FindStringSubmatch(line); head != nil {
			table = head[1]
			keys[table] = ""
		} else if tenantField.MatchString(line) {
			keys[table] = "tenant_id"
		}
	}
	keys["tenants"] = "id"
	return keys
})

// ref is a table, sub-select or common table expression in a scope.
type ref struct {
	table string
	alias string
	key   string // the tenant column; "" for what holds no rows of its own
	tied  bool

	mirror *mirror // nil but for a table that mirrors another
}

// scope is where the names of one SELECT or changing statement live.
type scope struct {
	parent *scope
	refs   []*ref
}

// tie is a condition that ties to once from is tied.
type tie struct{ to, from *ref }

// guard collects what one statement does.
type guard struct {
	tables     map[string]string
	named      map[string]bool // common table expressions
	refs       []*ref
	ties       []tie
	usesTenant bool
}

// judge analyses a statement.
func judge(query string, tables map[string]string) (verdict, error) {
	tokens, err := parse(query)
	if err != nil {
		return verdict{}, err
	}
	g := &guard{tables: tables, named: map[string]bool{}}
	changes, err := g.statement(tokens)
	if err != nil {
		return verdict{}, err
	}
	if !g.usesTenant {
		return verdict{}, errors.New("$1 is not used")
	}
	return verdict{writes: changes}, g.settle()
}

// settle follows the ties and refuses what stays loose.
func (g *guard) settle() error {
	for changed := true; changed; {
		changed = false
		for _, t := range g.ties {
			if t.from.tied && !t.to.tied {
				t.to.tied, changed = true, true
			}
		}
	}
	for _, r := range g.refs {
		if r.mirror != nil && !r.tied {
			return fmt.Errorf("table %q is not tied to %s.%s", r.table, r.mirror.of, r.mirror.seq)
		}
		if r.key != "" && !r.tied {
			return fmt.Errorf("table %q is not tied to %s = $1", r.table, r.key)
		}
	}
	return nil
}

// statement analyses a whole statement and reports whether it changes rows.
func (g *guard) statement(tokens []token) (bool, error) {
	body, err := g.with(tokens, nil)
	if err != nil {
		return false, err
	}
	if len(body) == 0 {
		return false, errors.New("empty statement")
	}
	switch body[0].text {
	case "select", "values":
		return false, g.compound(body, nil)
	case "insert":
		return true, g.insert(body[1:])
	case "update":
		return true, g.update(body[1:])
	case "delete":
		return true, g.delete(body[1:])
	}
	return false, fmt.Errorf("%q is not allowed here", body[0].text)
}

// query analyses a sub-select: the tokens of a group that begins like one.
func (g *guard) query(tokens []token, parent *scope) error {
	body, err := g.with(tokens, parent)
	if err != nil {
		return err
	}
	return g.compound(body, parent)
}

// with analyses a WITH clause and returns what follows it.
func (g *guard) with(tokens []token, parent *scope) ([]token, error) {
	names, groups, body, err := withClause(tokens)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		_, mirrored := mirrors[name]
		if _, known := g.tables[name]; known || mirrored {
			return nil, fmt.Errorf("WITH hides table %q", name)
		}
		g.named[name] = true
	}
	for _, group := range groups {
		if err := g.inside(group, parent); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// visit looks into a token for sub-selects and for the tenant's parameter.
func (g *guard) visit(t token, s *scope) error {
	switch t.kind {
	case paramToken:
		g.usesTenant = g.usesTenant || t.text == "$1"
	case groupToken:
		return g.inside(t, s)
	}
	return nil
}

// inside analyses a group: a sub-select or an expression.
func (g *guard) inside(group token, s *scope) error {
	if group.text == "(" && len(group.items) > 0 && group.items[0].kind == wordToken {
		switch group.items[0].text {
		case "select", "with", "values":
			return g.query(group.items, s)
		case "insert", "update", "delete", "table":
			if len(group.items) > 1 && group.items[1].identifier() {
				return fmt.Errorf("%q inside parentheses", group.items[0].text)
			}
		}
	}
	return g.expression(group.items, s)
}

// expression visits tokens of an expression.
func (g *guard) expression(tokens []token, s *scope) error {
	for i, t := range tokens {
		// SQLite reads a bare table name after IN.
		if t.is("in") && (i+1 == len(tokens) || tokens[i+1].kind != groupToken) {
			return errors.New("IN without parentheses")
		}
		if err := g.visit(t, s); err != nil {
			return err
		}
	}
	return nil
}

// add puts a table into a scope.
func (g *guard) add(s *scope, table, alias string) (*ref, error) {
	if m, ok := mirrors[table]; ok {
		return g.addRef(s, &ref{table: table, alias: alias, mirror: &m})
	}
	key, known := g.tables[table]
	switch {
	case g.named[table]:
		key = ""
	case !known:
		return nil, fmt.Errorf("unknown table %q", table)
	case key == "":
		return nil, fmt.Errorf("table %q belongs to no tenant", table)
	}
	return g.addRef(s, &ref{table: table, alias: alias, key: key})
}

func (g *guard) addRef(s *scope, r *ref) (*ref, error) {
	for _, other := range s.refs {
		if other.alias == r.alias && r.alias != "" {
			return nil, fmt.Errorf("two tables are called %q", r.alias)
		}
	}
	s.refs = append(s.refs, r)
	g.refs = append(g.refs, r)
	return r, nil
}
