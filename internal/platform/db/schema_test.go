package db_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

var update = flag.Bool("update", false, "write schema.sql anew")

const schemaHead = `-- Today's tables as the migrations leave them on SQLite: a snapshot to read, never run.
-- Generated: go test ./internal/platform/db -run TestSchemaSnapshot -update

`

func TestSchemaSnapshot(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	objects, err := db.All[string](context.Background(), p.Across(), `SELECT sql FROM sqlite_master
		WHERE sql IS NOT NULL AND tbl_name NOT IN ('schema_migrations', 'sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4')
		ORDER BY tbl_name, type = 'table' DESC, name`)
	if err != nil {
		t.Fatal(err)
	}
	want := schemaHead + strings.Join(objects, ";\n\n") + ";\n"
	if *update {
		if err := os.WriteFile("schema.sql", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("schema.sql is not what the migrations make; run with -update")
	}
}

// catalogue describes every table alike on both engines: "table.column" → type
// and nullability, and "table (columns)" → what kind of key that is.
type catalogue map[string]string

func TestBothEnginesHaveTheSameCatalogue(t *testing.T) {
	t.Parallel()
	lite, pg := liteCatalogue(t, dbtest.SQLite(t)), pgCatalogue(t, dbtest.Postgres(t))
	// The number of a row, which PostgreSQL does without.
	delete(lite, "users.seq")
	// Trigram search is each engine's own.
	maps.DeleteFunc(lite, func(name, _ string) bool { return strings.HasPrefix(name, "users_search") })
	delete(pg, "users (tenant_id, search_text)")
	delete(pg, "organizations (tenant_id, search_text)")
	// SQLite's scan of a search reads the index alone.
	lite["users (tenant_id, created_at desc, id desc)"] = lite["users (tenant_id, created_at desc, id desc, search_text)"]
	delete(lite, "users (tenant_id, created_at desc, id desc, search_text)")
	// There the row's number is the primary key, so the real one is a unique.
	if lite["users (tenant_id, id)"] != "unique" {
		t.Errorf("users has %q on SQLite", lite["users (tenant_id, id)"])
	}
	lite["users (tenant_id, id)"] = "primary key"
	if len(lite) < 300 {
		t.Fatalf("the catalogue has %d entries only", len(lite))
	}
	names := slices.Sorted(maps.Keys(lite))
	names = slices.AppendSeq(names, maps.Keys(pg))
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if lite[name] != pg[name] {
			t.Errorf("%s: %q on SQLite, %q on PostgreSQL", name, lite[name], pg[name])
		}
	}
}

type column struct {
	Table   string  `db:"tab"`
	Name    string  `db:"name"`
	Type    string  `db:"type"`
	NotNull bool    `db:"not_null"`
	Default *string `db:"default_value"`
}

type key struct {
	Table   string `db:"tab"`
	Kind    string `db:"kind"`
	Columns string `db:"columns"`
	Partial bool   `db:"partial"`
}

func (c catalogue) add(t *testing.T, columns []column, keys []key) {
	t.Helper()
	for _, col := range columns {
		text := col.Type
		if col.NotNull {
			text += " not null"
		}
		if col.Default != nil {
			text += " default " + plainDefault(*col.Default)
		}
		c[col.Table+"."+col.Name] = text
	}
	for _, k := range keys {
		name := fmt.Sprintf("%s (%s)", k.Table, k.Columns)
		if k.Partial {
			name += " partial"
		}
		// The same columns may serve a key and a reference.
		if c[name] != "" && c[name] != k.Kind {
			k.Kind = strings.Join(slices.Sorted(slices.Values([]string{c[name], k.Kind})), " and ")
		}
		c[name] = k.Kind
	}
}

var cast = regexp.MustCompile(`^'(.*)'::[a-z ]+$`)

// plainDefault writes a default as SQLite does.
func plainDefault(text string) string {
	if m := cast.FindStringSubmatch(text); m != nil {
		return "'" + m[1] + "'"
	}
	if text == "TRUE" || text == "FALSE" {
		return strings.ToLower(text)
	}
	return text
}

func liteCatalogue(t *testing.T, p *db.Pool) catalogue {
	t.Helper()
	ctx := context.Background()
	columns, err := db.All[column](ctx, p.Across(), `SELECT m.name AS tab, c.name,
		CASE WHEN m.sql LIKE '%' || c.name || ' TEXT CHECK (json_valid(' || c.name || '))%' THEN 'json'
			WHEN c.type = 'INT' THEN 'bool' ELSE lower(c.type) END AS type,
		c."notnull" AS not_null, c.dflt_value AS default_value
		FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT IN ('schema_migrations', 'sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4')`)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := db.All[key](ctx, p.Across(), `SELECT m.name AS tab,
		CASE i.origin WHEN 'pk' THEN 'primary key' ELSE CASE WHEN i."unique" THEN 'unique' ELSE 'index' END END AS kind,
		(SELECT group_concat(name || CASE WHEN "desc" AND i.origin = 'c' THEN ' desc' ELSE '' END, ', ') FROM
			(SELECT name, "desc" FROM pragma_index_xinfo(i.name) WHERE key ORDER BY seqno)) AS columns,
		i.partial
		FROM sqlite_master m JOIN pragma_index_list(m.name) i
		WHERE m.type = 'table' AND m.name NOT IN ('schema_migrations', 'sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4')
		UNION ALL
		SELECT tab, 'reference to ' || target || ' ' || lower(on_delete), group_concat(name, ', '), FALSE FROM
			(SELECT m.name AS tab, f.id, f."table" AS target, f.on_delete, f."from" AS name FROM sqlite_master m
			JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq) GROUP BY tab, id`)
	if err != nil {
		t.Fatal(err)
	}
	c := catalogue{}
	c.add(t, columns, keys)
	// An index that serves the purge on SQLite; PostgreSQL drops partitions.
	delete(c, "audit_logs (created_at)")
	return c
}

func pgCatalogue(t *testing.T, p *db.Pool) catalogue {
	t.Helper()
	ctx := context.Background()
	const tables = `FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()`
	const ours = `t.relkind IN ('r', 'p') AND NOT t.relispartition AND t.relname <> 'schema_migrations'`
	columns, err := db.All[column](ctx, p.Across(), `SELECT t.relname::text AS tab, a.attname::text AS name,
		CASE format_type(a.atttypid, a.atttypmod) WHEN 'jsonb' THEN 'json' WHEN 'boolean' THEN 'bool' WHEN 'bigint' THEN 'integer'
			WHEN 'bytea' THEN 'blob' ELSE format_type(a.atttypid, a.atttypmod) END AS type,
		a.attnotnull AS not_null, pg_get_expr(d.adbin, d.adrelid) AS default_value
		`+tables+` JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum WHERE `+ours)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := db.All[key](ctx, p.Across(), `SELECT t.relname::text AS tab,
		CASE WHEN i.indisprimary THEN 'primary key' WHEN i.indisunique THEN 'unique' ELSE 'index' END AS kind,
		(SELECT string_agg(a.attname || CASE WHEN i.indoption[k.at - 1] & 1 = 1 THEN ' desc' ELSE '' END, ', ' ORDER BY k.at)
			FROM unnest(i.indkey) WITH ORDINALITY AS k (number, at)
			JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) AS columns,
		i.indpred IS NOT NULL AS partial
		`+tables+` JOIN pg_index i ON i.indrelid = t.oid WHERE `+ours+`
		UNION ALL
		SELECT t.relname::text, 'reference to ' || f.confrelid::regclass::text || CASE f.confdeltype WHEN 'c' THEN ' cascade' ELSE ' other' END,
		(SELECT string_agg(a.attname, ', ' ORDER BY k.at) FROM unnest(f.conkey) WITH ORDINALITY AS k (number, at)
			JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number), FALSE
		`+tables+` JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f' WHERE `+ours)
	if err != nil {
		t.Fatal(err)
	}
	c := catalogue{}
	c.add(t, columns, keys)
	return c
}

// A constraint that is checked at the commit alone would fail everybody who is
// committed together with its cause (group.go).
func TestNoConstraintWaitsForTheCommit(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	waiting, err := db.All[string](context.Background(), p.Across(), `SELECT name FROM sqlite_master WHERE sql LIKE '%INITIALLY%DEFERRED%'`)
	if err != nil || len(waiting) > 0 {
		t.Errorf("%q, %v", waiting, err)
	}
}

// Byte order on every machine: the same sort on both engines.
func TestTextSortsByBytes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		for _, name := range []string{"a", "B", "ä", "Z", "_", "z"} {
			if err := addRole(ctx, p.For("default"), name, name); err != nil {
				t.Fatal(err)
			}
		}
		if got := roles(t, p.For("default")); !slices.Equal(got, []string{"B", "Z", "_", "a", "z", "ä"}) {
			t.Errorf("sorted %v", got)
		}
	})
}
