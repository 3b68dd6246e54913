package asset

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/web"
)

// entry is a file of an archive.
type entry struct {
	name, content string
	mode          fs.FileMode
	flags         uint16
}

func archive(t *testing.T, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Flags: e.flags}
		if e.mode != 0 {
			header.SetMode(e.mode)
		}
		to, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(to, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var index = entry{name: "index.html", content: "<!doctype html>"}

func (w *world) bundle(content string) (*Asset, error) {
	return w.disk.AcceptBundle(w.t.Context(), w.db, web.NewFile("application/zip", strings.NewReader(content)))
}

func TestBundle_IsUnpackedAndChosen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		content := archive(t, entry{name: "assets/"}, entry{name: "assets/app.js", content: "1"}, index,
			entry{name: "deep/er/é.txt", content: "2"}, entry{name: "bin/run", content: "3", mode: 0o777})
		first, err := w.bundle(content)
		if err != nil {
			t.Fatal(err)
		}
		second, err := w.bundle(content)
		if err != nil || first.ID == second.ID || len(first.ID) != 8 {
			t.Fatal(err, first, second)
		}
		reads := func(a *Asset, name string) string {
			f, err := w.disk.BundleFile("t1", a.ID, name)
			if err != nil {
				return err.Error()
			}
			defer func() { _ = f.Close() }()
			text, _ := io.ReadAll(f)
			if info, _ := f.Stat(); info.Mode().Perm() != 0o600 {
				t.Errorf("%s has the mode %v", name, info.Mode())
			}
			return string(text)
		}
		if reads(first, "index.html") != index.content || reads(first, "deep/er/é.txt") != "2" || reads(first, "bin/run") != "3" {
			t.Error("files are missing")
		}
		for _, name := range []string{"none", "assets", ".", "", "..", "../" + second.ID + "/index.html", "assets/../index.html", "/index.html",
			"index.html/", "index.html/x", "a\x00b", strings.Repeat("x", 5000), strings.Repeat("x/", 5000) + "x"} {
			if f, err := w.disk.BundleFile("t1", first.ID, name); !errors.Is(err, ErrNotFound) {
				t.Errorf("%.100q: %v %v", name, f, err)
			}
		}
		for _, id := range []string{"", ".", "..", "../t1", first.ID + "x", strings.ToUpper(first.ID)} {
			if _, err := w.disk.BundleFile("t1", id, "index.html"); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v", id, err)
			}
		}
		if _, err := w.disk.BundleFile("t2", first.ID, "index.html"); !errors.Is(err, ErrNotFound) {
			t.Errorf("another tenant: %v", err)
		}

		now := func() int64 { return w.clock.Now().UnixMilli() }
		choose := func(id, previous string) {
			w.tx(func(tx *db.Tx) error { return Choose(t.Context(), tx, now(), id, previous) })
		}
		choose(first.ID, "")
		w.clock.Advance(2 * Retention)
		w.purge()
		if !strings.HasPrefix(reads(first, "index.html"), "<") || strings.HasPrefix(reads(second, "index.html"), "<") {
			t.Error("after a day: the chosen one is gone, or the other is not")
		}
		third, err := w.bundle(content)
		if err != nil {
			t.Fatal(err)
		}
		choose(third.ID, first.ID)
		choose(first.ID, third.ID) // wanted back
		w.clock.Advance(2 * Retention)
		w.purge()
		if !strings.HasPrefix(reads(first, "index.html"), "<") || strings.HasPrefix(reads(third, "index.html"), "<") {
			t.Error("what was taken back is gone, or the other is not")
		}
		choose("", first.ID)
		w.clock.Advance(2 * Retention)
		w.purge()
		if w.files() > 0 {
			t.Errorf("%d files are left", w.files())
		}
		for _, id := range []string{first.ID, "none", w.accept(Upload{Kind: File}).ID} {
			if err := w.db.Tx(t.Context(), func(tx *db.Tx) error { return Choose(t.Context(), tx, now(), id, "") }); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s can be chosen: %v", id, err)
			}
		}
	})
}

// Attack 57, and bombs: nothing is written outside, nothing without limit, and of
// what is refused nothing is left.
func TestBundle_RefusesWhatIsUnsafe(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		outside := filepath.Join(filepath.Dir(w.dir), "evil")
		many := []entry{index}
		for i := range maxEntries {
			many = append(many, entry{name: fmt.Sprintf("f%d", i)})
		}
		hundred := []entry{index}
		for i := range 30 {
			// Random enough for the ratio, too large together.
			hundred = append(hundred, entry{name: fmt.Sprintf("f%d", i), content: strings.Repeat("x", 4<<20)})
		}
		good := archive(t, index, entry{name: "a.js", content: strings.Repeat("abc", 100)})
		for name, c := range map[string]struct {
			content string
			want    error
		}{
			"no archive":              {"hello", ErrTypeNotAllowed},
			"an empty file":           {"", ErrTypeNotAllowed},
			"the beginning of one":    {good[:len(good)/2], ErrBundle},
			"a damaged entry":         {strings.Replace(good, "<!doctype", "\x00\x00\x00\x00\x00", 1)[:40] + "\xff\xff\xff\xff" + good[44:], ErrBundle},
			"no index":                {archive(t, entry{name: "a.html"}), ErrBundle},
			"an index below":          {archive(t, entry{name: "dist/index.html"}), ErrBundle},
			"an index that is none":   {archive(t, entry{name: "index.html/"}), ErrBundle},
			"a path upwards":          {archive(t, index, entry{name: "../evil"}), ErrBundle},
			"a path down and upwards": {archive(t, index, entry{name: "a/../../evil"}), ErrBundle},
			"an absolute path":        {archive(t, index, entry{name: "/evil"}), ErrBundle},
			"an outside path":         {archive(t, index, entry{name: outside}), ErrBundle},
			"a path of Windows":       {archive(t, index, entry{name: `..\evil`}), ErrBundle},
			"a NUL":                   {archive(t, index, entry{name: "a\x00b"}), ErrBundle},
			"no UTF-8":                {archive(t, index, entry{name: "a\xff"}), ErrBundle},
			"no name":                 {archive(t, index, entry{name: ""}), ErrBundle},
			"a dot":                   {archive(t, index, entry{name: "./a"}), ErrBundle},
			"a long name":             {archive(t, index, entry{name: strings.Repeat("a", maxName+1)}), ErrBundle},
			"a link":                  {archive(t, index, entry{name: "a", content: "/etc/passwd", mode: fs.ModeSymlink | 0o777}), ErrBundle},
			"a link to write through": {archive(t, index, entry{name: "a", content: "..", mode: fs.ModeSymlink | 0o777}, entry{name: "a/evil"}), ErrBundle},
			"a device":                {archive(t, index, entry{name: "a", mode: fs.ModeDevice | 0o600}), ErrBundle},
			"a directory as file":     {archive(t, index, entry{name: "a", mode: fs.ModeDir | 0o700}), ErrBundle},
			"encrypted":               {archive(t, index, entry{name: "a", content: "x", flags: 1}), ErrBundle},
			"the same twice":          {archive(t, index, index), ErrBundle},
			"the same in capitals":    {archive(t, index, entry{name: "INDEX.html"}), ErrBundle},
			"a file in a file":        {archive(t, index, entry{name: "index.html/a"}), ErrBundle},
			"a file for a directory":  {archive(t, index, entry{name: "a/b"}, entry{name: "a"}), ErrBundle},
			"many entries":            {archive(t, many...), ErrBundle},
			"a bomb":                  {archive(t, index, entry{name: "a", content: strings.Repeat("\x00", 19<<20)}), ErrBundle},
			"a bomb of many":          {archive(t, hundred...), ErrBundle},
			"a large file":            {archive(t, index, entry{name: "a", content: strings.Repeat("\x00", web.MaxFile+1)}), ErrBundle},
		} {
			if _, err := w.bundle(c.content); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
			if n := w.files(); n > 0 {
				t.Fatalf("%s: %d files are left", name, n)
			}
		}
		if n, err := db.One[int](t.Context(), w.db, `SELECT count(*) FROM assets WHERE tenant_id = $1`); err != nil || n > 0 {
			t.Errorf("%d rows, %v", n, err)
		}
		if _, err := os.Stat(outside); err == nil {
			t.Error("a file was written outside")
		}
		if entries, err := os.ReadDir(filepath.Join(w.dir, temporary)); err != nil || len(entries) > 0 {
			t.Errorf("%v, %v", entries, err)
		}
	})
}

// A table of contents costs memory, so it is not read without end.
func TestBundle_ReadsAShortTableOfContents(t *testing.T) {
	t.Parallel()
	entries := make([]entry, 0, 20_000)
	for i := range cap(entries) {
		entries = append(entries, entry{name: fmt.Sprintf("%0200d", i)})
	}
	content := archive(t, entries...)
	read := &preamble{file: strings.NewReader(content), left: maxDirectory}
	if _, err := zip.NewReader(read, int64(len(content))); !errors.Is(err, zip.ErrFormat) {
		t.Errorf("the whole table was read: %v", err)
	}
}

// What a crash left of an archive goes with the rest.
func TestPurge_TakesWhatACrashLeftOfABundle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		draft, err := w.disk.receive(strings.NewReader(archive(t, index)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.disk.unpack(draft); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(Retention + time.Hour)
		w.purge()
		if entries, err := os.ReadDir(filepath.Join(w.dir, temporary)); err != nil || len(entries) > 0 {
			t.Errorf("%v, %v", entries, err)
		}
	})
}
