package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The list must name checks and tests that exist; running it is for
// `make mutation`.
func TestMutations_NameChecksAndTestsThatExist(t *testing.T) {
	t.Chdir("../..")
	for _, m := range mutations {
		source, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		mutant, err := m.apply(string(source))
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
		} else if mutant == string(source) {
			t.Errorf("%s changes nothing", m.name)
		}
		if !hasTest(t, m.pkg, m.test) {
			t.Errorf("%s: %s has no %s", m.name, m.pkg, m.test)
		}
	}
}

func hasTest(t *testing.T, pkg, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pkg, "*_test.go"))
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
