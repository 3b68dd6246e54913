package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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
	Path     Path     `json:"path"`
	Message  string   `json:"message"`
}

// Path leads from the root of a request to a value: a string is the name of a
// property, an int a place in a list.
type Path []any

// String joins the path with dots.
func (p Path) String() string {
	steps := make([]string, len(p))
	for i, step := range p {
		steps[i] = fmt.Sprint(step)
	}
	return strings.Join(steps, ".")
}

// MarshalJSON implements json.Marshaler: the root is an empty list.
func (p Path) MarshalJSON() ([]byte, error) {
	return json.Marshal(append([]any{}, p...))
}

// to returns the path of what lies one step further.
func (p Path) to(step any) Path { return append(slices.Clip(p), step) }

// Issues is every broken rule of a request. It is an error so that a type's
// UnmarshalJSON may return it.
type Issues []Issue

// Error joins the issues, one a line.
func (is Issues) Error() string {
	lines := make([]string, len(is))
	for i, issue := range is {
		lines[i] = fmt.Sprintf("Error in key path %q: (%s) %s", issue.Path.String(), issue.Code, issue.Message)
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

// Invalid returns ErrInvalidInput with a single issue at a dotted path, in which
// numbers are places in lists: for rules that only a handler can check.
func Invalid(path, message string) error {
	return Issues{{Code: "custom", Path: splitPath(path), Message: message}}.Err()
}

func splitPath(dotted string) Path {
	var path Path
	if dotted == "" {
		return path
	}
	for step := range strings.SplitSeq(dotted, ".") {
		if place, err := strconv.Atoi(step); err == nil {
			path = path.to(place)
			continue
		}
		path = path.to(step)
	}
	return path
}

func wrongType(path Path, expected, received string) Issue {
	message := fmt.Sprintf("Expected %s, received %s", expected, received)
	if received == "undefined" {
		message = "Required"
	}
	return Issue{Code: "invalid_type", Expected: expected, Received: received, Path: path, Message: message}
}
