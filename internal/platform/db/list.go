package db

import (
	"context"
	"strconv"
)

// Range is a part of a list: at most Limit rows after Offset of them. A zero
// Limit is everything.
type Range struct{ Limit, Offset int64 }

// Listing is a SELECT that can be answered a page at a time. Its parts are SQL
// without keywords; Where names the tenant like every statement, and Args are
// $2, $3 and so on.
type Listing struct {
	Columns string
	From    string
	Where   string
	Order   string
	Args    []any
}

// And adds a condition whose arguments follow those that are there; condition
// is called with the number of its first placeholder.
func (l *Listing) And(condition func(next int) string, args ...any) {
	l.Where += " AND " + condition(len(l.Args)+2)
	l.Args = append(l.Args, args...)
}

// Filter is a condition beside those of a list, such as a search: SQL whose
// placeholders begin at first, with their arguments.
type Filter func(d Dialect, first int) (condition string, args []any, err error)

// Narrow adds a filter, which may be nil.
func (l *Listing) Narrow(d Dialect, f Filter) error {
	if f == nil {
		return nil
	}
	condition, args, err := f(d, len(l.Args)+2)
	if err != nil {
		return err
	}
	l.Where += " AND " + condition
	l.Args = append(l.Args, args...)
	return nil
}

// AndIn adds the condition that column is one of values.
func (l *Listing) AndIn(column string, values []string) {
	l.And(func(next int) string { return column + " IN (" + Placeholders(next, len(values)) + ")" }, Args(values)...)
}

// List returns the rows of a range and how many there are in all.
func List[T any](ctx context.Context, q Q, l Listing, r Range) (rows []T, total int64, err error) {
	total, err = l.Total(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	rows, err = Rows[T](ctx, q, l, r)
	return rows, total, err
}

// Total returns how many rows there are in all.
func (l Listing) Total(ctx context.Context, q Q) (int64, error) {
	return One[int64](ctx, q, "SELECT count(*) FROM "+l.From+" WHERE "+l.Where, l.Args...)
}

// Rows returns the rows of a range.
func Rows[T any](ctx context.Context, q Q, l Listing, r Range) ([]T, error) {
	query, args := l.selection(r)
	return All[T](ctx, q, query, args...)
}

func (l Listing) selection(r Range) (query string, args []any) {
	query = "SELECT " + l.Columns + " FROM " + l.From + " WHERE " + l.Where + " ORDER BY " + l.Order
	if r.Limit == 0 {
		return query, l.Args
	}
	next := len(l.Args) + 2
	args = append(append(make([]any, 0, next), l.Args...), r.Limit, r.Offset)
	return query + " LIMIT $" + strconv.Itoa(next) + " OFFSET $" + strconv.Itoa(next+1), args
}

// Placeholders returns n placeholders from number first, separated by commas.
func Placeholders(first, n int) string {
	list := make([]byte, 0, 5*n)
	for i := range n {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, '$')
		list = strconv.AppendInt(list, int64(first+i), 10)
	}
	return string(list)
}

// Args returns values as arguments of a statement.
func Args[T any](values []T) []any {
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return args
}
