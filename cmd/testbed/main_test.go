package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"testing"

	"signet/internal/apptest"
	"signet/internal/testbed"
)

var printedURL = regexp.MustCompile(`(?s)Default tenant +(http://localhost:\d+)\n.*Admin tenant +(http://localhost:\d+)\n`)

// The command says where it is once it is there, and ends when it is told to.
func TestRun_ServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, options{}, in) }()
	printed := make([]byte, 4096)
	n, err := out.Read(printed)
	if err != nil {
		t.Fatal(err)
	}
	found := printedURL.FindStringSubmatch(string(printed[:n]))
	if found == nil {
		t.Fatalf("it prints %q", printed[:n])
	}
	for _, endpoint := range found[1:] {
		a := apptest.Do(t, http.DefaultClient, http.MethodGet, endpoint+"/api/resources", "", testbed.DeveloperHeader, "robin")
		if a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", endpoint, a.StatusCode, a.Text)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
