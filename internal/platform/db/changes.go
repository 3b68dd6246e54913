package db

import (
	"context"
	"strconv"
	"strings"
)

// Changes are the columns that an UPDATE sets: what a PATCH asks for.
type Changes struct {
	columns []string
	args    []any
}

// Set adds a column with its new value.
func (c *Changes) Set(column string, value any) {
	c.columns = append(c.columns, column)
	c.args = append(c.args, value)
}

// Empty reports whether nothing is to be set.
func (c *Changes) Empty() bool { return len(c.columns) == 0 }

// Update sets the columns in the row of table whose id is the given one, and
// reports whether there is such a row.
func (c *Changes) Update(ctx context.Context, tx *Tx, table, id string) (found bool, err error) {
	return c.UpdateWhere(ctx, tx, table, []string{"id"}, id)
}

// UpdateWhere is Update for a row that several columns name.
func (c *Changes) UpdateWhere(ctx context.Context, tx *Tx, table string, key []string, values ...any) (found bool, err error) {
	var query strings.Builder
	query.WriteString("UPDATE " + table + " SET ")
	for i, column := range c.columns {
		if i > 0 {
			query.WriteString(", ")
		}
		query.WriteString(column + " = $" + strconv.Itoa(len(key)+2+i))
	}
	query.WriteString(" WHERE tenant_id = $1")
	for i, column := range key {
		query.WriteString(" AND " + column + " = $" + strconv.Itoa(2+i))
	}
	n, err := tx.Exec(ctx, query.String(), append(append(make([]any, 0, len(values)+len(c.args)), values...), c.args...)...)
	return n > 0, err
}
