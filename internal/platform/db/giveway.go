package db

import (
	"context"
	"os"
	"syscall"
	"time"
)

const (
	// lookInterval is how often GiveWay looks whether anybody wants to write.
	lookInterval = 2 * time.Millisecond
	// mostLooks bounds how long it gives way: a busy server does not stop an import.
	mostLooks = 125
)

// GiveWay lets other processes write before this one goes on with much work that
// takes many transactions: it returns once nobody else wants to, or after a quarter
// of a second. SQLite knows no queue: who asks for its writer asks again now and
// then, and would hardly ever meet the moment between two transactions of a process
// that does nothing else. PostgreSQL needs no such thing.
func (d *DB) GiveWay(ctx context.Context) {
	p := d.pool
	if p.dialect != SQLite {
		return
	}
	for looks, quiet := 0, 0; looks < mostLooks && quiet < 2; looks++ {
		if looks > 0 && !pause(ctx, lookInterval) {
			return
		}
		quiet++ // twice in a row, as others pause between two transactions too
		if p.want.isOthers() {
			quiet = 0
		}
	}
}

// want tells other processes that this one wants to write, or does: by a shared lock
// of an empty file beside the database, which ends with the process. Nothing but
// GiveWay depends on it.
type want struct{ file *os.File }

func openWant(path string) (*want, error) {
	file, err := os.OpenFile(path+"-writers", os.O_CREATE|os.O_RDWR, 0o600)
	return &want{file}, err
}

func (w *want) begin() { _ = syscall.Flock(int(w.file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) }

func (w *want) end() { _ = syscall.Flock(int(w.file.Fd()), syscall.LOCK_UN) }

// isOthers reports whether another process wants to write.
func (w *want) isOthers() bool {
	err := syscall.Flock(int(w.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	w.end()
	return err != nil
}
