package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// verdict is what became of a mutant.
type verdict string

const (
	killed   verdict = "killed"   // its test failed
	survived verdict = "SURVIVED" // its test passed without the check
	broken   verdict = "BROKEN"   // nothing was proved
)

// timeout is how long a test may take, in the notation of go test.
const timeout = "2m"

type runner struct {
	root, dir string // the repository and a temporary folder
	// sound remembers which tests pass as the source is: nil, or why not.
	sound map[string]error
}

func newRunner(root string) (*runner, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return nil, err
	}
	return &runner{root: root, dir: dir, sound: map[string]error{}}, nil
}

func (r *runner) close() { _ = os.RemoveAll(r.dir) }

// all tries the mutants whose name matches, and reports each as it goes.
func (r *runner) all(ctx context.Context, only *regexp.Regexp) map[verdict]int {
	counts := map[verdict]int{}
	for _, t := range targets {
		for _, m := range t.mutants {
			if ctx.Err() != nil || !only.MatchString(t.name(m)) {
				continue
			}
			v, why := r.try(ctx, t, m)
			counts[v]++
			fmt.Printf("%-8s  %s  (%s)\n", v, t.name(m), m.test)
			if v == broken {
				fmt.Printf("          %s\n", strings.ReplaceAll(strings.TrimSpace(why), "\n", "\n          "))
			}
		}
	}
	return counts
}

// try runs a mutant's test with and without the check.
func (r *runner) try(ctx context.Context, t target, m mutant) (v verdict, why string) {
	if err := r.passes(ctx, t, m); err != nil {
		return broken, err.Error()
	}
	overlay, err := r.overlay(t, m)
	if err != nil {
		return broken, err.Error()
	}
	out, err := r.test(ctx, t, m, "-overlay="+overlay)
	return judge(out, err, m.test)
}

// judge reads what go test said about a mutant. A test that failed counts, one
// that could not be built, was not there or never ended does not.
func judge(out string, err error, test string) (v verdict, why string) {
	name, _, _ := strings.Cut(test, "/")
	switch {
	case err == nil && strings.Contains(out, "no tests to run"):
		return broken, "there is no such test"
	case err == nil:
		return survived, ""
	case strings.Contains(out, "[build failed]"), strings.Contains(out, "[setup failed]"), strings.Contains(out, "panic: test timed out"),
		!strings.Contains(out, "--- FAIL: "+name):
		return broken, out
	}
	return killed, ""
}

// passes checks, once for each test, that it passes as the source is.
func (r *runner) passes(ctx context.Context, t target, m mutant) error {
	key := t.pkg() + " " + m.test
	if err, known := r.sound[key]; known {
		return err
	}
	out, err := r.test(ctx, t, m, "-v")
	if err == nil && !strings.Contains(out, "--- PASS: "+strings.ReplaceAll(m.test, " ", "_")) {
		err = fmt.Errorf("%s was not run", m.test)
	} else if err != nil {
		err = fmt.Errorf("fails with the check in place: %w\n%s", err, out)
	}
	r.sound[key] = err
	return err
}

// overlay writes the changed file and the list that puts it in the place of the
// real one.
func (r *runner) overlay(t target, m mutant) (string, error) {
	source, err := t.apply(r.root, m)
	if err != nil {
		return "", err
	}
	changed, list := filepath.Join(r.dir, "changed.go"), filepath.Join(r.dir, "overlay.json")
	raw, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(r.root, filepath.FromSlash(t.file)): changed},
	})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(changed, source, 0o600); err != nil {
		return "", err
	}
	return list, os.WriteFile(list, raw, 0o600)
}

// test runs one test of a package. It is not vetted: a condition that is never
// true is what we want.
func (r *runner) test(ctx context.Context, t target, m mutant, flags ...string) (string, error) {
	args := append([]string{"test", "-p=1", "-vet=off", "-ldflags=-s -w", "-timeout=" + timeout, "-run=" + pattern(m.test)}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+t.pkg())...)
	cmd.Dir = r.root
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// pattern selects exactly one test.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
