package main

import (
	"compress/gzip"
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/test/flow"
)

// The weight of the page depends on no machine, so its targets hold in every
// run of the tests.
func TestSignInPage_MeetsItsTargets(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		figures, err := measurePage(t.Context(), &flow.Process{Base: app.URL})
		if err != nil {
			t.Fatal(err)
		}
		if missed := missedNames(figures); len(missed) > 0 {
			t.Errorf("missed:\n%s", table(figures))
		}
		if len(figures) != 2 || figures[0].value < 1 || figures[1].value < 2 {
			t.Errorf("too little to be a page:\n%s", table(figures))
		}
	})
}

func TestVisit_CountsEveryFileOnceAsSent(t *testing.T) {
	t.Parallel()
	files := map[string][2]string{
		"/":           {"text/html; charset=utf-8", `<link rel="icon" href="/i.svg"><link rel="stylesheet" href="/a.css?x=1&amp;y=2"><script type="module" src="m.js"></script><script src="/m.js"></script><a href="/elsewhere">x</a>`},
		"/i.svg":      {"image/svg+xml", `<svg><use href="/never.svg"/></svg>`},
		"/a.css":      {"text/css", `@import "b.css"; a{background:url(data:x)} b{background:url(/font.woff2)}`},
		"/b.css":      {"text/css", strings.Repeat("a{color:red}", 1000)},
		"/m.js":       {"text/javascript", `import {a} from "./n.js"; import("./n.js")`},
		"/n.js":       {"text/javascript", `export const a = 1`},
		"/font.woff2": {"font/woff2", "font"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", file[0])
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(file[1]))
		_ = z.Close()
	}))
	defer server.Close()
	v := visit{client: &http.Client{Transport: &http.Transport{DisableCompression: true}}}
	if err := v.load(t.Context(), server.URL+"/"); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, address := range v.seen {
		paths = append(paths, strings.TrimPrefix(address, server.URL))
	}
	slices.Sort(paths)
	if want := []string{"/", "/a.css?x=1&y=2", "/b.css", "/font.woff2", "/i.svg", "/m.js", "/n.js"}; !slices.Equal(paths, want) {
		t.Errorf("fetched %q, want %q", paths, want)
	}
	if v.bytes < 200 || v.bytes > 2000 {
		t.Errorf("%d bytes: not what was sent with gzip", v.bytes)
	}
	if err := v.load(t.Context(), server.URL+"/absent"); err == nil {
		t.Error("a missing file counts as loaded")
	}
}

func TestLoad_MakesEveryCallOnce(t *testing.T) {
	t.Parallel()
	const count = 500
	var made [count]atomic.Int32
	r, err := load(t.Context(), count, func(_ context.Context, worker, i int) error {
		if worker < 0 || worker >= workers() {
			t.Errorf("worker %d", worker)
		}
		made[i].Add(1)
		return nil
	})
	if err != nil || len(r.calls) != count || r.perSecond() <= 0 {
		t.Fatalf("%d calls, %f per second, %v", len(r.calls), r.perSecond(), err)
	}
	for i := range made {
		if n := made[i].Load(); n != 1 {
			t.Errorf("call %d was made %d times", i, n)
		}
	}
	failure := errors.New("failure")
	if _, err := load(t.Context(), count, func(_ context.Context, _, i int) error {
		if i == 7 {
			return failure
		}
		return nil
	}); !errors.Is(err, failure) {
		t.Errorf("a failed call: %v", err)
	}
}

// Calls come when they are due, whatever became of those before: who finds every
// worker busy waits, and that counts.
func TestPace_CountsTheWait(t *testing.T) {
	t.Parallel()
	const takes = 20 * time.Millisecond
	slow := func(context.Context, int, int) error {
		time.Sleep(takes)
		return nil
	}
	begun := time.Now()
	calls, err := pace(t.Context(), 100, 20, slow)
	if elapsed := time.Since(begun); err != nil || len(calls) != 20 || elapsed < 200*time.Millisecond {
		t.Errorf("%d calls within %v, %v", len(calls), elapsed, err)
	}
	rounds := 5
	calls, err = pace(t.Context(), 1e6, rounds*workers(), slow)
	if last := calls.quantile(1); err != nil || last < time.Duration(rounds-1)*takes {
		t.Errorf("the last took %v, %v", last, err)
	}
	broken := errors.New("no")
	if _, err := pace(t.Context(), 1e6, 100, func(context.Context, int, int) error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// The fewer calls come, the more each costs.
func TestHalfLoad(t *testing.T) {
	t.Parallel()
	busyAt := func(perSecond float64) (float64, error) { return 0.02 + math.Sqrt(perSecond/20000), nil }
	found, err := halfLoad(15000, busyAt)
	if busy, _ := busyAt(found); err != nil || math.Abs(busy-0.5) > 2*nearEnough {
		t.Errorf("at %.0f a second %.2f are used, %v", found, busy, err)
	}
	broken := errors.New("no")
	if _, err := halfLoad(1, func(float64) (float64, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestSpread_Quantile(t *testing.T) {
	t.Parallel()
	var s spread
	if s.quantile(0.5) != 0 {
		t.Error("the median of nothing")
	}
	for i := range 100 {
		s = append(s, time.Duration(100-i))
	}
	for p, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := s.quantile(p); got != want {
			t.Errorf("quantile %g is %d, want %d", p, got, want)
		}
	}
}

func TestParseCPUTime(t *testing.T) {
	t.Parallel()
	got, err := parseCPUTime("42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 30 0 0 20")
	if err != nil || got != 2800*time.Millisecond {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "42 (signet) S 1 2", "42 (signet) S 1 2 3 4 5 6 7 8 9 10 x 30"} {
		if _, err := parseCPUTime(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestFigure_SaysWhetherTheTargetIsMet(t *testing.T) {
	t.Parallel()
	cases := []struct {
		figure figure
		line   string
	}{
		{figure{name: "A", value: 0.25, digits: 2, unit: "s"}.atMost(0.3), "| A | 0.25 s | ≤ 0.3 s | ok |\n"},
		{figure{name: "B", value: 50.4, digits: 0, unit: "MB"}.atMost(50), "| B | 50 MB | ≤ 50 MB | **missed** |\n"},
		{figure{name: "C", value: 75, unit: "%"}.atLeast(75), "| C | 75 % | ≥ 75 % | ok |\n"},
		{figure{name: "D", value: 74.9, digits: 1, unit: "%"}.atLeast(75), "| D | 74.9 % | ≥ 75 % | **missed** |\n"},
		{figure{name: "E", value: 9, unit: "/s", calls: spread{time.Millisecond}}, "| E | 9/s, p50 1.0 ms, p99 1.0 ms |  |  |\n"},
	}
	for _, c := range cases {
		if got := table([]figure{c.figure}); !strings.HasSuffix(got, c.line) {
			t.Errorf("got %q, want %q", got, c.line)
		}
		if missed := len(missedNames([]figure{c.figure})) == 1; missed != strings.Contains(c.line, "missed") {
			t.Errorf("%s: missed is %v", c.figure.name, missed)
		}
	}
}

func TestSignInFigures_TakeTheHashAway(t *testing.T) {
	t.Parallel()
	bare := signIns{result{make(spread, 100), time.Second}, 3 * time.Second}
	whole := signIns{result{make(spread, 50), time.Second}, 2 * time.Second}
	figures := signInFigures(bare, whole)
	if share := figures[2]; share.value != 50 || !share.missed {
		t.Errorf("share: %v", share)
	}
	if beside := figures[4]; beside.value != 10 || !beside.missed {
		t.Errorf("beside the hash: %v", beside)
	}
}

func TestDocument_NamesTheBenchmarks(t *testing.T) {
	t.Parallel()
	benchmarks, err := findBenchmarks("..")
	if err != nil {
		t.Fatal(err)
	}
	text := (&report{machine: "machine", benchmarks: benchmarks}).document()
	for _, want := range []string{"`internal/platform/crypt`", "`BenchmarkHasher_Hash`", "machine", "make bench"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

func TestParseProcessorTime(t *testing.T) {
	t.Parallel()
	ticks, err := parseProcessorTime("cpu  10 20 30 400 5 6 7 22 900 1000\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
	if want := (processorTicks{total: 500, idle: 405, stolen: 22}); err != nil || ticks != want {
		t.Errorf("%+v, %v", ticks, err)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "cpu a b c d e f g h", "intr 1 2 3 4 5 6 7 8"} {
		if _, err := parseProcessorTime(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
