package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

type uploadIn struct {
	ID   string `path:"id" check:"max=8"`
	File *File  `file:"file"`
}

type uploadOut struct {
	Size int64  `json:"size"`
	Type string `json:"type"`
}

var uploads = Table{Document: "test", Tag: "Things", Routes: []Route{
	Post("/things/{id}/file", func(_ context.Context, in *uploadIn) (*uploadOut, error) {
		n, err := io.Copy(io.Discard, in.File)
		return &uploadOut{n, in.File.ContentType}, err
	}, Doc("UploadThing", "Upload a thing")),
}}

const boundary = "XxX"

// part is one part of a multipart body.
func part(headers, content string) string {
	return "--" + boundary + "\r\n" + headers + "\r\n\r\n" + content + "\r\n"
}

const (
	fileHeader = `Content-Disposition: form-data; name="file"; filename="../../a.png"`
	bodyEnd    = "--" + boundary + "--\r\n"
)

func upload(path, contentType string, body io.Reader) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	Mount(mux, WriteError, uploads)
	r := httptest.NewRequest("POST", path, body)
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

func TestFile_IsReadFromItsPart(t *testing.T) {
	t.Parallel()
	const form = "multipart/form-data; boundary=" + boundary
	for name, c := range map[string]struct {
		path, contentType, body string
		status                  int
		want                    string
	}{
		"alone":              {"", form, part(fileHeader+"\r\nContent-Type: Image/PNG; x=y", "12345") + bodyEnd, 200, `{"size":5,"type":"image/png"}`},
		"without a type":     {"", form, part(fileHeader, "") + bodyEnd, 200, `{"size":0,"type":""}`},
		"with a broken type": {"", form, part(fileHeader+"\r\nContent-Type: ;;", "1") + bodyEnd, 200, `{"size":1,"type":""}`},
		"behind a field":     {"", form, part(`Content-Disposition: form-data; name="a"`, "b") + part(fileHeader, "1") + bodyEnd, 200, `{"size":1,"type":""}`},
		"before another":     {"", form, part(fileHeader, "1") + part(fileHeader, "12") + bodyEnd, 200, `{"size":1,"type":""}`},
		"no file":            {"", form, part(`Content-Disposition: form-data; name="other"`, "b") + bodyEnd, 400, "guard.invalid_input"},
		"no part":            {"", form, bodyEnd, 400, "guard.invalid_input"},
		"no body":            {"", form, "", 400, "guard.invalid_input"},
		"JSON":               {"", "application/json", `{"file":"x"}`, 400, "guard.invalid_input"},
		"another multipart":  {"", "multipart/mixed; boundary=" + boundary, part(fileHeader, "1") + bodyEnd, 400, "guard.invalid_input"},
		"no boundary":        {"", "multipart/form-data", part(fileHeader, "1") + bodyEnd, 400, "guard.invalid_input"},
		"an endless one":     {"", "multipart/form-data; boundary=" + strings.Repeat("a", 71), strings.ReplaceAll(part(fileHeader, "1")+bodyEnd, boundary, strings.Repeat("a", 71)), 400, "guard.invalid_input"},
		"cut off":            {"", form, "--" + boundary + "\r\n" + fileHeader + "\r\n\r\n12345", 400, "guard.invalid_input"},
		"cut off in headers": {"", form, "--" + boundary + "\r\n" + fileHeader, 400, "guard.invalid_input"},
		"a bad parameter":    {"123456789", form, part(fileHeader, "1") + bodyEnd, 400, "guard.invalid_input"},
		"a long preamble":    {"", form, strings.Repeat("x", maxPreamble+1) + part(fileHeader, "1") + bodyEnd, 400, "guard.invalid_input"},
		"long headers":       {"", form, part(strings.Repeat("A: b\r\n", 20_000)+fileHeader, "1") + bodyEnd, 400, "guard.invalid_input"},
		"a long field":       {"", form, part(`Content-Disposition: form-data; name="a"`, strings.Repeat("x", maxPreamble)) + part(fileHeader, "1") + bodyEnd, 400, "guard.invalid_input"},
		"many fields":        {"", form, strings.Repeat(part(`Content-Disposition: form-data; name="a"`, ""), 100) + part(fileHeader, "1") + bodyEnd, 400, "guard.invalid_input"},
		"a broken field":     {"", form, part(`Content-Disposition: form-data; name="a"`, "\xff") + part(fileHeader, "1") + bodyEnd, 400, "guard.invalid_input"},
	} {
		if c.path == "" {
			c.path = "a"
		}
		w := upload("/things/"+c.path+"/file", c.contentType, strings.NewReader(c.body))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s; want %d %s", name, w.Code, w.Body, c.status, c.want)
		}
	}
}

// A file of the largest size passes, one byte more does not, and neither is held
// in memory.
func TestFile_HasALimitAndIsNotHeldInMemory(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]string{
		MaxFile: fmt.Sprintf(`{"size":%d,"type":""}`, MaxFile), MaxFile + 1: "guard.file_size_exceeded", 4 * MaxFile: "guard.file_size_exceeded",
	} {
		body := io.MultiReader(strings.NewReader("--"+boundary+"\r\n"+fileHeader+"\r\n\r\n"),
			io.LimitReader(zeros{}, size), strings.NewReader("\r\n"+bodyEnd))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := upload("/things/a/file", "multipart/form-data; boundary="+boundary, body)
		runtime.ReadMemStats(&after)
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d bytes: %d %s", size, w.Code, w.Body)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > MaxFile {
			t.Errorf("%d bytes needed %d bytes of memory", size, used)
		}
	}
	// What announces its size is not read at all.
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	r.ContentLength = MaxUpload + 1
	if _, _, err := ReadFile(r, "file"); err != ErrFileTooLarge {
		t.Errorf("announced: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFile_IsPublished(t *testing.T) {
	t.Parallel()
	raw, err := NewDocument("test", "T", "1", false, uploads).Bytes("http://localhost")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"multipart/form-data":{"schema":`, `"file":{"description":"The file, at most 20 MiB.","format":"binary","type":"string"}`, `"required":["file"]`} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("%s is not in %s", want, raw)
		}
	}
}
