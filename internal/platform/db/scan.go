package db

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"sync"
)

// Reading is a statement that returns rows, and what goes through them; see
// Tx.ReadEach.
type Reading struct {
	query string
	args  []any
	read  func(Cursor) error
}

// First is a reading of the first row, of which as makes what into is afterwards, or
// nil if there is none. T is as in One.
func First[T, As any](into **As, as func(*T) *As, query string, args ...any) Reading {
	return Reading{query, args, func(rows Cursor) error {
		*into = nil // it may be read again
		var row *T
		if err := first(rows, &row); err != nil || row == nil {
			return err
		}
		*into = as(row)
		return nil
	}}
}

func first[T any](rows Cursor, into **T) error {
	*into = nil // it may be read again
	if !rows.Next() {
		return nil
	}
	scan, err := scanner[T](rows)
	if err != nil {
		return err
	}
	value := new(T)
	*into = value
	return scan(value)
}

// One returns the first row of a statement: a struct whose fields carry
// `db:"column"` tags (embedded structs included), or the value of the only
// column. ErrNoRows if there is none.
func One[T any](ctx context.Context, q Querier, query string, args ...any) (T, error) {
	var found *T
	err := q.Read(ctx, query, args, func(rows Cursor) error { return first(rows, &found) })
	if err == nil && found == nil {
		err = ErrNoRows
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return *found, nil
}

// All returns every row of a statement; see One. No rows is an empty, non-nil
// slice.
func All[T any](ctx context.Context, q Querier, query string, args ...any) ([]T, error) {
	var values []T
	err := q.Read(ctx, query, args, func(rows Cursor) error {
		values = []T{}
		var scan func(*T) error
		for rows.Next() {
			if scan == nil {
				var err error
				if scan, err = scanner[T](rows); err != nil {
					return err
				}
			}
			var value T
			if err := scan(&value); err != nil {
				return err
			}
			values = append(values, value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// scanner returns a function that fills a T from the current row.
func scanner[T any](rows Cursor) (func(*T) error, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	t := reflect.TypeFor[T]()
	if !isRecord(t) {
		if len(columns) != 1 {
			return nil, fmt.Errorf("db: %d columns do not fit in %s", len(columns), t)
		}
		return func(value *T) error { return rows.Scan(value) }, nil
	}
	fields := fieldsOf(t)
	paths := make([][]int, len(columns))
	for i, column := range columns {
		path, ok := fields[column]
		if !ok {
			return nil, fmt.Errorf("db: %s has no field for column %q", t, column)
		}
		paths[i] = path
	}
	targets := make([]any, len(columns))
	return func(value *T) error {
		record := reflect.ValueOf(value).Elem()
		for i, path := range paths {
			targets[i] = record.FieldByIndex(path).Addr().Interface()
		}
		return rows.Scan(targets...)
	}, nil
}

var scannerType = reflect.TypeFor[sql.Scanner]()

// isRecord reports whether T is filled by column name: a struct that does not
// scan itself.
func isRecord(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(scannerType)
}

var fieldCache sync.Map // reflect.Type → map[string][]int

func fieldsOf(t reflect.Type) map[string][]int {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.(map[string][]int)
	}
	fields := map[string][]int{}
	for _, field := range reflect.VisibleFields(t) {
		if column := field.Tag.Get("db"); column != "" && field.IsExported() {
			fields[column] = field.Index
		}
	}
	fieldCache.Store(t, fields)
	return fields
}
