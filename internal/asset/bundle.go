package asset

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
)

// ErrBundle refuses an archive that cannot be unpacked safely, or that is no
// user interface.
var ErrBundle = errs.New(400, "storage.invalid_archive")

// CustomUI is a user interface for signing in, unpacked from an archive.
const CustomUI Kind = "custom-ui"

// What an archive may hold.
const (
	maxEntries   = 1000
	maxDirectory = 2 << 20 // bytes of the archive's table of contents
	maxName      = 255
	maxInflated  = 100 << 20
	// maxRatio is how much larger than the archive its content may be, beyond the
	// first MiB.
	maxRatio  = 50
	bundleDir = "custom-ui/"
	indexFile = "index.html"
)

// AcceptBundle unpacks an uploaded archive with a user interface and returns its
// asset, which goes after Retention unless Choose is called. It is refused with
// ErrTypeNotAllowed if it is no archive, and with ErrBundle, whose detail says
// why, if anything is wrong within it; see also Accept.
func (d *Disk) AcceptBundle(ctx context.Context, h *db.DB, file *web.File) (*Asset, error) {
	if d == nil {
		return nil, ErrNotConfigured
	}
	if err := hasRoom(ctx, h, CustomUI); err != nil {
		return nil, err
	}
	archive, err := d.receive(file)
	if err != nil {
		return nil, err
	}
	defer archive.discard()
	is, _, err := CustomUI.judge(file.ContentType, archive.File, archive.size)
	if err != nil {
		return nil, err
	}
	if is.contentType != "application/zip" {
		return nil, ErrTypeNotAllowed
	}
	unpacked, err := d.unpack(archive)
	if err != nil {
		return nil, err
	}
	defer unpacked.discard()
	id, now := ids.Short()[:8], d.clock.Millis()
	until := now + Retention.Milliseconds()
	a := &Asset{
		ID: id, Path: bundleDir + id, Kind: CustomUI, ContentType: is.contentType,
		Size: archive.size, ContentHash: archive.hash, PendingUntil: &until, CreatedAt: now,
	}
	if err := insert(ctx, h, a); err != nil {
		return nil, err
	}
	if err := d.move(unpacked.dir, path.Join(h.TenantID(), a.Path)); err != nil {
		return nil, errors.Join(err, Drop(ctx, h, a.ID))
	}
	return a, nil
}

// BundleFile opens a file of a user interface, which the caller closes;
// ErrNotFound if it has none of that name.
func (d *Disk) BundleFile(tenantID, id, name string) (*os.File, error) {
	if d == nil || !bundleID.MatchString(id) || !fs.ValidPath(name) {
		return nil, ErrNotFound
	}
	f, err := d.root.Open(path.Join(tenantID, bundleDir, id, name))
	if err != nil {
		// Whatever stands in the way, there is no such file: a name may well be too
		// long for the disk, or lead through another file.
		return nil, ErrNotFound.Wrap(err)
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(ErrNotFound, f.Close())
	}
	return f, nil
}

// unpacking is a directory that is being filled from an archive.
type unpacking struct {
	disk *Disk
	dir  string
	// left is how many bytes may still be inflated.
	left int64
	// seen are the names so far, in lower case: some disks know no difference. The
	// value says whether it is a directory.
	seen map[string]bool
}

func (u *unpacking) discard() { _ = u.disk.root.RemoveAll(u.dir) } // it may be in its place; else Sweep finds it

func refuse(format string, args ...any) error { return ErrBundle.Describe(format, args...) }

// unpack inflates an archive beside the drafts. Nothing is left of one that is
// refused.
func (d *Disk) unpack(archive *draft) (_ *unpacking, err error) {
	contents := &preamble{file: archive.File, left: maxDirectory}
	r, err := zip.NewReader(contents, archive.size)
	if err != nil {
		return nil, refuse("the archive cannot be read")
	}
	contents.done = true
	if len(r.File) > maxEntries {
		return nil, refuse("the archive has more than %d entries", maxEntries)
	}
	u := &unpacking{
		disk: d, dir: path.Join(temporary, ids.Long()), seen: map[string]bool{},
		left: min(maxInflated, maxRatio*archive.size+1<<20),
	}
	defer func() {
		if err != nil {
			u.discard()
		}
	}()
	if err := d.root.Mkdir(u.dir, 0o700); err != nil {
		return nil, ErrUpload.Wrap(err)
	}
	for _, entry := range r.File {
		if err := u.add(entry); err != nil {
			return nil, err
		}
	}
	if isDir, ok := u.seen[indexFile]; !ok || isDir {
		return nil, refuse("the archive has no %s at its top", indexFile)
	}
	return u, u.syncAll()
}

// add inflates one entry.
func (u *unpacking) add(entry *zip.File) error {
	name, isDir, err := u.name(entry)
	if err != nil {
		return err
	}
	at := path.Join(u.dir, name)
	if isDir {
		return failed(u.disk.root.MkdirAll(at, 0o700))
	}
	if err := u.disk.root.MkdirAll(path.Dir(at), 0o700); err != nil {
		return ErrUpload.Wrap(err)
	}
	from, err := entry.Open()
	if err != nil {
		return refuse("%q cannot be unpacked", name)
	}
	defer func() { _ = from.Close() }()
	to, err := u.disk.root.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return ErrUpload.Wrap(err)
	}
	return errors.Join(u.inflate(to, from, name), failed(to.Close()))
}

// inflate copies an entry as long as there is room.
func (u *unpacking) inflate(to *os.File, from io.Reader, name string) error {
	content := &source{Reader: io.LimitReader(from, min(u.left, web.MaxFile)+1)}
	n, err := io.Copy(to, content)
	u.left -= n
	switch {
	case u.left < 0 || n > web.MaxFile:
		return refuse("%q makes the content too large", name)
	case content.err != nil:
		return refuse("%q is damaged", name)
	case err != nil:
		return ErrUpload.Wrap(err)
	}
	return failed(to.Sync())
}

// source remembers why reading ended.
type source struct {
	io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// name returns the path of an entry below the directory, if it may have one.
func (u *unpacking) name(entry *zip.File) (name string, isDir bool, err error) {
	name, isDir = strings.CutSuffix(entry.Name, "/")
	strange := func(r rune) bool { return unicode.IsControl(r) || r == '\\' || r == utf8.RuneError }
	switch {
	case !fs.ValidPath(name) || name == "." || len(name) > maxName || strings.ContainsFunc(name, strange) || !utf8.ValidString(name):
		return "", false, refuse("%.300q is no path of a file", entry.Name)
	case entry.Mode().IsDir() != isDir || !isDir && !entry.Mode().IsRegular():
		return "", false, refuse("%q is neither file nor directory", name)
	case entry.Flags&1 != 0:
		return "", false, refuse("%q is encrypted", name)
	}
	key := strings.ToLower(name)
	if wasDir, ok := u.seen[key]; ok && (!isDir || !wasDir) {
		return "", false, refuse("%q is there twice", name)
	}
	u.seen[key] = isDir
	for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
		if wasDir, ok := u.seen[dir]; ok && !wasDir {
			return "", false, refuse("%q lies in a file", name)
		}
		u.seen[dir] = true
	}
	return name, isDir, nil
}

// syncAll makes the directories durable; the files are.
func (u *unpacking) syncAll() error {
	return failed(fs.WalkDir(u.disk.root.FS(), u.dir, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return u.disk.sync(at)
	}))
}

// failed is ErrUpload for an error of the disk.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return ErrUpload.Wrap(err)
}

// preamble reads a file and fails when an archive's table of contents is too
// long: every entry of it takes memory.
type preamble struct {
	file io.ReaderAt
	left int64
	done bool
}

// ReadAt implements io.ReaderAt.
func (p *preamble) ReadAt(b []byte, offset int64) (int, error) {
	if !p.done {
		if p.left -= int64(len(b)); p.left < 0 {
			return 0, zip.ErrFormat
		}
	}
	return p.file.ReadAt(b, offset)
}
