package hosted

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func fetch(h http.Handler, path, encoding string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept-Encoding", encoding)
	h.ServeHTTP(w, r)
	return w
}

func TestAssets_AreServedPackedAndForever(t *testing.T) {
	t.Parallel()
	r := renderer()
	for name := range r.assets.hashed {
		packed, plain := fetch(r.Assets(), r.assets.path(name), "br, gzip"), fetch(r.Assets(), r.assets.path(name), "")
		if packed.Code != 200 || plain.Code != 200 {
			t.Fatalf("%s: %d, %d", name, packed.Code, plain.Code)
		}
		for _, w := range []*httptest.ResponseRecorder{packed, plain} {
			if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
				t.Errorf("%s: Cache-Control %q", name, got)
			}
			if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("%s: Vary %q", name, got)
			}
		}
		if packed.Header().Get("Content-Encoding") == "gzip" {
			unpacked, err := gzip.NewReader(packed.Body)
			if err != nil {
				t.Fatal(err)
			}
			if raw, _ := io.ReadAll(unpacked); string(raw) != plain.Body.String() {
				t.Errorf("%s: packed and plain differ", name)
			}
		}
	}
	for name, want := range map[string]string{"signet.css": "text/css", "page.js": "text/javascript", "favicon.svg": "image/svg+xml"} {
		if got := fetch(r.Assets(), r.assets.path(name), "").Header().Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: Content-Type %q", name, got)
		}
	}
}

// Attack 57: no path leads out of the assets, and none is answered by a page.
func TestAssets_UnknownNamesAreNotFound(t *testing.T) {
	t.Parallel()
	r := renderer()
	css := r.assets.path("signet.css")
	for _, path := range []string{"/assets/", "/assets/signet.css", "/assets/../render.go", "/assets/%2e%2e/render.go",
		"/assets/x/" + strings.TrimPrefix(css, "/assets/"), "/assets/signet.000000000000.css"} {
		if w := fetch(r.Assets(), path, "gzip"); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

var subresource = regexp.MustCompile(`(?:<script[^>]+src|<link[^>]+href|<img[^>]+src)="([^"]+)"`)

// The whole first load of the sign-in page: at most 30 KB in at most 4 requests.
func TestSignInPage_FirstLoadIsSmall(t *testing.T) {
	t.Parallel()
	r := renderer()
	body, _ := rendered(t, testSite, samples()[0].page)
	total, requests := len(pack([]byte(body))), 1
	for _, m := range subresource.FindAllStringSubmatch(body, -1) {
		w := fetch(r.Assets(), m[1], "gzip")
		if w.Code != 200 {
			t.Fatalf("%s: %d", m[1], w.Code)
		}
		total += w.Body.Len()
		requests++
	}
	t.Logf("%d bytes in %d requests", total, requests)
	if total > 30<<10 || requests > 4 {
		t.Errorf("%d bytes in %d requests", total, requests)
	}
	if css := fetch(r.Assets(), r.assets.path("signet.css"), "gzip").Body.Len(); css > 7<<10 {
		t.Errorf("stylesheet has %d bytes", css)
	}
}

func TestLean_KeepsTheRules(t *testing.T) {
	t.Parallel()
	got := string(lean([]byte("/* a\n b */\n@layer x {\n  .a { color: red; }\n\n}\n")))
	if want := "\n@layer x {\n.a { color: red; }\n}\n"; got != want {
		t.Errorf("lean = %q, want %q", got, want)
	}
}
