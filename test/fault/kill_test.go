// Package fault_test breaks the server as the world does: it kills the process,
// takes the database away and fills the disk, and looks at what is left.
package fault_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	_ "modernc.org/sqlite"

	"signet/internal/mfa/softkey"
	"signet/internal/platform/db/dbtest"
	"signet/test/flow"
)

var kills = flag.Int("kills", 20, "how often the server is killed")

const (
	password = "Blue-Harbour-42"
	kek      = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="
)

// binary is the product, built once a run.
var binary = sync.OnceValues(func() (string, error) { return flow.Build(context.Background(), "signet-under-fault") })

func program(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// person is somebody whose account the server has acknowledged, and what else
// it has.
type person struct {
	name   string
	tokens flow.Tokens
	key    *softkey.Key // nil unless its registration was acknowledged
}

// journal is what the server has acknowledged.
type journal struct {
	mu     sync.Mutex
	people []*person
}

func (j *journal) add(p *person) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.people = append(j.people, p)
}

// keys returns how many of the people have a key.
func (j *journal) keys() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, p := range j.people {
		if p.key != nil {
			n++
		}
	}
	return n
}

// size returns how many people there are.
func (j *journal) size() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.people)
}

// grow waits until what size counts has grown, so that every kill meets load.
func grow(size func() int, patience time.Duration) {
	deadline := time.Now().Add(patience)
	for before := size(); size() == before && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
}

func TestKill_EverythingAcknowledgedIsThere(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		killUnderLoad(t, "DATA_DIR="+dir)
		assertIntact(t, filepath.Join(dir, "signet.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, "DATA_DIR="+t.TempDir(), "DB_URL="+dbtest.PostgresOptions(t).URL, "SECRET_VAULT_KEK="+kek)
	})
}

func killUnderLoad(t *testing.T, variables ...string) {
	t.Helper()
	ctx := t.Context()
	port, err := flow.FreePort(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var acknowledged journal
	for cycle := range *kills {
		server, err := flow.Serve(ctx, program(t), port, variables...)
		if err != nil {
			t.Fatalf("start %d: %v", cycle, err)
		}
		var workers errgroup.Group
		for worker := range 3 {
			workers.Go(func() error { return work(t, server.Base, fmt.Sprintf("p%d_%d", cycle, worker), &acknowledged) })
		}
		if cycle%4 == 3 {
			grow(acknowledged.keys, 30*time.Second)
		} else {
			grow(acknowledged.size, 10*time.Second)
		}
		time.Sleep(rand.N(500 * time.Millisecond))
		server.Kill()
		if err := workers.Wait(); err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
	}
	server, err := flow.Serve(ctx, program(t), port, variables...)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Kill()
	if n := acknowledged.size(); n < *kills {
		t.Errorf("only %d people signed up between %d kills: the test shows nothing", n, *kills)
	}
	for _, p := range acknowledged.people {
		if err := present(t, server.Base, p); err != nil {
			t.Errorf("%s, acknowledged, is not whole: %v", p.name, err)
		}
	}
	keys := acknowledged.keys()
	t.Logf("%d people and %d keys were acknowledged and are there after %d kills", acknowledged.size(), keys, *kills)
	if keys < *kills/4 {
		t.Errorf("only %d keys were acknowledged: the test shows nothing", keys)
	}
}

// work signs people up and adds their keys until the server is gone. A refusal
// is an error: the server may die, it may not answer wrongly.
func work(t *testing.T, base, prefix string, acknowledged *journal) error {
	for i := 0; ; i++ {
		b := flow.New(base, nil)
		b.Address = fmt.Sprintf("10.%d.%d.%d", rand.N(256), rand.N(256), rand.N(256))
		p := &person{name: fmt.Sprintf("%s_%d", prefix, i)}
		tokens, err := b.Register(t.Context(), p.name, password)
		if err == nil || errors.Is(err, flow.ErrSubmitted) {
			p.tokens = tokens
			acknowledged.add(p)
		}
		if err == nil {
			key := softkey.New()
			if err = b.AddKey(t.Context(), tokens.Access, password, "Blue key", key); err == nil {
				acknowledged.mu.Lock()
				p.key = key
				acknowledged.mu.Unlock()
			}
		}
		if refusal := (*flow.Refusal)(nil); errors.As(err, &refusal) {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if err != nil {
			return nil // the connection broke: the server is dead
		}
	}
}

// present signs the person in, key and all, and spends the refresh token.
func present(t *testing.T, base string, p *person) error {
	ctx := t.Context()
	b := flow.New(base, nil)
	b.Address = fmt.Sprintf("10.%d.%d.%d", rand.N(256), rand.N(256), rand.N(256))
	tokens, err := b.SignIn(ctx, p.name, password, p.key)
	refusal := (*flow.Refusal)(nil)
	switch {
	case p.key == nil && errors.As(err, &refusal) && refusal.Has("session.mfa.require_mfa_verification"):
		return nil // the key was saved, only the answer got lost
	case err != nil:
		return err
	}
	names, err := b.Keys(ctx, tokens.Access)
	if err != nil {
		return err
	}
	if p.key != nil && !slices.Contains(names, "Blue key") {
		return fmt.Errorf("its keys are %q", names)
	}
	if p.tokens.Refresh == "" {
		return nil
	}
	if _, err := b.Refresh(ctx, p.tokens.Refresh); err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	return nil
}

func assertIntact(t *testing.T, path string) {
	t.Helper()
	d, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	var verdict string
	if err := d.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity check: %q, %v", verdict, err)
	}
}
