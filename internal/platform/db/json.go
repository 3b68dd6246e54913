package db

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
)

// JSON is a JSON column: the whole value goes in and comes out. A nullable
// column is a *JSON[T].
type JSON[T any] struct{ V T }

// Scan decodes a column; SQL NULL leaves the zero value.
func (j *JSON[T]) Scan(src any) error {
	var zero T
	j.V = zero
	switch raw := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(raw), &j.V)
	case []byte:
		// A json.RawMessage would keep the driver's buffer.
		return json.Unmarshal(bytes.Clone(raw), &j.V)
	}
	return fmt.Errorf("db: JSON column holds %T", src)
}

// Value encodes the column as text that both engines accept.
func (j JSON[T]) Value() (driver.Value, error) {
	raw, err := json.Marshal(j.V)
	if err != nil {
		return nil, err
	}
	return cleanJSON(raw)
}

// cleanJSON removes what jsonb refuses though it is valid JSON: NUL and lone
// surrogates, which appear only as \u escapes.
func cleanJSON(raw []byte) (string, error) {
	if !bytes.Contains(raw, []byte(`\u`)) {
		return string(raw), nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", err
	}
	clean, err := json.Marshal(withoutNUL(value))
	return string(clean), err
}

func withoutNUL(value any) any {
	switch v := value.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "")
	case []any:
		for i := range v {
			v[i] = withoutNUL(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, item := range v {
			clean[strings.ReplaceAll(key, "\x00", "")] = withoutNUL(item)
		}
		return clean
	}
	return value
}
