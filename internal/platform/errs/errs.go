// Package errs holds the one error type of Signet: an HTTP status, a stable
// code that clients program against, data for the client, and a private cause
// for the log. Packages declare their errors as values built with New; a
// handler returns them and one adapter in platform/web writes them.
package errs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Error is an error that a client may see.
type Error struct {
	// Status is the HTTP status of the answer.
	Status int
	// Code is the stable identifier of the condition, for example
	// "user.suspended". Two errors are the same condition iff their codes match.
	Code string
	// Data is sent to the client as the property "data"; nil leaves it out.
	Data any
	// Detail is a sentence for developers, never translated. OAuth endpoints
	// send it as "error_description" (RFC 6749 section 5.2), others as "details".
	Detail string
	// Args fill the placeholders of the translated message.
	Args map[string]any
	// RetryAfter is when it is worth trying again, 0 if nobody can tell.
	RetryAfter time.Duration

	cause error
}

var (
	registryMu sync.Mutex
	registry   = map[string]*Error{}
)

// New declares an error. Declare errors in package-level variables only: the
// reference page of all errors is generated from what New has seen. A code may
// be declared with several statuses, as the published API demands.
func New(status int, code string) *Error {
	e := &Error{Status: status, Code: code}
	registryMu.Lock()
	defer registryMu.Unlock()
	registry[fmt.Sprintf("%s %d", code, status)] = e
	return e
}

// All returns every declared error, ordered by code, then status.
func All() []*Error {
	registryMu.Lock()
	defer registryMu.Unlock()
	all := make([]*Error, 0, len(registry))
	for _, key := range slices.Sorted(maps.Keys(registry)) {
		all = append(all, registry[key])
	}
	return all
}

// Error returns the code, the detail and the cause: for logs, not for clients.
func (e *Error) Error() string {
	text := e.Code
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an Error of the same code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// With returns a copy that carries data for the client.
func (e *Error) With(data any) *Error {
	c := *e
	c.Data = data
	return &c
}

// WithArgs returns a copy whose translated message is filled with args.
func (e *Error) WithArgs(args map[string]any) *Error {
	c := *e
	c.Args = args
	return &c
}

// RetryIn returns a copy that says when it is worth trying again.
func (e *Error) RetryIn(after time.Duration) *Error {
	c := *e
	c.RetryAfter = after
	return &c
}

// Describe returns a copy with a sentence for developers.
func (e *Error) Describe(format string, args ...any) *Error {
	c := *e
	c.Detail = format
	if len(args) > 0 {
		c.Detail = fmt.Sprintf(format, args...)
	}
	return &c
}

// Wrap returns a copy that remembers its cause for the log.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// IsRefusal reports whether err tells a client what is wrong with its request: nothing
// has failed on our side.
func IsRefusal(err error) bool {
	e, ok := As(err)
	return ok && e.Status < 500
}

// As returns the Error within err, if there is one.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}
