package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// report is everything that was measured.
type report struct {
	machine    string
	figures    []figure
	duels      []dueled
	many       crowd // 0: the Management API was not measured
	compared   []compared
	benchmarks []string // lines of Markdown
}

// missed names what misses its target.
func (r *report) missed() []string {
	names := missedNames(r.figures)
	for _, d := range r.duels {
		if d.missed() {
			names = append(names, d.dialect.String()+": "+d.name)
		}
	}
	for _, c := range r.compared {
		if c.missed() {
			names = append(names, c.dialect.String()+": "+c.name)
		}
	}
	return names
}

// figure is one line of the report.
type figure struct {
	name   string
	value  float64
	digits int
	unit   string
	// calls, if there are any, add the median and the slowest hundredth.
	calls spread

	target string // "" if there is none
	missed bool
}

// atMost returns the figure with a ceiling.
func (f figure) atMost(limit float64) figure {
	f.target, f.missed = "≤ "+f.with(strconv.FormatFloat(limit, 'g', -1, 64)), f.value > limit
	return f
}

// atLeast returns the figure with a floor.
func (f figure) atLeast(limit float64) figure {
	f.target, f.missed = "≥ "+f.with(strconv.FormatFloat(limit, 'g', -1, 64)), f.value < limit
	return f
}

func (f figure) with(number string) string {
	switch f.unit {
	case "", "/s":
		return number + f.unit
	}
	return number + " " + f.unit
}

func (f figure) String() string {
	s := f.with(strconv.FormatFloat(f.value, 'f', f.digits, 64))
	if len(f.calls) > 0 {
		s += fmt.Sprintf(", p50 %s, p99 %s", millis(f.calls.quantile(0.5)), millis(f.calls.quantile(0.99)))
	}
	return s
}

func (f figure) verdict() string {
	switch {
	case f.target == "":
		return ""
	case f.missed:
		return "**missed**"
	}
	return "ok"
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func table(figures []figure) string {
	var b strings.Builder
	b.WriteString("| | Measured | Target | |\n|-|-|-|-|\n")
	for _, f := range figures {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.name, f, f.target, f.verdict())
	}
	return b.String()
}

func missedNames(figures []figure) []string {
	var names []string
	for _, f := range figures {
		if f.missed {
			names = append(names, f.name)
		}
	}
	return names
}

// describeMachine says where the figures come from, before they disturb it.
func describeMachine(ctx context.Context, binary string) (string, error) {
	model, err := lookUp("/proc/cpuinfo", "model name")
	if err != nil {
		model = runtime.GOARCH // not every architecture names its model
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "", err
	}
	version, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w", binary, err)
	}
	return fmt.Sprintf("Measured on %s: %s, %d cores, %s, %s/%s, load average beforehand %s; %s.",
		time.Now().UTC().Format(time.DateOnly), model, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		strings.Fields(string(load))[0], strings.TrimSpace(string(version))), nil
}

var benchmark = regexp.MustCompile(`(?m)^func (Benchmark\w+)\(`)

// findBenchmarks lists the Go benchmarks below internal/ of the repository's
// root, as lines of Markdown.
func findBenchmarks(root string) ([]string, error) {
	found := map[string][]string{}
	repository := os.DirFS(root)
	err := fs.WalkDir(repository, "internal", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(repository, name)
		for _, match := range benchmark.FindAllSubmatch(source, -1) {
			found[path.Dir(name)] = append(found[path.Dir(name)], "`"+string(match[1])+"`")
		}
		return err
	})
	var lines []string
	for folder, names := range found {
		lines = append(lines, fmt.Sprintf("| `%s` | %s |", folder, strings.Join(names, ", ")))
	}
	slices.Sort(lines)
	return lines, err
}
