package apptest

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"os"
	"path/filepath"
	"testing"
)

// Upload returns a multipart body with a file. pairs are fields that stand before
// the file.
func Upload(t testing.TB, contentType, content string, pairs ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := w.WriteField(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	header := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="../../x.html"`}}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	part, err := w.CreatePart(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(part, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Files lists what lies in the directory of uploads, and fails the test if
// others than the owner could read it.
func (a *App) Files(t testing.TB) []string {
	t.Helper()
	files := []string{}
	err := filepath.WalkDir(a.AssetsDir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		if !entry.IsDir() {
			name, _ := filepath.Rel(a.AssetsDir, path)
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
