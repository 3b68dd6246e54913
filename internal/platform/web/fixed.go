package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
)

// Fixed is an answer to GET that is the same for everybody: it is tagged and
// packed once.
type Fixed struct {
	contentType, tag string
	plain, packed    []byte // packed is nil where that is not worth it
}

// Fix makes an answer of a body.
func Fix(contentType string, body []byte) *Fixed {
	f := &Fixed{contentType: contentType, tag: tagOf(body), plain: body}
	if len(body) < leastPacked {
		return f
	}
	var packed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	_, _ = writer.Write(body) // into memory, where nothing fails
	_ = writer.Close()
	f.packed = packed.Bytes()
	return f
}

// Send sends the answer, with the ETag rules of WriteBytes.
func (f *Fixed) Send(w http.ResponseWriter, r *http.Request) {
	if notModified(w, r, f.tag) {
		return
	}
	header, body := w.Header(), f.plain
	header.Set("Content-Type", f.contentType)
	if f.packed != nil && takesGzip(r) {
		sayPacked(header)
		body = f.packed
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // the client is gone: nobody is left to tell
}
