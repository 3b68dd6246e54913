package db

import (
	"runtime"

	"golang.org/x/sync/semaphore"
)

// maxSpare is how many statements a long read may have beside its own.
const maxSpare = 3

// newSpare returns what stands for the processors beside the first.
func newSpare() *semaphore.Weighted {
	return semaphore.NewWeighted(int64(min(runtime.GOMAXPROCS(0)-1, maxSpare)))
}

// Spare takes the processors that no long read uses yet, to divide one into as
// many more statements; give returns them. On PostgreSQL there are none: it
// divides long reads by itself.
func (d *DB) Spare() (n int, give func()) {
	for d.pool.dialect == SQLite && d.pool.spare.TryAcquire(1) {
		n++
	}
	return n, func() { d.pool.spare.Release(int64(n)) }
}
