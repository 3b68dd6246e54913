package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tables must name checks and tests that exist; trying them is for
// `make mutation`.
func TestTables_NameChecksAndTestsThatExist(t *testing.T) {
	t.Parallel()
	const root = "../.."
	for _, target := range targets {
		for _, m := range target.mutants {
			if _, err := target.apply(root, m); err != nil {
				t.Errorf("%s: %v", m.check, err)
			}
			if test, _, _ := strings.Cut(m.test, "/"); !declares(t, filepath.Join(root, target.pkg()), test) {
				t.Errorf("%s: %s has no %s", m.check, target.pkg(), test)
			}
		}
	}
}

func declares(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "func "+test+"(") {
			return true
		}
	}
	return false
}
