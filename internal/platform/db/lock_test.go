package db_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"signet/internal/platform/db"
)

func TestLockDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release, err := db.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.LockDir(dir)
	if !errors.Is(err, db.ErrLocked) {
		t.Fatalf("a second server: %v", err)
	}
	for _, part := range []string{"another signet serve", dir, strconv.Itoa(os.Getpid())} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the message %q does not name %q", err, part)
		}
	}
	elsewhere, err := db.LockDir(t.TempDir())
	if err != nil {
		t.Errorf("another directory: %v", err)
	} else {
		_ = elsewhere()
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := db.LockDir(dir)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	_ = again()
	if _, err := db.LockDir(filepath.Join(dir, "none")); err == nil || errors.Is(err, db.ErrLocked) {
		t.Errorf("a missing directory: %v", err)
	}
}
