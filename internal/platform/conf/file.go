package conf

import (
	"fmt"
	"os"
	"strings"
)

// readFile reads lines of NAME=value. Comments begin with #, "export" may stand
// before the name, and quotes around the value are dropped; inside double quotes
// nothing is expanded.
func readFile(path string) (map[string]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	vars := map[string]string{}
	number := 0
	for line := range strings.Lines(string(raw)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t\"'") {
			// The line may hold a secret, so it is named and not shown.
			return nil, fmt.Errorf("%s: line %d is not NAME=value", path, number)
		}
		vars[name] = unquote(strings.TrimSpace(value))
	}
	return vars, nil
}

func unquote(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return value[1 : n-1]
	}
	value, _, _ = strings.Cut(value, " #")
	return strings.TrimSpace(value)
}
