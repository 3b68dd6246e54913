// Command bench measures whole flows of the product as its users meet them and
// writes docs/performance.md. It starts the binary itself, on SQLite and on the
// loopback interface, and every loop in it ends by itself.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"signet/test/flow"
)

func main() {
	binary := flag.String("binary", "./bin/signet", "the server to measure")
	write := flag.String("write", "", "file to write the figures to, instead of the standard output")
	seconds := flag.Int("seconds", 5, "how long each rate is measured")
	flag.Parse()
	report, err := measure(context.Background(), *binary, time.Duration(*seconds)*time.Second)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if *write == "" {
		fmt.Print(report)
		return
	}
	if err := os.WriteFile(*write, []byte(report), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	fmt.Println("written to", *write)
}

// row is one figure and the bar that it has to pass.
type row struct{ what, figure, bar string }

func measure(ctx context.Context, binary string, during time.Duration) (string, error) {
	if !strings.HasPrefix(binary, "/") {
		dir, err := os.Getwd()
		if err != nil {
			return "", err
		}
		binary = dir + "/" + binary
	}
	data, err := os.MkdirTemp("", "signet-bench-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(data) }()

	var rows []row
	size, err := os.Stat(binary)
	if err != nil {
		return "", err
	}
	rows = append(rows, row{"stripped binary", megabytes(size.Size()), "≤ 45 MB"})

	port, err := flow.FreePort(ctx)
	if err != nil {
		return "", err
	}
	server, more, err := start(ctx, binary, port, "DATA_DIR="+data)
	if err != nil {
		return "", err
	}
	defer server.Kill()
	rows = append(rows, more...)
	for _, step := range []func(context.Context, *flow.Process, time.Duration) ([]row, error){page, signIns, tokens} {
		more, err := step(ctx, server, during)
		if err != nil {
			return "", err
		}
		rows = append(rows, more...)
	}
	return render(rows), nil
}

// start measures the first start, which makes database and keys, and a later
// one, and leaves the server running.
func start(ctx context.Context, binary string, port int, variables ...string) (*flow.Process, []row, error) {
	first, err := flow.Serve(ctx, binary, port, variables...)
	if err != nil {
		return nil, nil, err
	}
	if err := first.Stop(); err != nil {
		return nil, nil, err
	}
	const starts = 5
	var warm time.Duration
	for range starts {
		server, err := flow.Serve(ctx, binary, port, variables...)
		if err != nil {
			return nil, nil, err
		}
		warm += server.Ready
		if err := server.Stop(); err != nil {
			return nil, nil, err
		}
	}
	server, err := flow.Serve(ctx, binary, port, variables...)
	if err != nil {
		return nil, nil, err
	}
	time.Sleep(2 * time.Second) // idle is what is left after the start
	rss, err := residentBytes(server.PID())
	if err != nil {
		server.Kill()
		return nil, nil, err
	}
	return server, []row{
		{"first start to healthy", milliseconds(first.Ready), "≤ 1 s"},
		{"warm start to healthy", milliseconds(warm / starts), "≤ 0.3 s"},
		{"resident memory, idle", megabytes(rss), "≤ 50 MB"},
	}, nil
}

func render(rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Performance

Measured by `+"`make bench`"+` with the server on SQLite and its clients on the same
machine, %d cores, %s/%s, %s. Rates are for the whole machine: the clients take
their share of it.

| | | Bar |
|-|-:|-|
`, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.what, r.figure, r.bar)
	}
	b.WriteString(`
- *Argon2id alone* hashes with the server's parameters (19 MiB, 2 passes, 1 lane)
  in this process, as many at a time as there are cores, and nothing else.
- *Password sign-in* is the whole flow: authorization request, sign-in page's
  API, password, submit, resume, consent, code exchange.
- *Server CPU beside the hash* is the server's processor time for a flow less
  that of one hash alone.
- *First load* is the sign-in page and everything it refers to, as sent with
  gzip to a browser that has nothing of it yet.
`)
	return b.String()
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
