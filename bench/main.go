// Command bench measures what an operator feels: how fast the server starts,
// what it needs when idle, how many people it signs in, how much the first page
// weighs, and how the Management API fares with many people. It runs the shipped
// binary as a program of its own, on databases in temporary directories, and
// drives it over the loopback interface.
//
// The database of many people on SQLite is kept between runs, in signet-bench-…
// below the system's directory of temporary files.
//
// A missed target is said and is no failure of the command: figures depend on
// the machine and on what else runs there. It reads /proc and thus needs Linux.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"signet/internal/platform/conf"
	"signet/test/flow"
)

func main() {
	conf.UseMemory() // as the server does; the bare program too
	if slices.Equal(os.Args[1:], []string{bareFlag}) {
		end(runBare(context.Background(), os.Stdin, os.Stdout))
		return
	}
	binary := flag.String("binary", "./bin/signet", "the server to measure, as `make build` leaves it")
	users := flag.Int("users", 0, "how many people the Management API is measured with, beside "+strconv.Itoa(fewPeople)+"; 0 leaves it out")
	write := flag.String("write", "", "Markdown file for the figures; without it they are only printed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *binary, *write, crowd(*users))
	stop()
	end(err)
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary, write string, many crowd) error {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	r := &report{many: many}
	if r.machine, err = describeMachine(ctx, binary); err != nil {
		return err
	}
	watched, err := watchProcessors()
	if err != nil {
		return err
	}
	if err := r.measure(ctx, binary); err != nil {
		return err
	}
	used, err := watched()
	if err != nil {
		return err
	}
	r.machine += fmt.Sprintf(" Other machines on the same hardware took %.1f %% of the processors' time.", 100*used.stolen)
	fmt.Print(table(r.figures), "\n", protocols(r.duels), "\n", comparison(r.compared, many))
	if missed := r.missed(); len(missed) > 0 {
		fmt.Printf("\nMissed: %d of the targets: %q\n", len(missed), missed)
	} else {
		fmt.Print("\nEvery target is met.\n")
	}
	if write == "" {
		return nil
	}
	if r.benchmarks, err = findBenchmarks("."); err != nil {
		return err
	}
	return os.WriteFile(write, []byte(r.document()), 0o644)
}

// measure takes all figures, one after the other so that none disturbs another.
func (r *report) measure(ctx context.Context, binary string) error {
	dir, err := os.MkdirTemp("", "signet-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	size, err := measureSize(binary)
	if err != nil {
		return err
	}
	starts, err := measureStarts(ctx, binary, dir)
	if err != nil {
		return err
	}
	served, err := measureServer(ctx, binary, filepath.Join(dir, "serving"))
	if err != nil {
		return err
	}
	r.figures = slices.Concat(starts, []figure{size}, served)
	if r.duels, err = measureProtocols(ctx, binary, dir); err != nil {
		return err
	}
	if r.many == 0 {
		return nil
	}
	imports, err := measureImport(ctx, binary, dir, r.many)
	if err != nil {
		return err
	}
	r.figures = append(r.figures, imports)
	r.compared, err = measureManagement(ctx, binary, dir, r.many)
	return err
}

// measureServer takes the figures of one running server.
func measureServer(ctx context.Context, binary, data string) (all []figure, err error) {
	server, err := start(ctx, binary, data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	idle, err := measureIdle(ctx, server, "Resident memory, idle after the start")
	if err != nil {
		return nil, err
	}
	all = append(all, idle.atMost(50))
	for _, take := range []func(context.Context, *flow.Process) ([]figure, error){measurePage, measureSignIn} {
		figures, err := take(ctx, server)
		if err != nil {
			return nil, err
		}
		all = append(all, figures...)
	}
	idle, err = measureIdle(ctx, server, "Resident memory, idle after all of this load")
	return append(all, idle), err
}

// start runs the server on its own port and data.
func start(ctx context.Context, binary, data string) (*flow.Process, error) {
	port, err := flow.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	// The context ends the measuring; Stop ends the server.
	return flow.Serve(context.WithoutCancel(ctx), binary, port,
		"DATA_DIR="+data, fmt.Sprintf("ENDPOINT=http://localhost:%d", port))
}

// workers is how many browsers are busy at once. The hasher runs one hash for
// each core; the rest walk the steps before and after it meanwhile.
func workers() int { return 4 * runtime.GOMAXPROCS(0) }

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
