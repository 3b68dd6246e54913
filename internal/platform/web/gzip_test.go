package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"signet/internal/platform/web"
)

// What is sent arrives, packed or not, however it is written.
func TestGzip(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 1000)
	whole := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			if status != 0 {
				w.WriteHeader(status)
			}
			_, _ = io.WriteString(w, body)
		}
	}
	for name, tc := range map[string]struct {
		answer   http.HandlerFunc
		status   int
		body     string
		isPacked bool
	}{
		"long":         {whole(0, "application/json", long), 200, long, true},
		"just enough":  {whole(0, "text/html", long[:1024]), 200, long[:1024], true},
		"short":        {whole(0, "application/json", long[:1023]), 200, long[:1023], false},
		"nothing":      {func(http.ResponseWriter, *http.Request) {}, 200, "", false},
		"no body":      {whole(204, "text/html", ""), 204, "", false},
		"an error":     {whole(404, "application/json", "{}"), 404, "{}", false},
		"a long error": {whole(500, "application/json", long), 500, long, true},
		"a picture":    {whole(0, "image/png", long), 200, long, false},
		"a part":       {whole(206, "text/css", long), 206, long, false},
		"status twice": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403); whole(404, "text/html", "x")(w, r) }, 403, "x", false},
		"after a hint": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(103); whole(201, "text/html", long)(w, r) }, 201, long, true},
		"byte by byte": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/css")
			w.Header().Set("Content-Length", strconv.Itoa(len(long)))
			for i := range long {
				_, _ = io.WriteString(w, long[i:i+1])
			}
		}, 200, long, true},
	} {
		s := httptest.NewServer(web.Gzip(tc.answer))
		for _, accepted := range []string{"gzip", "identity"} {
			body, res := fetch(t, s.URL, accepted)
			isPacked := tc.isPacked && accepted == "gzip"
			if res.StatusCode != tc.status || body != tc.body || (res.Header.Get("Content-Encoding") == "gzip") != isPacked || (res.Header.Get("Vary") != "") != isPacked {
				t.Errorf("%s, %s: %d %v %.40q", name, accepted, res.StatusCode, res.Header, body)
			}
		}
		s.Close()
	}
}

// What a handler had written before it failed is not sent.
func TestGzip_PanicSendsNothing(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(web.Chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half an answer")
		panic("broken")
	}), web.Identify(web.Proxies{}), web.Recover, web.Gzip))
	defer s.Close()
	if body, res := fetch(t, s.URL, "gzip"); res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "half") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

func TestFixed(t *testing.T) {
	t.Parallel()
	for body, isPacked := range map[string]bool{strings.Repeat("long ", 1000): true, "short": false} {
		fixed := web.Fix("text/plain", []byte(body))
		s := httptest.NewServer(web.Gzip(http.HandlerFunc(fixed.Send)))
		got, plain := fetch(t, s.URL, "identity")
		unpacked, packed := fetch(t, s.URL, "gzip")
		tag := plain.Header.Get("ETag")
		if got != body || unpacked != body || tag == "" || plain.ContentLength != int64(len(body)) || plain.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("%.20q %.20q %v", got, unpacked, plain.Header)
		}
		if (packed.Header.Get("Content-Encoding") == "gzip") != isPacked || (packed.Header.Get("ETag") == "W/"+tag) != isPacked {
			t.Errorf("packed: %v", packed.Header)
		}
		if isPacked && packed.ContentLength >= plain.ContentLength {
			t.Errorf("%d bytes, packed %d", plain.ContentLength, packed.ContentLength)
		}
		req := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		req.Header.Set("If-None-Match", "W/"+tag)
		w := httptest.NewRecorder()
		fixed.Send(w, req)
		if w.Code != http.StatusNotModified || w.Body.Len() != 0 {
			t.Errorf("known: %d", w.Code)
		}
		s.Close()
	}
}

// fetch returns what an address answers, unpacked.
func fetch(t *testing.T, address, encoding string) (string, *http.Response) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", encoding)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body io.Reader = res.Body
	if res.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Error(err)
	}
	return string(text), res
}
