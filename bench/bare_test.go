package main

import (
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/test/flow"
)

// executed finds a statement in PostgreSQL's log, whose further lines begin with a tab.
var executed = regexp.MustCompile(`execute stmtcache_\w+: (.*(?:\n\t.*)*)`)

// Beside less than the statements of the server, the figures would be too good;
// beside more, too bad.
func TestBare_RunsTheStatementsOfTheServer(t *testing.T) {
	t.Parallel()
	cluster, err := dbtest.NewCluster("log_statement=all")
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	binary, err := flow.Build(t.Context(), "signet-as-benched")
	if err != nil {
		t.Fatal(err)
	}
	s, err := onCluster(t.Context(), cluster, binary, t.TempDir(), "protocols")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.close()
	o := db.Options{URL: cluster.URL("protocols")}
	b, err := openBare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	a, err := prepare(t.Context(), s, 0)
	if err != nil {
		t.Fatal(err)
	}
	told, err := a.order(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := startBare(t.Context(), told)
	if err != nil {
		t.Fatal(err)
	}
	duels := a.duels(address, b)
	for _, d := range duels {
		if err := d.bare(t.Context(), 0, 0); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
	}
	for i, least := range map[int]int{1: 7, 2: 7, 3: 2, 4: 1} {
		ours, bare := statements(t, cluster, duels[i].ours), statements(t, cluster, duels[i].bare)
		if len(ours) < least || !maps.Equal(ours, bare) {
			t.Errorf("%s:\nours %v\nbare %v", duels[i].name, ours, bare)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// The tests' binary is the bare program too.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], []string{bareFlag}) {
		end(runBare(context.Background(), os.Stdin, os.Stdout))
		return
	}
	os.Exit(m.Run())
}

// statements are those that a call executes each time, with how often. What the
// server does beside goes by another rhythm.
func statements(t *testing.T, c *dbtest.Cluster, call call) map[string]int {
	t.Helper()
	const times = 7
	before := 0
	for i := range times + 1 {
		if i == 1 { // the first call fills caches
			before = len(c.Log())
		}
		if err := call(t.Context(), 0, i); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string]int{}
	for _, match := range executed.FindAllStringSubmatch(c.Log()[before:], -1) {
		found[strings.Join(strings.Fields(match[1]), " ")]++
	}
	delete(found, "begin")
	delete(found, "commit")
	maps.DeleteFunc(found, func(_ string, n int) bool { return n < times })
	for statement := range found {
		found[statement] /= times
	}
	return found
}
