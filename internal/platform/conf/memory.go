package conf

import (
	"os"
	"runtime/debug"
)

// GOGC and GOMEMLIMIT unless they are set. A server holds a few MiB, and every
// password hash drops 19; by Go's default each would start a collection. Tokens drop
// less, but for each collection requests wait some ten milliseconds for a processor.
// So the heap may grow to 41 times what is in use, and is collected more often when
// the process comes near the limit.
const (
	garbagePercent = 4000
	memoryMiB      = 512
)

// UseMemory has the process save time with memory that is free anyway, as far as
// GOGC and GOMEMLIMIT say nothing else.
func UseMemory() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(garbagePercent)
	}
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(memoryMiB << 20)
	}
}
