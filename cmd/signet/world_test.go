package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
)

// binary is the program as it ships.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "signet-cmd-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "signet")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// installation is a directory, or a PostgreSQL database, with the variables of
// every command that works on it.
type installation struct {
	t    *testing.T
	dir  string
	vars []string
	url  string
}

// install returns an installation on SQLite on which nothing has run yet; vars
// are further variables.
func install(t *testing.T, vars ...string) *installation {
	t.Helper()
	port := freePort(t)
	dir := t.TempDir()
	return &installation{
		t: t, dir: dir, url: "http://localhost:" + port,
		vars: append([]string{"PATH=" + os.Getenv("PATH"), "PORT=" + port, "BREACH_SERVICE=off", "DATA_DIR=" + filepath.Join(dir, "data")}, vars...),
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func (in *installation) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(in.t.Context()), time.Minute)
	in.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env = in.dir, in.vars
	return cmd
}

// run runs a command that must succeed and returns what it prints.
func (in *installation) run(args ...string) string {
	in.t.Helper()
	return in.runWith("", args...)
}

// runWith is run with standard input.
func (in *installation) runWith(stdin string, args ...string) string {
	in.t.Helper()
	cmd := in.command(args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		in.t.Fatalf("signet %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// json runs a command with --json and reads what it prints into v.
func (in *installation) json(v any, stdin string, args ...string) {
	in.t.Helper()
	out := in.runWith(stdin, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), v); err != nil {
		in.t.Fatalf("signet %s: %v in %s", strings.Join(args, " "), err, out)
	}
}

// fails runs a command that must fail, in one line and without a trace, and say
// every one of words.
func (in *installation) fails(stdin string, args []string, words ...string) {
	in.t.Helper()
	cmd := in.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
		in.t.Errorf("signet %s: %v, %s", strings.Join(args, " "), err, stdout.String())
	}
	said := stderr.String()
	if !strings.HasPrefix(said, "signet: ") || strings.Contains(said, "goroutine") || strings.Contains(said, "%!") {
		in.t.Errorf("signet %s says %q", strings.Join(args, " "), said)
	}
	for _, word := range words {
		if !strings.Contains(said, word) {
			in.t.Errorf("signet %s says nothing of %q: %s", strings.Join(args, " "), word, said)
		}
	}
}

// served is a running server.
type served struct {
	cmd *exec.Cmd
	// printed is what it said on standard output until it was ready.
	printed string
	mu      sync.Mutex
	logged  bytes.Buffer
	done    chan error
}

// Write keeps the log.
func (s *served) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logged.Write(b)
}

func (s *served) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logged.String()
}

// serve starts the server and waits until it says, in JSON, that it is ready.
func (in *installation) serve() *served {
	in.t.Helper()
	return in.serveUntil("}", "--json")
}

// serveUntil starts the server and waits until it prints a line that begins
// with last.
func (in *installation) serveUntil(last string, args ...string) *served {
	in.t.Helper()
	s := &served{cmd: exec.Command(binary, append([]string{"serve"}, args...)...), done: make(chan error, 1)}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = in.dir, append(in.vars, "LOG_LEVEL=debug"), s
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		in.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		s.printed += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), last) {
			break
		}
	}
	go func() {
		for lines.Scan() {
		}
		s.done <- s.cmd.Wait()
	}()
	if s.printed == "" {
		in.t.Fatalf("the server did not start: %s", s.log())
	}
	return s
}

// stop ends the server as a service manager does.
func (s *served) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-s.done; err != nil {
		t.Errorf("the server ended with %v: %s", err, s.log())
	}
}

// rows reads the SQLite database beside whatever runs.
func rows[T any](in *installation, query string) []T {
	in.t.Helper()
	p, err := db.Open(in.t.Context(), db.Options{Path: filepath.Join(in.dir, "data", "signet.db"), Clock: clock.System})
	if err != nil {
		in.t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	all, err := db.All[T](in.t.Context(), p.Across(), query)
	if err != nil {
		in.t.Fatal(err)
	}
	return all
}
