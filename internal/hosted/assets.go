package hosted

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// Assets are the stylesheet, scripts and pictures of the pages. Each is served
// below /assets/ under a name that carries its hash, packed once, and cached by
// browsers for a year.
type Assets struct {
	byName map[string]*asset
	// hashed maps "signet.css" to "signet.0123456789ab.css".
	hashed map[string]string
}

type asset struct {
	contentType   string
	plain, packed []byte
}

// newAssets reads the embedded files. They are part of the build, so whatever
// is wrong with them panics.
func newAssets() *Assets {
	a := &Assets{byName: map[string]*asset{}, hashed: map[string]string{}}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		raw, err := fs.ReadFile(assetFiles, path.Join("assets", entry.Name()))
		if err != nil {
			panic(err)
		}
		if strings.HasSuffix(entry.Name(), ".css") {
			raw = lean(raw)
		}
		sum := sha256.Sum256(raw)
		ext := path.Ext(entry.Name())
		name := strings.TrimSuffix(entry.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.hashed[entry.Name()] = name
		a.byName[name] = &asset{contentType: mime.TypeByExtension(ext), plain: raw, packed: pack(raw)}
	}
	return a
}

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssIndent  = regexp.MustCompile(`\n\s*`)
)

// lean drops comments and indentation, the two things readers of the source
// need and browsers do not.
func lean(css []byte) []byte {
	return cssIndent.ReplaceAll(cssComment.ReplaceAll(css, nil), []byte("\n"))
}

func pack(raw []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is valid
	_, _ = w.Write(raw)                                     // into memory
	_ = w.Close()
	return out.Bytes()
}

// path returns the path of an asset below the tenant's base. An unknown name is
// a mistake in a template, found by its first rendering.
func (a *Assets) path(name string) string {
	hashed, ok := a.hashed[name]
	if !ok {
		panic("hosted: no asset " + name)
	}
	return "/assets/" + hashed
}

// ServeHTTP answers GET /assets/{name}. Unknown names are 404, never a page.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byName[path.Base(r.URL.Path)]
	if !ok || path.Dir(r.URL.Path) != "/assets" {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "no such asset", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	body := file.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(file.packed) < len(file.plain) {
		h.Set("Content-Encoding", "gzip")
		body = file.packed
	}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // the client is gone: nobody is left to tell
}
