package conf

//go:generate go test . -run TestReference_IsUpToDate -update

import (
	"fmt"
	"reflect"
	"strings"
)

// Reference returns the documentation of every variable as Markdown.
func Reference() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Configuration

Signet is configured by environment variables. A file named `+"`.env`"+` in the working directory may carry them, one
`+"`NAME=value`"+` to a line; a variable of the environment wins over the file, and an empty one counts as unset. Nothing
has to be set: `+"`signet serve`"+` then runs on SQLite at `+"`http://localhost:3001`"+`.

Go's own `+"`GOGC`"+` and `+"`GOMEMLIMIT`"+` count too. Without them Signet takes %d and %d MiB: memory that is free
anyway saves time. Where there is less of it, set `+"`GOMEMLIMIT`"+` to three quarters of what
the container may have.

Generated from the code by `+"`make generate`"+`.

| Variable | Default | Meaning |
|-|-|-|
`, garbagePercent, memoryMiB)
	for field := range fields() {
		def := field.Tag.Get("unset")
		if value, ok := field.Tag.Lookup("envDefault"); ok {
			def = "`" + value + "`"
		}
		if def == "" {
			def = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", field.Tag.Get("env"), def, field.Tag.Get("doc"))
	}
	return b.String()
}

// fields yields the fields of Config that are variables.
func fields() func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
			if field.Tag.Get("env") != "" && !yield(field) {
				return
			}
		}
	}
}
