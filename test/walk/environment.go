// Package walk holds what the random walks have in common: how the environment says
// which to take.
//
// WALK_SEED is the first walk's seed and WALK_COUNT how many follow on each database,
// each with the next seed. Of walks through the life of tokens WALK_STEPS is how long
// they are, and WALK_TRACE=1 prints every step.
package walk

import (
	"os"
	"strconv"
	"testing"
)

// Number returns what the environment says by a name, usual if it says nothing.
func Number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
