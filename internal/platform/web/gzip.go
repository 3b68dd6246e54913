package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
)

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return w
}}

// leastPacked is how long an answer is that is worth packing: a shorter one fits
// into a packet anyhow.
const leastPacked = 1024

// Gzip compresses text answers for clients that accept it.
func Gzip(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !takesGzip(r) {
			next.ServeHTTP(w, r)
			return
		}
		gz := &gzipResponse{ResponseWriter: w}
		next.ServeHTTP(gz, r) // if it panics, what it holds must not be sent
		gz.close()
	})
}

func takesGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

// gzipResponse holds an answer back until it knows whether that is worth packing.
type gzipResponse struct {
	http.ResponseWriter

	status int // that waits to be sent, 0 for none
	held   []byte
	packer *gzip.Writer
	sent   bool // the status is
}

func (g *gzipResponse) WriteHeader(status int) {
	switch {
	case status < 200:
		g.ResponseWriter.WriteHeader(status)
	case g.status == 0:
		g.status = status
	}
}

func (g *gzipResponse) Write(b []byte) (int, error) {
	if !g.sent {
		if len(g.held)+len(b) < leastPacked {
			g.held = append(g.held, b...)
			return len(b), nil
		}
		g.send(true)
		if _, err := g.body().Write(g.held); err != nil {
			return 0, err
		}
	}
	return g.body().Write(b)
}

func (g *gzipResponse) body() io.Writer {
	if g.packer != nil {
		return g.packer
	}
	return g.ResponseWriter
}

// Unwrap lets http.ResponseController reach the connection.
func (g *gzipResponse) Unwrap() http.ResponseWriter { return g.ResponseWriter }

// send sends the status, and says that the body is packed if it should and may be.
func (g *gzipResponse) send(pack bool) {
	g.sent = true
	header := g.Header()
	// A part of a file counts the bytes of the file, not those of its packed form.
	if pack && g.status != http.StatusPartialContent && header.Get("Content-Encoding") == "" && packable(header.Get("Content-Type")) {
		sayPacked(header)
		header.Del("Content-Length")
		g.packer = gzipWriters.Get().(*gzip.Writer)
		g.packer.Reset(g.ResponseWriter)
	}
	if g.status != 0 {
		g.ResponseWriter.WriteHeader(g.status)
	}
}

// sayPacked says that the body is packed; its tag is then a weak one.
func sayPacked(header http.Header) {
	header.Set("Content-Encoding", "gzip")
	header.Add("Vary", "Accept-Encoding")
	if tag := header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		header.Set("ETag", "W/"+tag)
	}
}

func (g *gzipResponse) close() {
	if !g.sent {
		g.send(false)
		if len(g.held) > 0 {
			_, _ = g.ResponseWriter.Write(g.held) // the client is gone: nobody is left to tell
		}
	}
	if g.packer != nil {
		_ = g.packer.Close() // likewise
		gzipWriters.Put(g.packer)
	}
}

func packable(contentType string) bool {
	return strings.HasPrefix(contentType, "text/") || strings.Contains(contentType, "json") ||
		strings.Contains(contentType, "javascript") || strings.Contains(contentType, "svg")
}
