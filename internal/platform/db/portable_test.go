package db

import (
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestPostgresForm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ portable, postgres string }{
		"types": {
			"  a TEXT NOT NULL,\n  b INTEGER,\n  c BLOB NOT NULL DEFAULT x,\n  d REAL\n",
			"  a text COLLATE \"C\" NOT NULL,\n  b bigint,\n  c bytea NOT NULL DEFAULT x,\n  d REAL\n",
		},
		"json":           {"  a TEXT CHECK (json_valid(a)) NOT NULL DEFAULT '{}',\n", "  a jsonb NOT NULL DEFAULT '{}',\n"},
		"bool":           {"  is_a INT CHECK (is_a IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,\n", "  is_a boolean NOT NULL DEFAULT FALSE,\n"},
		"several a line": {"  a TEXT, b TEXT, c INTEGER\n", "  a text COLLATE \"C\", b text COLLATE \"C\", c bigint\n"},
		"strict":         {") STRICT;\n", ");\n"},
		"without rowid":  {") STRICT, WITHOUT ROWID;\n", ");\n"},
		"partitioned":    {") STRICT; --pg PARTITION BY RANGE (a);\n", ") PARTITION BY RANGE (a);\n"},
		"revealed":       {"--pg ALTER TABLE a SET UNLOGGED;\n", "ALTER TABLE a SET UNLOGGED;\n"},
		"hidden":         {"a;\n-- sqlite>\nb;\n-- <sqlite\nc;\n", "a;\nc;\n"},
		"hidden twice":   {"-- sqlite>\na;\n-- <sqlite\nb;\n-- sqlite>\nc;\n-- <sqlite\n", "b;\n"},
		"other checks":   {"  a TEXT CHECK (a IN ('x', 'y')),\n", "  a text COLLATE \"C\" CHECK (a IN ('x', 'y')),\n"},
		"no newline":     {"SELECT 1;", "SELECT 1;\n"},
		"words within":   {"  TEXTUAL INTEGERS, -- BLOBS\n", "  TEXTUAL INTEGERS, -- BLOBS\n"},
		"goose's marks":  {"-- +goose NO TRANSACTION\n", "-- +goose NO TRANSACTION\n"},
	} {
		if got := postgresForm(c.portable); got != c.postgres {
			t.Errorf("%s:\n%q\nwant\n%q", name, got, c.postgres)
		}
	}
}

func TestPortableFiles(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"1.sql": {Data: []byte("a INTEGER\n")}, "2.txt": {Data: []byte("a INTEGER\n")}}
	for _, c := range []struct {
		dialect Dialect
		name    string
		want    string
	}{
		{SQLite, "1.sql", "a INTEGER\n"}, {Postgres, "1.sql", "a bigint\n"}, {Postgres, "2.txt", "a INTEGER\n"},
	} {
		got, err := fs.ReadFile(portable{files, c.dialect}, c.name)
		if err != nil || string(got) != c.want {
			t.Errorf("%s for %s: %q, %v", c.name, c.dialect, got, err)
		}
	}
	if _, err := fs.ReadFile(portable{files, Postgres}, "3.sql"); err == nil {
		t.Error("a missing file was read")
	}
}
