package search

import (
	"context"
	"net/url"

	"signet/internal/platform/db"
)

// Columns returns fields whose columns are named as the wire names them, but in
// snake case, of the table with the given alias; "" is none.
func Columns(alias string, names ...string) []Field {
	if alias != "" {
		alias += "."
	}
	fields := make([]Field, len(names))
	for i, name := range names {
		fields[i] = Field{Name: name, Column: alias + snake(name)}
	}
	return fields
}

// List answers a list that a client may search: read gets the search of query
// over fields as a filter, and the time that a search may take. Its errors are
// ErrInvalid and ErrTooBroad beside those of read.
func List(ctx context.Context, query url.Values, fields []Field, read func(ctx context.Context, filter db.Filter) error) error {
	s, err := Parse(query, fields)
	if err != nil {
		return err
	}
	if s.Empty() {
		return read(ctx, nil)
	}
	return Within(ctx, func(ctx context.Context) error { return read(ctx, s.Condition) })
}
