package db

import (
	"errors"
	"fmt"
)

// update analyses UPDATE table [alias] SET … [FROM …] [WHERE …] [RETURNING …].
func (g *guard) update(tokens []token) error {
	s := &scope{}
	target, rest, err := g.table(tokens, s)
	if err != nil {
		return err
	}
	if target.mirror != nil {
		return fmt.Errorf("table %q is only read", target.table)
	}
	if len(rest) == 0 || !rest[0].is("set") {
		return errors.New("UPDATE without SET")
	}
	parts, err := clauses(rest, "set", "from", "where", "returning")
	if err != nil {
		return err
	}
	return g.body(parts, s)
}

// delete analyses DELETE FROM table [alias] [WHERE …] [RETURNING …].
func (g *guard) delete(tokens []token) error {
	if len(tokens) == 0 || !tokens[0].is("from") {
		return errors.New("DELETE without FROM")
	}
	parts, err := clauses(tokens[1:], "where", "returning")
	if err != nil {
		return err
	}
	s := &scope{}
	target, rest, err := g.table(parts[0].items, s)
	if err != nil {
		return err
	}
	if target.mirror != nil {
		return fmt.Errorf("table %q is only read", target.table)
	}
	if len(rest) > 0 {
		return fmt.Errorf("unexpected %q after the table", rest[0].text)
	}
	return g.body(parts[1:], s)
}

// assignments refuses a SET that moves rows to another tenant.
func (g *guard) assignments(tokens []token, key string) error {
	for _, assignment := range split(tokens, ",") {
		if len(assignment) < 2 || !assignment[1].is("=") {
			return errors.New("SET without column = value")
		}
		columns := assignment[:1]
		if columns[0].kind == groupToken {
			columns = columns[0].items
		} else if !columns[0].identifier() {
			return errors.New("SET without a column")
		}
		for _, column := range columns {
			if column.identifier() && column.text == key {
				return fmt.Errorf("SET changes %s", key)
			}
		}
	}
	return nil
}

// insert analyses INSERT INTO table [AS alias] (columns) VALUES … or SELECT …
// [ON CONFLICT …] [RETURNING …].
func (g *guard) insert(tokens []token) error {
	if len(tokens) < 3 || !tokens[0].is("into") || !tokens[1].identifier() {
		return errors.New("INSERT without INTO table")
	}
	s := &scope{}
	alias, rest := tokens[1].text, tokens[2:]
	if rest[0].is("as") && len(rest) > 1 && rest[1].identifier() {
		alias, rest = rest[1].text, rest[2:]
	}
	target, err := g.add(s, tokens[1].text, alias)
	if err != nil {
		return err
	}
	if target.key == "" || len(rest) < 2 || rest[0].kind != groupToken {
		return errors.New("INSERT without a list of columns")
	}
	position, width, err := columnPosition(rest[0].items, target.key)
	if err != nil {
		return err
	}
	source, tail := cutSource(rest[1:])
	if err := g.insertSource(source, s, position, width); err != nil {
		return err
	}
	target.tied = true
	// The row that an INSERT could not add is of the same tenant, see conflicts.
	if _, err := g.addRef(s, &ref{table: target.table, alias: "excluded", key: target.key, tied: true}); err != nil {
		return err
	}
	return g.conflicts(tail, s, target.key)
}

// columnPosition finds the tenant's column in a list of columns.
func columnPosition(columns []token, key string) (position, width int, err error) {
	position = -1
	parts := split(columns, ",")
	for i, part := range parts {
		if len(part) != 1 || !part[0].identifier() {
			return 0, 0, errors.New("unreadable list of columns")
		}
		if part[0].text == key {
			if position >= 0 {
				return 0, 0, fmt.Errorf("column %s appears twice", key)
			}
			position = i
		}
	}
	if position < 0 {
		return 0, 0, fmt.Errorf("INSERT does not name %s", key)
	}
	return position, len(parts), nil
}

// cutSource divides what follows the columns at ON CONFLICT or RETURNING.
func cutSource(tokens []token) (source, tail []token) {
	for i, t := range tokens {
		if t.is("returning") || isConflict(tokens, i) {
			return tokens[:i], tokens[i:]
		}
	}
	return tokens, nil
}

func isConflict(tokens []token, i int) bool {
	return tokens[i].is("on") && i+1 < len(tokens) && tokens[i+1].is("conflict")
}

// insertSource demands $1 at the tenant's place of every row.
func (g *guard) insertSource(source []token, s *scope, position, width int) error {
	if len(source) == 0 {
		return errors.New("INSERT without rows")
	}
	switch source[0].text {
	case "values":
		for _, row := range split(source[1:], ",") {
			if len(row) != 1 || row[0].kind != groupToken {
				return errors.New("unreadable VALUES")
			}
			if err := tenantAt(row[0].items, position, width); err != nil {
				return err
			}
		}
	case "select":
		for i := range source {
			if isSetOperator(source, i) {
				return fmt.Errorf("INSERT from %q", source[i].text)
			}
		}
		parts, err := clauses(source[1:], "from", "where", "group", "having", "window", "order", "limit", "offset")
		if err != nil {
			return err
		}
		if err := tenantAt(parts[0].items, position, width); err != nil {
			return err
		}
		return g.selection(source, s.parent)
	default:
		return errors.New("INSERT without VALUES or SELECT")
	}
	return g.expression(source[1:], &scope{})
}

func tenantAt(row []token, position, width int) error {
	values := split(row, ",")
	if len(values) != width {
		return fmt.Errorf("INSERT names %d columns and gives %d values", width, len(values))
	}
	if value := values[position]; len(value) != 1 || value[0].kind != paramToken || value[0].text != "$1" {
		return errors.New("INSERT gives the tenant's column something other than $1")
	}
	return nil
}

// conflicts analyses ON CONFLICT … and RETURNING …. A conflict over columns
// without the tenant's could change the row of another tenant.
func (g *guard) conflicts(tokens []token, s *scope, key string) error {
	for len(tokens) > 0 && isConflict(tokens, 0) {
		end := 1
		for end < len(tokens) && !isConflict(tokens, end) && !tokens[end].is("returning") {
			end++
		}
		if err := g.conflict(tokens[2:end], s, key); err != nil {
			return err
		}
		tokens = tokens[end:]
	}
	if len(tokens) > 0 && !tokens[0].is("returning") {
		return fmt.Errorf("unexpected %q after the rows", tokens[0].text)
	}
	return g.expression(tokens, s)
}

func (g *guard) conflict(tokens []token, s *scope, key string) error {
	do := 0
	for do < len(tokens) && !tokens[do].is("do") {
		do++
	}
	if do+1 >= len(tokens) {
		return errors.New("ON CONFLICT without DO")
	}
	target, action := tokens[:do], tokens[do+1:]
	if err := g.expression(target, s); err != nil {
		return err
	}
	if action[0].is("nothing") && len(action) == 1 {
		return nil
	}
	if len(action) < 2 || !action[0].is("update") || !action[1].is("set") {
		return errors.New("ON CONFLICT without DO NOTHING or DO UPDATE SET")
	}
	if len(target) == 0 || target[0].kind != groupToken {
		return errors.New("DO UPDATE without the columns of the conflict")
	}
	if _, _, err := columnPosition(target[0].items, key); err != nil {
		return fmt.Errorf("the columns of the conflict: %w", err)
	}
	parts, err := clauses(action[1:], "set", "where")
	if err != nil {
		return err
	}
	return g.body(parts, s)
}
