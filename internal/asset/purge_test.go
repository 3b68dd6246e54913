package asset

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/ids"
	"signet/internal/platform/job"
	"signet/internal/platform/web"
)

// gif is the least that counts as a picture.
const gif = "GIF89a;"

// world is a database with a directory beside it, in a tenant without users.
type world struct {
	t     *testing.T
	pool  *db.Pool
	db    *db.DB
	dir   string
	disk  *Disk
	clock *clock.Fake
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := &world{t: t, pool: p, db: p.For("t1"), dir: filepath.Join(t.TempDir(), "assets"), clock: clock.NewFake(time.Now())}
		var err error
		if w.disk, err = Open(w.dir, w.clock.Now); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w.disk.Close() })
		fn(t, w)
	})
}

func (w *world) accept(up Upload) *Asset {
	w.t.Helper()
	w.clock.Advance(time.Second)
	up.File = web.NewFile("image/gif", strings.NewReader(gif))
	a, err := w.disk.Accept(w.t.Context(), w.db, up)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// purge runs the job as a server would.
func (w *world) purge() {
	w.t.Helper()
	lease, _, err := job.Acquire(w.t.Context(), w.pool, ids.Long(), "holder")
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.disk.Purge(w.t.Context(), lease); err != nil {
		w.t.Fatal(err)
	}
}

// has tells whether an asset is there: its row, and its file.
func (w *world) has(a *Asset) bool {
	w.t.Helper()
	_, err := ByName(w.t.Context(), w.db, w.clock.Now().UnixMilli(), filepath.Base(a.Path))
	if err != nil && !errors.Is(err, ErrNotFound) {
		w.t.Fatal(err)
	}
	_, statErr := os.Stat(filepath.Join(w.dir, "t1", a.Path))
	if (err == nil) && statErr != nil {
		w.t.Errorf("%s has a row and no file", a.ID)
	}
	return err == nil
}

// files counts what lies on disk.
func (w *world) files() (n int) {
	_ = filepath.WalkDir(w.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			n++
		}
		return nil
	})
	return n
}

func (w *world) tx(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Tx(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

func TestPurge_TakesWhatNobodyKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		stays := w.accept(Upload{Kind: File})
		pending, kept := w.accept(Upload{Kind: Avatar, Pending: true}), w.accept(Upload{Kind: Avatar, Pending: true})
		dropped := w.accept(Upload{Kind: File})
		if !w.has(pending) {
			t.Error("a pending one is not shown")
		}
		w.tx(func(tx *db.Tx) error { return Keep(t.Context(), tx, w.clock.Now().UnixMilli(), kept.ID, "u1") })
		w.tx(func(tx *db.Tx) error { return Drop(t.Context(), tx, dropped.ID) })
		w.purge()
		if got := []bool{w.has(stays), w.has(pending), w.has(kept), w.has(dropped)}; !slices.Equal(got, []bool{true, true, true, false}) {
			t.Errorf("at once: %v", got)
		}
		w.clock.Advance(Retention)
		if w.has(pending) {
			t.Error("an expired one is shown")
		}
		// Too late to be kept: its file may be gone.
		w.tx(func(tx *db.Tx) error { return Keep(t.Context(), tx, w.clock.Now().UnixMilli(), pending.ID, "u1") })
		w.clock.Advance(time.Hour)
		w.purge()
		if got := []bool{w.has(stays), w.has(pending), w.has(kept)}; !slices.Equal(got, []bool{true, false, true}) || w.files() != 2 {
			t.Errorf("after a day: %v, %d files", got, w.files())
		}
		w.tx(func(tx *db.Tx) error { return DropOf(t.Context(), tx, "u1") })
		w.purge()
		if w.has(kept) || !w.has(stays) || w.files() != 1 {
			t.Errorf("without their owner: %v %v, %d files", w.has(kept), w.has(stays), w.files())
		}
	})
}

// A crash leaves a draft, or a row whose file is not in its place: both go.
func TestPurge_TakesWhatACrashLeft(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		half, err := w.disk.receive(strings.NewReader(gif))
		if err != nil {
			t.Fatal(err)
		}
		until := w.clock.Now().UnixMilli()
		if err := insert(t.Context(), w.db, &Asset{ID: "x", Path: "xx/x.gif", Kind: File, ContentHash: half.hash, PendingUntil: &until}); err != nil {
			t.Fatal(err)
		}
		w.purge()
		if w.files() != 1 {
			t.Error("a draft that is being written is gone")
		}
		w.clock.Advance(Retention + time.Hour)
		w.purge()
		if n, err := db.One[int](t.Context(), w.db, `SELECT count(*) FROM assets WHERE tenant_id = $1`); err != nil || n > 0 || w.files() > 0 {
			t.Errorf("%d rows, %d files, %v", n, w.files(), err)
		}
	})
}

// A person who uploads without end keeps a few pictures, and the one in use.
func TestAccept_BoundsThePicturesOfAPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		inUse := w.accept(Upload{Kind: Avatar, OwnerID: "u1"})
		other := w.accept(Upload{Kind: Avatar, OwnerID: "u2"})
		var last *Asset
		for range AvatarsKept + 5 {
			last = w.accept(Upload{Kind: Avatar, OwnerID: "u1", InUse: "https://auth.example.com" + inUse.URL()})
		}
		w.purge()
		if n := w.files(); n != AvatarsKept+2 || !w.has(inUse) || !w.has(other) || !w.has(last) {
			t.Errorf("%d files; %v %v %v", n, w.has(inUse), w.has(other), w.has(last))
		}
	})
}

// Whatever stops an upload, nothing of it is left.
func TestAccept_LeavesNothingOfAFailure(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		gone := errors.New("the client is gone")
		for name, c := range map[string]struct {
			file *web.File
			want error
		}{
			"no picture":             {web.NewFile("image/gif", strings.NewReader("hello")), ErrTypeNotAllowed},
			"a connection that ends": {web.NewFile("image/gif", io.MultiReader(strings.NewReader("GIF89a"), failing{gone})), web.ErrInvalidInput},
			"one that is too large":  {web.NewFile("image/gif", io.LimitReader(endless{}, web.MaxFile+1)), web.ErrFileTooLarge},
			"one that has no end":    {web.NewFile("image/gif", endless{}), web.ErrFileTooLarge},
		} {
			if _, err := w.disk.Accept(t.Context(), w.db, Upload{Kind: Avatar, File: c.file}); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// The disk fails once the row is there: a file has the name of the tenant.
		if err := os.WriteFile(filepath.Join(w.dir, "t1"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		file := web.NewFile("image/gif", strings.NewReader(gif))
		if _, err := w.disk.Accept(t.Context(), w.db, Upload{Kind: Avatar, File: file}); !errors.Is(err, ErrUpload) {
			t.Errorf("a broken disk: %v", err)
		}
		if err := os.Remove(filepath.Join(w.dir, "t1")); err != nil {
			t.Fatal(err)
		}
		w.purge()
		if n, err := db.One[int](t.Context(), w.db, `SELECT count(*) FROM assets WHERE tenant_id = $1`); err != nil || n > 0 || w.files() > 0 {
			t.Errorf("%d rows, %d files, %v", n, w.files(), err)
		}
	})
}

// Strangers cannot fill the disk: what waits for its owner has a limit.
func TestAccept_BoundsWhatIsPending(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		waiting := w.accept(Upload{Kind: Avatar, Pending: true})
		w.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE assets SET size = $2 WHERE tenant_id = $1 AND id = $3`, MaxPending, waiting.ID)
			return err
		})
		file := web.NewFile("image/gif", strings.NewReader(gif))
		if _, err := w.disk.Accept(t.Context(), w.db, Upload{Kind: Avatar, File: file, Pending: true}); !errors.Is(err, ErrFull) {
			t.Errorf("a further one: %v", err)
		}
		w.accept(Upload{Kind: Avatar, OwnerID: "u1"})
		w.clock.Advance(2 * Retention)
		w.purge()
		w.accept(Upload{Kind: Avatar, Pending: true})
	})
}

func TestOpen_FailsWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "assets"), "/proc/self/assets"} {
		if _, err := Open(dir, clock.System); err == nil {
			t.Errorf("%s: files can be uploaded", dir)
		}
	}
}

// Files of a tenant cannot lie outside of its directory, whatever a row says.
func TestDisk_DoesNotLeaveItsDirectory(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		secret := filepath.Join(filepath.Dir(w.dir), "signet.key")
		if err := os.WriteFile(secret, []byte("key"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(w.dir, "t1"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(secret, filepath.Join(w.dir, "t1", "link")); err != nil {
			t.Fatal(err)
		}
		for _, at := range []string{"../../signet.key", "../../../signet.key", "link", secret} {
			if f, err := w.disk.Content("t1", &Asset{Path: at}); err == nil {
				t.Errorf("%s: %s was opened", at, f.Name())
			}
			_ = w.disk.remove("t1", at)
		}
		if _, err := os.Stat(secret); err != nil {
			t.Error(err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// endless begins as a picture does. It fills whatever it is given: read by a few
// bytes, a file of the greatest size is millions of writes.
type endless struct{}

func (endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		n += copy(p[n:], "GIF89a")
	}
	return n, nil
}
