package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

// timeout is how long a test may take, as go test reads it.
const timeout = "2m"

type runner struct {
	root, dir string // the repository and a temporary folder
	// built are the test binaries of packages as their source is.
	built map[string]string
	// sound remembers which tests pass as the source is: nil, or why not.
	sound map[string]error
	// last is the change in the binary that was built last; neighbours in a
	// table often share it.
	last string
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
	return &runner{root: root, dir: dir, built: map[string]string{}, sound: map[string]error{}}, nil
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
			v, err := r.try(ctx, t, m)
			counts[v]++
			fmt.Printf("%-8s  %s  (%s)\n", v, t.name(m), m.test)
			if err != nil {
				fmt.Printf("          %s\n", strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "\n          "))
			}
		}
	}
	return counts
}

// try runs a mutant's test with and without the check. The error says why
// nothing was proved.
func (r *runner) try(ctx context.Context, t target, m mutant) (verdict, error) {
	if err := r.passes(ctx, t, m); err != nil {
		return broken, err
	}
	binary, err := r.mutate(ctx, t, m)
	if err != nil {
		return broken, err
	}
	out, err := r.test(ctx, binary, t, m)
	return judge(out, err, m.test)
}

// judge reads what a test binary said about a mutant. Only the failure of the
// named test counts, not that it never ended.
func judge(out string, err error, test string) (verdict, error) {
	name, _, _ := strings.Cut(test, "/")
	switch {
	case err == nil:
		return survived, nil
	case strings.Contains(out, "panic: test timed out"), !strings.Contains(out, "--- FAIL: "+name):
		return broken, errors.New(out)
	}
	return killed, nil
}

// passes checks, once for each test, that it runs and passes as the source is.
func (r *runner) passes(ctx context.Context, t target, m mutant) error {
	key := t.pkg() + " " + m.test
	err, known := r.sound[key]
	if !known {
		err = r.control(ctx, t, m)
		r.sound[key] = err
	}
	return err
}

func (r *runner) control(ctx context.Context, t target, m mutant) error {
	binary, known := r.built[t.pkg()]
	if !known {
		binary = filepath.Join(r.dir, strings.ReplaceAll(t.pkg(), "/", "-")+".test")
		if err := r.build(ctx, t, "-o="+binary); err != nil {
			return err
		}
		r.built[t.pkg()] = binary
	}
	out, err := r.test(ctx, binary, t, m, "-test.v")
	if err != nil {
		return fmt.Errorf("%s fails with the check in place: %w\n%s", m.test, err, out)
	}
	if !strings.Contains(out, "--- PASS: "+strings.ReplaceAll(m.test, " ", "_")) {
		return fmt.Errorf("%s was not run", m.test)
	}
	return nil
}

// mutate builds the tests of a package without the check. The compiler reads
// the changed file in the place of the real one.
func (r *runner) mutate(ctx context.Context, t target, m mutant) (binary string, err error) {
	source, err := t.apply(r.root, m)
	if err != nil {
		return "", err
	}
	binary = filepath.Join(r.dir, "mutant.test")
	key := t.pkg() + "\n" + t.file + "\n" + string(source)
	if key == r.last {
		return binary, nil
	}
	r.last = ""
	changed, list := filepath.Join(r.dir, "changed.go"), filepath.Join(r.dir, "overlay.json")
	raw, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(r.root, filepath.FromSlash(t.file)): changed},
	})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(changed, source, 0o600), os.WriteFile(list, raw, 0o600)); err != nil {
		return "", err
	}
	if err := r.build(ctx, t, "-o="+binary, "-overlay="+list); err != nil {
		return "", err
	}
	r.last = key
	return binary, nil
}

func (r *runner) build(ctx context.Context, t target, flags ...string) error {
	args := append([]string{"test", "-c", "-p=1", "-vet=off", "-ldflags=-s -w"}, flags...)
	out, err := run(ctx, r.root, "go", append(args, "./"+t.pkg())...)
	if err != nil {
		return fmt.Errorf("does not compile: %w\n%s", err, out)
	}
	return nil
}

// test runs one test of a binary.
func (r *runner) test(ctx context.Context, binary string, t target, m mutant, flags ...string) (string, error) {
	args := append([]string{"-test.timeout=" + timeout, "-test.run=" + pattern(m.test)}, flags...)
	return run(ctx, filepath.Join(r.root, filepath.FromSlash(t.pkg())), binary, args...)
}

// pattern selects exactly one test.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

func run(ctx context.Context, dir, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}
