package asset

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"
	"testing"

	"signet/internal/platform/web"
)

// photo is a JPEG of noise, so that its pixels hold bytes that look like markers.
func photo(t testing.TB) []byte {
	t.Helper()
	noise := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range noise.Pix {
		noise.SetGray(i%64, i/64, color.Gray{Y: byte(i * i * 31 >> 3)})
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, noise, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out.Bytes(), []byte("\xff\x00")) {
		t.Fatal("the pixels hold nothing that looks like a marker")
	}
	return out.Bytes()
}

// within adds a segment behind the first marker of a JPEG.
func within(picture []byte, marker byte, content string) []byte {
	n := len(content) + 2
	segment := append([]byte{0xff, marker, byte(n >> 8), byte(n)}, content...)
	return append(append(append([]byte{}, picture[:2]...), segment...), picture[2:]...)
}

func archived(t testing.TB) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if _, err := z.Create("evil.class"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestJPEG_KeepsThePictureAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		plain := photo(t)
		for name, picture := range map[string][]byte{"plain": plain, "with a thumbnail": within(plain, 0xe1, "Exif\x00\x00"+string(plain[:700])+"\xff\xd9")} {
			for what, tail := range map[string]string{
				"nothing": "", "zeros": strings.Repeat("\x00", 5000), "notes of a camera": "\x00\x00\x01\x0a\x0e\x00\x00\x00Image_UTC_Data1\x00SEFHk\x00\x00\x00\x01\x00\x00\x00SEFT",
				"a video": "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "another picture": string(plain), "an archive": archived(t),
				"an archive that ends like a picture": archived(t) + "\xff\xd9", "a page": "<script>alert(1)</script>",
			} {
				up := Upload{Kind: Avatar, Pending: true, File: web.NewFile("image/jpeg", strings.NewReader(string(picture)+tail))}
				a, err := w.disk.Accept(t.Context(), w.db, up)
				if err != nil {
					t.Errorf("%s, then %s: %v", name, what, err)
					continue
				}
				content, err := w.disk.Content(w.db.TenantID(), a)
				if err != nil {
					t.Fatal(err)
				}
				kept, err := io.ReadAll(content)
				if err := errors.Join(err, content.Close()); err != nil {
					t.Fatal(err)
				}
				sum := sha256.Sum256(picture)
				if !bytes.Equal(kept, picture) || a.Size != int64(len(picture)) || !bytes.Equal(a.ContentHash, sum[:]) {
					t.Errorf("%s, then %s: %d bytes on disk, %d and hash %x in the row, of %d", name, what, len(kept), a.Size, a.ContentHash, len(picture))
				}
			}
		}
	})
}

// An operator's file is what they uploaded, to the last byte.
func TestJPEG_OfAnOperatorIsLeftAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		content := string(photo(t)) + "SEFT"
		a, err := w.disk.Accept(t.Context(), w.db, Upload{Kind: File, File: web.NewFile("image/jpeg", strings.NewReader(content))})
		if err != nil || a.Size != int64(len(content)) {
			t.Errorf("%+v %v", a, err)
		}
	})
}

func TestJPEG_End(t *testing.T) {
	t.Parallel()
	const start, scan, end = "\xff\xd8", "\xff\xda\x00\x04\x01\x02", "\xff\xd9"
	for name, c := range map[string]struct {
		content string
		want    int
	}{
		"the least":              {start + scan + "abc" + end, 13},
		"restarts and a stuffed": {start + scan + "a\xff\xd0b\xff\x00c\xff\xd7\xff\xff\xd9PK", 20},
		"several scans":          {start + scan + "a" + "\xff\xc4\x00\x03x" + scan + "b" + end + end, 23},
		"fill bytes":             {start + "\xff\xff\xff" + scan[1:] + "a" + end + "x", 13},
		"bytes between segments": {start + "ab" + scan + end, 12},
		"an end in a segment":    {start + "\xff\xfe\x00\x06" + end + end + scan + end, 18},
		"no pixels":              {start + end, 0},
		"no end":                 {start + scan + "abc", 0},
		"a segment without end":  {start + "\xff\xe0\xff\xd9PK", 0},
		"a segment of no length": {start + "\xff\xe0\x00\x00" + scan + end, 0},
		"half a length":          {start + "\xff\xe0\x00", 0},
		"a second start":         {start + start + scan + end, 0},
		"no start":               {"\xff" + scan + end, 0},
		"nothing":                {"", 0},
	} {
		got, err := endOfJPEG(strings.NewReader(c.content), int64(len(c.content)))
		if c.want == 0 && !errors.Is(err, ErrTypeNotAllowed) || c.want > 0 && (err != nil || got != int64(c.want)) {
			t.Errorf("%s: %d %v, want %d", name, got, err, c.want)
		}
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the disk is on fire") }

func TestJPEG_FailsWithTheDisk(t *testing.T) {
	t.Parallel()
	if _, err := endOfJPEG(broken{}, 100); !errors.Is(err, ErrUpload) {
		t.Error(err)
	}
}

func FuzzJPEG(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xda\x00\x04\x01\x02abc\xff\xd9SEFT"))
	f.Add(photo(f))
	f.Fuzz(func(t *testing.T, content []byte) {
		end, err := endOfJPEG(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			if !errors.Is(err, ErrTypeNotAllowed) {
				t.Error(err)
			}
			return
		}
		if end > int64(len(content)) || !bytes.HasSuffix(content[:end], []byte("\xff\xd9")) {
			t.Fatalf("ends at %d of %d", end, len(content))
		}
		if again, err := endOfJPEG(bytes.NewReader(content[:end]), end); err != nil || again != end {
			t.Errorf("what is kept ends at %d, %v", again, err)
		}
	})
}
