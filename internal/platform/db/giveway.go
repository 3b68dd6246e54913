package db

import (
	"context"
	"errors"
	"log/slog"
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
// GiveWay depends on it: where there is no such file or no such lock, all goes on
// as if nobody wanted to.
type want struct {
	file *os.File // nil if it cannot be opened; its descriptor is none then
}

func openWant(path string) want {
	file, err := os.OpenFile(path+"-writers", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		slog.Warn("imports will not give way to other processes", "error", err)
		return want{}
	}
	if database, err := os.Stat(path); err == nil {
		if owner, ok := database.Sys().(*syscall.Stat_t); ok {
			// As SQLite does with its own files: root must not lock the server out.
			_ = file.Chown(int(owner.Uid), int(owner.Gid))
		}
	}
	return want{file}
}

func (w want) close() {
	if w.file != nil {
		_ = w.file.Close()
	}
}

func (w want) begin() { _ = w.lock(syscall.LOCK_SH | syscall.LOCK_NB) }

func (w want) end() { _ = w.lock(syscall.LOCK_UN) }

func (w want) lock(how int) error { return syscall.Flock(int(w.file.Fd()), how) }

// isOthers reports whether another process wants to write.
func (w want) isOthers() bool {
	err := w.lock(syscall.LOCK_EX | syscall.LOCK_NB)
	w.end()
	return errors.Is(err, syscall.EWOULDBLOCK)
}
