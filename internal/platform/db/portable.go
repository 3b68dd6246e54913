package db

import (
	"bytes"
	"io"
	"io/fs"
	"regexp"
	"strings"
)

// portable is a file system of migrations written once in the SQLite form;
// reading a .sql file yields the form of the dialect.
type portable struct {
	fs.FS
	dialect Dialect
}

// Open opens name; a .sql file is translated when the dialect asks for it.
func (p portable) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	if err != nil || p.dialect == SQLite || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return &translated{File: f, Reader: bytes.NewReader([]byte(postgresForm(string(raw))))}, nil
}

type translated struct {
	fs.File
	*bytes.Reader
}

func (t *translated) Read(b []byte) (int, error) { return t.Reader.Read(b) }

// postgresRules turn one line of portable SQL into PostgreSQL, in this order.
var postgresRules = []struct {
	pattern *regexp.Regexp
	form    string
}{
	{regexp.MustCompile(`^--pg `), ``},
	{regexp.MustCompile(`\) STRICT(?:, WITHOUT ROWID)?; --pg (.*)$`), `) $1`},
	{regexp.MustCompile(`\) STRICT(?:, WITHOUT ROWID)?;`), `);`},
	{regexp.MustCompile(`\bTEXT CHECK \(json_valid\([a-z_]+\)\)`), `jsonb`},
	{regexp.MustCompile(`\bINT CHECK \([a-z_]+ IN \(FALSE, TRUE\)\)`), `boolean`},
	{regexp.MustCompile(`\bINTEGER\b`), `bigint`},
	{regexp.MustCompile(`\bBLOB\b`), `bytea`},
	// Byte order everywhere: the same sort on both engines, and no index damage
	// when the machine's collation library changes.
	{regexp.MustCompile(`\bTEXT\b`), `text COLLATE "C"`},
}

// postgresForm translates portable DDL: lines between "-- sqlite>" and
// "-- <sqlite" are dropped, lines that begin with "--pg " appear, and the types
// and table suffixes change.
func postgresForm(sql string) string {
	var out strings.Builder
	out.Grow(len(sql))
	dropping := false
	for line := range strings.Lines(sql) {
		switch strings.TrimSpace(line) {
		case "-- sqlite>":
			dropping = true
			continue
		case "-- <sqlite":
			dropping = false
			continue
		}
		if dropping {
			continue
		}
		line = strings.TrimSuffix(line, "\n")
		for _, rule := range postgresRules {
			line = rule.pattern.ReplaceAllString(line, rule.form)
		}
		out.WriteString(line)
		out.WriteByte('\n')
	}
	return out.String()
}
