package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// target is a file of the product and what to remove from it.
type target struct {
	file string // from the root of the repository
	// tests is the folder of the package that tests it, "" for its own.
	tests   string
	mutants []mutant
}

// mutant is a file without one of its checks.
type mutant struct {
	check  string
	change change
	// test must fail for it: the name of a test function, then those of its
	// sub-tests as they are written, with slashes between.
	test string
}

// change replaces a piece of source that occurs exactly once in its file.
type change struct{ anchor, replacement string }

// never makes a condition false.
func never(condition string) change {
	return change{condition, "false && (" + condition + ")"}
}

// ignore goes on whatever error a call returns in an if statement's header.
func ignore(call string) change {
	return change{"err := " + call + "; err != nil", "err := " + call + "; false && err != nil"}
}

// drop leaves out a part of an expression or statement.
func drop(part string) change { return change{part, ""} }

// swap puts one piece of source in the place of another.
func swap(from, to string) change { return change{from, to} }

// name tells a mutant from all others.
func (t target) name(m mutant) string { return t.file + ": " + m.check }

// pkg is the folder of the package whose tests are run.
func (t target) pkg() string {
	if t.tests != "" {
		return t.tests
	}
	return path.Dir(t.file)
}

// apply returns the target's source without the check. That the anchor is not
// there exactly once is an error: the table has to follow the source.
func (t target) apply(root string, m mutant) ([]byte, error) {
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(t.file)))
	if err != nil {
		return nil, err
	}
	if n := strings.Count(string(source), m.change.anchor); n != 1 {
		return nil, fmt.Errorf("%s has %q %d times, want once", t.file, m.change.anchor, n)
	}
	return []byte(strings.Replace(string(source), m.change.anchor, m.change.replacement, 1)), nil
}
