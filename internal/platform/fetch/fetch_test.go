package fetch_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"code.dny.dev/ssrf"

	"signet/internal/platform/fetch"
)

func get(t *testing.T, c *http.Client, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(req)
}

// Attack 53: an address that leads inside is refused when it is dialled, however
// it is written and whatever carries it. The port is one that is allowed: it is
// the address that must not do.
func TestClient_ReachesNoPrivateAddress(t *testing.T) {
	t.Parallel()
	c := fetch.New(fetch.Options{Timeout: 2 * time.Second})
	for _, host := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.0.8",
		"198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"[::]", "[::1]", "[fd00::1]", "[fe80::1]", "[ff02::1]", "[2001:db8::1]",
		// IPv4 within IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo.
		"[::ffff:127.0.0.1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]",
	} {
		for _, scheme := range []string{"http://", "https://"} {
			res, err := get(t, c, scheme+host+"/")
			if err == nil {
				_ = res.Body.Close()
				t.Errorf("%s was reached", host)
				continue
			}
			if !errors.Is(err, ssrf.ErrProhibitedIP) {
				t.Errorf("%s: refused for another reason: %v", host, err)
			}
		}
	}
}

// Attack 53: a name is judged by where it leads at that moment, and no port but
// those of the web is.
func TestClient_ReachesNoPrivateName(t *testing.T) {
	t.Parallel()
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	c := fetch.New(fetch.Options{Timeout: 2 * time.Second})
	for url, want := range map[string]error{"http://localhost": ssrf.ErrProhibitedIP, "http://localhost" + port: ssrf.ErrProhibitedPort} {
		res, err := get(t, c, url)
		if err == nil {
			_ = res.Body.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", url, err, want)
		}
	}
	if reached {
		t.Error("a request arrived")
	}
}

func TestClient_FollowsNoRedirectAndGivesUp(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-hang
			return
		}
		http.Redirect(w, r, "/slow", http.StatusFound)
	}))
	defer server.Close()
	defer close(hang)
	c := fetch.New(fetch.Options{Timeout: 200 * time.Millisecond, AllowPrivate: true})
	res, err := get(t, c, server.URL)
	if err != nil || res.StatusCode != http.StatusFound {
		t.Fatalf("%v %v", res, err)
	}
	_ = res.Body.Close()
	if res, err := get(t, c, server.URL+"/slow"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call without an end: %v %v", res, err)
	}
}

func TestRead_StopsAtTheLimit(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat("a", 100)))
	}))
	defer server.Close()
	c := fetch.New(fetch.Options{AllowPrivate: true})
	for limit, want := range map[int64]error{100: nil, 99: fetch.ErrTooLarge} {
		res, err := get(t, c, server.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fetch.Read(res, limit); !errors.Is(err, want) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}
