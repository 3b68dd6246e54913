// Package signin_test drives the real server at random: several browsers, applications
// and operators do what makes sense and what does not, one request after the other and
// sometimes two at once, and an oracle with a simple model of what has been proved says
// what must not have worked.
//
//	WALK_COUNT=5000 go test ./test/walk/signin            # more walks
//	WALK_SEED=17 WALK_COUNT=1 go test ./test/walk/signin  # that of a failure
//
// The operations are a table (operations_test.go). The driver makes their requests
// (authorize_test.go, elsewhere_test.go), the oracle judges the answers (oracle_test.go,
// rules_test.go, rules_provider_test.go) and what has changed in the database.
package signin_test

import (
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/test/walk"
)

const (
	defaultSeed  = 1
	defaultCount = 80
	stepsPerWalk = 32
)

func TestWalks(t *testing.T) {
	t.Parallel()
	seed, count := walk.Number(t, "WALK_SEED", defaultSeed), walk.Number(t, "WALK_COUNT", defaultCount)
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		w := newWorld(t, app)
		for i := range count {
			if v, skipped := w.run(seed+i, nil), map[int]bool{}; v != "" {
				w.shrink(seed+i, skipped)
				last := w.run(seed+i, skipped)
				t.Fatalf("WALK_SEED=%d: %s\nwithout what does not matter: %s\n%s", seed+i, v, last, strings.Join(w.trace, "\n"))
			}
		}
	})
	// Walks that get nowhere would prove nothing.
	t.Cleanup(func() {
		for _, op := range operations {
			t.Logf("%-18s worked %6d times and was refused %6d times", op.name, op.succeeded.Load(), op.failed.Load())
			if op.judge != nil && op.succeeded.Load() == 0 && count >= defaultCount && !t.Failed() {
				t.Errorf("%s has never worked", op.name)
			}
		}
	})
}

// run takes a walk, without the steps that are skipped, and returns what was wrong, ""
// for nothing.
func (w *world) run(seed int, skipped map[int]bool) (wrong violation) {
	w.begin(uint64(seed), w.walk+1)
	defer func() {
		switch v := recover().(type) {
		case nil:
		case violation:
			wrong = v
		default:
			panic(v)
		}
	}()
	for n := range stepsPerWalk {
		if !skipped[n] {
			w.step(uint64(seed), n)
		}
	}
	return ""
}

// shrink finds steps without which the walk fails as well.
func (w *world) shrink(seed int, skipped map[int]bool) {
	for before := -1; before < len(skipped); {
		before = len(skipped)
		for n := stepsPerWalk - 1; n >= 0; n-- {
			if skipped[n] {
				continue
			}
			if skipped[n] = true; w.run(seed, skipped) == "" {
				delete(skipped, n)
			}
		}
	}
}
