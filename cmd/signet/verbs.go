package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"signet/internal/audit"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/tenant"
)

// inTenant is embedded by commands that act within one tenant.
type inTenant struct {
	Tenant string `help:"The tenant to work in." enum:"default,admin" default:"default"`
}

// page is embedded by commands that list.
type page struct {
	Limit  uint32 `help:"How many to list." default:"100"`
	Offset uint32 `help:"How many to pass over."`
}

// maxPage is how many a list shows at most.
const maxPage = 10_000

// Validate refuses pages that hold nothing or too much.
func (p page) Validate() error {
	if p.Limit < 1 || p.Limit > maxPage {
		return fmt.Errorf("--limit is 1 to %d", maxPage)
	}
	return nil
}

func (p page) rows() db.Range { return db.Range{Limit: int64(p.Limit), Offset: int64(p.Offset)} }

// characters refuses a text that does not have least to most of them; what
// begins the sentence.
func characters(what, text string, least, most int) error {
	n := utf8.RuneCountInString(text)
	switch {
	case n >= least && n <= most:
		return nil
	case least == 0:
		return fmt.Errorf("%s has at most %d characters", what, most)
	default:
		return fmt.Errorf("%s has %d to %d characters", what, least, most)
	}
}

// optional is nil for a flag that is empty.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// change changes the tenant of ctx in one transaction and writes to the audit
// trail how that ended.
func change[T any](ctx context.Context, entry audit.Entry, fn func(tx *db.Tx, now int64) (T, error)) (T, error) {
	now := clock.Clock(clock.System).Millis()
	out, err := db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (T, error) { return fn(tx, now) })
	entry.Err = err
	audit.Log(ctx, entry)
	return out, err
}

// apply is change without a result.
func apply(ctx context.Context, entry audit.Entry, fn func(tx *db.Tx, now int64) error) error {
	_, err := change(ctx, entry, func(tx *db.Tx, now int64) (struct{}, error) { return struct{}{}, fn(tx, now) })
	return err
}

// orMissing says that nothing is called name if err says that it is not there.
func orMissing(err error, what, name, tenantID string) error {
	if e, ok := errs.As(err); ok && e.Status == http.StatusNotFound {
		return fmt.Errorf("there is no %s %q in tenant %s", what, name, tenantID)
	}
	return err
}

// instead returns an error that says text in place of one that is target.
func instead(err, target error, text string) error {
	if errors.Is(err, target) {
		return errors.New(text)
	}
	return err
}

// print writes v as JSON if asked for, else the text.
func (e *environment) print(v any, format string, args ...any) error {
	if !e.json {
		_, err := fmt.Fprintf(e.out, format+"\n", args...)
		return err
	}
	return e.printJSON(v)
}

// printJSON writes v as JSON, whether or not it was asked for.
func (e *environment) printJSON(v any) error {
	encoder := json.NewEncoder(e.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// printList writes what was found: show returns an item as JSON and as text.
func printList[T, A any](e *environment, found []T, none string, show func(*T) (A, string)) error {
	answers, lines := make([]A, len(found)), make([]string, len(found))
	for i := range found {
		answers[i], lines[i] = show(&found[i])
	}
	if len(lines) == 0 {
		lines = []string{none}
	}
	return e.print(answers, "%s", strings.Join(lines, "\n"))
}
