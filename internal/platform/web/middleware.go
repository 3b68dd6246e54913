package web

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// Middleware wraps a handler.
type Middleware func(http.Handler) http.Handler

// Chain applies middleware so that the first one sees the request first.
func Chain(h http.Handler, ms ...Middleware) http.Handler {
	for i := len(ms) - 1; i >= 0; i-- {
		h = ms[i](h)
	}
	return h
}

// Recover turns a panic into a logged 500.
func Recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			failure := recover()
			if failure == nil {
				return
			}
			if failure == http.ErrAbortHandler {
				panic(failure)
			}
			slog.ErrorContext(r.Context(), "panic", "request_id", Info(r.Context()).ID,
				"error", failure, "stack", string(debug.Stack()))
			WriteError(w, r, ErrInternal)
		}()
		next.ServeHTTP(w, r)
	})
}

// SecurityHeaders sets what every answer carries; pages add their own policy.
func SecurityHeaders(hsts bool) Middleware {
	always := http.Header{
		"X-Content-Type-Options":       {"nosniff"},
		"X-Frame-Options":              {"SAMEORIGIN"},
		"X-Download-Options":           {"noopen"},
		"Referrer-Policy":              {"strict-origin-when-cross-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
	}
	if hsts {
		always.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// All answers share the values: Set replaces one, and Add, which would
			// append to it, copies it, as none has room for more.
			maps.Copy(w.Header(), always)
			next.ServeHTTP(w, r)
		})
	}
}

// statusRecorder remembers the status of an answer for the log.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusRecorder) Write(b []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// AccessLog writes one debug line per request. The query is left out: it may
// carry codes and hints.
func AccessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slog.Default().Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(w, r)
			return
		}
		start := time.Now()
		rec := &statusRecorder{ResponseWriter: w}
		next.ServeHTTP(rec, r)
		slog.DebugContext(r.Context(), "request", "request_id", Info(r.Context()).ID,
			"method", r.Method, "path", r.URL.Path, "status", rec.status,
			"ms", time.Since(start).Milliseconds())
	})
}

// CORS answers preflights and marks answers of APIs that a foreign origin may call
// with a bearer token. It never allows credentials. open decides.
func CORS(open func(r *http.Request) bool) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !open(r) {
				next.ServeHTTP(w, r)
				return
			}
			AllowOrigin(w, r)
			if IsPreflight(r) {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// IsPreflight reports whether r asks for permission of a cross-origin request.
func IsPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" &&
		r.Header.Get("Access-Control-Request-Method") != ""
}

// anyOrigin is what all answers share that every origin may read.
var anyOrigin = http.Header{
	"Access-Control-Allow-Origin":   {"*"},
	"Access-Control-Expose-Headers": {"*"},
	"Cross-Origin-Resource-Policy":  {"cross-origin"},
}

// AllowOrigin lets the request's origin read the answer, without credentials.
func AllowOrigin(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	maps.Copy(header, anyOrigin)
	if origin := r.Header.Get("Origin"); origin != "" {
		header.Set("Access-Control-Allow-Origin", origin)
	}
	header.Add("Vary", "Origin")
	if IsPreflight(r) {
		header.Set("Access-Control-Allow-Methods", "GET,HEAD,PUT,POST,DELETE,PATCH")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			header.Set("Access-Control-Allow-Headers", asked)
			header.Add("Vary", "Access-Control-Request-Headers")
		}
		header.Set("Access-Control-Max-Age", "600")
	}
}

// DisallowOrigin takes back what AllowOrigin granted.
func DisallowOrigin(w http.ResponseWriter) {
	w.Header().Del("Access-Control-Allow-Origin")
}

// Timeout bounds the context of every request; the handlers' database calls
// stop with it. One that brings a file has twice the time.
func Timeout(d time.Duration) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			limit := d
			if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
				limit *= 2
			}
			ctx, cancel := context.WithTimeout(r.Context(), limit)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
