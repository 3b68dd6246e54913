package search

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// Errors of this package.
var (
	// ErrInvalid is a search outside the grammar; its message says why.
	ErrInvalid = errs.New(400, "request.invalid_input")
	// ErrTooBroad is a search that took longer than Limit.
	ErrTooBroad = errs.New(422, "request.search_too_broad")
)

// Invalid is ErrInvalid with the reason: of a search, or of another query or body
// whose values do not go together.
func Invalid(format string, args ...any) error {
	reason := fmt.Sprintf(format, args...)
	return ErrInvalid.WithArgs(map[string]any{"reason": reason}).Describe("%s", reason)
}

// Within runs the statements of a search under a context that ends with Limit.
// It returns ErrTooBroad if that was reached, and ErrInvalid if the database
// found that a pattern is none.
func Within(ctx context.Context, run func(ctx context.Context) error) error {
	return within(ctx, Limit, run)
}

func within(ctx context.Context, limit time.Duration, run func(ctx context.Context) error) error {
	bounded, cancel := context.WithTimeout(db.Interruptible(ctx), limit)
	defer cancel()
	err := run(bounded)
	switch {
	case err == nil, ctx.Err() != nil:
		return err
	case errors.Is(bounded.Err(), context.DeadlineExceeded):
		return ErrTooBroad.Wrap(err)
	case db.IsPattern(err):
		return Invalid("The pattern is not valid.")
	}
	return err
}
