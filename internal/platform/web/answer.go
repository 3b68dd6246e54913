package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"signet/internal/platform/errs"
	"signet/internal/platform/i18n"
)

// writeJSON sends v. An answer to GET, or HEAD, carries a strong ETag and honours
// If-None-Match (RFC 9110 section 13.1.2).
func writeJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	WriteBytes(w, r, status, "application/json; charset=utf-8", bytes.TrimRight(body.Bytes(), "\n"))
	return nil
}

// WriteJSON sends v as a typed handler would.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	return writeJSON(w, r, status, v)
}

// WriteBytes sends a body that is already encoded, with the ETag rules of an
// answer to GET.
func WriteBytes(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && status == http.StatusOK && notModified(w, r, tagOf(body)) {
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone: nobody is left to tell
}

// tagOf is the strong entity tag of a body.
func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// notModified tags the answer, and sends it without its body to whoever has that.
func notModified(w http.ResponseWriter, r *http.Request, tag string) bool {
	header := w.Header()
	header.Set("ETag", tag)
	if !matchesTag(r.Header.Get("If-None-Match"), tag) {
		return false
	}
	header.Del("Content-Type")
	w.WriteHeader(http.StatusNotModified)
	return true
}

// matchesTag reports whether an If-None-Match header names tag; the comparison
// is weak, since a compressed answer carries the weak form.
func matchesTag(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
}

// Headers is the Data of an error that the client reads in headers, not in the
// body.
type Headers map[string]string

// Tell sets the headers that an error carries as its Data; it reports whether
// there are any.
func Tell(w http.ResponseWriter, e *errs.Error) bool {
	headers, ok := e.Data.(Headers)
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	return ok
}

// outage is how long a client should wait for what is unavailable.
const outage = 2 * time.Second

// SetRetryAfter says when it is worth trying again (RFC 9110 section 10.2.3), where that is
// known.
func SetRetryAfter(w http.ResponseWriter, e *errs.Error) {
	wait := e.RetryAfter
	if wait == 0 && e.Status == http.StatusServiceUnavailable {
		wait = outage
	}
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}

// errorBody is the error answer of every REST operation.
type errorBody struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
	Details string `json:"details,omitempty"`
	// ID names the log line of an unexpected error.
	ID string `json:"id,omitempty"`
}

// WriteError renders err as JSON: an errs.Error as it says, anything else as a
// 500 whose cause only the log knows.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	e := Classify(r.Context(), err)
	if e == nil {
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	SetRetryAfter(w, e)
	body := errorBody{Code: e.Code, Message: Message(r.Context(), e), Data: e.Data, Details: e.Detail}
	if Tell(w, e) {
		body.Data = nil
	}
	switch {
	case errors.Is(e, ErrMalformedJSON):
		// The published API answers a broken body without a code.
		body = errorBody{Message: body.Message}
	case errors.Is(e, ErrInternal):
		body = errorBody{Message: body.Message, ID: Info(r.Context()).ID}
	}
	if err := writeJSON(w, r, e.Status, body); err != nil {
		slog.ErrorContext(r.Context(), "cannot encode an error", "code", e.Code, "error", err)
	}
}

// ErrInternal stands for every error that no package declared.
var ErrInternal = errs.New(500, "request.internal")

// errTimeout answers a request whose time ran out: the database did not answer
// soon enough.
var errTimeout = errs.New(503, "request.unavailable")

// Classify returns the declared error within err. An undeclared one is logged
// and becomes ErrInternal; nil means that the client has gone away and no
// answer is needed.
func Classify(ctx context.Context, err error) *errs.Error {
	var tooLarge *http.MaxBytesError
	if e, ok := errs.As(err); ok {
		switch {
		case e.Status == http.StatusNotImplemented:
			// Nothing is wrong: the request needs what nobody has set up.
			slog.InfoContext(ctx, "request not served", "request_id", Info(ctx).ID, "error", err.Error())
		case e.Status >= http.StatusInternalServerError:
			slog.ErrorContext(ctx, "request failed", "request_id", Info(ctx).ID, "error", err.Error())
		}
		return e
	}
	if errors.As(err, &tooLarge) {
		return ErrTooLarge
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		slog.ErrorContext(ctx, "request timed out", "request_id", Info(ctx).ID, "error", err.Error())
		return errTimeout
	}
	slog.ErrorContext(ctx, "unexpected error", "request_id", Info(ctx).ID, "error", err.Error())
	return ErrInternal
}

// Message returns the sentence for e in the language of the request.
func Message(ctx context.Context, e *errs.Error) string {
	lang := i18n.Match(Info(ctx).Locales()...)
	return i18n.T(lang, "errors."+e.Code, e.Args)
}
