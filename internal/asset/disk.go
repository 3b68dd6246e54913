package asset

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/ids"
)

// Disk is the directory in which the files of all tenants lie. Several nodes
// must share one. A nil Disk stands for none: it takes nothing and has nothing.
type Disk struct {
	root  *os.Root
	clock clock.Clock
}

// temporary is where files are until they are complete.
const temporary = "tmp"

// Open returns the directory at dir, which is made if it is not there, readable
// by the owner alone. It fails if files cannot be written there.
func Open(dir string, now clock.Clock) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot create the directory of uploads: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the directory of uploads: %w", err)
	}
	d := &Disk{root: root, clock: now}
	if err := root.MkdirAll(temporary, 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot write to the directory of uploads: %w", err), root.Close())
	}
	probe, err := d.create()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot write to the directory of uploads: %w", err), root.Close())
	}
	probe.discard()
	return d, nil
}

// Close gives the directory up.
func (d *Disk) Close() error {
	if d == nil {
		return nil
	}
	return d.root.Close()
}

// Ready reports whether files can be uploaded.
func (d *Disk) Ready() bool { return d != nil }

// draft is a file that is not yet in its place.
type draft struct {
	*os.File
	disk *Disk
	name string
	size int64
	hash []byte
}

func (d *Disk) create() (*draft, error) {
	name := path.Join(temporary, ids.Long())
	file, err := d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return &draft{File: file, disk: d, name: name}, nil
}

// receive copies r to a draft, durably. Errors of r that clients may see are
// returned as they are.
func (d *Disk) receive(r io.Reader) (*draft, error) {
	f, err := d.create()
	if err != nil {
		return nil, ErrUpload.Wrap(err)
	}
	sum := sha256.New()
	f.size, err = io.Copy(io.MultiWriter(f.File, sum), r)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		f.discard()
		return nil, seen(err)
	}
	f.hash = sum.Sum(nil)
	return f, nil
}

// cut keeps the first n bytes of a draft alone, durably.
func (f *draft) cut(n int64) error {
	if n == f.size {
		return nil
	}
	sum := sha256.New()
	err := f.Truncate(n)
	if err == nil {
		_, err = io.Copy(sum, io.NewSectionReader(f, 0, n))
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return ErrUpload.Wrap(err)
	}
	f.size, f.hash = n, sum.Sum(nil)
	return nil
}

// discard removes what was not placed.
func (f *draft) discard() {
	_ = f.Close()
	_ = f.disk.root.Remove(f.name) // it may be in its place; else Sweep finds it
}

// place moves a draft to its path. After a crash it is there or not, and whole.
func (f *draft) place(to string) error { return f.disk.move(f.name, to) }

func (d *Disk) move(from, to string) error {
	dir := path.Dir(to)
	if err := d.root.MkdirAll(dir, 0o700); err != nil {
		return ErrUpload.Wrap(err)
	}
	if err := d.root.Rename(from, to); err != nil {
		return ErrUpload.Wrap(err)
	}
	for ; ; dir = path.Dir(dir) {
		if err := d.sync(dir); err != nil {
			return ErrUpload.Wrap(err)
		}
		if dir == "." {
			return nil
		}
	}
}

// sync makes the entries of a directory durable.
func (d *Disk) sync(dir string) error {
	f, err := d.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Content opens the file of an asset, which the caller closes; ErrNotFound if
// it is not there.
func (d *Disk) Content(tenantID string, a *Asset) (*os.File, error) {
	if d == nil {
		return nil, ErrNotFound
	}
	f, err := d.root.Open(path.Join(tenantID, a.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return f, err
}

// remove deletes what an asset has on disk, if it is there.
func (d *Disk) remove(tenantID, at string) error {
	return d.root.RemoveAll(path.Join(tenantID, at))
}

// sweep deletes drafts that a crash left behind before the given time.
func (d *Disk) sweep(before time.Time) error {
	entries, err := fs.ReadDir(d.root.FS(), temporary)
	for _, entry := range entries {
		info, statErr := entry.Info()
		if statErr == nil && info.ModTime().Before(before) {
			err = errors.Join(err, d.root.RemoveAll(path.Join(temporary, entry.Name())))
		}
	}
	return err
}
