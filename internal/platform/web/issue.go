package web

import (
	"fmt"
	"strings"

	"signet/internal/platform/errs"
)

// ErrInvalidInput says that body, query or path break their rules; its data
// lists every issue.
var ErrInvalidInput = errs.New(400, "guard.invalid_input")

// Issue is one broken rule of a request, in the shape that API clients of this
// family parse.
type Issue struct {
	Code     string   `json:"code"`
	Expected string   `json:"expected,omitempty"`
	Received string   `json:"received,omitempty"`
	Options  []string `json:"options,omitempty"`
	Minimum  *int     `json:"minimum,omitempty"`
	Maximum  *int     `json:"maximum,omitempty"`
	Path     []string `json:"path"`
	Message  string   `json:"message"`
}

// Issues is every broken rule of a request. It is an error so that a type's
// UnmarshalJSON may return it.
type Issues []Issue

// Error joins the issues, one a line.
func (is Issues) Error() string {
	lines := make([]string, len(is))
	for i, issue := range is {
		lines[i] = fmt.Sprintf("Error in key path %q: (%s) %s", strings.Join(issue.Path, "."), issue.Code, issue.Message)
	}
	return strings.Join(lines, "\n")
}

// Err returns ErrInvalidInput with the issues, or nil if there are none.
func (is Issues) Err() error {
	if len(is) == 0 {
		return nil
	}
	type zodError struct {
		Issues Issues `json:"issues"`
		Name   string `json:"name"`
	}
	return ErrInvalidInput.With(zodError{is, "ZodError"}).Describe("%s", is.Error())
}

// Invalid returns ErrInvalidInput with a single issue at a dotted path, for
// rules that only a handler can check.
func Invalid(path, message string) error {
	return Issues{{Code: "custom", Path: splitPath(path), Message: message}}.Err()
}

func splitPath(path string) []string {
	if path == "" {
		return []string{}
	}
	return strings.Split(path, ".")
}

func wrongType(path []string, expected, received string) Issue {
	message := fmt.Sprintf("Expected %s, received %s", expected, received)
	if received == "undefined" {
		message = "Required"
	}
	return Issue{Code: "invalid_type", Expected: expected, Received: received, Path: path, Message: message}
}
