package breach_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/breach"
	"signet/internal/platform/clock"
	"signet/internal/platform/fetch"
)

// service answers as the range service does. The SHA-1 of "password" is
// 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
type service struct {
	*httptest.Server

	asked  atomic.Int64
	path   atomic.Value
	answer func(w http.ResponseWriter)
}

func start(t *testing.T, answer func(w http.ResponseWriter)) *service {
	t.Helper()
	s := &service{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.path.Store(r.URL.Path)
		if r.Header.Get("Add-Padding") != "true" {
			t.Error("the answer's length would tell")
		}
		s.answer(w)
	}))
	t.Cleanup(s.Close)
	return s
}

func lines(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { _, _ = w.Write([]byte(text)) }
}

func TestKnown(t *testing.T) {
	t.Parallel()
	const suffix = "1E4C9B93F3F0682250B6CF8331B7EE68FD8"
	other := strings.Repeat("0", 35) + ":7\r\n"
	for name, c := range map[string]struct {
		body string
		want bool
	}{
		"known":   {other + suffix + ":3861493\r\n", true},
		"unknown": {other, false},
		"padding": {other + suffix + ":0\r\n", false},
		"empty":   {"", false},
	} {
		s := start(t, lines(c.body))
		checker := breach.New(s.URL, clock.System, fetch.Options{AllowPrivate: true})
		if got := checker.Known(t.Context(), "password"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if path := s.path.Load(); path != "/range/5BAA6" {
			t.Errorf("%s: the service learned %v", name, path)
		}
	}
}

func TestKnown_AnOutageRefusesNobodyAndIsNotAskedAgainForAMinute(t *testing.T) {
	t.Parallel()
	failing := func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }
	s := start(t, failing)
	now := clock.NewFake(time.UnixMilli(1_800_000_000_000))
	checker := breach.New(s.URL, now.Now, fetch.Options{AllowPrivate: true})
	for range 3 {
		if checker.Known(t.Context(), "password") {
			t.Fatal("an outage refuses a password")
		}
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	now.Advance(time.Minute)
	checker.Known(t.Context(), "password")
	if n := s.asked.Load(); n != 2 {
		t.Errorf("asked %d times after a minute", n)
	}
}

// A caller who leaves says nothing about the service.
func TestKnown_ACancelledCallPausesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, lines(""))
	checker := breach.New(s.URL, clock.System, fetch.Options{AllowPrivate: true})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	checker.Known(gone, "password")
	checker.Known(t.Context(), "password")
	if n := s.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestKnown_PrivateServicesAreNotReached(t *testing.T) {
	t.Parallel()
	s := start(t, lines("1E4C9B93F3F0682250B6CF8331B7EE68FD8:1"))
	if breach.New(s.URL, clock.System, fetch.Options{}).Known(t.Context(), "password") || s.asked.Load() != 0 {
		t.Error("a private address was asked")
	}
}
