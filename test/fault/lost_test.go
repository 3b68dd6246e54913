package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"signet/internal/platform/db/dbtest"
	"signet/test/flow"
)

// A second server on the same files would corrupt nothing, yet both would
// believe their own caches: it must refuse, and say why.
func TestServe_RefusesASecondServerOnTheSameData(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := "DATA_DIR=" + t.TempDir()
	first := serve(t, dir)
	defer first.Kill()
	port, err := flow.FreePort(ctx)
	if err != nil {
		t.Fatal(err)
	}
	second, err := flow.Serve(ctx, program(t), port, dir)
	if err == nil {
		second.Kill()
		t.Fatal("two servers share a data directory")
	}
	if !strings.Contains(err.Error(), "signet: ") || strings.Contains(err.Error(), "goroutine") {
		t.Errorf("the refusal is not a sentence: %v", err)
	}
}

func TestDatabaseLost_Answers503AndHeals(t *testing.T) {
	t.Parallel()
	cluster := dbtest.StartCluster(t)
	server := serve(t, "DATA_DIR="+t.TempDir(), "DB_URL="+cluster.URL("postgres"), "SECRET_VAULT_KEK="+kek)
	defer server.Kill()
	if err := signUp(t.Context(), server, "before"); err != nil {
		t.Fatal(err)
	}
	cluster.Kill()
	assertReady(t, server, http.StatusServiceUnavailable)
	assertUnavailable(t, server)
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	assertHeals(t, server)
}

func TestDiskFull_Answers503AndHeals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m,mode=0700"); err != nil {
		if errors.Is(err, syscall.EPERM) {
			t.Skip("mounting a small disk needs root")
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	server := serve(t, "DATA_DIR="+filepath.Join(dir, "data"))
	defer server.Kill()
	if err := signUp(t.Context(), server, "before"); err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	// The log has room that was written to before: it is used up first.
	const most = 200
	stored := 0
	for ; stored < most; stored++ {
		if err := signUp(t.Context(), server, fmt.Sprintf("room%d", stored)); err != nil {
			assertRefused(t, err)
			break
		}
	}
	if stored == most {
		t.Fatal("the full disk has room for everybody")
	}
	assertUnavailable(t, server)
	assertReady(t, server, http.StatusServiceUnavailable)
	// What needs no write still works.
	if err := flow.New(server.Base, nil).Get(t.Context(), "/oidc/jwks"); err != nil {
		t.Errorf("keys on a full disk: %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	assertHeals(t, server)
	for i := range stored {
		if _, err := flow.New(server.Base, nil).SignIn(t.Context(), fmt.Sprintf("room%d", i), password, nil); err != nil {
			t.Errorf("room%d of %d who signed up on a full disk: %v", i, stored, err)
		}
	}
}

// fill writes until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			size /= 2
		}
	}
}

func serve(t *testing.T, variables ...string) *flow.Process {
	t.Helper()
	port, err := flow.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server, err := flow.Serve(context.WithoutCancel(t.Context()), program(t), port, variables...)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func signUp(ctx context.Context, server *flow.Process, name string) error {
	_, err := flow.New(server.Base, nil).Register(ctx, name, password)
	return err
}

// assertUnavailable expects every sign-up to be answered 503, soon.
func assertUnavailable(t *testing.T, server *flow.Process) {
	t.Helper()
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		err := signUp(ctx, server, "meanwhile")
		cancel()
		assertRefused(t, err)
	}
}

// assertRefused expects an answer of 503.
func assertRefused(t *testing.T, err error) {
	t.Helper()
	refusal := (*flow.Refusal)(nil)
	if !errors.As(err, &refusal) || refusal.Status != 503 {
		t.Fatalf("without its database the server answers: %v", err)
	}
}

// assertHeals expects sign-ups to work again soon, in the same process.
func assertHeals(t *testing.T, server *flow.Process) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = signUp(t.Context(), server, "after"); err == nil {
			assertReady(t, server, http.StatusNoContent)
			return
		}
	}
	t.Fatalf("the server did not heal: %v", err)
}

// assertReady expects what load balancers are told.
func assertReady(t *testing.T, server *flow.Process, want int) {
	t.Helper()
	res, err := http.Get(server.Base + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != want {
		t.Errorf("readiness: %d, want %d", res.StatusCode, want)
	}
}
