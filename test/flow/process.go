package flow

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Build compiles the product into the build cache, under a name of its own for
// each program that runs it, and returns the path.
func Build(ctx context.Context, name string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOCACHE").Output()
	if err != nil {
		return "", err
	}
	path := filepath.Join(strings.TrimSpace(string(out)), name)
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "signet/cmd/signet")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
}

// Process is the server as a program of its own, to be measured or killed.
type Process struct {
	// Base is the endpoint.
	Base string
	// Ready is how long the start took until /readyz was good.
	Ready time.Duration

	cmd  *exec.Cmd
	done chan error
}

// Serve starts the binary with extra variables and waits until it is ready.
func Serve(ctx context.Context, binary string, port int, variables ...string) (*Process, error) {
	p := &Process{Base: "http://localhost:" + strconv.Itoa(port), done: make(chan error, 1)}
	p.cmd = exec.CommandContext(ctx, binary, "serve")
	// The environment of the one who runs the test must not leak in.
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "PORT=" + strconv.Itoa(port), "TRUST_PROXY_HEADER=1", "BREACH_SERVICE=off", "LOG_LEVEL=warn"}, variables...)
	p.cmd.Dir = os.TempDir()
	var output strings.Builder
	p.cmd.Stdout, p.cmd.Stderr = &output, &output
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- p.cmd.Wait() }()
	for p.Ready = 0; time.Since(begun) < 30*time.Second; time.Sleep(2 * time.Millisecond) {
		select {
		case err := <-p.done:
			return nil, fmt.Errorf("the server did not start: %w\n%s", err, output.String())
		default:
		}
		if p.healthy(ctx) {
			p.Ready = time.Since(begun)
			return p, nil
		}
	}
	p.Kill()
	return nil, fmt.Errorf("the server was not ready in time\n%s", output.String())
}

func (p *Process) healthy(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Base+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode < 300
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Kill ends the server as a power cut would: SIGKILL, nothing written.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop ends the server as an operator would and returns how it ended.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case err := <-p.done:
		return err
	case <-time.After(15 * time.Second):
		p.Kill()
		return errors.New("the server did not stop when asked")
	}
}

// FreePort finds a port that nobody listens on.
func FreePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("no TCP address")
	}
	return address.Port, nil
}
