package db

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrLocked means that another server runs on the data directory.
var ErrLocked = errors.New("another signet serve runs on this data directory")

// LockDir takes the exclusive lock of a data directory, which a server holds
// while it runs. It fails with ErrLocked when another process holds it. The
// lock ends with the process; release ends it before. The command line does not
// take it.
func LockDir(dir string) (release func() error, err error) {
	path := filepath.Join(dir, "signet.lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder := make([]byte, 32)
		n, _ := f.ReadAt(holder, 0)
		_ = f.Close()
		return nil, fmt.Errorf("%w: %s is held by process %s", ErrLocked, path,
			strings.TrimSpace(string(holder[:n])))
	}
	if err == nil {
		// The number is for the message above alone; the lock is what counts.
		_ = f.Truncate(0)
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
		return f.Close, nil
	}
	_ = f.Close()
	return nil, fmt.Errorf("lock %s: %w", dir, err)
}

// lockMigration keeps other processes from migrating the SQLite file until
// release. It locks the directory, so nothing is left behind.
func lockMigration(path string) (release func() error, err error) {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		_ = dir.Close()
		return nil, err
	}
	return dir.Close, nil
}
