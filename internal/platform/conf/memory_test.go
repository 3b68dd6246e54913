package conf

import (
	"math"
	"os"
	"runtime/debug"
	"testing"
)

func TestUseMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	t.Setenv("GOGC", "100")
	t.Setenv("GOMEMLIMIT", "off")
	UseMemory()
	if limit := debug.SetMemoryLimit(-1); debug.SetGCPercent(100) != 100 || limit != math.MaxInt64 {
		t.Errorf("what was set counts no more: %d", limit)
	}
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} { // set again when the test ends
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	UseMemory()
	if limit := debug.SetMemoryLimit(-1); debug.SetGCPercent(100) != garbagePercent || limit != memoryMiB<<20 {
		t.Errorf("a limit of %d", limit)
	}
}
