package db

// mirror is a table without a tenant's column whose rows stand for those of
// another table: its row has the number that the other names in seq.
type mirror struct{ row, of, seq string }

// mirrors are the index tables of SQLite's full-text search; triggers write
// them. One may be read where "f.rowid = u.seq" holds for a table u that is tied
// to the tenant.
var mirrors = map[string]mirror{
	"users_search": {row: "rowid", of: "users", seq: "seq"},
}

// reflect notes the tie of a mirroring table.
func (g *guard) reflect(mirroring, mirrored []token, s *scope, only *ref) {
	to, column := qualified(mirroring, s)
	if to == nil || to.mirror == nil || column != to.mirror.row {
		return
	}
	from, column := qualified(mirrored, s)
	if from != nil && from.key != "" && from.table == to.mirror.of && column == to.mirror.seq {
		g.bindTo(to, from, s, only)
	}
}

// qualified returns the table and column of alias.column; nil for anything else.
func qualified(tokens []token, s *scope) (*ref, string) {
	if len(tokens) != 3 || !tokens[0].identifier() || !tokens[1].is(".") || !tokens[2].identifier() {
		return nil, ""
	}
	for at := s; at != nil; at = at.parent {
		for _, r := range at.refs {
			if r.alias == tokens[0].text {
				return r, tokens[2].text
			}
		}
	}
	return nil, ""
}

// isArgument reports whether a table is SQLite's json_each of an argument, which
// has nobody's rows.
func isArgument(name token, rest []token) bool {
	return name.kind == wordToken && name.text == "json_each" && len(rest) > 0 && rest[0].kind == groupToken &&
		len(rest[0].items) == 1 && rest[0].items[0].kind == paramToken
}
